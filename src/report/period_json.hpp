// SPDX-License-Identifier: MIT
// The key `period` of results: what was asked for; null: the whole log.
#pragma once

#include <nlohmann/json.hpp>

#include "funnel/events/timeline.hpp"

namespace funnel::report {

[[nodiscard]] nlohmann::ordered_json period_json(const events::Period& period);

}  // namespace funnel::report
