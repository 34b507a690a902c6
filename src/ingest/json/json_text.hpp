// SPDX-License-Identifier: MIT
// The texts of JSON: numbers as they are written, strings without their escapes, and where a line is wrong.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace funnel::ingest::detail {

/// Levels of objects and lists in one line: more is no log, and costs stack.
inline constexpr std::size_t kDeepestJson = 64;

/// A number of RFC 8259: no plus, no leading zero, digits on both sides of the point.
[[nodiscard]] bool is_json_number(std::string_view text) noexcept;

/// The bytes in front of which RFC 8259 allows nothing else: blanks are cut off both ends.
[[nodiscard]] std::string_view without_json_blanks(std::string_view text) noexcept;

/// Appends what stands between two quotes, without its escapes. Half of a surrogate pair becomes U+FFFD, as
/// in browsers: shops cut titles in the middle of an emoji. False for an escape that there is not.
[[nodiscard]] bool unescape_json(std::string_view inside, std::string& out);

struct JsonFault {
    std::size_t at = 0;  ///< byte of the line, from 0
    std::string expected;
};

/// The first thing that keeps a line from being one JSON object; empty if it is one. Byte by byte: for
/// messages. UTF-8 is not looked at.
[[nodiscard]] std::optional<JsonFault> find_json_fault(std::string_view line);

}  // namespace funnel::ingest::detail
