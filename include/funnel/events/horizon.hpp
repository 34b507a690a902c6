// SPDX-License-Identifier: MIT
// Horizons: how long after an exposure a stage still counts, in microseconds.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "funnel/base/time.hpp"
#include "funnel/events/funnel_stages.hpp"

namespace funnel::events {

/// The horizon "until the visit is over"; only with ExampleMode::visit.
inline constexpr std::int64_t kVisitHorizon = -1;

inline constexpr std::int64_t kClickHorizon = 30 * base::kMinute, kLaterHorizon = 7 * base::kDay;

/// kClickHorizon for a stage named click, kLaterHorizon for others.
[[nodiscard]] constexpr std::int64_t default_horizon(std::string_view stage) noexcept {
    return stage == "click" ? kClickHorizon : kLaterHorizon;
}

/// One per stage after the first.
[[nodiscard]] inline std::vector<std::int64_t> default_horizons(const Funnel& funnel) {
    std::vector<std::int64_t> horizons;
    for (std::size_t k = 1; k < funnel.stages.size(); ++k)
        horizons.push_back(default_horizon(funnel.stages[k].name));
    return horizons;
}

}  // namespace funnel::events
