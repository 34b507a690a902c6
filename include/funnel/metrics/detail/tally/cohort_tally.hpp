// SPDX-License-Identifier: MIT
// CohortTally: who came back on day N after the first event: retention_d and retention_unbounded.
#pragma once

#include <cstdint>
#include <vector>

#include "funnel/events/visit.hpp"
#include "funnel/metrics/detail/tally/cohort_slots.hpp"
#include "funnel/metrics/detail/tally/tally_plan.hpp"
#include "funnel/metrics/segments.hpp"

namespace funnel::metrics {

/// One thread at a time. O(rows x days asked for); nothing if none are.
class CohortTally {
 public:
    explicit CohortTally(const TallyPlan& plan)
        : plan_(plan), slots_(plan.options), zone_(plan.options.zone), came_(plan.options.retention.size()) {}

    void count_user(const UserView& user);

 private:
    struct Came {
        bool on_day = false, from_day = false;
    };
    /// The day of a time: of the calendar, or since the user's first event.
    [[nodiscard]] std::int64_t day_of(std::int64_t time, std::int64_t first) noexcept {
        if (!plan_.options.rolling_days) return base::floor_div(zone_.local(time), base::kDay);
        constexpr std::uint64_t kDay = base::kDay;
        return time >= first ? static_cast<std::int64_t>(events::elapsed(first, time) / kDay)
                             : -1 - static_cast<std::int64_t>((events::elapsed(time, first) - 1) / kDay);
    }

    const TallyPlan& plan_;
    CohortSlots slots_;
    LocalTime zone_;
    std::vector<Came> came_;  // per day N
};

inline void CohortTally::count_user(const UserView& user) {
    if (came_.empty() || !user.counts(0)) return;
    const auto& days = plan_.options.retention;
    came_.assign(days.size(), {});
    const std::int64_t first = user.rows.front().time, day_zero = day_of(first, first);
    for (const UserRow& row : user.rows) {
        const std::int64_t day = day_of(row.time, first) - day_zero;
        for (std::size_t i = 0; i < days.size(); ++i) {
            came_[i].on_day |= day == days[i];
            came_[i].from_day |= day >= days[i];
        }
    }
    const std::int64_t last_day = day_of(plan_.last_time, first) - day_zero;
    Tally& tally = user.at(0);
    for (std::size_t i = 0; i < days.size(); ++i) {
        if (last_day <= days[i]) continue;  // day N is not over
        ++tally.cohorts[slots_.cohort(i)];
        tally.cohorts[slots_.on_day(i)] += came_[i].on_day;
        tally.cohorts[slots_.from_day(i)] += came_[i].from_day;
    }
}

}  // namespace funnel::metrics
