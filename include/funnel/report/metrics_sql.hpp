// SPDX-License-Identifier: MIT
// The core metrics as one SQL query, for logs that live in a warehouse: only what translates exactly.
#pragma once

#include <cstdint>
#include <string>

#include "funnel/events/funnel_stages.hpp"

namespace funnel::report {

enum class SqlDialect { duckdb, clickhouse };

/// A query over a table with the canonical columns (event_time, event_type, user_id, item_id, session_id,
/// order_id, revenue) whose rows are `metric, numerator, denominator`: counts have no denominator. window:
/// microseconds. Throws Error(invalid_argument) for a funnel with a stage twice, which SQL counts
/// differently, and, for ClickHouse, for a window that is not of whole seconds.
[[nodiscard]] std::string metrics_sql(SqlDialect dialect, const Funnel& funnel, std::int64_t window,
                                      const std::string& table = "events");

}  // namespace funnel::report
