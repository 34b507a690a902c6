// SPDX-License-Identifier: MIT
// CohortSlots: where the counts that depend on a number of days stand in Tally::cohorts.
#pragma once

#include <cstddef>

#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

/// Three counts per day N of retention, after the two of every span of repeat_within.
struct CohortSlots {
    std::size_t spans = 0, days = 0;

    explicit CohortSlots(const MetricsOptions& options)
        : spans(options.repeat_within.size()), days(options.retention.size()) {}
    [[nodiscard]] std::size_t size() const noexcept { return 2 * spans + 3 * days; }
    [[nodiscard]] static std::size_t first_orders(std::size_t span) noexcept { return 2 * span; }
    [[nodiscard]] static std::size_t repeated(std::size_t span) noexcept { return 2 * span + 1; }
    [[nodiscard]] std::size_t cohort(std::size_t day) const noexcept { return 2 * spans + 3 * day; }
    [[nodiscard]] std::size_t on_day(std::size_t day) const noexcept { return cohort(day) + 1; }
    [[nodiscard]] std::size_t from_day(std::size_t day) const noexcept { return cohort(day) + 2; }
};

}  // namespace funnel::metrics
