// SPDX-License-Identifier: MIT
// Small logs for tests of metrics, and names short enough to read a log as a table.
#pragma once

#include <string>
#include <vector>

#include "funnel/base/time.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/metrics/measure.hpp"
#include "metrics/shop_oracle.hpp"

namespace funnel::test {

using base::kDay;
using base::kHour;
using base::kMinute;
using base::kSecond;
using enum EventKind;

[[nodiscard]] inline EventLog to_log(const std::vector<Row>& rows) {
    EventLog log;
    log.has_revenue = true;
    for (const Row& row : rows) {
        log.add({.time = row.time,
                 .kind = row.kind,
                 .user = row.user,
                 .item = row.item,
                 .session = row.session,
                 .order = row.order,
                 .category = row.category ? std::string_view(*row.category) : std::string_view(row.key),
                 .revenue = row.revenue});
    }
    return log;
}

[[nodiscard]] inline metrics::MetricsOptions shop_options() {
    return {.funnel = Funnel::parse("view,cart_add,purchase")};
}

[[nodiscard]] inline std::vector<std::int64_t> reached(const std::vector<metrics::FunnelStep>& steps) {
    std::vector<std::int64_t> counts;
    for (const auto& step : steps)
        counts.push_back(step.reached);
    return counts;
}

}  // namespace funnel::test
