// SPDX-License-Identifier: MIT
// OrderTally: orders, customers and revenue.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "funnel/events/money.hpp"
#include "funnel/metrics/detail/tally/tally_plan.hpp"

namespace funnel::metrics {

/// Which order a purchase row belongs to, and the key that it counts in.
struct PurchaseRow {
    std::uint64_t order;
    std::uint32_t position;
    std::uint16_t key = 0;
    auto operator<=>(const PurchaseRow&) const = default;
};

/// What of an order is in one key: see TallyPlan::order_key.
struct OrderPart {
    std::uint16_t key;
    events::Money sum = {};
    bool has_amount = false;
};

/// One order of the user at hand.
struct Order {
    std::uint64_t id;     ///< code of the order id, or kNone and more: an order without one
    std::uint32_t first;  ///< position of its first row
    bool counts;          ///< begins in the period: its parts count in their keys
    events::Money sum = {};
    bool has_amount = false;
    std::size_t first_part = 0, last_part = 0;  ///< [first_part, last_part) of OrderTally::parts
};

/// One thread at a time. n log n in the purchase rows of a user.
class OrderTally {
 public:
    explicit OrderTally(const TallyPlan& plan) : plan_(plan), amounts_(plan.facts.amounts()) {}

    void start_user() noexcept {
        rows_.clear();
        orders_.clear();
        parts_.clear();
    }

    /// A purchase row; rows come in order.
    void add(const UserRow& row, std::size_t position, std::uint32_t visit) {
        // Without an order id the visit stands for the order; ids and visits never meet.
        const std::uint64_t id = id_of(row);
        rows_.push_back({id == base::kNone ? (std::uint64_t{1} << 32 | visit) : id,
                         static_cast<std::uint32_t>(position), row.key});
    }

    /// Counts the orders of the user that begin in the period.
    void finish(const UserView& user);

    /// After finish, all of the log: orders by id, the rows of an order together, its parts by key.
    [[nodiscard]] std::span<const Order> orders() const noexcept { return orders_; }
    [[nodiscard]] std::span<const PurchaseRow> rows() const noexcept { return rows_; }
    [[nodiscard]] std::span<const OrderPart> parts(const Order& order) const noexcept {
        return std::span(parts_).subspan(order.first_part, order.last_part - order.first_part);
    }

    /// Of a purchase or refund row: the code of its order id, or kNone; its amount, if it has one.
    [[nodiscard]] std::uint64_t id_of(const UserRow& row) const noexcept {
        return row.line == kNoLine ? base::kNone : plan_.log.order_lines[row.line].order;
    }
    [[nodiscard]] std::optional<events::Money> amount(const UserRow& row) const noexcept;

 private:
    void collect(const UserView& user, std::span<PurchaseRow> rows);
    void add_line(const UserView& user, const PurchaseRow& purchase, Order& order);
    void count_orders(const UserView& user);

    const TallyPlan& plan_;
    events::AmountRule amounts_;
    std::vector<PurchaseRow> rows_;
    std::vector<Order> orders_;
    std::vector<OrderPart> parts_;
    std::vector<std::uint16_t> keys_;  // of the user's orders
};

inline void OrderTally::finish(const UserView& user) {
    if (rows_.empty()) return;
    std::ranges::sort(rows_);
    for (std::size_t begin = 0, end = 0; begin < rows_.size(); begin = end) {
        while (end < rows_.size() && rows_[end].order == rows_[begin].order)
            ++end;
        collect(user, std::span(rows_).subspan(begin, end - begin));
    }
    count_orders(user);
}

inline void OrderTally::collect(const UserView& user, std::span<PurchaseRow> rows) {
    Order order{.id = rows.front().order,
                .first = rows.front().position,
                .counts = user.in_period(rows.front().position),
                .first_part = parts_.size(),
                .last_part = parts_.size()};
    for (PurchaseRow& row : rows)
        row.key = plan_.order_key(user.rows[order.first], user.rows[row.position]);
    if (!std::ranges::is_sorted(rows, {}, &PurchaseRow::key)) std::ranges::sort(rows, {}, &PurchaseRow::key);
    for (const PurchaseRow& row : rows)
        add_line(user, row, order);
    orders_.push_back(order);
}

inline void OrderTally::add_line(const UserView& user, const PurchaseRow& purchase, Order& order) {
    const UserRow& row = user.rows[purchase.position];
    if (order.last_part == order.first_part || parts_.back().key != purchase.key) {
        parts_.push_back({purchase.key});
        ++order.last_part;
    }
    const auto value = amount(row);
    if (value) {
        order.has_amount = parts_.back().has_amount = true;
        order.sum += *value;
        parts_.back().sum += *value;
    }
    if (!order.counts) return;
    Tally& tally = user.tallies[purchase.key];
    ++tally[Count::purchase_rows];
    tally[Count::purchase_rows_without_value] += !value;
    tally[Count::late_order_rows] += row.time > user.rows[order.first].time;
    if (value) tally.revenue += *value;
}

inline void OrderTally::count_orders(const UserView& user) {
    keys_.clear();
    for (const Order& order : orders_) {
        if (!order.counts) continue;
        for (const OrderPart& part : parts(order)) {
            Tally& tally = user.tallies[part.key];
            ++tally[Count::orders];
            tally[Count::orders_with_amount] += part.has_amount;
            tally.order_revenue += part.sum;
            keys_.push_back(part.key);
        }
    }
    std::ranges::sort(keys_);
    for (std::size_t begin = 0, end = 0; begin < keys_.size(); begin = end) {
        while (end < keys_.size() && keys_[end] == keys_[begin])
            ++end;
        Tally& tally = user.tallies[keys_[begin]];
        ++tally[Count::customers];
        tally[Count::repeat_customers] += end - begin >= 2;
    }
}

inline std::optional<events::Money> OrderTally::amount(const UserRow& row) const noexcept {
    if (row.line == kNoLine) return std::nullopt;
    const events::OrderLine& line = plan_.log.order_lines[row.line];
    return amounts_.amount(line.price, line.quantity, line.revenue);
}

}  // namespace funnel::metrics
