// SPDX-License-Identifier: MIT
// HistoryState as bytes: equal states give equal bytes, and damaged bytes give Error(format).
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "funnel/history/detail/history_state.hpp"

namespace funnel::history::detail {

/// Calls part(x) for every table of a state, in the order of the bytes.
template <typename State, typename Part>
void for_each_part(State& s, Part&& part) {
    for (auto* table : {&s.users, &s.items, &s.categories, &s.brands, &s.lists})
        part(*table);
    for (auto* time : {&s.watermark, &s.applied, &s.begin})
        part(*time);
    part(s.user);
    part(s.user_counts);
    part(s.user_last);
    part(s.visit_counts);
    part(s.item);
    part(s.item_last);
    part(s.neighbours);
    part(s.places);
    for (auto* rates : {&s.user_rates, &s.item_rates, &s.category_rates, &s.brand_rates, &s.place_rates})
        part(*rates);
    part(s.seen);
    part(s.acted);
    part(s.acted_counts);
    part(s.acted_last);
    part(s.acted_at);
    part(s.category_use);
    part(s.visit_numbers);
    part(s.earlier);
    part(s.carts);
    part(s.waiting);
    part(s.pending);
}

struct StateWriter {
    base::ByteWriter& out;

    void operator()(std::int64_t time) const { out.value(time); }
    template <typename T>
    void operator()(const base::HugeVector<T>& values) const {
        out.array(values);
    }
    template <typename T>
    void operator()(const std::deque<T>& queue) const {
        out.array(std::vector<T>(queue.begin(), queue.end()));
    }
    template <typename Table>
    void operator()(const Table& table) const {
        table.write(out);
    }
};

struct StateReader {
    base::ByteReader& in;

    void operator()(std::int64_t& time) const { time = in.value<std::int64_t>(); }
    template <typename T>
    void operator()(base::HugeVector<T>& values) const {
        in.array(values);
    }
    template <typename T>
    void operator()(std::deque<T>& queue) const {
        const auto values = in.array<T>();
        queue.assign(values.begin(), values.end());
    }
    void operator()(RateTable& rates) const { rates.read(in); }
    template <typename Table>
    void operator()(Table& table) const {
        table = Table::read(in);
    }
};

inline void write_state(const HistoryState& s, base::ByteWriter& out) {
    s.options.write(out);
    for_each_part(s, StateWriter{out});
    out.value(s.longest_gap);
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
    for (const Neighbours& list : s.neighbours) {
        expect(list.count <= kNeighbours);
        for (std::uint32_t i = 0; i < list.count; ++i)
            expect(list.items[i] < items);
    }
    s.places.for_each([&](const PlaceRow& place) { expect(place.row < s.place_rates.rows()); });
    const auto pair = [&](std::uint64_t key) { expect(key >> 32 < users); };
    const auto item_pair = [&](std::uint64_t key) {
        pair(key);
        expect(static_cast<std::uint32_t>(key) < items);
    };
    s.seen.for_each([&](const Seen& record) { item_pair(record.key); });
    s.category_use.for_each([&](const CategoryUse& record) { pair(record.key); });
    s.acted.for_each([&](const ActedRow& record) {
        item_pair(record.key);
        expect(record.row < s.acted_at.size());
    });
    s.visit_numbers.for_each([&](const VisitNumber& record) { expect(record.user < users); });
    s.earlier.for_each(
        [&](const EarlierExposure& record) { expect(record.user < users && fits(record.item, items)); });
    s.carts.for_each([&](const Cart& cart) {
        expect(cart.key < users && cart.lines <= kCartLines);
        for (std::uint32_t line = 0; line < cart.lines; ++line)
            expect(cart.items[line] < items);
    });
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
    for_each_part(s, StateReader{in});
    const std::size_t n = s.channels.size(), users = s.users.size(), items = s.items.size();
    expect(s.user_rates.rows() == users && s.item_rates.rows() == items &&
           s.category_rates.rows() == s.categories.size() && s.brand_rates.rows() == s.brands.size() &&
           s.place_rates.rows() == 1 + s.places.size());
    expect(s.user.size() == users && s.user_counts.size() == users * n && s.user_last.size() == users * n &&
           s.visit_counts.size() == users * n && s.item.size() == items && s.item_last.size() == items * n &&
           s.acted_counts.size() == s.acted_at.size() * s.channels.pair_slots &&
           s.acted_last.size() == s.acted_counts.size());
    if (in.remaining() > 0) s.longest_gap = in.value<std::int64_t>();  // older files end here
    expect(s.longest_gap >= 0);
    check_indices(s);
    s.fill_pair_filters();
    return s;
}

}  // namespace funnel::history::detail
