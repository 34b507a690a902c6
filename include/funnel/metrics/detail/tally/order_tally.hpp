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

/// Which order a purchase row belongs to.
struct PurchaseRow {
    std::uint64_t order;
    std::uint32_t position;
    auto operator<=>(const PurchaseRow&) const = default;
};

/// One order of the user at hand.
struct Order {
    std::uint64_t id;     ///< code of the order id, or kNone and more: an order without one
    std::uint32_t first;  ///< position of its first row
    events::Money sum;
    bool has_amount;
};

/// One thread at a time. n log n in the purchase rows of a user.
class OrderTally {
 public:
    explicit OrderTally(const TallyPlan& plan) : plan_(plan), amounts_(plan.facts.amounts()) {}

    void start_user() noexcept {
        rows_.clear();
        orders_.clear();
    }

    /// A purchase row inside [from, to); rows come in order.
    void add(const UserRow& row, std::size_t position, std::uint32_t visit) {
        // Without an order id the visit stands for the order; ids and visits never meet.
        const std::uint64_t id = id_of(row);
        rows_.push_back({id == base::kNone ? (std::uint64_t{1} << 32 | visit) : id,
                         static_cast<std::uint32_t>(position)});
    }

    /// Counts the orders of the user.
    void finish(const UserView& user);

    /// After finish: by id, and by (order, position).
    [[nodiscard]] std::span<const Order> orders() const noexcept { return orders_; }
    [[nodiscard]] std::span<const PurchaseRow> rows() const noexcept { return rows_; }

    /// Of a purchase or refund row: the code of its order id, or kNone; its amount, if it has one.
    [[nodiscard]] std::uint64_t id_of(const UserRow& row) const noexcept {
        return row.line == kNoLine ? base::kNone : plan_.log.order_lines[row.line].order;
    }
    [[nodiscard]] std::optional<events::Money> amount(const UserRow& row) const noexcept;

 private:
    void count_order(const UserView& user, std::span<const PurchaseRow> rows);

    const TallyPlan& plan_;
    events::AmountRule amounts_;
    std::vector<PurchaseRow> rows_;
    std::vector<Order> orders_;
    std::vector<std::uint16_t> keys_;  // of the user's orders
};

inline void OrderTally::finish(const UserView& user) {
    if (rows_.empty()) return;
    std::ranges::sort(rows_);
    keys_.clear();
    for (std::size_t begin = 0, end = 0; begin < rows_.size(); begin = end) {
        while (end < rows_.size() && rows_[end].order == rows_[begin].order)
            ++end;
        count_order(user, std::span(rows_).subspan(begin, end - begin));
        keys_.push_back(user.rows[rows_[begin].position].key);
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

inline void OrderTally::count_order(const UserView& user, std::span<const PurchaseRow> rows) {
    const std::size_t first = rows.front().position;
    events::Money sum;
    bool has_amount = false;
    for (const PurchaseRow& purchase : rows) {
        const UserRow& row = user.rows[purchase.position];
        if (row.time > user.rows[first].time) user.mark(Count::late_order_rows, purchase.position);
        const auto value = amount(row);
        if (!value) {
            user.mark(Count::purchase_rows_without_value, purchase.position);
            continue;
        }
        has_amount = true;
        sum += *value;
        user.at(purchase.position).revenue += *value;
    }
    orders_.push_back({rows.front().order, rows.front().position, sum, has_amount});
    Tally& tally = user.at(first);
    ++tally[Count::orders];
    if (has_amount) {
        ++tally[Count::orders_with_amount];
        tally.order_revenue += sum;
    }
}

inline std::optional<events::Money> OrderTally::amount(const UserRow& row) const noexcept {
    if (row.line == kNoLine) return std::nullopt;
    const events::OrderLine& line = plan_.log.order_lines[row.line];
    return amounts_.amount(line.price, line.quantity, line.revenue);
}

}  // namespace funnel::metrics
