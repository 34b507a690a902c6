// SPDX-License-Identifier: MIT
// How one event changes a HistoryState. Called by History alone, with times that never decrease.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "funnel/events/example_mode.hpp"
#include "funnel/history/detail/history_cart.hpp"
#include "funnel/history/detail/history_queries.hpp"
#include "funnel/history/detail/history_state.hpp"

namespace funnel::history::detail {

/// Takes an event into use; its user and item have rows already.
void apply(HistoryState& s, const Coded& event);

/// Exposures whose horizon ended before `now` enter the rates of stage 1.
inline void ripen(HistoryState& s, std::int64_t now) {
    // Where a later stage counts the same kinds as S0, the exposure itself is no answer.
    const std::int64_t own = (s.channels.stages[0] & s.channels.later) != 0 ? 1 : 0;
    while (!s.waiting.empty() && base::micros_since(s.waiting.front().time, now) > s.options.first_horizon) {
        const Waiting w = s.waiting.front();
        s.waiting.pop_front();
        constexpr std::size_t kAhead = 4;
        if (s.waiting.size() > kAhead) {
            const Waiting& soon = s.waiting[kAhead];
            s.acted.prefetch(base::pair_key(soon.user, soon.item));
            s.user_rates.prefetch(soon.user);
            s.item_rates.prefetch(soon.item);
        }
        const std::int64_t at = w.time + s.options.first_horizon;  // before `now`: fits
        const bool reached =
            w.user != kNone && last_event(s, w.user, w.item, s.channels.later) >= w.time + own;
        const auto add = [&](RateTable& table, std::uint32_t row) {
            if (row != kNone) table.add_ripe(row, at, reached, w.expected);
        };
        add(s.user_rates, w.user);
        add(s.item_rates, w.item);
        add(s.category_rates, w.category);
        add(s.brand_rates, w.brand);
        add(s.place_rates, 0);
        add(s.place_rates, w.list_row);
        add(s.place_rates, w.place_row);
    }
}

/// The state of the event's user, begun or begun again where needed, decayed to the event's time.
inline UserState& enter_user(HistoryState& s, const Coded& e) {
    UserState& u = s.user[e.user];
    const std::size_t n = s.channels.size(), at = e.user * n;
    if (u.first == kNever || is_forgotten(s, u, e.time)) {
        const std::uint32_t visits = u.visits;
        u = UserState{};
        u.first = e.time;
        u.decayed_at = e.time;
        u.visits = visits;
        u.first_visit = visits << 1;
        std::fill_n(s.user_counts.begin() + static_cast<std::ptrdiff_t>(at), n, 0.0f);
        std::fill_n(s.user_last.begin() + static_cast<std::ptrdiff_t>(at), n, kNever);
        s.user_rates.clear_row(e.user);
        if (Cart* cart = s.carts.find(e.user)) cart->lines = 0;
    }
    if (e.time != u.decayed_at) {
        const auto f = static_cast<float>(decay_factor(s, base::micros_since(u.decayed_at, e.time)));
        for (std::size_t c = 0; c < n; ++c)
            s.user_counts[at + c] *= f;
        for (float* v : {&u.visit_weight, &u.items, &u.categories, &u.price_sum, &u.price_weight})
            *v *= f;
        u.decayed_at = e.time;
    }
    return u;
}

/// Begins the event's visit if it is not the current one.
inline void enter_visit(HistoryState& s, UserState& u, const Coded& e) {
    const Visit visit = visit_of(s, u, e.user, e.session, e.time);
    if (visit.is_new || visit.number != u.visit || u.last == kNever) {
        if (u.last != kNever) u.previous_end = u.visit_last;
        u.visit = visit.number;
        u.visit_session = e.session;
        u.visit_start = e.time;
        u.engaged_at = kNever;
        u.visit_expected = u.visit_unanswered = u.visit_answers = 0;
        u.recent_count = 0;
        const std::size_t n = s.channels.size();
        std::fill_n(s.visit_counts.begin() + static_cast<std::ptrdiff_t>(e.user * n), n, 0u);
    }
    if (visit.is_new) {
        ++u.visits;
        u.visit_weight += 1.0f;
        if (e.session != 0) {
            VisitNumber& entry = s.visit_numbers.insert({.key = visit_key(e.user, e.session),
                                                         .session = e.session,
                                                         .user = e.user,
                                                         .visit = visit.number});
            entry.visit = visit.number;  // an entry from before the user was forgotten
        }
    }
    if (e.session == 0) {
        u.gap_last = e.time;
        u.gap_visit = visit.number;
    }
    u.visit_last = e.time;
}

inline void observe_price(ItemState& item, float price) {
    if (!(price > 0.0f) || !std::isfinite(price)) return;
    if (price != item.price) {
        item.price = price;
        item.log_price = static_cast<float>(base::natural_log(static_cast<double>(price)));
    }
    constexpr float kMemory = 50;  // later a moving mean: an old price does not stay usual for ever
    item.price_weight = std::min(item.price_weight + 1.0f, kMemory);
    item.usual_log_price += (item.log_price - item.usual_log_price) / item.price_weight;
}

/// The item's state with what the event tells about it.
inline void enter_item(HistoryState& s, const Coded& e) {
    ItemState& item = s.item[e.item];
    if (is_forgotten(s, item, e.time)) {
        item = {.neighbours = item.neighbours};
        if (item.neighbours != kNone) s.neighbours[item.neighbours] = {};
        const std::size_t n = s.channels.size();
        std::fill_n(s.item_last.begin() + static_cast<std::ptrdiff_t>(e.item * n), n, kNever);
        s.item_rates.clear_row(e.item);
    }
    if (item.first == kNever) item.first = e.time;
    item.last = e.time;
    if (e.category != kNone) item.category = e.category;
    if (e.brand != kNone) item.brand = e.brand;
    observe_price(item, e.price);
    if (e.time != item.short_at) {
        const auto f = static_cast<float>(short_decay_factor(s, base::micros_since(item.short_at, e.time)));
        item.short_exposures *= f;
        item.short_answers *= f;
        item.short_at = e.time;
    }
}

inline CategoryUse& enter_category_use(HistoryState& s, UserState& u, const Coded& e,
                                       std::uint32_t category) {
    CategoryUse& use = s.category_use.insert({.key = base::pair_key(e.user, category), .at = kNever});
    s.user_pairs[e.user].mark_category(category);
    if (use.at == kNever || is_stale(s, u, use.at, e.time)) {
        use = {.key = use.key, .at = e.time};
        u.categories += 1.0f;
    } else if (use.at != e.time) {
        const auto f = static_cast<float>(decay_factor(s, base::micros_since(use.at, e.time)));
        for (float* v : {&use.exposures, &use.engaged, &use.final})
            *v *= f;
        use.at = e.time;
    }
    return use;
}

/// Notes an exposure of the pair; true if it is the first of the item in the visit.
inline bool see(HistoryState& s, UserState& u, const Coded& e) {
    Seen& seen = s.seen.insert({.key = base::pair_key(e.user, e.item)});
    s.user_pairs[e.user].mark_seen(e.item);
    bool first = true;
    if (seen.time == kNever || is_stale(s, u, seen.time, e.time)) {
        seen = {.key = seen.key, .time = e.time, .visit = u.visit};
        u.items += 1.0f;
    } else {
        first = seen.visit != u.visit && s.earlier.find(exposure_key(e.user, e.item, u.visit)) == nullptr;
        seen.count *= static_cast<float>(decay_factor(s, base::micros_since(seen.time, e.time)));
        if (seen.visit != u.visit) {
            if ((seen.visit & 1) != 0) {
                s.earlier.insert({.key = exposure_key(e.user, e.item, seen.visit),
                                  .user = e.user,
                                  .item = e.item,
                                  .visit = seen.visit});
            }
            seen.visit = u.visit;
            seen.in_visit = 0;
        }
        seen.time = e.time;
    }
    seen.count += 1.0f;
    ++seen.in_visit;
    ++seen.unanswered;
    return first;
}

/// In ExampleMode::visit: true for the first S0 event of the visit.
inline bool see_visit(HistoryState& s, const UserState& u, const Coded& e) {
    const std::size_t before = s.earlier.size();
    s.earlier.insert(
        {.key = exposure_key(e.user, kNone, u.visit), .user = e.user, .item = kNone, .visit = u.visit});
    return s.earlier.size() != before;
}

/// Counts one exposure everywhere, and lets it wait for its horizon.
inline void count_exposure(HistoryState& s, UserState& u, const Coded& e, std::uint32_t category,
                           std::uint32_t brand) {
    const double all = global_rate(s.place_rates.at(0, e.time), 1);
    const double expected = place_rate(s, e, e.time, all).place;
    const std::uint32_t list_row = enter_place(s, list_key(e.list));
    const std::uint32_t place_row = enter_place(s, place_key(e.list, e.position));
    const auto add = [&](RateTable& table, std::uint32_t row) {
        if (row != kNone) table.add_exposure(row, e.time);
    };
    add(s.user_rates, e.user);
    add(s.item_rates, e.item);
    add(s.category_rates, category);
    add(s.brand_rates, brand);
    add(s.place_rates, 0);
    add(s.place_rates, list_row);
    add(s.place_rates, place_row);
    if (e.item != kNone) s.item[e.item].short_exposures += 1.0f;
    u.visit_expected += static_cast<float>(expected);
    s.waiting.push_back({.time = e.time,
                         .user = e.user,
                         .item = s.options.examples == events::ExampleMode::visit ? kNone : e.item,
                         .category = category,
                         .brand = brand,
                         .list_row = list_row,
                         .place_row = place_row,
                         .expected = static_cast<float>(expected)});
}

/// The pair's row in the tables of engagements, decayed to the event's time.
inline std::size_t enter_acted(HistoryState& s, const UserState& u, const Coded& e) {
    const std::size_t width = s.channels.pair_slots;
    const auto next = static_cast<std::uint32_t>(s.acted_at.size());
    const std::size_t row = s.acted.insert({.key = base::pair_key(e.user, e.item), .row = next}).row;
    s.user_pairs[e.user].mark_acted(e.item);
    if (row == next) {
        s.acted_counts.resize((row + 1) * width, 0.0f);
        s.acted_last.resize((row + 1) * width, kNever);
        s.acted_at.push_back(e.time);
    } else if (is_stale(s, u, s.acted_at[row], e.time)) {
        std::fill_n(s.acted_counts.begin() + static_cast<std::ptrdiff_t>(row * width), width, 0.0f);
        std::fill_n(s.acted_last.begin() + static_cast<std::ptrdiff_t>(row * width), width, kNever);
    } else {
        const auto f = static_cast<float>(decay_factor(s, base::micros_since(s.acted_at[row], e.time)));
        for (std::size_t i = 0; i < width; ++i)
            s.acted_counts[row * width + i] *= f;
    }
    s.acted_at[row] = e.time;
    return row;
}

/// Counts a stage event in the rates, at most once per pair and visit gap: a shop may log a step twice.
inline void count_stage(HistoryState& s, UserState& u, const Coded& e, std::size_t stage,
                        std::int64_t last_of_pair, std::uint32_t category, std::uint32_t brand) {
    if (last_of_pair != kNever && base::micros_since(last_of_pair, e.time) < s.options.visit_gap) return;
    const auto add = [&](RateTable& table, std::uint32_t row) {
        if (row != kNone) table.add_event(row, stage, e.time);
    };
    add(s.user_rates, e.user);
    add(s.item_rates, e.item);
    add(s.category_rates, category);
    add(s.brand_rates, brand);
    add(s.place_rates, 0);
    if (stage != 1) return;
    u.visit_answers += 1.0f;
    if (e.item != kNone) s.item[e.item].short_answers += 1.0f;
}

/// One more engagement of `other` in `list`; the weakest neighbour gives way, a strong one only by and by.
inline void strengthen(HistoryState& s, Neighbours& list, std::uint32_t other, std::int64_t now) {
    if (now != list.at) {
        const auto f = static_cast<float>(decay_factor(s, base::micros_since(list.at, now)));
        for (std::size_t i = 0; i < list.count; ++i)
            list.weights[i] *= f;
        list.total *= f;
        list.at = now;
    }
    if (other == kNone) return;
    std::size_t weakest = 0;
    for (std::size_t i = 0; i < list.count; ++i) {
        if (list.items[i] == other) {
            list.weights[i] += 1.0f;
            return;
        }
        if (list.weights[i] < list.weights[weakest]) weakest = i;
    }
    if (list.count < kNeighbours)
        weakest = list.count++;
    else if (list.weights[weakest] >= 1.0f) {
        list.weights[weakest] -= 1.0f;
        return;
    }
    list.items[weakest] = other;
    list.weights[weakest] = 1.0f;
}

inline Neighbours& neighbours_of(HistoryState& s, std::uint32_t item) {
    if (s.item[item].neighbours == kNone) {
        s.item[item].neighbours = static_cast<std::uint32_t>(s.neighbours.size());
        s.neighbours.emplace_back();
    }
    return s.neighbours[s.item[item].neighbours];
}

/// Puts the item in front of the visit's recent ones; one that was not there is seen together with them.
inline void engage(HistoryState& s, UserState& u, const Coded& e) {
    u.engaged_at = e.time;
    u.visit_unanswered = 0;
    const ItemState& item = s.item[e.item];
    if (item.price_weight > 0) {
        u.price_sum += item.log_price;
        u.price_weight += 1.0f;
    }
    if (Seen* seen = s.seen.find(base::pair_key(e.user, e.item))) seen->unanswered = 0;
    const auto end = u.recent.begin() + u.recent_count;
    auto at = std::find(u.recent.begin(), end, e.item);
    if (at == end) {
        for (std::uint32_t i = 0; i < u.recent_count; ++i) {
            strengthen(s, neighbours_of(s, e.item), u.recent[i], e.time);
            strengthen(s, neighbours_of(s, u.recent[i]), e.item, e.time);
        }
        Neighbours& own = neighbours_of(s, e.item);
        strengthen(s, own, kNone, e.time);
        own.total += 1.0f;
        if (u.recent_count < kRecentItems) ++u.recent_count;
        at = u.recent.begin() + (u.recent_count - 1);
    }
    std::move_backward(u.recent.begin(), at, at + 1);
    u.recent.front() = e.item;
}

/// What an event with or without an item does to rates, pairs and the visit.
inline void count_event(HistoryState& s, UserState& u, const Coded& e, std::uint8_t channel) {
    const bool has_item = e.item != kNone;
    const std::uint32_t category = has_item ? s.item[e.item].category : e.category;
    const std::uint32_t brand = has_item ? s.item[e.item].brand : e.brand;
    CategoryUse* use = category != kNone ? &enter_category_use(s, u, e, category) : nullptr;
    if (has_channel(s.channels.stages[0], channel)) {
        const bool first =
            s.options.examples == events::ExampleMode::visit ? see_visit(s, u, e) : has_item && see(s, u, e);
        if (s.options.examples == events::ExampleMode::visit && has_item) see(s, u, e);
        if (first || (s.options.examples == events::ExampleMode::every && has_item)) {
            count_exposure(s, u, e, category, brand);
            if (use != nullptr) use->exposures += 1.0f;
        }
        u.visit_unanswered += 1.0f;
    }
    for (std::size_t k = 1; k < s.channels.stages.size(); ++k) {
        if (!has_channel(s.channels.stages[k], channel)) continue;
        count_stage(s, u, e, k, last_event(s, e.user, e.item, s.channels.stages[k]), category, brand);
        if (use != nullptr && k + 1 == s.channels.stages.size()) use->final += 1.0f;
    }
    if (!has_item) return;
    if (has_channel(s.channels.engaging, channel)) {
        engage(s, u, e);
        if (use != nullptr) {
            use->engaged += 1.0f;
            use->engaged_at = e.time;
        }
    }
    if (has_channel(s.channels.paired, channel)) {
        const std::size_t at = enter_acted(s, u, e) * s.channels.pair_slots + s.channels.pair_slot[channel];
        s.acted_counts[at] += 1.0f;
        s.acted_last[at] = e.time;
    }
}

inline void apply(HistoryState& s, const Coded& e) {
    ripen(s, e.time);
    if (s.begin == kNever) s.begin = e.time;
    s.applied = e.time;
    UserState& u = enter_user(s, e);
    enter_visit(s, u, e);
    if (e.item != kNone) enter_item(s, e);
    const std::uint8_t channel = s.channels.channel(static_cast<EventKind>(e.kind));
    if (channel != Channels::kNoChannel) {
        count_event(s, u, e, channel);
        change_cart(s, e, static_cast<EventKind>(e.kind));
        const std::size_t at = e.user * s.channels.size() + channel;
        s.user_counts[at] += 1.0f;
        s.user_last[at] = e.time;
        ++s.visit_counts[at];
        if (e.item != kNone) s.item_last[e.item * s.channels.size() + channel] = e.time;
        u.last_channel = channel;
    }
    u.last = e.time;
}

}  // namespace funnel::history::detail
