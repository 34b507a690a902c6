// SPDX-License-Identifier: MIT
// Questions to a HistoryState that both its update and its feature rows ask.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "funnel/history/detail/history_state.hpp"

namespace funnel::history::detail {

/// What is left of a count after `age` microseconds.
[[nodiscard]] inline double decay_factor(const HistoryState& s, std::int64_t age) noexcept {
    return base::exp2_of_negative(static_cast<double>(age) * s.decay);
}
[[nodiscard]] inline double short_decay_factor(const HistoryState& s, std::int64_t age) noexcept {
    return base::exp2_of_negative(static_cast<double>(age) * s.short_decay);
}

[[nodiscard]] inline bool is_forgotten(const HistoryState& s, const UserState& u, std::int64_t now) noexcept {
    return u.last != kNever && base::micros_since(u.last, now) >= s.options.forget;
}

/// A pair last touched at `time` no longer counts: the user began anew since, or it is too long ago.
[[nodiscard]] inline bool is_stale(const HistoryState& s, const UserState& u, std::int64_t time,
                                   std::int64_t now) noexcept {
    return time < u.first || base::micros_since(time, now) >= s.options.forget;
}

/// The user's state if it is in use at `now`.
[[nodiscard]] inline const UserState* live_user(const HistoryState& s, std::uint32_t user,
                                                std::int64_t now) noexcept {
    if (user >= s.user.size() || s.user[user].first == kNever) return nullptr;
    return is_forgotten(s, s.user[user], now) ? nullptr : &s.user[user];
}
[[nodiscard]] inline bool is_forgotten(const HistoryState& s, const ItemState& item,
                                       std::int64_t now) noexcept {
    return item.last != kNever && base::micros_since(item.last, now) >= s.options.forget;
}
/// The item's state if it is in use at `now`.
[[nodiscard]] inline const ItemState* live_item(const HistoryState& s, std::uint32_t item,
                                                std::int64_t now) noexcept {
    if (item >= s.item.size() || s.item[item].first == kNever) return nullptr;
    return is_forgotten(s, s.item[item], now) ? nullptr : &s.item[item];
}

struct Visit {
    std::uint32_t number = 0;
    bool is_new = false;
};

/// Keys of hashes give up one bit so that none is FlatMap::kFree.
[[nodiscard]] constexpr std::uint64_t visit_key(std::uint32_t user, std::uint64_t session) noexcept {
    return base::mix64(session + base::mix64(std::uint64_t{user} + 1)) >> 1;
}
[[nodiscard]] constexpr std::uint64_t exposure_key(std::uint32_t user, std::uint32_t item,
                                                   std::uint32_t visit) noexcept {
    return base::mix64(base::pair_key(user, item) + base::mix64(std::uint64_t{visit} + 1)) >> 1;
}

/// The visit of an event of a live user: by its id, else by the gap among events without one.
[[nodiscard]] inline Visit visit_of(const HistoryState& s, const UserState& u, std::uint32_t user,
                                    std::uint64_t session, std::int64_t time) noexcept {
    if (session == 0) {
        const bool goes_on =
            u.gap_last != kNever && base::micros_since(u.gap_last, time) < s.options.visit_gap;
        return goes_on ? Visit{u.gap_visit, false} : Visit{u.visits << 1, true};
    }
    if (u.visit_session == session && u.last != kNever) return {u.visit, false};
    const VisitNumber* entry = s.visit_numbers.find(visit_key(user, session));
    const bool goes_on = entry != nullptr && entry->visit >= u.first_visit;
    return goes_on ? Visit{entry->visit, false} : Visit{u.visits << 1 | 1, true};
}

/// Was the item exposed to the user in this visit? item = kNone: was anything (ExampleMode::visit only).
[[nodiscard]] inline bool is_exposed(const HistoryState& s, std::uint32_t user, std::uint32_t item,
                                     std::uint32_t visit, std::int64_t now) noexcept {
    if (item != kNone) {
        const Seen* seen = s.seen.find(base::pair_key(user, item));
        if (seen == nullptr || is_stale(s, s.user[user], seen->time, now)) return false;
        if (seen->visit == visit) return true;
    }
    return s.earlier.find(exposure_key(user, item, visit)) != nullptr;
}

/// The latest event of the given channels on the item, or on anything for item = kNone; kNever if none.
[[nodiscard]] inline std::int64_t last_event(const HistoryState& s, std::uint32_t user, std::uint32_t item,
                                             std::uint64_t channels) noexcept {
    const std::int64_t* times = s.user_last.data() + user * s.channels.size();
    if (item != kNone) {
        const ActedRow* acted = s.acted.find(base::pair_key(user, item));
        if (acted == nullptr || s.acted_at[acted->row] < s.user[user].first) return kNever;
        times = s.acted_last.data() + acted->row * s.channels.pair_slots;
    }
    std::int64_t last = kNever;
    for (std::uint64_t rest = channels; rest != 0; rest &= rest - 1) {
        const auto channel = static_cast<std::size_t>(std::countr_zero(rest));
        last = std::max(last, times[item == kNone ? channel : s.channels.pair_slot[channel]]);
    }
    return last;
}

/// Has what a row of this item needs brought into the caches, and returns its category as far as it is known.
inline std::uint32_t prefetch_item(const HistoryState& s, std::uint32_t item,
                                   std::uint32_t category) noexcept {
    if (item < s.item.size()) {
        if (category == kNone) category = s.item[item].category;
        __builtin_prefetch(s.item.data() + item);
        __builtin_prefetch(s.item_last.data() + item * s.channels.size());
        s.item_rates.prefetch(item);
    }
    s.category_rates.prefetch(category);
    return category;
}

/// The same for a candidate: the item, and what the user may know of it. The user's own rows are at hand.
inline void prefetch_candidate(const HistoryState& s, std::uint32_t user, std::uint32_t item,
                               std::uint32_t category) noexcept {
    category = prefetch_item(s, item, category);
    if (user >= s.user.size()) return;
    const base::PairFilter& pairs = s.user_pairs[user];
    if (pairs.may_know_category(category)) s.category_use.prefetch(base::pair_key(user, category));
    if (pairs.may_have_seen(item)) s.seen.prefetch(base::pair_key(user, item));
    if (pairs.may_have_acted(item)) s.acted.prefetch(base::pair_key(user, item));
}

/// The same for an event. A history is larger than the caches, and what an event needs lies in twenty places.
inline void prefetch_event(const HistoryState& s, std::uint32_t user, std::uint32_t item,
                           std::uint32_t category) noexcept {
    category = prefetch_item(s, item, category);
    if (user >= s.user.size()) return;
    const std::size_t n = s.channels.size();
    const auto* state = reinterpret_cast<const char*>(s.user.data() + user);
    for (std::size_t line = 0; line < sizeof(UserState); line += 64)
        __builtin_prefetch(state + line);
    __builtin_prefetch(s.user_counts.data() + user * n);
    __builtin_prefetch(s.user_last.data() + user * n);
    __builtin_prefetch(s.visit_counts.data() + user * n);
    s.user_rates.prefetch(user);
    __builtin_prefetch(s.user_pairs.data() + user);
    s.category_use.prefetch(base::pair_key(user, category));
    s.seen.prefetch(base::pair_key(user, item));
    s.acted.prefetch(base::pair_key(user, item));
}

/// Positions 1 to 64 stand for themselves, beyond that four places per doubling; 0 = missing.
[[nodiscard]] inline std::uint32_t position_bucket(float position) noexcept {
    if (!(position >= 1.0f)) return 0;
    if (position < 65.0f) return static_cast<std::uint32_t>(position);
    const auto bits = std::bit_cast<std::uint32_t>(std::min(position, 1e9f) / 64.0f);
    return 65 + (((bits >> 23) - 127) << 2 | (bits >> 21 & 3));
}

inline constexpr std::uint32_t kWholeList = kNone;
[[nodiscard]] constexpr std::uint64_t list_key(std::uint32_t list) noexcept {
    return base::pair_key(list, kWholeList);
}
[[nodiscard]] inline std::uint64_t place_key(std::uint32_t list, float position) noexcept {
    return base::pair_key(list, position_bucket(position));
}

/// Row of a list or place; 0, the row of all places, for a list that is missing.
[[nodiscard]] inline std::uint32_t place_row(const HistoryState& s, std::uint64_t key) noexcept {
    const PlaceRow* row = key == base::FlatMap<PlaceRow>::kFree ? nullptr : s.places.find(key);
    return row == nullptr ? kNone : row->row;
}
/// As place_row, but makes the row; kNone if there is nothing to count apart.
inline std::uint32_t enter_place(HistoryState& s, std::uint64_t key) {
    if (key == base::FlatMap<PlaceRow>::kFree || key == base::pair_key(kNone, 0)) return kNone;
    const auto next = static_cast<std::uint32_t>(s.place_rates.rows());
    const std::uint32_t row = s.places.insert({.key = key, .row = next}).row;
    if (row == next) s.place_rates.resize(next + 1);
    return row;
}

/// (n+ + m p) / (n + m)
[[nodiscard]] constexpr double shrunk(double positives, double trials, double strength,
                                      double prior) noexcept {
    return (positives + strength * prior) / (trials + strength);
}

/// Rates of all exposures: stage 1 from ripe exposures, later ones events over exposures.
inline constexpr double kGlobalStrength = 50, kGlobalPrior = 0.02;

/// all: row 0 of the places; stage: from 1.
[[nodiscard]] inline double global_rate(const Rates& all, std::size_t stage) noexcept {
    const double rate = stage == 1
                            ? shrunk(all.reached(), all.ripe(), kGlobalStrength, kGlobalPrior)
                            : shrunk(all.events(stage), all.exposures(), kGlobalStrength, kGlobalPrior);
    return std::min(1.0, rate);
}

struct PlaceRate {
    double list = 0, place = 0;
};

/// Stage-1 rates: the list shrunk to all, the place in it shrunk to the list. all: global_rate of stage 1.
[[nodiscard]] inline PlaceRate place_rate(const HistoryState& s, const Coded& c, std::int64_t now,
                                          double all) noexcept {
    const auto rate_of = [&](std::uint64_t key, double prior) {
        const Rates r = s.place_rates.at(place_row(s, key), now);
        return shrunk(r.reached(), r.ripe(), static_cast<double>(s.options.strengths.place), prior);
    };
    PlaceRate rate;
    rate.list = rate_of(list_key(c.list), all);
    rate.place = rate_of(place_key(c.list, c.position), rate.list);
    return rate;
}

}  // namespace funnel::history::detail
