// SPDX-License-Identifier: MIT
// What a comparison of two models says, as JSON and as a table.
#pragma once

#include <string>

#include "funnel/base/warning.hpp"
#include "funnel/score/comparison.hpp"

namespace funnel::report {

/// Two models on the same rows: each figure of both, their difference and its paired 95 % interval.
[[nodiscard]] std::string to_json(const score::Comparison& comparison, const base::Warnings& warnings = {});
[[nodiscard]] std::string to_text(const score::Comparison& comparison);

}  // namespace funnel::report
