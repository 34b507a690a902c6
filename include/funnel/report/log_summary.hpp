// SPDX-License-Identifier: MIT
// LogSummary: what was read, for the head of a report.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "funnel/base/warning.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/files/same_containers.hpp"
#include "funnel/ingest/log_parts.hpp"
#include "funnel/ingest/read_log.hpp"
#include "funnel/metrics/metrics_result.hpp"

namespace funnel::report {

/// rows = accepted + rejected + ignored.
struct LogSummary {
    std::vector<std::string> files;
    std::string schema;
    std::int64_t rows = 0, accepted = 0, rejected = 0, ignored = 0;
    std::int64_t events = 0;  ///< what came of the accepted rows
    std::map<std::string, std::int64_t> rejected_by_reason;
    // Parts of `accepted`:
    std::int64_t after = 0;                  ///< at or after --as-of: read by nothing
    std::int64_t ahead = 0, behind = 0;      ///< of their clock: in no figure
    std::int64_t outside = 0;                ///< not in the period: context
    events::Period period = {};              ///< that was asked for: [from, to)
    std::string where = {};                  ///< --where: the condition of the figures; empty: none
    std::int64_t fitting = 0;                ///< with a condition: rows that fit it; the others are context
    std::optional<std::int64_t> duplicates;  ///< accepted - distinct; empty: not looked for
    std::int64_t users = 0, items = 0, sessions = 0;
    std::optional<std::int64_t> from, to;  ///< first and last accepted time, microseconds
    std::map<std::string, std::int64_t> by_event;
    base::Warnings warnings;  ///< of reading, and what else was found before counting
};

/// Of a log that came from files. Takes duplicates from the report if the log has row hashes.
[[nodiscard]] LogSummary summarize(const EventLog& log, const metrics::MetricsResult& result,
                                   const ingest::ReadReport& report);

/// Of a log that came in parts.
[[nodiscard]] LogSummary summarize(const ingest::LogOutline& outline, const metrics::MetricsResult& result,
                                   const ingest::ReadReport& report);

/// Of a log that a host filled: every row is accepted, there are no files.
[[nodiscard]] LogSummary summarize(const EventLog& log, const metrics::MetricsResult& result);

}  // namespace funnel::report
