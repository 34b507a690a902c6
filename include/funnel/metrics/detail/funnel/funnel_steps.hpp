// SPDX-License-Identifier: MIT
// FunnelStep: how many came to each stage, the rates between stages and their intervals.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/eval/interval.hpp"
#include "funnel/events/funnel_stages.hpp"
#include "funnel/metrics/detail/inference/intervals.hpp"
#include "funnel/metrics/detail/tally/tally.hpp"
#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

/// Seconds; empty: not asked for, or nobody came.
struct Quantiles {
    std::optional<double> q25 = {}, median = {}, q75 = {}, p90 = {};
};

struct FunnelStep {
    std::string name;
    std::int64_t reached = 0;                 ///< entities with a chain to this stage
    std::optional<double> step_rate = {};     ///< of those at the last stage before that cannot be skipped;
                                              ///< empty for stage 0 or none there
    std::optional<double> overall_rate = {};  ///< of those at stage 0; empty if none
    std::int64_t lost = 0;                    ///< came to the stage before, not to this one
    std::optional<eval::Interval> step_interval = {}, overall_interval = {};  ///< 95 %
    std::string_view method = {};                                             ///< of both; static text
    bool optional = false;
    Quantiles from_step_before = {}, from_entry = {};  ///< of options.timing
    std::optional<double> value = {};                  ///< money bought in the window by those who came here
};

/// The steps of a tally that is the sum of `groups`: kUserGroups of them, or none for no intervals.
[[nodiscard]] std::vector<FunnelStep> steps_of(Tally& tally, std::span<const Tally> groups,
                                               const MetricsOptions& options);

namespace detail {

/// Of the entities at stage `of`, those at stage `k`. Wilson where entities are users, who are independent.
[[nodiscard]] inline std::optional<eval::Interval> step_interval(std::size_t k, std::size_t of,
                                                                 const Tally& tally,
                                                                 std::span<const Tally> groups,
                                                                 bool per_user) {
    const std::int64_t reached = tally.reached[k], all = tally.reached[of];
    if (all <= 0) return std::nullopt;
    if (per_user) return eval::wilson(static_cast<double>(reached), static_cast<double>(all));
    if (reached < kFewUsers || std::abs(all - reached) < kFewUsers) return std::nullopt;
    const auto without = without_groups(
        groups, [&](const Tally& group) { return static_cast<double>(group.reached[k]); },
        [&](const Tally& group) { return static_cast<double>(group.reached[of]); });
    return jackknife(static_cast<double>(reached) / static_cast<double>(all), without,
                     reached > all ? Scale::log : Scale::logit);
}

inline void add_times(FunnelStep& step, StepTally& tally) {
    const auto quantiles = [](DwellTimes& times) {
        return Quantiles{times.quantile_seconds(0.25), times.quantile_seconds(0.5),
                         times.quantile_seconds(0.75), times.quantile_seconds(0.9)};
    };
    step.from_step_before = quantiles(tally.from_step_before);
    step.from_entry = quantiles(tally.from_entry);
    step.value = tally.value.value();
}

}  // namespace detail

inline std::vector<FunnelStep> steps_of(Tally& tally, std::span<const Tally> groups,
                                        const MetricsOptions& options) {
    // A user may be counted more than once as entries, and an open funnel has no share.
    const bool per_user =
        options.entity == Entity::user && !options.rules.count_entries && !options.rules.open;
    std::vector<FunnelStep> steps;
    std::size_t before = 0;  // the last stage that cannot be skipped
    for (std::size_t k = 0; k < options.funnel.stages.size(); ++k) {
        FunnelStep step{.name = options.funnel.stages[k].name, .reached = tally.reached[k]};
        const auto rate = [&](std::int64_t of) {
            return of > 0 ? std::optional(static_cast<double>(step.reached) / static_cast<double>(of))
                          : std::nullopt;
        };
        step.overall_rate = rate(tally.reached[0]);
        if (k > 0) {
            step.step_rate = rate(tally.reached[before]);
            step.lost = tally.reached[before] - step.reached;
            if (!groups.empty()) {
                step.step_interval = detail::step_interval(k, before, tally, groups, per_user);
                step.overall_interval = detail::step_interval(k, 0, tally, groups, per_user);
                step.method = per_user ? "wilson" : "jackknife";
            }
        }
        step.optional = options.rules.is_optional(k);
        if (!step.optional) before = k;
        if (k < tally.steps.size()) detail::add_times(step, tally.steps[k]);
        steps.push_back(std::move(step));
    }
    return steps;
}

}  // namespace funnel::metrics
