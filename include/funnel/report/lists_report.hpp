// SPDX-License-Identifier: MIT
// A ListEvaluation as tables for people; its JSON is part of that of an evaluation.
#pragma once

#include <string>

#include "funnel/files/same_containers.hpp"
#include "funnel/score/list_evaluation.hpp"

namespace funnel::report {

/// One table per target: our order, the one shown and the difference; then lists and users apart. Aligned, or
/// of Markdown.
[[nodiscard]] std::string to_text(const score::ListEvaluation& lists, bool markdown = false);

}  // namespace funnel::report
