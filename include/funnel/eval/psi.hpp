// SPDX-License-Identifier: MIT
// psi: how far one histogram has moved from another. Population stability index: the sum over the cells of
// (q - p) ln(q / p), p and q being their shares (Siddiqi, "Credit Risk Scorecards", 2006). Customary reading:
// below 0.1 the same population, above 0.25 another one.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>

namespace funnel::eval {

/// Both have the same cells. Every cell gets half a count on top, so that an empty one costs much and not
/// infinitely much. Empty if one of them has no counts at all.
[[nodiscard]] inline std::optional<double> psi(std::span<const std::uint64_t> before,
                                               std::span<const std::uint64_t> now) {
    const auto total = [](std::span<const std::uint64_t> counts) {
        return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
    };
    const double n = total(before), m = total(now), half = 0.5 * static_cast<double>(before.size());
    if (n == 0 || m == 0) return std::nullopt;
    double sum = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
        const double p = (static_cast<double>(before[i]) + 0.5) / (n + half);
        const double q = (static_cast<double>(now[i]) + 0.5) / (m + half);
        sum += (q - p) * std::log(q / p);
    }
    return sum;
}

}  // namespace funnel::eval
