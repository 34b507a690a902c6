// SPDX-License-Identifier: MIT
// HistoryState as bytes: equal states give equal bytes, and damaged bytes give Error(format).
#pragma once

#include <deque>
#include <vector>

#include "funnel/features/history_state.hpp"

namespace funnel::features::detail {

template <typename T>
void write_queue(base::ByteWriter& out, const std::deque<T>& queue) {
    out.array(std::vector<T>(queue.begin(), queue.end()));
}

inline void write_state(const HistoryState& s, base::ByteWriter& out) {
    s.options.write(out);
    for (const auto* table : {&s.users, &s.items, &s.categories, &s.brands, &s.lists})
        table->write(out);
    for (const std::int64_t time : {s.watermark, s.applied, s.begin})
        out.value(time);
    out.array(s.user);
    out.array(s.user_counts);
    out.array(s.user_last);
    out.array(s.visit_counts);
    out.array(s.item);
    out.array(s.item_last);
    out.array(s.neighbours);
    s.places.write(out);
    for (const RateTable* rates :
         {&s.user_rates, &s.item_rates, &s.category_rates, &s.brand_rates, &s.place_rates}) {
        rates->write(out);
    }
    s.seen.write(out);
    s.acted.write(out);
    out.array(s.acted_counts);
    out.array(s.acted_last);
    out.array(s.acted_at);
    s.category_use.write(out);
    s.visit_numbers.write(out);
    s.earlier.write(out);
    s.carts.write(out);
    write_queue(out, s.waiting);
    write_queue(out, s.pending);
}

[[noreturn]] inline void throw_damaged_history() {
    throw Error(ErrorCode::format, "damaged: the tables of a history do not fit each other");
}

inline void expect(bool fits) {
    if (!fits) throw_damaged_history();
}

/// Every number that is used as an index is below the size of its table.
inline void check_indices(const HistoryState& s) {
    const auto fits = [](std::uint32_t index, std::size_t size) { return index == kNone || index < size; };
    const std::size_t users = s.users.size(), items = s.items.size();
    for (const UserState& u : s.user) {
        expect(u.recent_count <= kRecentItems);
        for (std::uint32_t i = 0; i < u.recent_count; ++i)
            expect(u.recent[i] < items);
    }
    for (const ItemState& item : s.item) {
        expect(fits(item.category, s.categories.size()) && fits(item.brand, s.brands.size()) &&
               fits(item.neighbours, s.neighbours.size()));
    }
    for (const Neighbours& list : s.neighbours)
        expect(list.count <= kNeighbours);
    s.places.for_each([&](const PlaceRow& place) { expect(place.row < s.place_rates.rows()); });
    const auto pair = [&](std::uint64_t key) { expect(key >> 32 < users); };
    s.seen.for_each([&](const Seen& record) { pair(record.key); });
    s.category_use.for_each([&](const CategoryUse& record) { pair(record.key); });
    s.acted.for_each([&](const ActedRow& record) {
        pair(record.key);
        expect(record.row < s.acted_at.size());
    });
    s.visit_numbers.for_each([&](const VisitNumber& record) { expect(record.user < users); });
    s.earlier.for_each([&](const EarlierExposure& record) { expect(record.user < users); });
    s.carts.for_each([&](const Cart& cart) { expect(cart.key < users && cart.lines <= kCartLines); });
    for (const Waiting& w : s.waiting) {
        expect(fits(w.user, users) && fits(w.item, items) && fits(w.category, s.categories.size()) &&
               fits(w.brand, s.brands.size()) && fits(w.list_row, s.place_rates.rows()) &&
               fits(w.place_row, s.place_rates.rows()));
    }
    for (const Coded& e : s.pending) {
        expect(e.user < users && fits(e.item, items) && fits(e.category, s.categories.size()) &&
               fits(e.brand, s.brands.size()) && fits(e.list, s.lists.size()));
    }
}

[[nodiscard]] inline HistoryState read_state(base::ByteReader& in) {
    HistoryState s(HistoryOptions::read(in));
    for (auto* table : {&s.users, &s.items, &s.categories, &s.brands, &s.lists})
        *table = base::StringTable::read(in);
    for (std::int64_t* time : {&s.watermark, &s.applied, &s.begin})
        *time = in.value<std::int64_t>();
    in.array(s.user);
    in.array(s.user_counts);
    in.array(s.user_last);
    in.array(s.visit_counts);
    in.array(s.item);
    in.array(s.item_last);
    in.array(s.neighbours);
    s.places = FlatMap<PlaceRow>::read(in);
    const std::size_t n = s.channels.size(), users = s.users.size(), items = s.items.size();
    s.user_rates.read(in, users);
    s.item_rates.read(in, items);
    s.category_rates.read(in, s.categories.size());
    s.brand_rates.read(in, s.brands.size());
    s.place_rates.read(in, 1 + s.places.size());
    s.seen = FlatMap<Seen>::read(in);
    s.acted = FlatMap<ActedRow>::read(in);
    in.array(s.acted_counts);
    in.array(s.acted_last);
    in.array(s.acted_at);
    s.category_use = FlatMap<CategoryUse>::read(in);
    s.visit_numbers = FlatMap<VisitNumber>::read(in);
    s.earlier = FlatMap<EarlierExposure>::read(in);
    s.carts = FlatMap<Cart>::read(in);
    const auto waiting = in.array<Waiting>();
    s.waiting.assign(waiting.begin(), waiting.end());
    const auto pending = in.array<Coded>();
    s.pending.assign(pending.begin(), pending.end());
    expect(s.user.size() == users && s.user_counts.size() == users * n && s.user_last.size() == users * n &&
           s.visit_counts.size() == users * n && s.item.size() == items && s.item_last.size() == items * n &&
           s.acted_counts.size() == s.acted_at.size() * s.channels.pair_slots &&
           s.acted_last.size() == s.acted_counts.size());
    check_indices(s);
    return s;
}

}  // namespace funnel::features::detail
