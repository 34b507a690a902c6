// SPDX-License-Identifier: MIT
// A page for people who decide: metrics and model of a shop in one HTML file without scripts or references.
#pragma once

#include <string>

#include "funnel/report/log_summary.hpp"
#include "funnel/report/report_numbers.hpp"

namespace funnel::report {

/// UTF-8, the same bytes for the same numbers, under 400 KB for any log: long lists are cut and say so.
/// model: null for a report on the log alone. time_zone: the name of what cut the days.
[[nodiscard]] std::string to_html(const ReportNumbers& numbers, const LogSummary& log,
                                  const ModelNumbers* model = nullptr, const std::string& time_zone = "UTC");

}  // namespace funnel::report
