// SPDX-License-Identifier: MIT
// ShrunkRates: rates of many keys, each shrunk towards the overall rate by as much as chance explains: a
// beta-binomial fitted by moments (Kleinman 1973), for events that are clustered by user (Kish's design
// effect).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>

#include "funnel/eval/beta_quantile.hpp"
#include "funnel/eval/interval.hpp"

namespace funnel::eval {

struct ShrunkRate {
    double rate = 0;
    Interval interval = {};  ///< 95 %, of the key's own rate
};

/// A value. Const calls may run concurrently.
///
///     const ShrunkRates rates = ShrunkRates::fit(clicks, impressions, design_effect);
///     const ShrunkRate of_item = rates.of(3, 40);
class ShrunkRates {
 public:
    /// x[i] of n[i] for every key, 0 <= x <= n; keys without n say nothing. design_effect >= 1: how much more
    /// counts vary than those of independent events; n and x are divided by it.
    [[nodiscard]] static ShrunkRates fit(std::span<const double> x, std::span<const double> n,
                                         double design_effect);

    /// The rate of all keys together.
    [[nodiscard]] double mean() const noexcept { return mean_; }
    /// How many events the rate of all weighs: K in (x + mean K) / (n + K). 0 without spread.
    [[nodiscard]] double strength() const noexcept { return strength_; }
    /// Empty, or "no_spread": keys do not differ by more than chance, or fewer than 10 of them, so that every
    /// key has the rate of all; or "no_events".
    [[nodiscard]] std::string_view reason() const noexcept { return reason_; }

    /// Of a key with x of n. Without spread: the rate of all, with an interval of no width. About 2 us.
    [[nodiscard]] ShrunkRate of(double x, double n) const noexcept;

 private:
    double mean_ = 0, strength_ = 0, design_effect_ = 1;
    std::string_view reason_ = "no_events";
};

/// What the design effect needs of clusters, here the events of one user in one key. Sums of whole numbers:
/// exact in any order.
struct ClusterSums {
    double x = 0, n = 0, xx = 0, xn = 0, nn = 0;

    /// One cluster with x of n.
    void add(double of_x, double of_n) noexcept {
        x += of_x;
        n += of_n;
        xx += of_x * of_x;
        xn += of_x * of_n;
        nn += of_n * of_n;
    }
    ClusterSums& operator+=(const ClusterSums& other) noexcept {
        x += other.x;
        n += other.n;
        xx += other.xx;
        xn += other.xn;
        nn += other.nn;
        return *this;
    }
};

/// How much more counts vary than those of independent events: the sum of (x - n m)^2 over clusters by
/// sum n m (1 - m), m = sum x / sum n. At least 1, and 1 where m is 0 or 1.
[[nodiscard]] inline double design_effect(const ClusterSums& sums) noexcept {
    const double m = sums.x / sums.n;
    if (!(m > 0) || !(m < 1)) return 1;
    const double effect = (sums.xx - 2 * m * sums.xn + m * m * sums.nn) / (sums.n * m * (1 - m));
    return effect > 1 ? effect : 1;
}

inline ShrunkRates ShrunkRates::fit(std::span<const double> x, std::span<const double> n,
                                    double design_effect) {
    constexpr std::size_t kFewKeys = 10;
    ShrunkRates rates;
    rates.design_effect_ = design_effect;
    double all_x = 0, all_n = 0, squares_of_n = 0;
    std::size_t keys = 0;
    for (std::size_t i = 0; i < n.size(); ++i) {
        all_x += x[i] / design_effect;
        all_n += n[i] / design_effect;
        squares_of_n += n[i] / design_effect * (n[i] / design_effect);
        keys += n[i] > 0 ? 1 : 0;
    }
    if (!(all_n > 0)) return rates;
    const double m = rates.mean_ = all_x / all_n;
    rates.reason_ = "no_spread";
    double spread = 0;
    for (std::size_t i = 0; i < n.size(); ++i) {
        if (!(n[i] > 0)) continue;
        const double difference = x[i] / n[i] - m;
        spread += n[i] / design_effect * difference * difference;
    }
    const double degrees = static_cast<double>(keys) - 1, chance = m * (1 - m);
    const double variance = (spread - degrees * chance) / (all_n - squares_of_n / all_n - degrees);
    if (keys < kFewKeys || !(variance > 0) || !std::isfinite(variance)) return rates;
    rates.strength_ = std::clamp(chance / variance - 1, 1.0, 1e6);
    rates.reason_ = {};
    return rates;
}

inline ShrunkRate ShrunkRates::of(double x, double n) const noexcept {
    if (!reason_.empty()) return {mean_, {mean_, mean_}};
    const double a = x / design_effect_ + mean_ * strength_;
    const double b = (n - x) / design_effect_ + (1 - mean_) * strength_;
    return {a / (a + b), {beta_quantile(0.025, a, b), beta_quantile(0.975, a, b)}};
}

}  // namespace funnel::eval
