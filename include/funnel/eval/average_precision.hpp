// SPDX-License-Identifier: MIT
// Figures of the top of a ranking: average precision (step sum, equal scores are one threshold, as in
// scikit-learn's average_precision_score) and lift in the top tenth.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "funnel/eval/detail/ranked_labels.hpp"

namespace funnel::eval {

/// Sum over thresholds of (recall step) x precision. Empty if one class has no weight.
[[nodiscard]] inline std::optional<double> average_precision(const RankedLabels& ranked) {
    if (!ranked.has_both_classes()) return std::nullopt;
    double above = 0, positives_above = 0, sum = 0;
    ranked.from_top([&](const TieGroup& group) {
        above += group.weight();
        positives_above += group.positive;
        if (group.positive > 0) sum += group.positive * (positives_above / above);
    });
    return sum / ranked.positive();
}

/// Rate of positives in the top ceil(n / 10) rows over the rate in all; a tie group at the border gives its
/// share. The tenth counts rows, the rates weigh them. Empty if one class has no weight.
[[nodiscard]] inline std::optional<double> lift_at_10pct(const RankedLabels& ranked) {
    if (!ranked.has_both_classes()) return std::nullopt;
    const std::uint64_t wanted = (ranked.size() + 9) / 10;
    std::uint64_t taken = 0;
    double weight = 0, positive = 0;
    ranked.from_top([&](const TieGroup& group) {
        const std::uint64_t rows = std::min(group.rows, wanted - taken);
        const double share = static_cast<double>(rows) / static_cast<double>(group.rows);
        weight += share * group.weight();
        positive += share * group.positive;
        taken += rows;
    });
    if (!(weight > 0)) return std::nullopt;
    return positive / weight / (ranked.positive() / ranked.weight());
}

}  // namespace funnel::eval
