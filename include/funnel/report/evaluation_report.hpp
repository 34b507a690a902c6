// SPDX-License-Identifier: MIT
// An Evaluation as JSON for scripts, as tables for people, and as CSV.
#pragma once

#include <string>
#include <string_view>

#include "funnel/base/warning.hpp"
#include "funnel/explain/importance.hpp"
#include "funnel/files/same_containers.hpp"
#include "funnel/score/evaluation.hpp"
#include "funnel/score/list_evaluation.hpp"

namespace funnel::report {

/// The object of `evaluate --json` (docs/cli.md), with a final newline. importance: its key of that name, if
/// given; likewise lists.
[[nodiscard]] std::string to_json(const score::Evaluation& evaluation, const base::Warnings& warnings = {},
                                  const explain::Importance* importance = nullptr,
                                  const score::ListEvaluation* lists = nullptr);

/// The first page: is each target predicted better than by its average, how much, how sure; known and new
/// apart. name: what is judged, for the head. UTF-8, at most 80 columns up to three targets.
[[nodiscard]] std::string to_page(const score::Evaluation& evaluation, std::string_view name = {});

/// Every figure under its key name: aligned tables, or tables of Markdown: every target beside the others,
/// then the segments.
[[nodiscard]] std::string to_text(const score::Evaluation& evaluation, bool markdown = false);

/// One row per segment, target and figure: segment,target,figure,value,reason,low,high.
[[nodiscard]] std::string to_csv(const score::Evaluation& evaluation);

}  // namespace funnel::report
