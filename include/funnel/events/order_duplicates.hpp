// SPDX-License-Identifier: MIT
// keep_first_order_rows: orders that were written several times (a reload, a second export), each line once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/events/money.hpp"

namespace funnel::events {

/// Drops purchase rows so that of every user, order id and item one is left: the first with an amount, else
/// the first. Rows without an order id stay. Returns how many rows went. n log n in the order lines.
inline std::size_t keep_first_order_rows(EventLog& log) {
    struct Line {
        std::uint32_t user, order, item;
        bool no_amount;
        std::int64_t time;
        double amount;
        std::uint64_t row;
        [[nodiscard]] auto group() const { return std::tuple(user, order, item); }
        /// The position of a row decides between rows that are alike only.
        [[nodiscard]] auto rank() const {
            return std::tuple(user, order, item, no_amount, time, amount, row);
        }
    };
    const AmountRule amounts{log.has_revenue, log.has_quantity};
    std::vector<Line> lines;
    for (const OrderLine& line : log.order_lines) {
        if (line.order == kNone || log.kind[line.row] != EventKind::purchase) continue;
        const auto amount = amounts.amount(line.price, line.quantity, line.revenue);
        lines.push_back({log.user[line.row], line.order, log.item[line.row], !amount, log.time[line.row],
                         amount ? amount->value() : 0.0, line.row});
    }
    std::ranges::sort(lines, {}, &Line::rank);
    std::vector<bool> keep(log.size(), true);
    std::size_t dropped = 0;
    for (std::size_t i = 1; i < lines.size(); ++i) {
        if (lines[i].group() != lines[i - 1].group()) continue;
        keep[lines[i].row] = false;
        ++dropped;
    }
    log.keep_rows(keep);
    return dropped;
}

}  // namespace funnel::events
