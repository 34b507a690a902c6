// SPDX-License-Identifier: MIT
// measure: the funnel metrics of a log, as docs/metrics.md defines them.
//
//     funnel::EventLog log;
//     log.add({.time = 0, .kind = EventKind::view, .user = "u1", .item = "i1"});  // or ingest::read_log
//     const auto result = metrics::measure(log, {.funnel = Funnel::parse("view,cart_add,purchase")});
//     const auto rate = result.metric("conversion_user").value;  // empty if undefined, then .reason says why
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/count_words.hpp"
#include "funnel/metrics/detail/inference/intervals.hpp"
#include "funnel/metrics/detail/inference/warnings.hpp"
#include "funnel/metrics/detail/tally/bots.hpp"
#include "funnel/metrics/detail/tally/nested_keys.hpp"
#include "funnel/metrics/detail/tally/tally.hpp"
#include "funnel/metrics/detail/tally/touch_codes.hpp"
#include "funnel/metrics/detail/tally/user_rows.hpp"
#include "funnel/metrics/detail/tally/user_tally.hpp"
#include "funnel/metrics/metric.hpp"
#include "funnel/metrics/metrics_options.hpp"
#include "funnel/metrics/metrics_result.hpp"
#include "funnel/metrics/metrics_state.hpp"
#include "funnel/metrics/segments.hpp"

