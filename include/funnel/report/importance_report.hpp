// SPDX-License-Identifier: MIT
// An Importance as tables for people; its JSON is part of that of an evaluation.
#pragma once

#include <string>

#include "funnel/explain/importance.hpp"
#include "funnel/files/same_containers.hpp"

namespace funnel::report {

/// One table per target, the group whose loss costs most first: aligned, or of Markdown.
[[nodiscard]] std::string to_text(const explain::Importance& importance, bool markdown = false);

}  // namespace funnel::report
