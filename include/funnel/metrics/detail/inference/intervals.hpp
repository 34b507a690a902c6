// SPDX-License-Identifier: MIT
// 95 % intervals that know that the events of a user belong together: Wilson for shares of users, else the
// jackknife that leaves out one of 64 groups of users at a time (Efron and Stein 1981; Tukey's t interval).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "funnel/eval/interval.hpp"
#include "funnel/eval/jackknife.hpp"
#include "funnel/metrics/detail/tally/tally.hpp"
#include "funnel/metrics/metric.hpp"

namespace funnel::metrics {

using eval::kUserGroups;
inline constexpr auto kFewUsers = static_cast<std::int64_t>(eval::kFewUsers);

/// Per rule of kMetricRules that is no share of users: how many users stand behind its numerator, and behind
/// the rest of its denominator. Supports of disjoint sets of users add.
struct UserSupport {
    std::array<std::int64_t, kMetricRules.size()> with{}, without{}, either{};

    /// Adds one user, by the counts before and after.
    void add(const Tally::Counts& before, const Tally& after) noexcept {
        const auto gained = [&](Count what) { return after[what] - before[static_cast<std::size_t>(what)]; };
        for (std::size_t r = 0; r < kMetricRules.size(); ++r) {
            const MetricRule& rule = kMetricRules[r];
            if (rule.denominator == Count::count_ || rule.per_user) continue;
            const std::int64_t numerator = gained(rule.numerator), denominator = gained(rule.denominator);
            with[r] += numerator > 0;
            without[r] += denominator > numerator;
            either[r] += denominator > 0;
        }
    }

    UserSupport& operator+=(const UserSupport& other) noexcept {
        for (std::size_t r = 0; r < kMetricRules.size(); ++r) {
            with[r] += other.with[r];
            without[r] += other.without[r];
            either[r] += other.either[r];
        }
        return *this;
    }
};

/// Fills low, high and method of every metric that has a denominator and a value, and of revenue.
/// groups: kUserGroups tallies that sum to the one the metrics were made of; none: too many segments.
void add_intervals(std::vector<Metric>& metrics, std::span<const Tally> groups, const UserSupport& support);

namespace detail {

using eval::jackknife;
using eval::kT63;
using eval::Scale;

inline void set_interval(Metric& metric, const std::optional<eval::Interval>& interval,
                         std::string_view method) {
    metric.interval_reason = {};
    if (!interval) {
        metric.interval_reason = "at_the_edge";
        return;
    }
    metric.low = interval->low;
    metric.high = interval->high;
    metric.method = method;
}

/// numerator(tally) / denominator(tally) without each group.
template <typename Numerator, typename Denominator>
[[nodiscard]] std::array<double, kUserGroups> without_groups(std::span<const Tally> groups,
                                                             Numerator numerator, Denominator denominator) {
    double n = 0, d = 0;
    for (const Tally& group : groups) {
        n += numerator(group);
        d += denominator(group);
    }
    std::array<double, kUserGroups> out{};
    for (std::size_t g = 0; g < kUserGroups; ++g)
        out[g] = (n - numerator(groups[g])) / (d - denominator(groups[g]));
    return out;
}

inline void add_rule_interval(Metric& metric, std::size_t r, std::span<const Tally> groups,
                              const UserSupport& support) {
    const MetricRule& rule = kMetricRules[r];
    if (rule.per_user) {
        return set_interval(metric, eval::wilson(*metric.numerator, *metric.denominator), "wilson");
    }
    const bool share = rule.unit == Unit::share;
    if (support.with[r] < kFewUsers || (share && support.without[r] < kFewUsers)) {
        if (!share) {
            metric.interval_reason = "fewer_than_20_users";
            return;
        }
        const auto users = static_cast<double>(support.either[r]);
        return set_interval(metric, eval::wilson(*metric.value * users, users), "wilson_users");
    }
    const auto without = without_groups(
        groups, [&](const Tally& tally) { return static_cast<double>(tally[rule.numerator]); },
        [&](const Tally& tally) { return static_cast<double>(tally[rule.denominator]); });
    set_interval(metric, jackknife(*metric.value, without, share ? Scale::logit : Scale::log), "jackknife");
}

/// Money: averages as ratios, sums blown up to all groups.
inline void add_money_interval(Metric& metric, std::span<const Tally> groups, std::int64_t customers) {
    if (customers < kFewUsers) {
        metric.interval_reason = "fewer_than_20_users";
        return;
    }
    const MoneyRule& rule = *std::ranges::find(kMoneyRules, metric.name, &MoneyRule::name);
    const auto without = without_groups(
        groups, [&](const Tally& tally) { return rule.sum(tally).value(); },
        [&](const Tally& tally) {
            return rule.orders == Count::count_ ? 1.0 / kUserGroups : static_cast<double>(tally[rule.orders]);
        });
    set_interval(metric, jackknife(*metric.value, without, Scale::log), "jackknife");
}

}  // namespace detail

inline void add_intervals(std::vector<Metric>& metrics, std::span<const Tally> groups,
                          const UserSupport& support) {
    std::int64_t customers = 0;
    for (const Tally& group : groups)
        customers += group[Count::customers];
    for (Metric& metric : metrics) {
        if (!metric.value || metric.interval_reason.empty()) continue;  // nothing to add, or there already
        const auto rule = std::ranges::find(kMetricRules, metric.name, &MetricRule::name);
        const bool per_user = rule != kMetricRules.end() && rule->per_user;
        if (groups.empty() && !per_user) {
            metric.interval_reason = "too_many_segments";
        } else if (metric.unit == Unit::money) {
            detail::add_money_interval(metric, groups, customers);
        } else {
            detail::add_rule_interval(metric, static_cast<std::size_t>(rule - kMetricRules.begin()), groups,
                                      support);
        }
    }
}

}  // namespace funnel::metrics
