// SPDX-License-Identifier: MIT
// WeekCohortTally: in which weeks a user was active and ordered, from the week of the first event or order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "funnel/events/visit.hpp"
#include "funnel/metrics/cohorts.hpp"
#include "funnel/metrics/detail/tally/order_tally.hpp"
#include "funnel/metrics/detail/tally/tally_plan.hpp"
#include "funnel/metrics/segments.hpp"

namespace funnel::metrics::detail {

/// Weeks begin on Monday, local time. One thread at a time.
class WeekCutter {
 public:
    explicit WeekCutter(const std::vector<OffsetChange>& zone) : zone_(zone) {}

    /// Week 0 began on Monday 29 December 1969.
    [[nodiscard]] std::int64_t week(std::int64_t time) noexcept {
        return base::floor_div(base::floor_div(zone_.local(time), base::kDay) + 3, 7);
    }
    /// In days since 1970.
    [[nodiscard]] static std::int64_t monday(std::int64_t week) noexcept { return week * 7 - 3; }

 private:
    LocalTime zone_;
};

/// The last moment of the first 28 days.
[[nodiscard]] inline std::int64_t last_already_there(const LogFacts& facts) noexcept {
    constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
    return facts.first_time > kMax - kAlreadyThere ? kMax : facts.first_time + kAlreadyThere - 1;
}

/// One thread at a time. n log n in the rows of a user at worst. Borrows the plan.
class WeekCohortTally {
 public:
    WeekCohortTally(const TallyPlan& plan, CohortStart start)
        : plan_(&plan),
          weeks_(plan.options.zone),
          last_already_there_(last_already_there(plan.facts)),
          already_week_(weeks_.week(last_already_there_)),
          tallies_(1),
          splitter_(plan.options.visit_gap),
          orders_(plan) {
        counts_.start = start;
    }

    /// Rows of one user, sorted by (time, kind, key); those with key 0 fit what is asked for. The keys are
    /// lost.
    void add_user(std::span<UserRow> rows);

    [[nodiscard]] const CohortCounts& counts() const noexcept { return counts_; }

 private:
    void collect_orders(std::span<UserRow> rows);
    void count(CohortSum& cohort, std::int64_t week_of_cohort, std::span<const UserRow> rows);

    const TallyPlan* plan_;
    WeekCutter weeks_;
    std::int64_t last_already_there_, already_week_;
    std::vector<Tally> tallies_;  // what orders_ counts for `metrics`
    events::VisitSplitter splitter_;
    OrderTally orders_;
    CohortCounts counts_;
    std::vector<std::int64_t> active_;  // weeks of the user at hand
    struct Ordered {
        std::int64_t week = 0;
        events::Money sum;
        bool priced = false;
    };
    std::vector<Ordered> ordered_;  // the orders of a user
};

inline void WeekCohortTally::add_user(std::span<UserRow> rows) {
    const auto is_start = [&](const UserRow& row) {
        return counts_.start == CohortStart::event || row.kind == EventKind::purchase;
    };
    const auto first = std::ranges::find_if(rows, is_start);
    if (first == rows.end() || first->key != 0 || first->time < plan_->first_counted ||
        first->time > plan_->last_counted)
        return;
    const std::int64_t time = first->time;
    collect_orders(rows);
    if (time <= last_already_there_) {
        count(counts_.already_there, already_week_, rows);
    } else {
        const std::int64_t week = weeks_.week(time);
        count(counts_.cohorts[week], week, rows);
    }
}

inline void WeekCohortTally::collect_orders(std::span<UserRow> rows) {
    splitter_.start_user();
    orders_.start_user();
    ordered_.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].key = 0;
        const std::uint32_t visit = splitter_.visit(rows[i].time, rows[i].session);
        if (rows[i].kind == EventKind::purchase) orders_.add(rows[i], i, visit);
    }
    const UserView user{rows, tallies_};
    orders_.finish(user);
    for (const Order& order : orders_.orders())
        ordered_.push_back({weeks_.week(rows[order.first].time), order.sum, order.has_amount});
}

inline void WeekCohortTally::count(CohortSum& cohort, std::int64_t week_of_cohort,
                                   std::span<const UserRow> rows) {
    const auto cell = [&](std::int64_t week) -> CohortWeek* {
        const std::int64_t k = week - week_of_cohort;
        if (k < 0 || k > static_cast<std::int64_t>(kMaxCohortWeeks)) return nullptr;
        const auto at = static_cast<std::size_t>(k);
        if (at >= cohort.weeks.size()) cohort.weeks.resize(at + 1);
        return &cohort.weeks[at];
    };
    ++cohort.users;
    active_.clear();
    for (const UserRow& row : rows) {
        const std::int64_t week = weeks_.week(row.time);
        if (active_.empty() || active_.back() != week) active_.push_back(week);
    }
    std::ranges::sort(active_);  // where clocks are set back, a week may come twice
    active_.erase(std::unique(active_.begin(), active_.end()), active_.end());
    for (const std::int64_t week : active_) {
        if (CohortWeek* at = cell(week)) ++at->active;
    }
    std::ranges::sort(ordered_, {}, &Ordered::week);
    for (std::size_t i = 0; i < ordered_.size(); ++i) {
        CohortWeek* at = cell(ordered_[i].week);
        if (at == nullptr) continue;
        at->ordering += i == 0 || ordered_[i - 1].week != ordered_[i].week;
        ++at->orders;
        at->priced_orders += ordered_[i].priced;
        at->revenue += ordered_[i].sum;
    }
}

}  // namespace funnel::metrics::detail
