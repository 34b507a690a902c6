// SPDX-License-Identifier: MIT
// The key `importance` of `evaluate --json`.
#pragma once

#include <nlohmann/json.hpp>

#include "funnel/explain/importance.hpp"

namespace funnel::report {

[[nodiscard]] nlohmann::ordered_json importance_json(const explain::Importance& importance);

}  // namespace funnel::report
