// SPDX-License-Identifier: MIT
// drop_order_copies: keeps each order row once that was written several times (a reload, a second export).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "funnel/base/time.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/events/money.hpp"
#include "funnel/events/visit.hpp"

namespace funnel::events {

/// Equal lines of an order further apart are two lines: somebody added the same once more.
inline constexpr std::int64_t kCopySpan = 10 * base::kSecond;

struct DroppedOrderRows {
    std::size_t rows = 0;
    Money money = {};  ///< what they were worth
};

/// Drops purchase rows of one user, order id and item that are copies: those without an amount where another
/// row has one, and those equal in quantity and amount to one at most kCopySpan before. Rows without an order
/// id stay. n log n in the order lines.
inline DroppedOrderRows drop_order_copies(EventLog& log) {
    struct Line {
        std::uint32_t user, order, item;
        bool no_amount;
        double amount, quantity;
        std::int64_t time;
        std::uint64_t row;
        [[nodiscard]] auto group() const { return std::tuple(user, order, item); }
        [[nodiscard]] auto content() const {
            return std::tuple(user, order, item, no_amount, amount, quantity);
        }
        [[nodiscard]] auto rank() const {
            return std::tuple(user, order, item, no_amount, amount, quantity, time, row);
        }
    };
    const auto number = [](double value) {
        return value == value ? value : -1e300;
    };  // a missing one equals another
    const AmountRule amounts{log.has_revenue, log.has_quantity};
    std::vector<Line> lines;
    for (const OrderLine& line : log.order_lines) {
        if (line.order == kNone || log.kind[line.row] != EventKind::purchase) continue;
        const auto amount = amounts.amount(line.price, line.quantity, line.revenue);
        lines.push_back({log.user[line.row], line.order, log.item[line.row], !amount,
                         amount ? amount->value() : 0.0, number(line.quantity), log.time[line.row],
                         line.row});
    }
    std::ranges::sort(lines, {}, &Line::rank);
    std::vector<bool> keep(log.size(), true);
    DroppedOrderRows dropped;
    bool has_amount = false;  // some row of the group at hand
    std::size_t kept = 0;     // the latest one that stays
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i == 0 || lines[i].group() != lines[i - 1].group()) {
            has_amount = !lines[i].no_amount;  // rows with one come first
            kept = i;
            continue;
        }
        const bool copy =
            lines[i].content() == lines[kept].content() && within(lines[kept].time, lines[i].time, kCopySpan);
        if (!copy && !(lines[i].no_amount && has_amount)) {
            kept = i;
            continue;
        }
        keep[lines[i].row] = false;
        ++dropped.rows;
        if (!lines[i].no_amount) dropped.money += *Money::of(lines[i].amount);
    }
    log.keep_rows(keep);
    return dropped;
}

}  // namespace funnel::events
