// SPDX-License-Identifier: MIT
// MetricParts: numerator and denominator of a metric in each group of users, and what follows from them for
// the comparison of two: the difference and the relative lift, with intervals.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/metrics/detail/funnel/funnel_steps.hpp"
#include "funnel/metrics/detail/inference/intervals.hpp"
#include "funnel/metrics/metric.hpp"

namespace funnel::metrics {

struct MetricParts {
    std::array<double, kUserGroups> numerator{}, denominator{};

    [[nodiscard]] double rate() const noexcept { return sum(numerator) / sum(denominator); }
    /// Without each group.
    [[nodiscard]] std::array<double, kUserGroups> rates_without() const noexcept {
        std::array<double, kUserGroups> out{};
        for (std::size_t g = 0; g < kUserGroups; ++g)
            out[g] = (sum(numerator) - numerator[g]) / (sum(denominator) - denominator[g]);
        return out;
    }

 private:
    [[nodiscard]] static double sum(const std::array<double, kUserGroups>& values) noexcept {
        double total = 0;
        for (const double value : values)
            total += value;
        return total;
    }
};

/// The parts of a share, ratio or amount of money; empty for other metrics, which no group adds to.
/// groups: kUserGroups tallies. A sum of money has denominators of 1 / kUserGroups.
[[nodiscard]] std::optional<MetricParts> parts_of(std::string_view name, std::span<const Tally> groups,
                                                  const MetricsOptions& options);

/// `value` of ours against theirs. Empty where one of the two is undefined.
struct MetricDifference {
    std::string name;
    Unit unit = Unit::share;
    std::optional<double> ours = {}, theirs = {};
    std::optional<double> difference = {};             ///< ours - theirs
    std::optional<eval::Interval> interval = {};       ///< 95 %
    std::optional<double> lift = {};                   ///< ours / theirs - 1
    std::optional<eval::Interval> lift_interval = {};  ///< 95 %
    std::string_view method = {}, reason = {};         ///< of the interval of the difference
};

/// Groups hold the same users on both sides (a user is in one group wherever it occurs), so that users who
/// occur on both are allowed for.
[[nodiscard]] MetricDifference difference(const Metric& ours, std::span<const Tally> our_groups,
                                          const Metric& theirs, std::span<const Tally> their_groups,
                                          const MetricsOptions& options);

/// Differences of all metrics that have parts, and of the overall rates of the funnel ("funnel_purchase").
/// Metrics and steps of both sides are of the same options.
struct Side {
    std::span<const Metric> metrics;
    std::span<const FunnelStep> steps;
    std::span<const Tally> groups;
};
[[nodiscard]] std::vector<MetricDifference> differences(const Side& ours, const Side& theirs,
                                                        const MetricsOptions& options);

/// The same without sums such as revenue: of groups of users, which have different sizes, they say nothing.
[[nodiscard]] std::vector<MetricDifference> differences_of_rates(const Side& ours, const Side& theirs,
                                                                 const MetricsOptions& options);

namespace detail {

/// numerator and denominator as functions of a tally.
template <typename Numerator, typename Denominator>
[[nodiscard]] MetricParts parts(std::span<const Tally> groups, Numerator&& numerator,
                                Denominator&& denominator) {
    MetricParts out;
    for (std::size_t g = 0; g < kUserGroups; ++g) {
        out.numerator[g] = numerator(groups[g]);
        out.denominator[g] = denominator(groups[g]);
    }
    return out;
}

[[nodiscard]] inline std::optional<MetricParts> cohort_parts(std::string_view name,
                                                             std::span<const Tally> groups,
                                                             const MetricsOptions& options) {
    const CohortSlots slots(options);
    const auto at = [&](std::size_t slot) {
        return [slot](const Tally& tally) {
            return slot < tally.cohorts.size() ? static_cast<double>(tally.cohorts[slot]) : 0.0;
        };
    };
    for (std::size_t i = 0; i < slots.spans; ++i) {
        if (name == "repeat_purchase_within_" + base::format_duration(options.repeat_within[i]))
            return parts(groups, at(CohortSlots::repeated(i)), at(CohortSlots::first_orders(i)));
    }
    for (std::size_t i = 0; i < slots.days; ++i) {
        const std::string day = "d" + std::to_string(options.retention[i]);
        if (name == "retention_" + day) return parts(groups, at(slots.on_day(i)), at(slots.cohort(i)));
        if (name == "retention_unbounded_" + day)
            return parts(groups, at(slots.from_day(i)), at(slots.cohort(i)));
    }
    return std::nullopt;
}

/// Newcombe's interval of a difference from those of its sides ("square and add", 1998).
[[nodiscard]] inline eval::Interval newcombe(const Metric& ours, const Metric& theirs) {
    const double d = *ours.value - *theirs.value;
    return {d - std::hypot(*ours.value - *ours.low, *theirs.high - *theirs.value),
            d + std::hypot(*ours.high - *ours.value, *theirs.value - *theirs.low)};
}

/// Tukey's t interval around `estimate` on the plain scale.
[[nodiscard]] inline std::optional<eval::Interval> plain_jackknife(
    double estimate, const std::array<double, kUserGroups>& without) {
    double mean = 0, squares = 0;
    for (const double theta : without)
        mean += theta / kUserGroups;
    for (const double theta : without)
        squares += (theta - mean) * (theta - mean);
    const double half = kT63 * std::sqrt(squares * (kUserGroups - 1) / kUserGroups);
    if (!std::isfinite(half)) return std::nullopt;
    return eval::Interval{estimate - half, estimate + half};
}

inline void add_jackknife(MetricDifference& out, const MetricParts& ours, const MetricParts& theirs) {
    const auto a = ours.rates_without(), b = theirs.rates_without();
    std::array<double, kUserGroups> differences{}, ratios{};
    for (std::size_t g = 0; g < kUserGroups; ++g) {
        differences[g] = a[g] - b[g];
        ratios[g] = a[g] / b[g];
    }
    out.interval = plain_jackknife(*out.difference, differences);
    out.method = "jackknife";
    if (!out.lift) return;
    if (const auto ratio = jackknife(*out.lift + 1, ratios, Scale::log))
        out.lift_interval = {ratio->low - 1, ratio->high - 1};
}

}  // namespace detail

inline std::optional<MetricParts> parts_of(std::string_view name, std::span<const Tally> groups,
                                           const MetricsOptions& options) {
    if (groups.size() != kUserGroups) return std::nullopt;
    const auto count = [](Count what) {
        return [what](const Tally& t) { return static_cast<double>(t[what]); };
    };
    for (const MetricRule& rule : kMetricRules) {
        if (rule.name != name) continue;
        if (rule.denominator == Count::count_) return std::nullopt;
        return detail::parts(groups, count(rule.numerator), count(rule.denominator));
    }
    for (const auto& rule : detail::kMoneyRules) {
        if (rule.name != name) continue;
        const auto money = [&](const Tally& tally) { return rule.sum(tally).value(); };
        if (rule.orders == Count::count_)
            return detail::parts(groups, money, [](const Tally&) { return 1.0 / kUserGroups; });
        return detail::parts(groups, money, count(rule.orders));
    }
    for (std::size_t k = 1; k < options.funnel.stages.size(); ++k) {
        if (name != "funnel_" + options.funnel.stages[k].name) continue;
        const auto reached = [&](std::size_t stage) {
            return [stage](const Tally& tally) { return static_cast<double>(tally.reached[stage]); };
        };
        return detail::parts(groups, reached(k), reached(0));
    }
    return detail::cohort_parts(name, groups, options);
}

inline std::vector<MetricDifference> differences(const Side& ours, const Side& theirs,
                                                 const MetricsOptions& options) {
    std::vector<MetricDifference> out;
    for (const Metric& metric : ours.metrics) {
        if (!parts_of(metric.name, ours.groups, options)) continue;
        const auto other = std::ranges::find(theirs.metrics, metric.name, &Metric::name);
        if (other != theirs.metrics.end())
            out.push_back(difference(metric, ours.groups, *other, theirs.groups, options));
    }
    const auto step_metric = [](const FunnelStep& step, std::int64_t entries) {
        Metric metric{.name = "funnel_" + step.name, .unit = Unit::share, .value = step.overall_rate};
        metric.numerator = static_cast<double>(step.reached);
        metric.denominator = static_cast<double>(entries);
        if (!metric.value) metric.reason = "no_entries";
        if (!step.overall_interval) return metric;
        metric.low = step.overall_interval->low;
        metric.high = step.overall_interval->high;
        return metric;
    };
    for (std::size_t k = 1; k < std::min(ours.steps.size(), theirs.steps.size()); ++k) {
        out.push_back(difference(step_metric(ours.steps[k], ours.steps[0].reached), ours.groups,
                                 step_metric(theirs.steps[k], theirs.steps[0].reached), theirs.groups,
                                 options));
    }
    return out;
}

inline std::vector<MetricDifference> differences_of_rates(const Side& ours, const Side& theirs,
                                                          const MetricsOptions& options) {
    std::vector<MetricDifference> all = differences(ours, theirs, options);
    std::erase_if(all, [](const MetricDifference& difference) {
        return std::ranges::any_of(detail::kMoneyRules, [&](const detail::MoneyRule& rule) {
            return rule.name == difference.name && rule.orders == Count::count_;
        });
    });
    return all;
}

inline MetricDifference difference(const Metric& ours, std::span<const Tally> our_groups,
                                   const Metric& theirs, std::span<const Tally> their_groups,
                                   const MetricsOptions& options) {
    MetricDifference out{.name = ours.name, .unit = ours.unit, .ours = ours.value, .theirs = theirs.value};
    if (!ours.value || !theirs.value) {
        out.reason = ours.value ? theirs.reason : ours.reason;
        return out;
    }
    out.difference = *ours.value - *theirs.value;
    if (*theirs.value > 0) out.lift = *ours.value / *theirs.value - 1;
    const auto a = parts_of(ours.name, our_groups, options), b = parts_of(ours.name, their_groups, options);
    // Few users: the jackknife knows too little, the intervals of the two sides are still good.
    const auto few = [](const Metric& metric) {
        return metric.unit == Unit::share &&
               (metric.method == "wilson_users" || *metric.numerator < kFewUsers ||
                *metric.denominator - *metric.numerator < kFewUsers);
    };
    if (!a || !b) {
        out.reason = "no_interval";
    } else if ((few(ours) || few(theirs)) && ours.low && theirs.low) {
        out.interval = detail::newcombe(ours, theirs);
        out.method = "newcombe";
    } else if (ours.low && theirs.low) {
        detail::add_jackknife(out, *a, *b);
    } else {
        out.reason = ours.low ? theirs.interval_reason : ours.interval_reason;
    }
    return out;
}

}  // namespace funnel::metrics
