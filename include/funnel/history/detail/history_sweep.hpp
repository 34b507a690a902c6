// SPDX-License-Identifier: MIT
// Forgetting: drops silent users and items and what belongs to them from the tables. Features never see the
// difference, since what is silent for too long counts as absent before it is dropped. Only where there are
// more users or items than the host allows some go that are still known.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "funnel/history/detail/history_queries.hpp"
#include "funnel/history/detail/history_state.hpp"
#include "funnel/history/detail/history_survivors.hpp"

namespace funnel::history::detail {

/// Moves block i of `width` values to block map[i].
template <typename T>
void compact(base::HugeVector<T>& values, std::size_t width, const std::vector<std::uint32_t>& map,
             std::size_t rows) {
    for (std::size_t i = 0; i < map.size(); ++i) {
        if (map[i] == kNone || map[i] == i) continue;
        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(i * width), width,
                    values.begin() + static_cast<std::ptrdiff_t>(map[i] * width));
    }
    values.resize(rows * width);
    values.shrink_to_fit();
}

/// Renumbers a short list of items and drops those that are gone; returns its new length.
template <typename Drop>
std::uint32_t sweep_list(std::uint32_t* items, std::uint32_t count, const Survivors& who, Drop&& move) {
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t item = who.of(items[i]);
        if (item == kNone) continue;
        items[kept] = item;
        move(i, kept++);
    }
    return kept;
}

inline void sweep_texts(base::StringTable& texts, const Survivors& who) {
    base::StringTable kept;
    for (std::uint32_t i = 0; i < who.map.size(); ++i) {
        if (who.map[i] != kNone) kept.intern(texts.text(i));
    }
    texts = std::move(kept);
}

inline void sweep_user_tables(HistoryState& s, const Survivors& users) {
    sweep_texts(s.users, users);
    compact(s.user, 1, users.map, users.rows);
    compact(s.user_counts, s.channels.size(), users.map, users.rows);
    compact(s.user_last, s.channels.size(), users.map, users.rows);
    compact(s.visit_counts, s.channels.size(), users.map, users.rows);
    s.user_rates.compact(users.map, users.rows);
    s.fill_pair_filters();
}

/// The lists of the items that stay, in the order of these.
inline void sweep_neighbours(HistoryState& s, const Survivors& items) {
    base::HugeVector<Neighbours> kept;
    for (std::size_t i = 0; i < items.map.size(); ++i) {
        std::uint32_t& at = s.item[i].neighbours;
        if (items.map[i] == kNone || at == kNone) continue;
        Neighbours list = s.neighbours[at];
        list.count = sweep_list(list.items.data(), list.count, items, [&](std::size_t from, std::size_t to) {
            list.weights[to] = list.weights[from];
        });
        at = static_cast<std::uint32_t>(kept.size());
        kept.push_back(list);
    }
    s.neighbours = std::move(kept);
}

/// After the records: what users know of items, and the tables of items.
inline void sweep_item_tables(HistoryState& s, const Survivors& items) {
    if (items.rows == items.map.size()) return;
    for (UserState& u : s.user)
        u.recent_count = sweep_list(u.recent.data(), u.recent_count, items, [](auto, auto) {});
    // An exposure whose item is gone tells no rate any more: its answer would be found nowhere.
    std::erase_if(s.waiting, [&](Waiting& waiting) {
        const bool had_item = waiting.item != kNone;
        waiting.item = items.of(waiting.item);
        return had_item && waiting.item == kNone;
    });
    for (Coded& event : s.pending)
        event.item = items.of(event.item);
    sweep_neighbours(s, items);
    sweep_texts(s.items, items);
    compact(s.item, 1, items.map, items.rows);
    compact(s.item_last, s.channels.size(), items.map, items.rows);
    s.item_rates.compact(items.map, items.rows);
}

