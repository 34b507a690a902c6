// SPDX-License-Identifier: MIT
// The sections of the page, in its order. Each is markup, or empty if the log or the model has nothing for
// it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "funnel/metrics/gate.hpp"
#include "funnel/report/log_summary.hpp"
#include "funnel/report/report_numbers.hpp"

namespace funnel::report::html {

struct Page {
    const ReportNumbers& numbers;
    const LogSummary& log;
    const ModelNumbers* model;  ///< may be null
    const std::string& time_zone;
    const std::vector<metrics::MetricGate>& targets;

    /// The metric of the whole log, or nullptr if this build has none of the name.
    [[nodiscard]] const metrics::Metric* metric(std::string_view name) const {
        return metrics::find(numbers.whole.metrics, name);
    }
    /// "1 August 2016 to 30 September 2016", or empty without rows.
    [[nodiscard]] std::string period() const;
    /// Warnings of reading and counting, and how it was counted.
    [[nodiscard]] base::Warnings notes() const {
        base::Warnings all = log.warnings;
        base::add_new(all, numbers.whole.warnings);
        base::add_new(all, numbers.whole.notes);
        return all;
    }
};

/// "users", "visits", ...
[[nodiscard]] std::string entities(metrics::Entity entity);

[[nodiscard]] std::string overview_section(const Page& page);
/// The page for an e-mail: what happened, the funnel as a table, the first notes. No links, no drawings.
[[nodiscard]] std::string brief_section(const Page& page);
[[nodiscard]] std::string funnel_section(const Page& page);
[[nodiscard]] std::string path_section(const Page& page);
[[nodiscard]] std::string cohort_section(const Page& page);
[[nodiscard]] std::string trend_section(const Page& page);
[[nodiscard]] std::string breakdown_section(const Page& page);
[[nodiscard]] std::string cart_section(const Page& page);
[[nodiscard]] std::string repeat_section(const Page& page);
[[nodiscard]] std::string metric_section(const Page& page);
[[nodiscard]] std::string bots_section(const Page& page);
[[nodiscard]] std::string model_section(const Page& page);
[[nodiscard]] std::string data_section(const Page& page);

}  // namespace funnel::report::html
