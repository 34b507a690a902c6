// SPDX-License-Identifier: MIT
// put_in_order: a log whose rows and ids do not depend on their position in the file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "funnel/events/event_log.hpp"

namespace funnel::events {

namespace detail {

/// Codes in order of their first row; texts without a row go.
inline void renumber(StringTable& table, std::vector<std::uint32_t>& codes) {
    StringTable fresh;
    std::vector<std::uint32_t> map(table.size(), base::kNone);
    for (std::uint32_t& code : codes) {
        if (code == base::kNone) continue;
        if (map[code] == base::kNone) map[code] = fresh.intern(table.text(code));
        code = map[code];
    }
    table = std::move(fresh);
}

}  // namespace detail

/// Puts the rows in canonical order and numbers all ids by it: logs of the same rows become equal, whatever
/// the order they came in. Memory: another column, another table of ids and 8 bytes per row while it runs.
inline void put_in_order(EventLog& log) {
    const std::vector<std::uint64_t> order = log.time_order();
    const auto permute = [&](auto& values) {
        if (values.empty()) return;
        auto sorted = values;
        for (std::size_t i = 0; i < order.size(); ++i)
            sorted[i] = values[order[i]];
        values = std::move(sorted);
    };
    std::vector<std::uint64_t> place(order.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        place[order[i]] = i;
    for (OrderLine& line : log.order_lines)
        line.row = place[line.row];
    std::ranges::sort(log.order_lines, {}, &OrderLine::row);
    permute(log.time);
    permute(log.kind);
    permute(log.user);
    permute(log.item);
    permute(log.session);
    permute(log.row_hash);
    for (NumberColumn& column : log.number_columns)
        permute(column.value);
    for (TextColumn& column : log.text_columns) {
        permute(column.code);
        detail::renumber(column.values, column.code);
    }
    detail::renumber(log.users, log.user);
    detail::renumber(log.items, log.item);
    std::vector<std::uint32_t> orders;
    for (const OrderLine& line : log.order_lines)
        orders.push_back(line.order);
    detail::renumber(log.orders, orders);
    for (std::size_t i = 0; i < orders.size(); ++i)
        log.order_lines[i].order = orders[i];
}

}  // namespace funnel::events