/// Rows of the tables of engagements, in their order, without the dropped ones.
inline void sweep_acted(HistoryState& s, const std::vector<bool>& keep) {
    std::vector<std::uint32_t> map(keep.size(), kNone);
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < keep.size(); ++i) {
        if (keep[i]) map[i] = next++;
    }
    s.acted.rebuild([&](ActedRow& record) {
        record.row = map[record.row];
        return record.row != kNone;
    });
    compact(s.acted_counts, s.channels.pair_slots, map, next);
    compact(s.acted_last, s.channels.pair_slots, map, next);
    compact(s.acted_at, 1, map, next);
}

/// Drops pairs, visits and carts that are stale or whose user is dropped, and renumbers the users in them.
inline void sweep_records(HistoryState& s, const Survivors& users, const Survivors& items, std::int64_t now) {
    const std::vector<std::uint32_t>& map = users.map;
    const auto stays = [&](std::uint64_t& key, std::int64_t time, std::uint32_t thing) {
        const auto user = static_cast<std::uint32_t>(key >> 32);
        if (map[user] == kNone || thing == kNone || is_stale(s, s.user[user], time, now)) return false;
        key = base::pair_key(map[user], thing);
        return true;
    };
    const auto item_of = [&](std::uint64_t key) { return items.of(static_cast<std::uint32_t>(key)); };
    s.seen.rebuild([&](Seen& record) { return stays(record.key, record.time, item_of(record.key)); });
    s.category_use.rebuild([&](CategoryUse& record) {
        return stays(record.key, record.at, static_cast<std::uint32_t>(record.key));
    });
    std::vector<bool> keep(s.acted_at.size(), false);
    s.acted.rebuild([&](ActedRow& record) {
        return keep[record.row] = stays(record.key, s.acted_at[record.row], item_of(record.key));
    });
    sweep_acted(s, keep);
    s.visit_numbers.rebuild([&](VisitNumber& record) {
        if (map[record.user] == kNone || record.visit < s.user[record.user].first_visit) return false;
        record.user = map[record.user];
        record.key = visit_key(record.user, record.session);
        return true;
    });
    s.earlier.rebuild([&](EarlierExposure& record) {
        const bool has_item = record.item != kNone;  // else an exposure of anything
        if (map[record.user] == kNone || record.visit < s.user[record.user].first_visit ||
            (has_item && items.of(record.item) == kNone)) {
            return false;
        }
        record.user = map[record.user];
        record.item = items.of(record.item);
        record.key = exposure_key(record.user, record.item, record.visit);
        return true;
    });
    s.carts.rebuild([&](Cart& record) {
        const auto user = static_cast<std::uint32_t>(record.key);
        record.key = map[user];
        record.lines =
            sweep_list(record.items.data(), record.lines, items,
                       [&](std::size_t from, std::size_t to) { record.prices[to] = record.prices[from]; });
        return map[user] != kNone && record.lines > 0;
    });
}

/// Drops what is silent for `forget` at `now`, and what is more than the host allows. O(state).
inline void sweep(HistoryState& s, std::int64_t now) {
    s.fit_tables();
    const Survivors users = surviving_users(s, now), items = surviving_items(s, users, now);
    sweep_records(s, users, items, now);  // reads the user table as it was
    for (Waiting& waiting : s.waiting)
        waiting.user = users.of(waiting.user);
    for (Coded& event : s.pending)
        event.user = users.map[event.user];
    sweep_item_tables(s, items);
    sweep_user_tables(s, users);
    ++s.generation;
}

/// Sweeps when a border of the sweeping period lies between the last event in use and `now`. The borders
/// depend on times alone, so that a run in daily steps sweeps when one run does. Also when there are more
/// users or items than the host allows.
inline void sweep_if_due(HistoryState& s, std::int64_t now) {
    if (s.users.size() > s.max_users || s.items.size() > s.max_items) return sweep(s, now);
    const std::int64_t period = std::max<std::int64_t>(s.options.forget / 8, base::kDay);
    if (s.applied == kNever || base::micros_since(s.begin, now) < s.options.forget) return;
    if (base::floor_div(s.applied, period) != base::floor_div(now, period)) sweep(s, now);
}

}  // namespace funnel::history::detail
