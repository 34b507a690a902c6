// SPDX-License-Identifier: MIT
// Who stays when a history forgets: users and items that were not silent for too long, what these refer to,
// and no more of either than the host allows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "funnel/history/detail/history_queries.hpp"
#include "funnel/history/detail/history_state.hpp"

namespace funnel::history::detail {

/// New numbers in the old order; kNone for what is dropped.
struct Survivors {
    std::vector<std::uint32_t> map;
    std::uint32_t rows = 0;

    explicit Survivors(const std::vector<bool>& keep) : map(keep.size(), kNone) {
        for (std::size_t i = 0; i < keep.size(); ++i) {
            if (keep[i]) map[i] = rows++;
        }
    }
    [[nodiscard]] std::uint32_t of(std::uint32_t old) const noexcept {
        return old == kNone ? kNone : map[old];
    }
};

/// Keeps at most 7/8 of `most` if there are more than `most`, so that the next time is some way off. Dropped
/// first is what never came back, then what was silent for longest. `bound`: stays whatever happens.
template <typename CameBack, typename Last>
void keep_at_most(std::vector<bool>& keep, std::size_t most, const std::vector<bool>& bound,
                  const CameBack& came_back, const Last& last) {
    const auto kept = static_cast<std::size_t>(std::ranges::count(keep, true));
    if (kept <= most) return;
    std::vector<std::tuple<bool, std::int64_t, std::uint32_t>> order;
    for (std::uint32_t i = 0; i < keep.size(); ++i) {
        if (keep[i] && !bound[i]) order.emplace_back(came_back(i), last(i), i);
    }
    const std::size_t drop = std::min(order.size(), kept - (most - most / 8));
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(drop);
    if (end != order.end()) std::ranges::nth_element(order, end);
    for (auto at = order.begin(); at != end; ++at)
        keep[std::get<2>(*at)] = false;
}

/// Users of events that wait for their lag stay.
[[nodiscard]] inline Survivors surviving_users(const HistoryState& s, std::int64_t now) {
    const std::size_t n = s.users.size();
    std::vector<bool> keep(n, false), bound(n, false);
    for (std::size_t i = 0; i < n; ++i)
        keep[i] = s.user[i].first != kNever && !is_forgotten(s, s.user[i], now);
    for (const Coded& event : s.pending)
        keep[event.user] = bound[event.user] = true;
    keep_at_most(
        keep, s.max_users, bound,
        [&](std::uint32_t i) { return s.user[i].visits - (s.user[i].first_visit >> 1) > 1; },
        [&](std::uint32_t i) { return s.user[i].last; });
    return Survivors(keep);
}

/// Items of the last visits and open carts of users stay, and those that are seen together with them; of
/// these and of exposures that wait, too, some go where there are more than the host allows.
[[nodiscard]] inline Survivors surviving_items(const HistoryState& s, const Survivors& users,
                                               std::int64_t now) {
    const std::size_t n = s.items.size();
    std::vector<bool> keep(n, false), bound(n, false);
    for (std::uint32_t i = 0; i < n; ++i)
        keep[i] = live_item(s, i, now) != nullptr;
    for (std::size_t u = 0; u < s.user.size(); ++u) {
        for (std::uint32_t r = 0; users.map[u] != kNone && r < s.user[u].recent_count; ++r)
            keep[s.user[u].recent[r]] = true;
    }
    s.carts.for_each([&](const Cart& cart) {
        for (std::uint32_t line = 0; users.map[cart.key] != kNone && line < cart.lines; ++line)
            keep[cart.items[line]] = true;
    });
    const std::vector<bool> near = keep;
    for (std::size_t i = 0; i < n; ++i) {
        if (!near[i] || s.item[i].neighbours == kNone) continue;
        const Neighbours& list = s.neighbours[s.item[i].neighbours];
        for (std::uint32_t k = 0; k < list.count; ++k)
            keep[list.items[k]] = true;
    }
    for (const Waiting& waiting : s.waiting) {
        if (waiting.item != kNone) keep[waiting.item] = true;
    }
    for (const Coded& event : s.pending) {
        if (event.item != kNone) keep[event.item] = bound[event.item] = true;
    }
    keep_at_most(
        keep, s.max_items, bound, [&](std::uint32_t i) { return s.item[i].last > s.item[i].first; },
        [&](std::uint32_t i) { return s.item[i].last; });
    return Survivors(keep);
}

}  // namespace funnel::history::detail
