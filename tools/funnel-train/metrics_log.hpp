// SPDX-License-Identifier: MIT
// MetricsLog: a log as metrics reads it: in parts by user, which may lie on disk, or whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "funnel/ingest/log_parts.hpp"
#include "funnel/metrics/cohorts.hpp"
#include "funnel/metrics/metrics_result.hpp"
#include "funnel/metrics/metrics_state.hpp"
#include "funnel/report/log_summary.hpp"
#include "options.hpp"

namespace funnel::tool {

class MetricsLog {
 public:
    /// Rows come in parts, counted one by one.
    static MetricsLog in_parts(const std::vector<std::string>& paths, const ingest::ReadOptions& reading,
                               Run& run);
    /// All rows in memory: for what looks at several users at once.
    static MetricsLog whole(ingest::ReadResult read);

    [[nodiscard]] const ingest::Schema& schema() const { return whole_ ? whole_->schema : parts_->schema(); }
    [[nodiscard]] const metrics::LogFacts& facts() const { return facts_; }
    /// Of a whole log.
    [[nodiscard]] const EventLog& log() const { return whole_->log; }
    /// Complete once the log is counted.
    [[nodiscard]] const ingest::ReadReport& report() const { return report_; }

    [[nodiscard]] metrics::MetricsState count(const metrics::MetricsOptions& options);
    [[nodiscard]] metrics::Cohorts cohorts(const metrics::MetricsOptions& options,
                                           metrics::CohortStart start);
    [[nodiscard]] report::LogSummary summary(const metrics::MetricsResult& result) const;

 private:
    std::optional<ingest::ReadResult> whole_;
    std::optional<ingest::LogParts> parts_;
    bool drops_duplicates_ = false;
    bool counted_ = false;
    metrics::LogFacts facts_;
    ingest::ReadReport report_;
};

}  // namespace funnel::tool
