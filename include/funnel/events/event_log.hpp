// SPDX-License-Identifier: MIT
// EventLog: a log in memory, column by column, rows in input order. Reading, metrics and features share it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/string_table.hpp"
#include "funnel/events/detail/row_order.hpp"
#include "funnel/events/event.hpp"

namespace funnel::events {

using base::kNone;
using base::StringTable;

/// A text per row, dictionary-coded; kNone where it is missing.
struct TextColumn {
    std::string name;    ///< our name if it is mapped ("list"), else the log's
    std::string source;  ///< the log's own name ("list_name")
    StringTable values;
    std::vector<std::uint32_t> code;  ///< per row; a column that is not loaded is not in the log at all
};

/// A number per row; NaN where it is missing.
struct NumberColumn {
    std::string name;
    std::string source;
    std::vector<float> value;
};

/// What money needs of a purchase or refund row; there are few of them, so they stand apart.
struct OrderLine {
    std::uint64_t row = 0;        ///< row of the log
    std::uint32_t order = kNone;  ///< index into orders, kNone: no order id
    double price = kMissing;
    double quantity = kMissing;
    double revenue = kMissing;
};

/// Const calls may run concurrently; changes need a lock. A row costs 29 bytes (+ 8 with row_hash, + 4 per
/// loaded column); a distinct id its text and about 24 bytes.
class EventLog {
 public:
    StringTable users, items, orders;
    std::vector<std::string> custom_kinds;  ///< names of the kinds from EventKind::custom_first on

    // One value per row.
    std::vector<std::int64_t> time;   ///< microseconds since 1970 UTC
    std::vector<std::uint32_t> user;  ///< index into users
    std::vector<std::uint32_t> item;  ///< index into items, or kNone
    std::vector<EventKind> kind;
    std::vector<std::uint64_t> session;   ///< hash of the visit id, 0 = none; compared within one user only
    std::vector<std::uint64_t> row_hash;  ///< of all fields as read, to find exact duplicates; may be empty

    std::vector<OrderLine> order_lines;  ///< of purchase and refund rows, in row order
    bool has_revenue = false;            ///< the log has a revenue field (else price x quantity counts)
    bool has_quantity = false;
    bool has_price = false;
    bool order_totals = false;  ///< revenue is that of the whole order, on one of its lines: no item's own

    std::vector<TextColumn> text_columns;      ///< category, brand, list, ... as far as loaded
    std::vector<NumberColumn> number_columns;  ///< price, position, ... as far as loaded

    [[nodiscard]] std::size_t size() const noexcept { return time.size(); }
    [[nodiscard]] bool empty() const noexcept { return time.empty(); }

    /// The column of our name or of the log's own name, or nullptr.
    [[nodiscard]] const TextColumn* text_column(std::string_view name) const noexcept;
    [[nodiscard]] const NumberColumn* number_column(std::string_view name) const noexcept;

    /// Appends one event given as text: for hosts that have no file. All optional fields are kept.
    /// Throws Error(invalid_argument) if the user is empty.
    void add(const Event& event);

    /// Row `row` with its text; valid until the log changes. The visit comes as its key, not as text: to
    /// observe or add this event is to observe or add the original. order, quantity and revenue come only
    /// with purchase and refund rows.
    [[nodiscard]] Event event(std::size_t row) const noexcept;

    /// Appends the rows of `other` behind ours; ids are re-numbered. Columns loaded in only one of the two
    /// are missing in the rows of the other. Throws Error(invalid_argument) if custom_kinds differ.
    void append(const EventLog& other);

    /// Drops the rows whose entry is false, as if they had not been read; ids stay interned.
    void keep_rows(const std::vector<bool>& keep);

    /// Drops the rows from `end` on, as if the log had been written at that time; ids stay interned.
    void keep_before(std::int64_t end);

    /// Row numbers in the order of row_before, in which a History observes a log: the same whatever the order
    /// of equal times in the file.
    [[nodiscard]] std::vector<std::uint64_t> time_order() const;

    /// The latest time, or 0 in an empty log.
    [[nodiscard]] std::int64_t last_time() const noexcept {
        return time.empty() ? 0 : *std::ranges::max_element(time);
    }

