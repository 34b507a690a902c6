// SPDX-License-Identifier: MIT
// Labels: the outcome of an example, 0, 1 or unknown; and the words that tables use for it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

namespace funnel::base {

/// Labels are 0, 1 or unknown: a row whose label is unknown counts nowhere for that target.
inline constexpr std::uint8_t kUnknownLabel = 2;

inline constexpr std::string_view kExpectedLabel = "a label: 0 or 1, true or false, t or f, yes or no";

/// 0 1 0.0 1.0, true false, t f, yes no in any case; empty for anything else.
[[nodiscard]] std::optional<std::uint8_t> parse_label(std::string_view text) noexcept;

inline std::optional<std::uint8_t> parse_label(std::string_view text) noexcept {
    const auto is = [text](std::string_view word) {
        return std::ranges::equal(
            text, word, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
    };
    if (text == "1" || text == "1.0" || is("true") || is("t") || is("yes")) return std::uint8_t{1};
    if (text == "0" || text == "0.0" || is("false") || is("f") || is("no")) return std::uint8_t{0};
    return std::nullopt;
}

}  // namespace funnel::base
