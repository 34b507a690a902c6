// SPDX-License-Identifier: MIT
// Metrics as JSON for machines and as CSV for spreadsheets.
#pragma once

#include <string>

#include "funnel/metrics/measure.hpp"
#include "funnel/report/comparisons.hpp"
#include "funnel/report/log_summary.hpp"

namespace funnel::report {

/// One JSON object, indented, keys in a fixed order, with `warnings` of reading and counting. Doubles are the
/// shortest text that reads back the same; an undefined value is null beside its reason. Bytes that are not
/// UTF-8 become U+FFFD.
[[nodiscard]] std::string to_json(const metrics::MetricsResult& result, const LogSummary& log,
                                  const Comparisons& beside = {});

/// `by,key,metric,value,numerator,denominator,low,high,reason`, one line per metric: first those of the whole
/// log with empty by and key, then the breakdown; funnel steps as metrics `funnel_NAME`. Undefined: empty.
/// With a bot rule, by = `without_bots` and an empty key stand between the two: `bots`, how many users the
/// rule names, and all metrics without them.
/// What is compared follows: by = `compare` and key = the other file, or `experiment` and the variant. Where
/// there are differences, by ends in ` difference` (value = here - there, low and high its interval) or
/// ` lift` (here / there - 1).
[[nodiscard]] std::string to_csv(const metrics::MetricsResult& result, const Comparisons& beside = {});

}  // namespace funnel::report
