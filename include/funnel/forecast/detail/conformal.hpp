// SPDX-License-Identifier: MIT
// Conformal ranges: how far past forecasts were off says how far the next may be.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

#include "funnel/eval/interval.hpp"

namespace funnel::forecast::detail {

struct Misses {
    double low = 0, high = 0;  ///< scaled misses, observed less expected
};

/// How much wider a 95 % range is when the spread is known from `n` independent misses only: Student's t over
/// the normal quantile (Abramowitz and Stegun 1964, 26.7.5; within 1 % from 4 on).
[[nodiscard]] inline double widening(double n) noexcept {
    constexpr double zz = eval::kZ95 * eval::kZ95;
    return 1 + (zz + 1) / (4 * n) + ((5 * zz + 16) * zz + 3) / (96 * n * n) +
           (((3 * zz + 19) * zz + 17) * zz - 15) / (384 * n * n * n);
}

/// The range that the next of misses like these falls into with the probability `level`: order statistics
/// with the correction for a finite sample (Vovk, Gammerman and Shafer 2005; Lei et al. 2018), a tail on each
/// side; a symmetric range of fewer. Forecasts from days that follow each other share most of what they miss:
/// `independent` of the misses are new, and the range is widened for that. Empty where there are too few for
/// either. n log n.
[[nodiscard]] inline std::optional<Misses> conformal_range(std::vector<double> misses, double level,
                                                           double independent) {
    const auto place = [&](double share) {  // of the k-th smallest, from 1
        return static_cast<std::size_t>(std::ceil(share * static_cast<double>(misses.size() + 1) - 1e-9));
    };
    const double wider = widening(std::max(1.0, independent));
    const std::size_t upper = place((1 + level) / 2);
    if (upper <= misses.size() && !misses.empty()) {
        std::ranges::sort(misses);
        return Misses{wider * misses[misses.size() - upper], wider * misses[upper - 1]};
    }
    const std::size_t both = place(level);
    if (both > misses.size() || misses.empty()) return std::nullopt;
    for (double& miss : misses)
        miss = std::abs(miss);
    std::ranges::sort(misses);
    return Misses{-wider * misses[both - 1], wider * misses[both - 1]};
}

}  // namespace funnel::forecast::detail
