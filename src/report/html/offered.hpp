// SPDX-License-Identifier: MIT
// What funnel steps and results may carry beyond their counts, taken by name where the metrics room offers
// it.
#pragma once

#include <cstdint>
#include <optional>

#include "funnel/eval/interval.hpp"
#include "funnel/metrics/measure.hpp"

namespace funnel::report::html {

/// Seconds from the step before: quartiles and the 90th percentile.
struct StepTimes {
    std::optional<double> q25 = {}, median = {}, q75 = {}, p90 = {};
};

template <typename Step>
[[nodiscard]] StepTimes times_of(const Step& step) {
    if constexpr (requires { step.from_step_before.p90; }) {
        const auto& times = step.from_step_before;
        return {times.q25, times.median, times.q75, times.p90};
    } else {
        return {};
    }
}

/// Of `of` entities, `step.reached` came on. Users are independent of each other; visits and pairs of one
/// user are not.
template <typename Step>
[[nodiscard]] std::optional<eval::Interval> wilson_of_users(metrics::Entity entity, const Step& step,
                                                            std::int64_t of) {
    if (entity != metrics::Entity::user) return std::nullopt;
    return eval::wilson(static_cast<double>(step.reached), static_cast<double>(of));
}

/// Of those at the step before.
template <typename Step>
[[nodiscard]] std::optional<eval::Interval> step_interval_of(metrics::Entity entity, const Step& step,
                                                             const Step& before) {
    if constexpr (requires { step.step_interval; }) {
        if (step.step_interval) return step.step_interval;
    }
    return wilson_of_users(entity, step, before.reached);
}

/// Of those at the first step.
template <typename Step>
[[nodiscard]] std::optional<eval::Interval> overall_interval_of(metrics::Entity entity, const Step& step,
                                                                const Step& first) {
    if constexpr (requires { step.overall_interval; }) {
        if (step.overall_interval) return step.overall_interval;
    }
    return wilson_of_users(entity, step, first.reached);
}

/// An estimate of the share of first entries that come to the end, from a log that ends before their windows
/// do.
struct EntryRate {
    const char *title, *meaning;
    std::optional<double> value = {};
    std::optional<eval::Interval> interval = {};
};

struct EntryRates {
    std::optional<double> mature_share = {};
    EntryRate naive{"As if the log had no end", "First entries that came to the last step so far; too low."};
    EntryRate mature{"Windows that are over", "The same among first entries whose window is over."};
    EntryRate km{
        "All, by Kaplan and Meier",
        "All first entries, each for as long as the log could see it; assumes that late ones are like early "
        "ones."};
};

template <typename Result>
[[nodiscard]] std::optional<EntryRates> entry_rates_of(const Result& result) {
    if constexpr (requires { result.censoring->km; }) {
        if (!result.censoring || !result.censoring->mature_share) return std::nullopt;
        const auto& from = *result.censoring;
        EntryRates rates{.mature_share = from.mature_share};
        const auto take = [](EntryRate& to, const auto& rate) {
            to.value = rate.value;
            to.interval = rate.interval;
        };
        take(rates.naive, from.naive_first);
        take(rates.mature, from.mature);
        take(rates.km, from.km);
        return rates;
    } else {
        return std::nullopt;
    }
}

}  // namespace funnel::report::html
