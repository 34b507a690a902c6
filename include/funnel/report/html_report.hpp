// SPDX-License-Identifier: MIT
// A page for the people who decide: metrics and model of a shop in one HTML file without scripts or
// references.
#pragma once

#include <string>
#include <vector>

#include "funnel/metrics/gate.hpp"
#include "funnel/report/log_summary.hpp"
#include "funnel/report/report_numbers.hpp"

namespace funnel::report {

/// What a page is to show besides.
struct PageOptions {
    std::vector<metrics::MetricGate> targets = {};  ///< metrics::parse_target; names of metrics
    bool brief = false;                             ///< one page for an e-mail: no drawings, no links
};

/// UTF-8, the same bytes for the same numbers, under 400 KB for any log: long lists are cut and say so.
/// model: null for a report on the log alone. time_zone: the name of what cut the days.
[[nodiscard]] std::string to_html(const ReportNumbers& numbers, const LogSummary& log,
                                  const ModelNumbers* model = nullptr, const std::string& time_zone = "UTC",
                                  const PageOptions& options = {});

}  // namespace funnel::report
