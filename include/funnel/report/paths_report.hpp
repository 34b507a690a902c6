// SPDX-License-Identifier: MIT
// The table of paths as text, CSV and JSON (docs/metrics.md, "Paths").
#pragma once

#include <cstddef>
#include <string>

#include "funnel/base/warning.hpp"
#include "funnel/metrics/paths.hpp"
#include "funnel/report/asked_period.hpp"

namespace funnel::report {

struct PathsView {
    metrics::Paths paths;
    std::size_t top = 0;     ///< most paths of each key; 0: all
    AskedPeriod asked = {};  ///< said above the table
    base::Warnings warnings = {};
};

/// "view > cart > purchase"; "(none)" without steps, "..." at the end if some visits go on.
[[nodiscard]] std::string path_text(const metrics::VisitPath& path);

[[nodiscard]] std::string to_text(const PathsView& view);
[[nodiscard]] std::string to_csv(const PathsView& view);
[[nodiscard]] std::string to_json(const PathsView& view);

}  // namespace funnel::report
