// SPDX-License-Identifier: MIT
// Cohorts in the three forms of a result.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "funnel/eval/interval.hpp"
#include "funnel/metrics/cohorts.hpp"
#include "paint.hpp"

namespace funnel::report {

/// Grids: active, ordering, revenue per user.
[[nodiscard]] std::string cohorts_text(const metrics::Cohorts& cohorts, const Paint& paint);

/// Lines of `metrics --csv`.
[[nodiscard]] std::string cohorts_csv(const metrics::Cohorts& cohorts);

[[nodiscard]] nlohmann::ordered_json cohorts_json(const metrics::Cohorts& cohorts);

/// Of the users of a cohort. Cohorts have users.
[[nodiscard]] inline double cohort_share(const metrics::Cohort& cohort, std::int64_t users) {
    return static_cast<double>(users) / static_cast<double>(cohort.users);
}
[[nodiscard]] inline double revenue_per_user(const metrics::Cohort& cohort, const metrics::CohortWeek& week) {
    return week.revenue.value() / static_cast<double>(cohort.users);
}

/// "no_week_is_over" in words, with what to do about it.
[[nodiscard]] std::string cohorts_reason(const metrics::Cohorts& cohorts);

}  // namespace funnel::report