    /// The column of our name, all values missing if there was none.
    TextColumn& add_text_column(std::string_view name);
    NumberColumn& add_number_column(std::string_view name);
};

inline constexpr std::uint64_t kSessionSeed = 0x5E55;  ///< of the hash of a visit id

/// The key under which a visit id is held: its hash, never 0; 0 for an empty id ("no visit id").
[[nodiscard]] inline std::uint64_t session_key(std::string_view session) noexcept {
    if (session.empty()) return 0;
    const std::uint64_t hash = base::hash_bytes(session, kSessionSeed);
    return hash == 0 ? 1 : hash;
}

/// The key of an event's visit: of its id, or the key that came with the event in place of one.
[[nodiscard]] inline std::uint64_t session_key(const Event& event) noexcept {
    return event.session.empty() ? event.visit_key : session_key(event.session);
}

inline const TextColumn* EventLog::text_column(std::string_view name) const noexcept {
    for (const auto& column : text_columns) {
        if (column.name == name) return &column;
    }
    for (const auto& column : text_columns) {
        if (column.source == name) return &column;
    }
    return nullptr;
}

inline const NumberColumn* EventLog::number_column(std::string_view name) const noexcept {
    for (const auto& column : number_columns) {
        if (column.name == name) return &column;
    }
    for (const auto& column : number_columns) {
        if (column.source == name) return &column;
    }
    return nullptr;
}

inline TextColumn& EventLog::add_text_column(std::string_view name) {
    for (auto& column : text_columns) {
        if (column.name == name) return column;
    }
    text_columns.push_back({std::string(name), std::string(name), {}, {}});
    text_columns.back().code.resize(size(), kNone);
    return text_columns.back();
}

inline NumberColumn& EventLog::add_number_column(std::string_view name) {
    for (auto& column : number_columns) {
        if (column.name == name) return column;
    }
    number_columns.push_back({std::string(name), std::string(name), {}});
    number_columns.back().value.resize(size(), static_cast<float>(kMissing));
    return number_columns.back();
}

inline void EventLog::add(const Event& event) {
    if (event.user.empty()) throw Error(ErrorCode::invalid_argument, "an event without a user");
    const auto text = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) add_text_column(name);
    };
    const auto number = [&](std::string_view name, double value) {
        if (!std::isnan(value)) add_number_column(name);
    };
    text("category", event.category);
    text("brand", event.brand);
    text("list", event.list);
    number("position", event.position);
    number("price", event.price);
    for (auto& column : text_columns) {
        const std::string_view value = column.name == "category" ? event.category
                                       : column.name == "brand"  ? event.brand
                                       : column.name == "list"   ? event.list
                                                                 : std::string_view{};
        column.code.push_back(value.empty() ? kNone : column.values.intern(value));
    }
    for (auto& column : number_columns) {
        const double value = column.name == "position" ? event.position
                             : column.name == "price"  ? event.price
                                                       : kMissing;
        column.value.push_back(static_cast<float>(value));
    }
    has_price |= !std::isnan(event.price);
    has_quantity |= !std::isnan(event.quantity);
    has_revenue |= !std::isnan(event.revenue);
    if (event.kind == EventKind::purchase || event.kind == EventKind::refund) {
        order_lines.push_back({size(), event.order.empty() ? kNone : orders.intern(event.order), event.price,
                               event.quantity, event.revenue});
    }
    if (!row_hash.empty()) row_hash.push_back(0);
    user.push_back(users.intern(event.user));
    item.push_back(event.item.empty() ? kNone : items.intern(event.item));
    kind.push_back(event.kind);
    session.push_back(session_key(event));
    time.push_back(event.time);
}

inline Event EventLog::event(std::size_t row) const noexcept {
    Event event{
        .time = time[row], .kind = kind[row], .user = users.text(user[row]), .visit_key = session[row]};
    if (item[row] != kNone) event.item = items.text(item[row]);
    for (const auto& column : text_columns) {
        if (column.code[row] == kNone) continue;
        const std::string_view value = column.values.text(column.code[row]);
        if (column.name == "category") event.category = value;
        if (column.name == "brand") event.brand = value;
        if (column.name == "list") event.list = value;
    }
    for (const auto& column : number_columns) {
        if (column.name == "position") event.position = static_cast<double>(column.value[row]);
        if (column.name == "price") event.price = static_cast<double>(column.value[row]);
    }
    if (event.kind == EventKind::purchase || event.kind == EventKind::refund) {
        const auto line = std::ranges::lower_bound(order_lines, row, {}, &OrderLine::row);
        if (line != order_lines.end() && line->row == row) {
            if (line->order != kNone) event.order = orders.text(line->order);
            event.price = line->price;
            event.quantity = line->quantity;
            event.revenue = line->revenue;
        }
    }
    return event;
}

