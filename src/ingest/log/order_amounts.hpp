// SPDX-License-Identifier: MIT
// Amounts of orders whose lines repeat the total of the order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "funnel/base/warning.hpp"
#include "funnel/events/event_log.hpp"
#include "ingest/log/log_plan.hpp"

namespace funnel::ingest::detail {

/// Looks at the lines of purchases while a log is read. One thread at a time.
class OrderAmounts {
 public:
    /// A line of a purchase with the code of its order; without an order or an amount it says nothing.
    void add(const LogPlan& plan, std::uint32_t order, double revenue);

    /// Appends what a user should know: amounts that look like totals of orders and are not mapped so, or
    /// totals that differ within an order.
    void tell(const LogPlan& plan, std::vector<std::string>& notes, base::Warnings& warnings) const;

 private:
    enum State : std::uint8_t { none, one_line, equal, different };
    std::vector<double> first_;  // amount by order
    std::vector<State> state_;   // by order
    std::uint64_t equal_ = 0, different_ = 0;
};

/// Leaves the first filled amount of each (user, order) among the lines of these kinds and makes the others
/// 0. Lines without an order keep their own.
void count_totals_once(events::EventLog& log, events::KindSet kinds);

}  // namespace funnel::ingest::detail
