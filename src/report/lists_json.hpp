// SPDX-License-Identifier: MIT
// The key `lists` of `evaluate --json`.
#pragma once

#include <nlohmann/json.hpp>

#include "funnel/score/list_evaluation.hpp"

namespace funnel::report {

[[nodiscard]] nlohmann::ordered_json lists_json(const score::ListEvaluation& lists);

}  // namespace funnel::report
