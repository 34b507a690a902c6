// SPDX-License-Identifier: MIT
// Tests of many effects: jackknife t, Fisher's exact test where counts are small, and the false discovery
// rate of Benjamini and Hochberg (1995).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

#include "funnel/eval/beta_quantile.hpp"
#include "funnel/eval/interval.hpp"
#include "funnel/eval/jackknife.hpp"
#include "funnel/metrics/change_causes.hpp"

namespace funnel::metrics::detail {

/// Estimates without each group of users.
using WithoutGroups = std::array<double, eval::kUserGroups>;

/// P(|t| >= |x|) with 63 degrees of freedom.
[[nodiscard]] inline double t63_tails(double x) noexcept {
    constexpr double kFreedom = eval::kUserGroups - 1;
    return eval::beta_cdf(kFreedom / (kFreedom + x * x), kFreedom / 2, 0.5);
}

/// The two-sided p of Fisher's exact test that hits of two samples have one rate, as twice the smaller tail.
/// Counts are whole numbers. Cost: as many steps as the tail is wide.
[[nodiscard]] inline double fisher_p(const RateUnits& a, const RateUnits& b) noexcept {
    const double hits = a.hits + b.hits, all = a.units + b.units;
    if (!(a.units > 0) || !(b.units > 0) || !(hits > 0) || !(hits < all)) return 1;
    const auto log_choose = [](double n, double k) {
        const auto log_gamma = [](double value) {
            int sign = 0;  // std::lgamma would write a global one
            return ::lgamma_r(value, &sign);
        };
        return log_gamma(n + 1) - log_gamma(k + 1) - log_gamma(n - k + 1);
    };
    const double least = std::max(0.0, hits - b.units), most = std::min(a.units, hits);
    const bool above = a.hits * all > hits * a.units;
    const double first =
        std::exp(log_choose(a.units, a.hits) + log_choose(b.units, hits - a.hits) - log_choose(all, hits));
    double term = 1, sum = 1;
    for (double x = a.hits; above ? x < most : x > least; x += above ? 1 : -1) {
        term *= above ? (a.units - x) * (hits - x) / ((x + 1) * (b.units - hits + x + 1))
                      : x * (b.units - hits + x) / ((a.units - x + 1) * (hits - x + 1));
        sum += term;
        if (term < sum * 1e-17) break;
    }
    return std::min(1.0, 2 * first * sum);
}

/// The interval of an effect, and its p by t; none without a spread.
inline void set_jackknife(ChangeEffect& effect, const WithoutGroups& without) {
    double mean = 0, squares = 0;
    for (const double theta : without)
        mean += theta / static_cast<double>(without.size());
    for (const double theta : without)
        squares += (theta - mean) * (theta - mean);
    const auto groups = static_cast<double>(without.size());
    const double error = std::sqrt(squares * (groups - 1) / groups);
    if (!std::isfinite(error) || !std::isfinite(effect.value)) return;
    effect.interval = eval::Interval{effect.value - eval::kT63 * error, effect.value + eval::kT63 * error};
    if (error > 0) effect.p = t63_tails(effect.value / error);
}

/// Raises a p that is there: an effect is believed if all tests of it say so.
inline void require(ChangeEffect& effect, double p) noexcept {
    if (effect.p) effect.p = std::max(*effect.p, p);
}

/// Marks the effects that are beyond chance when the expected share of false ones among them is held at
/// `share`. Effects without p are skipped. Returns how many were tested, and how many are beyond.
struct Tested {
    std::size_t tested = 0, beyond = 0;
};
inline Tested hold_false_discoveries(const std::vector<ChangeEffect*>& effects, double share) {
    std::vector<double> sorted;
    for (const ChangeEffect* effect : effects) {
        if (effect->p) sorted.push_back(*effect->p);
    }
    std::ranges::sort(sorted);
    double limit = -1;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        if (sorted[i] <= share * static_cast<double>(i + 1) / static_cast<double>(sorted.size()))
            limit = sorted[i];
    }
    Tested out{.tested = sorted.size()};
    for (ChangeEffect* effect : effects) {
        effect->beyond_chance = effect->p && *effect->p <= limit;
        out.beyond += effect->beyond_chance;
    }
    return out;
}

}  // namespace funnel::metrics::detail