inline void EventLog::append(const EventLog& other) {
    if (empty() && custom_kinds.empty()) custom_kinds = other.custom_kinds;
    if (custom_kinds != other.custom_kinds) {
        throw Error(ErrorCode::invalid_argument,
                    "logs with different event names of their own cannot be joined");
    }
    const std::size_t before = size(), after = before + other.size();
    const auto recode = [](StringTable& into, const StringTable& from) {
        std::vector<std::uint32_t> map(from.size());
        for (std::uint32_t i = 0; i < from.size(); ++i)
            map[i] = into.intern(from.text(i));
        return map;
    };
    const auto mapped = [](const std::vector<std::uint32_t>& map, std::uint32_t code) {
        return code == kNone ? kNone : map[code];
    };
    const auto append_codes = [&](std::vector<std::uint32_t>& into, const std::vector<std::uint32_t>& from,
                                  const std::vector<std::uint32_t>& map) {
        into.reserve(after);
        for (const std::uint32_t code : from)
            into.push_back(mapped(map, code));
    };
    const auto order_map = recode(orders, other.orders);
    for (OrderLine line : other.order_lines) {
        line.row += before;
        line.order = mapped(order_map, line.order);
        order_lines.push_back(line);
    }
    for (const auto& column : other.text_columns) {
        auto& ours = add_text_column(column.name);
        if (ours.code.empty() || ours.source == ours.name) ours.source = column.source;
        append_codes(ours.code, column.code, recode(ours.values, column.values));
    }
    for (const auto& column : other.number_columns) {
        auto& ours = add_number_column(column.name);
        if (ours.value.empty() || ours.source == ours.name) ours.source = column.source;
        ours.value.insert(ours.value.end(), column.value.begin(), column.value.end());
    }
    append_codes(user, other.user, recode(users, other.users));
    append_codes(item, other.item, recode(items, other.items));
    if (!row_hash.empty() || (before == 0 && !other.row_hash.empty())) {
        row_hash.insert(row_hash.end(), other.row_hash.begin(), other.row_hash.end());
        row_hash.resize(after, 0);
    }
    kind.insert(kind.end(), other.kind.begin(), other.kind.end());
    session.insert(session.end(), other.session.begin(), other.session.end());
    time.insert(time.end(), other.time.begin(), other.time.end());
    for (auto& column : text_columns)
        column.code.resize(after, kNone);
    for (auto& column : number_columns)
        column.value.resize(after, static_cast<float>(kMissing));
    has_revenue |= other.has_revenue;
    order_totals |= other.order_totals;
    has_quantity |= other.has_quantity;
    has_price |= other.has_price;
}

inline void EventLog::keep_before(std::int64_t end) {
    std::vector<bool> keep(size());
    for (std::size_t row = 0; row < size(); ++row)
        keep[row] = time[row] < end;
    keep_rows(keep);
}

inline void EventLog::keep_rows(const std::vector<bool>& keep) {
    std::vector<std::uint64_t> kept;
    for (std::size_t row = 0; row < size(); ++row) {
        if (keep[row]) kept.push_back(row);
    }
    if (kept.size() == size()) return;
    std::erase_if(order_lines, [&](const OrderLine& line) { return !keep[line.row]; });
    for (OrderLine& line : order_lines) {
        line.row = static_cast<std::uint64_t>(std::ranges::lower_bound(kept, line.row) - kept.begin());
    }
    const auto compact = [&](auto& values) {
        if (values.empty()) return;
        for (std::size_t i = 0; i < kept.size(); ++i)
            values[i] = values[kept[i]];
        values.resize(kept.size());
    };
    for (auto& column : text_columns)
        compact(column.code);
    for (auto& column : number_columns)
        compact(column.value);
    compact(user);
    compact(item);
    compact(kind);
    compact(session);
    compact(row_hash);
    compact(time);
}

inline std::vector<std::uint64_t> EventLog::time_order() const {
    std::vector<std::uint64_t> order(size());
    std::iota(order.begin(), order.end(), std::uint64_t{0});
    const auto time_of = [&](std::uint64_t row) { return time[row]; };
    const auto before = [&](std::uint64_t a, std::uint64_t b) { return row_before(*this, a, b); };
    if (!std::ranges::is_sorted(order, {}, time_of)) std::ranges::sort(order, {}, time_of);
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
        while (end < order.size() && time_of(order[end]) == time_of(order[begin]))
            ++end;
        const std::span tied(order.data() + begin, end - begin);
        if (tied.size() > 1 && !std::ranges::is_sorted(tied, before)) std::ranges::sort(tied, before);
    }
    return order;
}

}  // namespace funnel::events

namespace funnel {
using events::Event;
using events::EventKind;
using events::EventLog;
}  // namespace funnel
