// SPDX-License-Identifier: MIT
// Numbers from text, the same in every locale.
#pragma once

#include <charconv>
#include <cmath>
#include <optional>
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

}  // namespace funnel::base
