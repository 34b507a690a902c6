// SPDX-License-Identifier: MIT
// measure: the funnel metrics of a log, as docs/metrics.md defines them.
//
//   funnel::EventLog log;
//   log.add({.time = 0, .kind = EventKind::view, .user = "u1", .item = "i1"});  // or ingest::read_log
//   const auto result = metrics::measure(log, {.funnel = Funnel::parse("view,cart_add,purchase")});
//   result.metric("conversion_user").value  // empty if undefined, then .reason says why
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/metrics/intervals.hpp"
#include "funnel/metrics/options.hpp"
#include "funnel/metrics/rates.hpp"
#include "funnel/metrics/segments.hpp"
#include "funnel/metrics/tally.hpp"
#include "funnel/metrics/user_rows.hpp"
#include "funnel/metrics/user_tally.hpp"
#include "funnel/metrics/warnings.hpp"

namespace funnel::metrics {

/// One segment's tally. `key` is empty for the missing value.
struct Segment {
    std::string by;
    std::optional<std::string> key;
    Tally tally;
};

/// What has been counted so far, in a form that adds: states of logs without a common user, counted with the
/// same options and the same LogFacts, sum to the state of the joined log.
struct MetricsState {
    std::int64_t rows = 0, outside = 0;  ///< accepted rows, and those of them outside [from, to)
    std::int64_t users = 0, visits = 0;  ///< of all rows
    LogChecks checks = {};
    std::vector<Tally> groups = std::vector<Tally>(kUserGroups);  ///< of users, by a hash of their id
    UserSupport support = {};
    std::vector<Segment> segments = {};  ///< each (by, key) once; of one `by`: sorted, the missing key last

    MetricsState& operator+=(const MetricsState& other);
};

struct FunnelStep {
    std::string name;
    std::int64_t reached = 0;              ///< entities that came to this stage or beyond
    std::optional<double> step_rate = {};  ///< of those at the stage before; empty for stage 0 or none there
    std::optional<double> overall_rate = {};  ///< of those at stage 0; empty if none
    std::int64_t lost = 0;                    ///< came to the stage before, not to this one
};

struct SegmentResult {
    std::string by;
    std::optional<std::string> key;
    std::vector<Metric> metrics;
    std::vector<FunnelStep> steps;
};

struct MetricsResult {
    std::int64_t rows = 0, outside = 0, users = 0, visits = 0;
    std::int64_t first_time = 0, last_time = 0;  ///< of all rows; meaningless if rows is 0
    std::vector<Metric> metrics = {};
    Entity entity = Entity::user;
    std::int64_t window = 0;
    std::vector<std::string> left_out = {};
    std::vector<FunnelStep> steps = {};
    std::vector<SegmentResult> breakdown = {};
    std::vector<std::string> warnings = {};  ///< one line each, for people

    /// Throws Error(invalid_argument) for a name that is no metric.
    [[nodiscard]] const Metric& metric(std::string_view name) const;
};

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

/// The tallies of all keys.
template <typename KeyOf>
[[nodiscard]] std::vector<Tally> count_keys(const TallyPlan& plan, const KeyOf& key_of, MetricsState& state) {
    std::vector<UserTally> workers(std::max(1u, plan.options.threads), UserTally(plan));
    for_each_user(plan.log, key_of, std::span(workers));
    std::vector<Tally> tallies(plan.keys);
    state.users = state.visits = 0;
    for (UserTally& worker : workers) {
        for (std::size_t key = 0; key < plan.keys; ++key)
            tallies[key] += worker.tallies()[key];
        state.users += worker.users();
        if (plan.one_key_per_user) state.support += worker.support();
        state.visits += worker.visits();
    }
    return tallies;
}

[[nodiscard]] inline std::vector<FunnelStep> steps_of(const Tally& tally, const Funnel& funnel) {
    std::vector<FunnelStep> steps;
    for (std::size_t k = 0; k < funnel.stages.size(); ++k) {
        FunnelStep step{.name = funnel.stages[k].name, .reached = tally.reached[k]};
        const auto rate = [&](std::int64_t of) {
            return of > 0 ? std::optional(static_cast<double>(step.reached) / static_cast<double>(of))
                          : std::nullopt;
        };
        step.overall_rate = rate(tally.reached[0]);
        if (k > 0) {
            step.step_rate = rate(tally.reached[k - 1]);
            step.lost = tally.reached[k - 1] - step.reached;
        }
        steps.push_back(std::move(step));
    }
    return steps;
}

}  // namespace detail

