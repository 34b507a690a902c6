// SPDX-License-Identifier: MIT
// find_people: who is in a named group, since when, with which items (docs/metrics.md, "People").
//
//     const metrics::PeopleOptions who{.group = metrics::PeopleGroup::abandoned_cart};
//     for (const auto& person : metrics::find_people(log, who, {}, metrics::facts_of(log)))
//         show(log.users.text(person.user));
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/metrics/detail/tally/people_tally.hpp"
#include "funnel/metrics/metrics_options.hpp"
#include "funnel/metrics/people.hpp"

namespace funnel::metrics {

/// By since, then by the bytes of the user's id. Of options: funnel, visit_gap, threads; the end of the log
/// is facts.last_time. Runs over the log as it grows, cut by since and until, name each (user, since) once.
/// Items of value need the number column "price" (LogColumns::price). One pass; memory: that of the result.
[[nodiscard]] std::vector<Person> find_people(const EventLog& log, const PeopleOptions& people,
                                              const MetricsOptions& options, const LogFacts& facts);

inline std::vector<Person> find_people(const EventLog& log, const PeopleOptions& people,
                                       const MetricsOptions& options, const LogFacts& facts) {
    MetricsOptions plain = options;
    plain.by.clear();
    plain.entity = Entity::user;
    plain.from = plain.to = {};
    const TallyPlan plan(log, plain, facts);
    std::vector<detail::PeopleTally> workers(std::max(1u, options.threads),
                                             detail::PeopleTally(plan, people));
    for_each_user(
        log, [](std::size_t) { return std::uint16_t{0}; }, std::span(workers));
    std::vector<Person> found;
    for (detail::PeopleTally& worker : workers)
        std::ranges::move(worker.found(), std::back_inserter(found));
    std::ranges::sort(found, [&](const Person& a, const Person& b) {
        return a.since != b.since ? a.since < b.since : log.users.text(a.user) < log.users.text(b.user);
    });
    return found;
}

}  // namespace funnel::metrics
