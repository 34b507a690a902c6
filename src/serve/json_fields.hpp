// SPDX-License-Identifier: MIT
// What the values of a request mean: texts, numbers, times. And how answers are written.
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "funnel/base/utf8.hpp"
#include "json_tree.hpp"

namespace funnel::serve {

/// As Recommender::Options::max_id.
inline constexpr std::size_t kMostText = 256;

/// A value that is not what it should be: "user_id: expected a text, got an array".
class BadField : public std::runtime_error {
 public:
    BadField(std::string_view name, const std::string& what)
        : std::runtime_error(base::escaped(name, 60) + ": " + what) {}
};

/// A text; an integer or number is taken as it is written. Throws BadField.
[[nodiscard]] std::string_view text_of(const JsonTree& tree, const JsonValue& value);
/// A number, also one in quotes. Throws BadField.
[[nodiscard]] double number_of(const JsonTree& tree, const JsonValue& value);
/// ISO 8601, or an integer of seconds, milliseconds, microseconds or nanoseconds, told apart by their size.
/// In microseconds. Throws BadField.
[[nodiscard]] std::int64_t time_of(const JsonTree& tree, const JsonValue& value);

/// Appends a JSON text with its quotes.
void append_json(std::string& out, std::string_view text);

/// Appends the shortest number that is read back as the same one; null for what is not finite.
template <typename Float>
void append_number(std::string& out, Float value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace funnel::serve
