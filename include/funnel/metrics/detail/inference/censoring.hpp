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

#include "funnel/base/warning.hpp"
#include "funnel/eval/interval.hpp"
#include "funnel/metrics/detail/funnel/first_entries.hpp"
#include "funnel/metrics/detail/inference/intervals.hpp"
#include "funnel/metrics/detail/tally/tally.hpp"
#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

/// One estimate of the rate from the first stage to the last; `reason` says why there is none.
struct FirstEntryRate {
    std::optional<double> value = {};
    std::optional<eval::Interval> interval = {};  ///< 95 %
    std::string_view method = {}, reason = {};
};

struct Censoring {
    std::int64_t entries = 0;         ///< entities at the first stage
    std::int64_t mature_entries = 0;  ///< of those: with an entry whose window is over
    std::optional<double> mature_share = {};
    FirstEntryRate mature = {};  ///< the same funnel with the same rules, of entries whose window is over
    FirstEntryRate naive_first = {};  ///< of first entries, as if the log had no end: too low
    FirstEntryRate km = {};           ///< of first entries, by Kaplan and Meier
};

/// groups: kUserGroups tallies of whole users.
[[nodiscard]] Censoring censoring_of(std::span<const Tally> groups, const MetricsOptions& options);

/// What to say where fewer than 95 % of the windows are over; empty: nothing.
[[nodiscard]] inline std::optional<base::Warning> censoring_warning(const std::optional<Censoring>& censoring,
                                                                    const MetricsOptions& options) {
    if (!censoring || !censoring->mature_share || *censoring->mature_share >= 0.95) return {};
    const auto share = static_cast<int>(*censoring->mature_share * 100);
    return base::Warning{
        "windows_open",
        "the window " + base::format_duration(options.window) + " is over for only " + std::to_string(share) +
            " % of those at the first stage, so the last steps of the funnel are too low; funnel.censoring "
            "has estimates that allow for it, or give a shorter --window"};
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
    Tally total;
    for (const Tally& group : groups) {
        total.first_entries += group.first_entries;
        total.mature_entities += group.mature_entities;
        total.mature_reached += group.mature_reached;
        total.reached[0] += group.reached[0];
    }
    const FirstEntries& first = total.first_entries;
    Censoring result{.entries = total.reached[0], .mature_entries = total.mature_entities};
    if (total.reached[0] == 0 || options.semantics == Semantics::clickhouse) {
        result.naive_first.reason = result.mature.reason = result.km.reason = "no_entries";
        return result;
    }
    // part(tally) of whole(tally): users are independent, other entities come in users.
    const auto rate = [&](auto&& part, auto&& whole) {
        if (options.entity == Entity::user) return detail::share_of_users(part(total), whole(total));
        const auto share = [](std::int64_t a, std::int64_t b) {
            return static_cast<double>(a) / static_cast<double>(b);
        };
        return detail::grouped_rate(share(part(total), whole(total)), [&](std::size_t g) {
            return share(part(total) - part(groups[g]), whole(total) - whole(groups[g]));
        });
    };
    result.mature_share = static_cast<double>(total.mature_entities) / static_cast<double>(total.reached[0]);
    if (total.mature_entities > 0) {
        result.mature = rate([](const Tally& of) { return of.mature_reached; },
                             [](const Tally& of) { return of.mature_entities; });
    } else {
        result.mature.reason = "no_mature_entries";
    }
    if (first.entries() > 0) {
        result.naive_first =
            rate([](const Tally& of) { return static_cast<std::int64_t>(of.first_entries.reached.size()); },
                 [](const Tally& of) { return of.first_entries.entries(); });
    } else {
        result.naive_first.reason = "no_first_entries";
    }
    if (first.mature == 0) {  // nobody was watched for a whole window
        result.km.reason = first.entries() > 0 ? "no_mature_entries" : "no_first_entries";
        return result;
    }
    const ArrivalCurve curve(first);
    const KaplanMeier km = curve.all();
    result.km = options.entity == Entity::user ? FirstEntryRate{km.rate, greenwood(km), "greenwood", {}}
                                               : detail::grouped_rate(km.rate, [&](std::size_t g) {
                                                     return curve.without(groups[g].first_entries).rate;
                                                 });
    return result;
}

}  // namespace funnel::metrics
