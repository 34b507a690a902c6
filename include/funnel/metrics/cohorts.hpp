// SPDX-License-Identifier: MIT
// Cohorts: users by the week of their first event or order, and what became of them week after week, as
// count_cohorts and finish_cohorts give them (docs/metrics.md, "Cohorts").
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/time.hpp"
#include "funnel/events/money.hpp"

namespace funnel::metrics {

/// What puts a user into a cohort: the first event, or the first order, in the whole log.
enum class CohortStart : std::uint8_t { event, order };

/// Who comes this early in a log may have come before it began.
inline constexpr std::int64_t kAlreadyThere = 28 * base::kDay;
/// Weeks after the first that are counted.
inline constexpr std::size_t kMaxCohortWeeks = 104;

/// A cohort in one week.
struct CohortWeek {
    std::int64_t active = 0;                     ///< users with an event
    std::int64_t ordering = 0;                   ///< users with an order, in the week of its first row
    std::int64_t orders = 0, priced_orders = 0;  ///< of these users; with an amount
    events::Money revenue = {};                  ///< of these orders

    /// Whether the revenue is known: orders of which none has an amount have none, which is not 0.
    [[nodiscard]] bool priced() const noexcept { return orders == 0 || priced_orders > 0; }
    CohortWeek& operator+=(const CohortWeek& other) noexcept {
        active += other.active;
        ordering += other.ordering;
        orders += other.orders;
        priced_orders += other.priced_orders;
        revenue += other.revenue;
        return *this;
    }
    [[nodiscard]] bool operator==(const CohortWeek&) const noexcept = default;
};

struct CohortSum {
    std::int64_t users = 0;
    std::vector<CohortWeek> weeks = {};  ///< from the week of the cohort on
};

/// What has been counted so far, in a form that adds: counts of logs without a common user, counted with the
/// same options and the same LogFacts.
struct CohortCounts {
    CohortStart start = CohortStart::event;
    /// By week, in weeks from Monday 29 December 1969, local time; and those who were already there.
    std::map<std::int64_t, CohortSum> cohorts = {};
    CohortSum already_there = {};

    CohortCounts& operator+=(const CohortCounts& other) {
        const auto add = [](CohortSum& to, const CohortSum& from) {
            to.users += from.users;
            to.weeks.resize(std::max(to.weeks.size(), from.weeks.size()));
            for (std::size_t k = 0; k < from.weeks.size(); ++k)
                to.weeks[k] += from.weeks[k];
        };
        add(already_there, other.already_there);
        for (const auto& [week, sum] : other.cohorts)
            add(cohorts[week], sum);
        return *this;
    }
};

struct Cohort {
    std::string key = {};        ///< "2016-W39"; "already there"
    bool already_there = false;  ///< first seen in the first 28 days of the log, whose last week is week 0
    std::int64_t monday = 0;     ///< of week 0, in days since 1970
    std::int64_t users = 0;
    std::vector<CohortWeek> weeks = {};  ///< weeks 0, 1, .. as far as they are over at the end of the log
};

struct Cohorts {
    CohortStart start = CohortStart::event;
    std::vector<Cohort> rows = {};  ///< those already there, then by week; none without users
    std::size_t weeks = 0;          ///< of the cohort with the most of them
    bool has_amounts = false;       ///< revenue is known
    std::string_view reason = {};   ///< why there is no week: "log_shorter_than_28_days", "no_week_is_over"
};

}  // namespace funnel::metrics