namespace funnel::metrics {

/// Counts a log. `facts` are those of the whole log of which this may be a part.
/// Throws Error(invalid_argument) for options out of range and for more than 10,000 keys of a breakdown.
/// Cost: one pass, and one per entry of options.by; the same numbers at any number of threads.
[[nodiscard]] MetricsState count(const EventLog& log, const MetricsOptions& options, const LogFacts& facts);

/// The numbers of a state.
[[nodiscard]] MetricsResult finish(MetricsState state, const MetricsOptions& options, const LogFacts& facts);

/// Counts and finishes a whole log. Throws as count.
[[nodiscard]] inline MetricsResult measure(const EventLog& log, const MetricsOptions& options) {
    const LogFacts facts = facts_of(log);
    return finish(count(log, options, facts), options, facts);
}

namespace detail {

/// The group of every user: the same wherever the user's rows are counted.
[[nodiscard]] inline std::vector<std::uint16_t> user_groups(const EventLog& log) {
    std::vector<std::uint16_t> groups(log.users.size());
    for (std::uint32_t user = 0; user < log.users.size(); ++user) {
        groups[user] = static_cast<std::uint16_t>(base::hash_bytes(log.users.text(user)) % kUserGroups);
    }
    return groups;
}

/// What one pass over the users has counted.
struct KeyCounts {
    std::vector<Tally> tallies;         // per key
    std::vector<UserSupport> supports;  // per plan.groups keys
    std::int64_t users = 0, visits = 0;
};

/// fits: of every row, what options.where says; empty: all do.
template <typename KeyOf>
[[nodiscard]] KeyCounts count_keys(TallyPlan plan, std::span<const std::uint8_t> fits, const KeyOf& key_of) {
    plan.counted_keys = plan.keys;
    if (!fits.empty()) plan.keys *= 2;
    std::vector<UserTally> workers(std::max(1u, plan.options.threads), UserTally(plan));
    const auto with_context = [&](std::size_t row) {
        const std::uint16_t key = key_of(row);
        return fits[row] != 0 ? key : static_cast<std::uint16_t>(key + plan.counted_keys);
    };
    if (fits.empty()) {
        for_each_user(plan.log, key_of, std::span(workers));
    } else {
        for_each_user(plan.log, with_context, std::span(workers));
    }
    KeyCounts counts{.tallies = std::vector<Tally>(plan.counted_keys),
                     .supports = std::vector<UserSupport>(plan.counted_keys / plan.groups)};
    for (UserTally& worker : workers) {
        for (std::size_t key = 0; key < plan.counted_keys; ++key)
            counts.tallies[key] += worker.tallies()[key];
        for (std::size_t s = 0; s < std::min(worker.supports().size(), counts.supports.size()); ++s)
            counts.supports[s] += worker.supports()[s];
        counts.users += worker.users();
        counts.visits += worker.visits();
    }
    return counts;
}

/// Counts the segments of one `by` behind those of others.
inline void count_segments(TallyPlan plan, SegmentKeys keys, std::span<const std::uint8_t> fits,
                           const std::vector<std::uint16_t>& groups, std::vector<Segment>& out) {
    if (keys.names.empty()) return;
    plan.groups = keys.names.size() <= kMaxIntervalSegments ? kUserGroups : 1;
    plan.keys = keys.names.size() * plan.groups;
    plan.one_key_per_user = false;
    plan.orders_are_whole = is_by_time(keys.by);
    plan.key_of_line = keys.key_of_line;
    KeyCounts counts = count_keys(plan, fits, [&](std::size_t row) {
        return static_cast<std::uint16_t>(keys.key_of_row[row] * plan.groups +
                                          groups[plan.log.user[row]] % plan.groups);
    });
    for (std::size_t k = 0; k < keys.names.size(); ++k) {
        const auto first = counts.tallies.begin() + static_cast<std::ptrdiff_t>(k * plan.groups);
        const std::span<const Tally> groups_of_key(&*first, plan.groups);
        if (std::ranges::all_of(groups_of_key, &Tally::empty)) continue;  // nothing of it is in the period
        out.push_back({keys.by,
                       std::move(keys.names[k]),
                       {std::move_iterator(first),
                        std::move_iterator(first + static_cast<std::ptrdiff_t>(plan.groups))},
                       counts.supports[k]});
    }
}

/// Counts the whole log: without bots, and the bots behind them, if there is a rule.
inline void count_total(TallyPlan plan, std::span<const std::uint8_t> fits,
                        const std::vector<std::uint16_t>& groups, MetricsState& state) {
    const bool ruled = plan.options.names_bots();
    const std::vector<std::uint8_t> is_bot =
        ruled ? find_bots(plan.log, plan.options) : std::vector<std::uint8_t>();
    plan.groups = kUserGroups;
    plan.keys = ruled ? 2 * kUserGroups : kUserGroups;
    plan.one_key_per_user = true;
    const auto count = [&](auto&& key_of_user) {
        return count_keys(plan, fits, [&](std::size_t row) { return key_of_user(plan.log.user[row]); });
    };
    KeyCounts counts = ruled ? count([&](std::uint32_t user) {
        return static_cast<std::uint16_t>(groups[user] + (is_bot[user] != 0 ? kUserGroups : 0));
    })
                             : count([&](std::uint32_t user) { return groups[user]; });
    state.users = counts.users;
    state.visits = counts.visits;
    if (ruled) {
        state.humans.assign(counts.tallies.begin(), counts.tallies.begin() + kUserGroups);
        state.human_support = counts.supports[0];
        for (std::size_t g = 0; g < kUserGroups; ++g)
            counts.tallies[g] += counts.tallies[g + kUserGroups];
        counts.supports[0] += counts.supports[1];
        counts.tallies.resize(kUserGroups);
    }
    state.groups = std::move(counts.tallies);
    state.support = counts.supports[0];
}

/// "mobile / (missing)"
[[nodiscard]] inline std::string joined_values(const std::vector<std::optional<std::string>>& values) {
    std::string out = values.front().value_or("(missing)");
    for (std::size_t i = 1; i < values.size(); ++i)
        out += " / " + values[i].value_or("(missing)");
    return out;
}

[[nodiscard]] inline SegmentResult finish_segment(const Segment& segment, const MetricsOptions& options,
                                                  const LogFacts& facts) {
    SegmentResult result{.by = segment.by, .key = segment.key, .metrics = {}, .steps = {}};
    result.values = values_of_key(segment.by, segment.key);
    if (result.values.size() > 1) result.key = joined_values(result.values);
    Tally total = sum(segment.groups);
    const std::span<const Tally> groups = segment.groups.size() == kUserGroups
                                              ? std::span<const Tally>(segment.groups)
                                              : std::span<const Tally>();
    result.steps = steps_of(total, groups, options);
    result.metrics = metrics_of(std::move(total), options, facts);
    const bool by_time = is_by_time(segment.by);
    for (Metric& metric : result.metrics) {
        // The total of an order stands on one of its lines, whatever the others hold.
        if (!facts.order_totals || by_time || metric.unit != Unit::money) continue;
        metric.value = metric.numerator = metric.denominator = std::nullopt;
        metric.reason = "order_total_only";
    }
    add_intervals(result.metrics, groups, segment.support);
    return result;
}

/// Each key of each breakdown, after the total.
inline void finish_segments(MetricsState& state, const MetricsOptions& options, const LogFacts& facts,
                            MetricsResult& result) {
    // Sums of states hold their segments by name; the result has them in the order they were asked for.
    const auto asked = [&](const Segment& segment) { return std::ranges::find(options.by, segment.by); };
    std::ranges::stable_sort(state.segments, {}, asked);
    for (std::size_t begin = 0, end = 0; begin < state.segments.size(); begin = end) {
        while (end < state.segments.size() && state.segments[end].by == state.segments[begin].by)
            ++end;
        if (options.differences && end - begin > 20) {
            result.warnings.push_back(
                {"many_segments",
                 "--by " + state.segments[begin].by + " has " + base::format_count(end - begin) +
                     " segments: one in twenty differs from the whole by chance alone, so look at "
                     "large differences and check them on other days"});
        }
        for (Segment& segment : std::span(state.segments).subspan(begin, end - begin)) {
            if (end - begin > kMaxIntervalSegments) segment.groups = {sum(segment.groups)};
            result.breakdown.push_back(finish_segment(segment, options, facts));
            SegmentResult& part = result.breakdown.back();
            if (options.differences && segment.groups.size() == kUserGroups) {
                part.differences =
                    differences_of_rates({part.metrics, part.steps, segment.groups},
                                         {result.metrics, result.steps, state.groups}, options);
            }
        }
    }
}

}  // namespace detail

inline MetricsState count(const EventLog& log, const MetricsOptions& options, const LogFacts& facts) {
    TallyPlan plan(log, options, facts);
    MetricsState state{.options_key = key_of(options),
                       .facts_key = key_of(facts),
                       .funnel = options.funnel.text(),
                       .rows = static_cast<std::int64_t>(log.size())};
    state.checks = checks_of(log, facts);
    state.outside =
        std::ranges::count_if(log.time, [&](std::int64_t time) { return !detail::inside(options, time); });
    const std::vector<std::uint16_t> groups = detail::user_groups(log);
    TouchedColumns touched(log, options, facts);
    const CodesOf codes_of = [&](const events::TextColumn& column) { return touched.codes_of(column); };
    const std::vector<std::uint8_t> fits =
        options.where ? options.where->rows(log, codes_of) : std::vector<std::uint8_t>();
    state.fitting = options.where ? std::ranges::count(fits, std::uint8_t{1}) : state.rows;
    for (std::size_t i = 0; i < options.by.size(); ++i) {
        const auto before = options.by.begin() + static_cast<std::ptrdiff_t>(i);
        if (std::find(options.by.begin(), before, options.by[i]) != before) continue;
        detail::count_segments(plan, keys_of(log, options, options.by[i], codes_of), fits, groups,
                               state.segments);
    }
    state.touched = touched.rows();
    detail::count_total(plan, fits, groups, state);
    return state;
}

inline MetricsResult finish(MetricsState state, const MetricsOptions& options, const LogFacts& facts) {
    if (state.options_key != 0 && state.options_key != key_of(options)) {
        throw Error(ErrorCode::invalid_argument,
                    "metrics: expected the options that the state of funnel " + state.funnel +
                        " was counted with, got others; finish it with the options of count");
    }
    MetricsResult result{
        .rows = state.rows, .outside = state.outside, .users = state.users, .visits = state.visits};
    result.period = {options.from, options.to};
    if (options.where) {
        result.where = options.where->text();
        result.fitting = state.fitting;
    }
    if (state.rows > 0) {
        result.first_time = facts.first_time;
        result.last_time = facts.last_time;
    }
    result.entity = options.entity;
    result.rules = options.rules;
    result.window = options.window;
    result.left_out = options.left_out;
    Tally total = detail::sum(state.groups);
    result.steps = steps_of(total, state.groups, options);
    result.warnings = warnings_of(total, state.checks, state.rows, state.users, options, facts);
    if (state.rows > 0 && state.outside == state.rows) result.warnings.push_back(empty_period(facts));
    if (auto early = early_period(options, facts)) result.warnings.push_back(*std::move(early));
    if (state.rows > 0 && state.fitting == 0) result.warnings.push_back(nothing_fits(result.where));
    result.notes = notes_of(total, state.rows, options, facts);
    result.touched = state.touched;
    result.touch = options.touch;
    for (const auto& [column, rows] : state.touched) {
        if (rows > 0) result.notes.push_back(touch_note(column, rows, options.touch));
    }
    const std::int64_t users = total[Count::users];
    result.metrics = metrics_of(std::move(total), options, facts);
    add_intervals(result.metrics, state.groups, state.support);
    const bool one_clock =
        options.entity != Entity::exposure && !options.rules.open && !options.rules.count_entries;
    if (one_clock) result.censoring = censoring_of(state.groups, options);
    if (one_clock && std::ranges::none_of(options.rules.optional, std::identity{}))
        result.gains = step_gains(state.groups, options, facts.has_revenue || facts.has_price);
    if (auto warning = censoring_warning(result.censoring, options))
        result.warnings.push_back(std::move(*warning));
    if (!state.humans.empty()) {
        Tally humans = detail::sum(state.humans);
        WithoutBots& without = result.without_bots.emplace();
        without.users = users - humans[Count::users];
        without.steps = steps_of(humans, state.humans, options);
        without.metrics = metrics_of(std::move(humans), options, facts);
        add_intervals(without.metrics, state.humans, state.human_support);
    }
    detail::finish_segments(state, options, facts, result);
    return result;
}

}  // namespace funnel::metrics
