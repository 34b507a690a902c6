// SPDX-License-Identifier: MIT
// MetricsState: the counts so far, in a form that adds up.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/metrics/detail/inference/intervals.hpp"
#include "funnel/metrics/detail/inference/warnings.hpp"
#include "funnel/metrics/detail/tally/tally.hpp"

namespace funnel::metrics {

/// One segment's tally. `key` is empty for the missing value; of several columns see values_of_key.
struct Segment {
    std::string by;
    std::optional<std::string> key;
    std::vector<Tally> groups;  ///< kUserGroups, or 1 if there are too many segments for intervals
    UserSupport support = {};

    /// The same segment of a log without a common user.
    Segment& operator+=(const Segment& other);
};

/// What has been counted so far, in a form that adds: states of logs without a common user, counted with the
/// same options and the same LogFacts, sum to the state of the joined log.
struct MetricsState {
    /// What was asked and known when it was counted, as hashes; 0: nothing is counted yet. funnel: for
    /// people.
    std::uint64_t options_key = 0, facts_key = 0;
    std::string funnel = {};
    std::int64_t rows = 0, outside = 0;  ///< accepted rows, and those of them outside [from, to)
    std::int64_t fitting = 0;            ///< of `rows` those that fit options.where
    std::int64_t users = 0, visits = 0;  ///< of all rows
    /// Per column that takes a touch: purchases that took a value from another row.
    std::map<std::string, std::int64_t> touched = {};
    LogChecks checks = {};
    std::vector<Tally> groups = std::vector<Tally>(kUserGroups);  ///< of users, by a hash of their id
    UserSupport support = {};
    std::vector<Tally> humans = {};  ///< the groups without bots, if a bot rule was asked for
    UserSupport human_support = {};
    std::vector<Segment> segments = {};  ///< each (by, key) once; of one `by`: sorted, the missing key last

    /// Throws Error(invalid_argument) if the two were counted with different options or facts.
    MetricsState& operator+=(const MetricsState& other);
};

namespace detail {

inline void refuse_sum(const MetricsState& a, const MetricsState& b) {
    const bool funnels = a.funnel != b.funnel;
    throw Error(ErrorCode::invalid_argument,
                funnels ? "metrics: expected states of one funnel, got " + a.funnel + " and \"" + b.funnel +
                              "\"; count both logs with the same funnel"
                        : std::string("metrics: expected states counted with equal options and LogFacts, got "
                                      "different ones; count every part with those of the whole log"));
}

[[nodiscard]] inline Tally sum(std::span<const Tally> groups) {
    Tally total;
    for (const Tally& group : groups)
        total += group;
    return total;
}

}  // namespace detail

inline Segment& Segment::operator+=(const Segment& other) {
    if (groups.size() != other.groups.size()) groups = {detail::sum(groups)};
    if (groups.size() == other.groups.size()) {
        for (std::size_t g = 0; g < groups.size(); ++g)
            groups[g] += other.groups[g];
    } else {
        groups.front() += detail::sum(other.groups);
    }
    support += other.support;
    return *this;
}

inline MetricsState& MetricsState::operator+=(const MetricsState& other) {
    if (options_key == 0) {
        options_key = other.options_key;
        facts_key = other.facts_key;
        funnel = other.funnel;
    } else if (other.options_key != 0 && (options_key != other.options_key || facts_key != other.facts_key)) {
        detail::refuse_sum(*this, other);
    }
    rows += other.rows;
    outside += other.outside;
    fitting += other.fitting;
    users += other.users;
    visits += other.visits;
    for (const auto& [column, rows_of] : other.touched)
        touched[column] += rows_of;
    checks += other.checks;
    for (std::size_t g = 0; g < kUserGroups; ++g)
        groups[g] += other.groups[g];
    support += other.support;
    for (std::size_t g = 0; g < std::min(humans.size(), other.humans.size()); ++g)
        humans[g] += other.humans[g];
    if (humans.empty()) humans = other.humans;
    human_support += other.human_support;
    segments.insert(segments.end(), other.segments.begin(), other.segments.end());
    const auto order = [](const Segment& segment) {
        return std::tuple(std::string_view(segment.by), !segment.key,
                          segment.key ? std::string_view(*segment.key) : std::string_view());
    };
    std::ranges::stable_sort(segments, {}, order);
    std::size_t kept = 0;
    for (std::size_t i = 1; i < segments.size(); ++i) {
        if (order(segments[i]) == order(segments[kept])) {
            segments[kept] += segments[i];
        } else if (++kept != i) {
            segments[kept] = std::move(segments[i]);
        }
    }
    segments.resize(std::min(segments.size(), kept + 1));
    return *this;
}

}  // namespace funnel::metrics
