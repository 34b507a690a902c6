// SPDX-License-Identifier: MIT
// Calibration: whether a share p of the rows that get probability p is positive. Bins of a reliability
// diagram and the expected calibration error (Naeini, Cooper and Hauskrecht 2015), here with bins of equal
// weight, because at a base rate of 1 % bins of equal width would collapse into one.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "funnel/eval/detail/ranked_labels.hpp"

namespace funnel::eval {

struct CalibrationBin {
    double weight = 0;
    double mean_prediction = 0;
    double rate = 0;  ///< share of positives
};

/// Bins of equal weight by rank, lowest p first. Equal p are never split: they go where the first of them
/// falls, so bins can be missing. Scores must be in [0, 1]. bins >= 1.
[[nodiscard]] std::vector<CalibrationBin> bins_of_equal_weight(const RankedLabels& ranked,
                                                               std::size_t bins = 10);

/// Bins [0, 1/bins), ..., [1 - 1/bins, 1]; empty ones left out.
[[nodiscard]] std::vector<CalibrationBin> bins_of_equal_width(const RankedLabels& ranked,
                                                              std::size_t bins = 10);

/// Sum of (bin's share of the weight) x |mean prediction - rate|. Empty without weight.
[[nodiscard]] std::optional<double> expected_calibration_error(std::span<const CalibrationBin> bins);

/// Share of positives. Empty without weight.
[[nodiscard]] std::optional<double> base_rate(const RankedLabels& ranked);

/// Weighted mean of p. Empty without weight.
[[nodiscard]] std::optional<double> mean_prediction(const RankedLabels& ranked);

/// Share of rows where (p >= 0.5) is the label. Empty without weight.
[[nodiscard]] std::optional<double> accuracy(const RankedLabels& ranked);

namespace detail {

/// Fills bin which(group, weight below the group) with each tie group; empty bins are left out.
template <typename Which>
[[nodiscard]] std::vector<CalibrationBin> fill_bins(const RankedLabels& ranked, std::size_t bins,
                                                    Which&& which) {
    std::vector<CalibrationBin> sums(bins);
    double below = 0;
    ranked.from_bottom([&](const TieGroup& group) {
        CalibrationBin& bin = sums[std::min(static_cast<std::size_t>(which(group, below)), bins - 1)];
        bin.weight += group.weight();
        bin.mean_prediction += group.weight() * group.score;
        bin.rate += group.positive;
        below += group.weight();
    });
    std::erase_if(sums, [](const CalibrationBin& bin) { return !(bin.weight > 0); });
    for (CalibrationBin& bin : sums) {
        bin.mean_prediction /= bin.weight;
        bin.rate /= bin.weight;
    }
    return sums;
}

}  // namespace detail

inline std::vector<CalibrationBin> bins_of_equal_weight(const RankedLabels& ranked, std::size_t bins) {
    if (!(ranked.weight() > 0)) return {};
    const auto count = static_cast<double>(bins);
    return detail::fill_bins(ranked, bins,
                             [&](const TieGroup&, double below) { return count * below / ranked.weight(); });
}

inline std::vector<CalibrationBin> bins_of_equal_width(const RankedLabels& ranked, std::size_t bins) {
    const auto count = static_cast<double>(bins);
    return detail::fill_bins(ranked, bins,
                             [&](const TieGroup& group, double) { return count * group.score; });
}

inline std::optional<double> expected_calibration_error(std::span<const CalibrationBin> bins) {
    double weight = 0, sum = 0;
    for (const CalibrationBin& bin : bins) {
        weight += bin.weight;
        sum += bin.weight * std::abs(bin.mean_prediction - bin.rate);
    }
    if (!(weight > 0)) return std::nullopt;
    return sum / weight;
}

inline std::optional<double> base_rate(const RankedLabels& ranked) {
    if (!(ranked.weight() > 0)) return std::nullopt;
    return ranked.positive() / ranked.weight();
}

inline std::optional<double> mean_prediction(const RankedLabels& ranked) {
    if (!(ranked.weight() > 0)) return std::nullopt;
    double sum = 0;
    for (const ScoredRow& row : ranked.rows())
        sum += static_cast<double>(row.weight) * row.score;
    return sum / ranked.weight();
}

inline std::optional<double> accuracy(const RankedLabels& ranked) {
    if (!(ranked.weight() > 0)) return std::nullopt;
    double right = 0;
    for (const ScoredRow& row : ranked.rows()) {
        if ((row.score >= 0.5) == (row.label != 0)) right += static_cast<double>(row.weight);
    }
    return right / ranked.weight();
}

}  // namespace funnel::eval
