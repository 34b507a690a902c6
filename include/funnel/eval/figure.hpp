// SPDX-License-Identifier: MIT
// Figure: a number of a report that may be undefined and then says why (docs/evaluation.md).
#pragma once

#include <optional>
#include <string_view>

namespace funnel::eval {

inline constexpr std::string_view kNoRows = "no_rows";      ///< no labelled row
inline constexpr std::string_view kNoWeight = "no_weight";  ///< all weights are 0
inline constexpr std::string_view kOneClass = "one_class";  ///< only positives or only negatives
inline constexpr std::string_view kNoGroups = "no_groups";  ///< a grouped figure without groups
inline constexpr std::string_view kNotProbabilities = "not_probabilities";  ///< a score outside [0, 1]

/// Either a value or a reason; the reason is one of the constants above.
struct Figure {
    std::optional<double> value;
    std::string_view reason;

    [[nodiscard]] static Figure of(double v) noexcept { return {v, {}}; }
    [[nodiscard]] static Figure undefined(std::string_view why) noexcept { return {std::nullopt, why}; }
};

}  // namespace funnel::eval
