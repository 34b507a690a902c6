// SPDX-License-Identifier: MIT
// Forgetting: drops silent users and what belongs to them from the tables. Features never see the
// difference, since what is silent for too long counts as absent before it is dropped.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "funnel/history/detail/history_queries.hpp"
#include "funnel/history/detail/history_state.hpp"

namespace funnel::history::detail {

/// New number of every user, kNone for those to be dropped. Users of waiting events stay.
[[nodiscard]] inline std::vector<std::uint32_t> surviving_users(const HistoryState& s, std::int64_t now) {
    std::vector<bool> keep(s.users.size(), false);
    for (std::size_t i = 0; i < keep.size(); ++i) {
        keep[i] = s.user[i].first != kNever && !is_forgotten(s, s.user[i], now);
    }
    for (const Coded& event : s.pending)
        keep[event.user] = true;
    std::vector<std::uint32_t> map(keep.size(), kNone);
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < keep.size(); ++i) {
        if (keep[i]) map[i] = next++;
    }
    return map;
}

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

inline void sweep_user_tables(HistoryState& s, const std::vector<std::uint32_t>& map, std::size_t rows) {
    base::StringTable users;
    for (std::uint32_t i = 0; i < map.size(); ++i) {
        if (map[i] != kNone) users.intern(s.users.text(i));
    }
    s.users = std::move(users);
    compact(s.user, 1, map, rows);
    compact(s.user_counts, s.channels.size(), map, rows);
    compact(s.user_last, s.channels.size(), map, rows);
    compact(s.visit_counts, s.channels.size(), map, rows);
    s.user_rates.compact(map, rows);
    s.fill_pair_filters();
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
inline void sweep_records(HistoryState& s, const std::vector<std::uint32_t>& map, std::int64_t now) {
    const auto stays = [&](std::uint64_t& key, std::int64_t time) {
        const auto user = static_cast<std::uint32_t>(key >> 32);
        if (map[user] == kNone || is_stale(s, s.user[user], time, now)) return false;
        key = base::pair_key(map[user], static_cast<std::uint32_t>(key));
        return true;
    };
    s.seen.rebuild([&](Seen& record) { return stays(record.key, record.time); });
    s.category_use.rebuild([&](CategoryUse& record) { return stays(record.key, record.at); });
    std::vector<bool> keep(s.acted_at.size(), false);
    s.acted.rebuild(
        [&](ActedRow& record) { return keep[record.row] = stays(record.key, s.acted_at[record.row]); });
    sweep_acted(s, keep);
    s.visit_numbers.rebuild([&](VisitNumber& record) {
        if (map[record.user] == kNone || record.visit < s.user[record.user].first_visit) return false;
        record.user = map[record.user];
        record.key = visit_key(record.user, record.session);
        return true;
    });
    s.earlier.rebuild([&](EarlierExposure& record) {
        if (map[record.user] == kNone || record.visit < s.user[record.user].first_visit) return false;
        record.user = map[record.user];
        record.key = exposure_key(record.user, record.item, record.visit);
        return true;
    });
    s.carts.rebuild([&](Cart& record) {
        const auto user = static_cast<std::uint32_t>(record.key);
        record.key = map[user];
        return map[user] != kNone && record.lines > 0;
    });
}

/// Drops what is silent for `forget` at `now`. O(state).
inline void sweep(HistoryState& s, std::int64_t now) {
    const std::vector<std::uint32_t> map = surviving_users(s, now);
    const auto rows =
        static_cast<std::size_t>(map.size() - static_cast<std::size_t>(std::ranges::count(map, kNone)));
    sweep_records(s, map, now);  // reads the user table as it was
    for (Waiting& waiting : s.waiting) {
        if (waiting.user != kNone) waiting.user = map[waiting.user];
    }
    for (Coded& event : s.pending)
        event.user = map[event.user];
    sweep_user_tables(s, map, rows);
    ++s.generation;
}

/// Sweeps when a border of the sweeping period lies between the last event in use and `now`. The borders
/// depend on times alone, so that a run in daily steps sweeps when one run does.
inline void sweep_if_due(HistoryState& s, std::int64_t now) {
    const std::int64_t period = std::max<std::int64_t>(s.options.forget / 8, base::kDay);
    if (s.applied == kNever || base::micros_since(s.begin, now) < s.options.forget) return;
    if (base::floor_div(s.applied, period) != base::floor_div(now, period)) sweep(s, now);
}

}  // namespace funnel::history::detail
