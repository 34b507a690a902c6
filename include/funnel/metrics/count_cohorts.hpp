// SPDX-License-Identifier: MIT
// count_cohorts, finish_cohorts: what becomes of users week after week (docs/metrics.md, "Cohorts").
//
//   const auto facts = metrics::facts_of(log);
//   const auto counts = metrics::count_cohorts(log, options, facts, metrics::CohortStart::event);
//   const auto cohorts = metrics::finish_cohorts(counts, options, facts);
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/metrics/cohorts.hpp"
#include "funnel/metrics/detail/tally/touch_codes.hpp"
#include "funnel/metrics/detail/tally/week_cohort_tally.hpp"
#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

/// Users whose first event (order) of the log is in the period and fits `where`. Of options: from, to, where,
/// touch, item_columns, zone, visit_gap, threads. `facts` are those of the whole log of which this may be a
/// part. Cost: one pass; memory: 32 bytes per cohort and week.
[[nodiscard]] CohortCounts count_cohorts(const EventLog& log, const MetricsOptions& options,
                                         const LogFacts& facts, CohortStart start);

/// The rows of a table.
[[nodiscard]] Cohorts finish_cohorts(const CohortCounts& counts, const MetricsOptions& options,
                                     const LogFacts& facts);

inline CohortCounts count_cohorts(const EventLog& log, const MetricsOptions& options, const LogFacts& facts,
                                  CohortStart start) {
    MetricsOptions plain = options;
    plain.by.clear();
    plain.entity = Entity::user;
    if (plain.funnel.stages.empty()) plain.funnel = Funnel::parse(events::kDefaultFunnel);
    const TallyPlan plan(log, plain, facts);
    TouchedColumns touched(log, plain, facts);
    std::vector<std::uint8_t> fits;
    if (plain.where)
        fits = plain.where->rows(log,
                                 [&](const events::TextColumn& column) { return touched.codes_of(column); });
    std::vector<detail::WeekCohortTally> workers;
    for (unsigned w = 0; w < std::max(1u, options.threads); ++w)
        workers.emplace_back(plan, start);
    const auto key_of = [&](std::size_t row) {
        return static_cast<std::uint16_t>(!fits.empty() && fits[row] == 0);
    };
    for_each_user(log, key_of, std::span(workers));
    CohortCounts counts{.start = start};
    for (const detail::WeekCohortTally& worker : workers)
        counts += worker.counts();
    return counts;
}

namespace detail {

[[nodiscard]] inline Cohort finish_cohort(CohortSum sum, std::int64_t week, std::int64_t last_week) {
    const std::int64_t over =
        std::clamp<std::int64_t>(last_week - week, 0, static_cast<std::int64_t>(kMaxCohortWeeks) + 1);
    Cohort cohort{.key = format_week(WeekCutter::monday(week)),
                  .monday = WeekCutter::monday(week),
                  .users = sum.users,
                  .weeks = std::move(sum.weeks)};
    cohort.weeks.resize(static_cast<std::size_t>(over));
    return cohort;
}

}  // namespace detail

inline Cohorts finish_cohorts(const CohortCounts& counts, const MetricsOptions& options,
                              const LogFacts& facts) {
    Cohorts out{.start = counts.start, .has_amounts = facts.has_revenue || facts.has_price};
    if (facts.first_time > facts.last_time) return out;
    detail::WeekCutter cutter(options.zone);
    const std::int64_t last_week = cutter.week(facts.last_time), already = detail::last_already_there(facts);
    if (counts.already_there.users > 0) {
        out.rows.push_back(detail::finish_cohort(counts.already_there, cutter.week(already), last_week));
        out.rows.back().key = "already there";
        out.rows.back().already_there = true;
    }
    for (const auto& [week, sum] : counts.cohorts)
        out.rows.push_back(detail::finish_cohort(sum, week, last_week));
    for (const Cohort& cohort : out.rows)
        out.weeks = std::max(out.weeks, cohort.weeks.size());
    if (out.weeks == 0 && !out.rows.empty())
        out.reason = facts.last_time <= already ? "log_shorter_than_28_days" : "no_week_is_over";
    return out;
}

}  // namespace funnel::metrics
