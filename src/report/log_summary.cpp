// SPDX-License-Identifier: MIT
#include "funnel/report/log_summary.hpp"

#include <array>

namespace funnel::report {

namespace {

std::string kind_name(const EventLog& log, std::size_t kind) {
    const auto custom = static_cast<std::size_t>(EventKind::custom_first);
    if (kind < events::kKindNames.size()) return std::string(events::kKindNames[kind]);
    return kind - custom < log.custom_kinds.size() ? log.custom_kinds[kind - custom] : "other";
}

/// What metrics know of a log.
LogSummary summarize(const metrics::MetricsResult& result, std::int64_t items) {
    LogSummary summary;
    summary.rows = summary.accepted = summary.events = result.rows;
    summary.outside = result.outside;
    summary.period = result.period;
    summary.where = result.where;
    summary.fitting = result.fitting;
    summary.users = result.users;
    summary.items = items;
    summary.sessions = result.visits;
    if (result.rows > 0) {
        summary.from = result.first_time;
        summary.to = result.last_time;
    }
    return summary;
}

}  // namespace

LogSummary summarize(const EventLog& log, const metrics::MetricsResult& result) {
    LogSummary summary = summarize(result, log.items.size());
    std::array<std::int64_t, 64> rows_of_kind{};
    for (const EventKind kind : log.kind)
        ++rows_of_kind[static_cast<std::size_t>(kind)];
    for (std::size_t kind = 0; kind < rows_of_kind.size(); ++kind) {
        if (rows_of_kind[kind] > 0) summary.by_event[kind_name(log, kind)] += rows_of_kind[kind];
    }
    return summary;
}

LogSummary summarize(const EventLog& log, const metrics::MetricsResult& result,
                     const ingest::ReadReport& report) {
    return summarize(ingest::LogOutline{.hashed = !log.row_hash.empty(), .items = log.items.size()}, result,
                     report);
}

LogSummary summarize(const ingest::LogOutline& outline, const metrics::MetricsResult& result,
                     const ingest::ReadReport& report) {
    LogSummary summary = summarize(result, static_cast<std::int64_t>(outline.items));
    summary.files = report.files;
    summary.schema = report.schema;
    summary.rows = static_cast<std::int64_t>(report.rows);
    summary.accepted = static_cast<std::int64_t>(report.accepted);
    summary.rejected = static_cast<std::int64_t>(report.rejected);
    summary.events = static_cast<std::int64_t>(report.events);
    summary.ignored = static_cast<std::int64_t>(report.ignored);
    summary.after = static_cast<std::int64_t>(report.after);
    summary.ahead = static_cast<std::int64_t>(report.ahead);
    summary.behind = static_cast<std::int64_t>(report.behind);
    if (outline.hashed) summary.duplicates = static_cast<std::int64_t>(report.duplicates);
    for (const auto& [reason, rows] : report.rejected_by_reason) {
        summary.rejected_by_reason[reason] = static_cast<std::int64_t>(rows);
    }
    for (const auto& [event, rows] : report.by_event)
        summary.by_event[event] = static_cast<std::int64_t>(rows);
    summary.warnings = report.warnings;
    return summary;
}

}  // namespace funnel::report