inline MetricsState count(const EventLog& log, const MetricsOptions& options, const LogFacts& facts) {
    TallyPlan plan(log, options, facts);
    MetricsState state{.rows = static_cast<std::int64_t>(log.size())};
    state.checks = checks_of(log, facts);
    state.outside =
        std::ranges::count_if(log.time, [&](std::int64_t time) { return !detail::inside(options, time); });
    for (std::size_t i = 0; i < options.by.size(); ++i) {
        const std::string& by = options.by[i];
        if (std::ranges::find(options.by, by) != options.by.begin() + static_cast<std::ptrdiff_t>(i))
            continue;
        SegmentKeys keys = segment_keys(log, options, by);
        if (keys.names.empty()) continue;
        plan.keys = keys.names.size();
        plan.one_key_per_user = false;
        auto tallies = detail::count_keys(
            plan, [&](std::size_t row) { return keys.key_of_row[row]; }, state);
        for (std::size_t k = 0; k < tallies.size(); ++k) {
            state.segments.push_back({by, std::move(keys.names[k]), std::move(tallies[k])});
        }
    }
    plan.keys = kUserGroups;
    plan.one_key_per_user = true;
    const std::vector<std::uint16_t> groups = detail::user_groups(log);
    state.groups = detail::count_keys(
        plan, [&](std::size_t row) { return groups[log.user[row]]; }, state);
    return state;
}

inline MetricsState& MetricsState::operator+=(const MetricsState& other) {
    rows += other.rows;
    outside += other.outside;
    users += other.users;
    visits += other.visits;
    checks += other.checks;
    for (std::size_t g = 0; g < kUserGroups; ++g)
        groups[g] += other.groups[g];
    support += other.support;
    segments.insert(segments.end(), other.segments.begin(), other.segments.end());
    const auto order = [](const Segment& segment) {
        return std::tuple(std::string_view(segment.by), !segment.key,
                          segment.key ? std::string_view(*segment.key) : std::string_view());
    };
    std::ranges::stable_sort(segments, {}, order);
    std::size_t kept = 0;
    for (std::size_t i = 1; i < segments.size(); ++i) {
        if (order(segments[i]) == order(segments[kept])) {
            segments[kept].tally += segments[i].tally;
        } else if (++kept != i) {
            segments[kept] = std::move(segments[i]);
        }
    }
    segments.resize(std::min(segments.size(), kept + 1));
    return *this;
}

inline MetricsResult finish(MetricsState state, const MetricsOptions& options, const LogFacts& facts) {
    MetricsResult result{
        .rows = state.rows, .outside = state.outside, .users = state.users, .visits = state.visits};
    if (state.rows > 0) {
        result.first_time = facts.first_time;
        result.last_time = facts.last_time;
    }
    result.entity = options.entity;
    result.window = options.window;
    result.left_out = options.left_out;
    Tally total;
    for (const Tally& group : state.groups)
        total += group;
    result.steps = detail::steps_of(total, options.funnel);
    result.warnings = warnings_of(total, state.checks, state.rows, state.users, options, facts);
    result.metrics = metrics_of(std::move(total), facts);
    add_intervals(result.metrics, state.groups, state.support);
    // Sums of states hold their segments by name; the result has them in the order they were asked for.
    const auto asked = [&](const Segment& segment) { return std::ranges::find(options.by, segment.by); };
    std::ranges::stable_sort(state.segments, {}, asked);
    for (Segment& segment : state.segments) {
        SegmentResult part{.by = segment.by, .key = segment.key, .metrics = {}, .steps = {}};
        part.steps = detail::steps_of(segment.tally, options.funnel);
        part.metrics = metrics_of(std::move(segment.tally), facts);
        result.breakdown.push_back(std::move(part));
    }
    return result;
}

inline const Metric& MetricsResult::metric(std::string_view name) const {
    const Metric* found = find(metrics, name);
    if (found == nullptr) {
        throw Error(ErrorCode::invalid_argument, "no metric of the name \"" + std::string(name) + "\"");
    }
    return *found;
}

}  // namespace funnel::metrics
