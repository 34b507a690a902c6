// SPDX-License-Identifier: MIT
// Figures as short as a first page wants them: whole words, few digits, never wider than a terminal of 80.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/eval/interval.hpp"

namespace funnel::report {

inline constexpr std::size_t kPageWidth = 80;  ///< columns of a terminal

/// Places after the point that a share is shown with as percent: 1, more below 1 %: 0.187 and 0.0502 -> 1,
/// 0.00778 -> 2.
[[nodiscard]] int percent_digits(double share);

/// "18.7 %", "100 %", "0.78 %"; "n/a" without a value.
[[nodiscard]] std::string short_share(const std::optional<double>& share);

/// "14.2 to 24.2" with `digits` places, both ends as wide as `width`; empty without an interval.
[[nodiscard]] std::string short_interval(const std::optional<eval::Interval>& share, int digits,
                                         std::size_t width = 0);

/// ".764" of a figure from 0 to 1; "n/a" without a value.
[[nodiscard]] std::string short_fraction(const std::optional<double>& value, int digits);

/// "7 days", "30 minutes", "36 hours" of a window in microseconds.
[[nodiscard]] std::string duration_words(std::int64_t micros);

/// "1 Jan to 4 Feb 2024"; one day: "1 Jan 2024". Days since 1970, inclusive.
[[nodiscard]] std::string days_words(std::int64_t first_day, std::int64_t last_day);

/// One "! ..." paragraph (`mark`: one character), broken at blanks so that no line is wider than kPageWidth;
/// later lines are indented.
[[nodiscard]] std::string warning_lines(std::string_view text, std::string_view mark = "!");

/// "mobile / (missing)": one value per column, each at most `limit` columns wide.
[[nodiscard]] std::string key_words(const std::vector<std::optional<std::string>>& values, std::size_t limit);

/// Eighths of a column: a bar that is not empty is never drawn as nothing.
[[nodiscard]] std::string bar(double share, std::size_t width);

}  // namespace funnel::report
