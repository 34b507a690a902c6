// SPDX-License-Identifier: MIT
// Numbers from text and to text, the same in every locale.
#pragma once

#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

namespace funnel::base {

/// A finite decimal number that is the whole text: "5", "-.5", "5.", "1e-3". Empty for a leading +, spaces,
/// hex, separators, inf, nan, and what a double cannot hold.
[[nodiscard]] inline std::optional<double> parse_number(std::string_view text) noexcept {
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || at != end || !std::isfinite(value)) return std::nullopt;
    return value;
}

/// Two digits of a p-value, however small: "0.034", "6e-06". What is too small for a double: "below 1e-300".
[[nodiscard]] inline std::string format_p_value(double p) {
    if (p < 1e-300) return "below 1e-300";
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, p, std::chars_format::general, 2).ptr};
}

}  // namespace funnel::base
