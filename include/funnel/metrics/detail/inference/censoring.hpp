// SPDX-License-Identifier: MIT
// Censoring: the share of entities whose first entry leads to the last stage within the window, told from a
// log that ends before all windows do (docs/metrics.md, "Windows that are not over").
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "funnel/eval/interval.hpp"
#include "funnel/metrics/detail/funnel/first_entries.hpp"
#include "funnel/metrics/detail/inference/intervals.hpp"
#include "funnel/metrics/detail/tally/tally.hpp"
#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

/// One estimate of the first-entry rate; `reason` says why there is none.
struct FirstEntryRate {
    std::optional<double> value = {};
    std::optional<eval::Interval> interval = {};  ///< 95 %
    std::string_view method = {}, reason = {};
};

struct Censoring {
    std::int64_t entries = 0, mature_entries = 0;
    std::optional<double> mature_share = {};
    FirstEntryRate naive_first = {};  ///< of all, as if the log had no end: too low
    FirstEntryRate mature = {};       ///< of those whose window is over
    FirstEntryRate km = {};           ///< of all, by Kaplan and Meier
};

/// groups: kUserGroups tallies of whole users.
[[nodiscard]] Censoring censoring_of(std::span<const Tally> groups, const MetricsOptions& options);

/// What to say where fewer than 95 % of the windows are over; empty: nothing.
[[nodiscard]] inline std::string censoring_warning(const std::optional<Censoring>& censoring,
                                                   const MetricsOptions& options, const LogFacts& facts) {
    if (!censoring || !censoring->mature_share || *censoring->mature_share >= 0.95) return {};
    const auto share = static_cast<int>(*censoring->mature_share * 100);
    return "the window " + base::format_duration(options.window) + " is over for only " +
           std::to_string(share) + " % of the entries" +
           (options.to && *options.to <= facts.last_time
                ? " by --to: naive, mature and km wait for no row after it, the steps of the funnel do"
                : ", so the last steps of the funnel are too low; funnel.censoring has estimates that "
                  "allow for it, or give a shorter --window");
}

namespace detail {

/// rate_without(group) of every group, around `value`.
template <typename Without>
[[nodiscard]] FirstEntryRate grouped_rate(double value, Without&& rate_without) {
    FirstEntryRate result{.value = value, .method = "jackknife"};
    std::array<double, kUserGroups> without{};
    for (std::size_t g = 0; g < kUserGroups; ++g)
        without[g] = rate_without(g);
    result.interval = jackknife(value, without, Scale::logit);
    return result;
}

[[nodiscard]] inline FirstEntryRate share_of_users(std::int64_t part, std::int64_t whole) {
    const auto n = static_cast<double>(whole);
    return {static_cast<double>(part) / n, eval::wilson(static_cast<double>(part), n), "wilson", {}};
}

}  // namespace detail

inline Censoring censoring_of(std::span<const Tally> groups, const MetricsOptions& options) {
    FirstEntries all;
    for (const Tally& group : groups)
        all += group.first_entries;
    Censoring result{.entries = all.entries(), .mature_entries = all.mature};
    if (all.entries() == 0) {
        result.naive_first.reason = result.mature.reason = result.km.reason = "no_entries";
        return result;
    }
    // part(entries) of whole(entries): users are independent, other entities come in users.
    const auto rate = [&](auto&& part, auto&& whole) {
        if (options.entity == Entity::user) return detail::share_of_users(part(all), whole(all));
        const auto share = [](std::int64_t a, std::int64_t b) {
            return static_cast<double>(a) / static_cast<double>(b);
        };
        return detail::grouped_rate(share(part(all), whole(all)), [&](std::size_t g) {
            const FirstEntries& out = groups[g].first_entries;
            return share(part(all) - part(out), whole(all) - whole(out));
        });
    };
    result.mature_share = static_cast<double>(all.mature) / static_cast<double>(all.entries());
    result.naive_first =
        rate([](const FirstEntries& of) { return static_cast<std::int64_t>(of.reached.size()); },
             [](const FirstEntries& of) { return of.entries(); });
    if (all.mature == 0) {  // nobody was watched for a whole window
        result.mature.reason = result.km.reason = "no_mature_entries";
        return result;
    }
    result.mature = rate([](const FirstEntries& of) { return of.mature_reached; },
                         [](const FirstEntries& of) { return of.mature; });
    const ArrivalCurve curve(all);
    const KaplanMeier km = curve.all();
    result.km = options.entity == Entity::user ? FirstEntryRate{km.rate, greenwood(km), "greenwood", {}}
                                               : detail::grouped_rate(km.rate, [&](std::size_t g) {
                                                     return curve.without(groups[g].first_entries).rate;
                                                 });
    return result;
}

}  // namespace funnel::metrics
