// SPDX-License-Identifier: MIT
// for_each_buyer: the rows and visits of users who bought or gave back, for what depends on whole orders.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/events/visit.hpp"

namespace funnel::metrics::detail {

[[nodiscard]] inline bool is_order_line(EventKind kind) noexcept {
    return kind == EventKind::purchase || kind == EventKind::refund;
}

/// use(rows, visits) for every user with a purchase or refund: row numbers of the log in order of time and
/// kind, and the visit of each, counted from 0. 8 bytes per row of such users; n log n.
template <typename Use>
void for_each_buyer(const EventLog& log, std::int64_t visit_gap, Use&& use) {
    std::vector<bool> buys(log.users.size());
    for (const events::OrderLine& line : log.order_lines)
        buys[log.user[line.row]] = true;
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < log.size(); ++row) {
        if (buys[log.user[row]]) rows.push_back(row);
    }
    std::ranges::sort(rows, {}, [&](std::size_t row) {
        return std::tuple(log.user[row], log.time[row], log.kind[row], row);
    });
    events::VisitSplitter splitter(visit_gap);
    std::vector<std::uint32_t> visits;
    for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
        splitter.start_user();
        visits.clear();
        for (; end < rows.size() && log.user[rows[end]] == log.user[rows[begin]]; ++end)
            visits.push_back(splitter.visit(log.time[rows[end]], log.session[rows[end]]));
        use(std::span<const std::size_t>(rows).subspan(begin, end - begin),
            std::span<const std::uint32_t>(visits));
    }
}

}  // namespace funnel::metrics::detail
