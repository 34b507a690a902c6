// SPDX-License-Identifier: MIT
// RefundTally: what is left of orders and revenue after refunds (docs/metrics.md, "Refunds").
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "funnel/metrics/detail/tally/order_tally.hpp"
#include "funnel/metrics/detail/tally/tally_plan.hpp"

namespace funnel::metrics {

/// Refunds count with their order. One thread at a time. Refund rows x (log orders + keys of an order).
class RefundTally {
 public:
    explicit RefundTally(const TallyPlan& plan) : plan_(plan) {}

    /// orders: counted, of the same user.
    void count_user(const UserView& user, const OrderTally& orders);

 private:
    struct Refunded {
        events::Money sum;
        bool any = false;
        bool whole = false;  // a row with neither an item nor an amount takes back the order
    };
    void collect(const UserView& user, const OrderTally& orders);
    [[nodiscard]] std::size_t part_of(const UserView& user, const UserRow& row, const Order& order,
                                      const OrderTally& orders) const;
    void take_back(const UserView& user, const UserRow& row, const Order& order, const OrderTally& orders);
    void count_order(const UserView& user, const Order& order, const Refunded& back,
                     std::span<const OrderPart> parts);

    const TallyPlan& plan_;
    std::vector<Refunded> refunded_;      // per order
    std::vector<events::Money> of_part_;  // per part of an order
    std::vector<std::uint16_t> keys_;     // of orders that stand
};

inline void RefundTally::collect(const UserView& user, const OrderTally& orders) {
    refunded_.assign(orders.orders().size(), {});
    of_part_.assign(orders.orders().empty() ? 0 : orders.orders().back().last_part, {});
    for (std::size_t i = 0; i < user.rows.size(); ++i) {
        const UserRow& row = user.rows[i];
        if (row.kind != EventKind::refund) continue;
        const std::uint64_t id = orders.id_of(row);
        const auto order = std::ranges::lower_bound(orders.orders(), id, {}, &Order::id);
        if (id < base::kNone && order != orders.orders().end() && order->id == id) {
            take_back(user, row, *order, orders);
        } else if (user.counts(i)) {
            user.mark(Count::refund_rows, i);
            user.mark(Count::refund_rows_unmatched, i);
            if (const auto amount = orders.amount(row)) user.at(i).refunds += amount->magnitude();
        }
    }
}

// A refund of an order of several keys belongs to the key of a line like it, or to that of the first row.
inline std::size_t RefundTally::part_of(const UserView& user, const UserRow& row, const Order& order,
                                        const OrderTally& orders) const {
    const auto parts = orders.parts(order);
    const auto find = [&](std::uint16_t key) { return std::ranges::find(parts, key, &OrderPart::key); };
    auto part = find(plan_.order_key(user.rows[order.first], row));
    if (part == parts.end()) part = find(user.rows[order.first].key);
    return order.first_part + static_cast<std::size_t>(part - parts.begin());
}

inline void RefundTally::take_back(const UserView& user, const UserRow& row, const Order& order,
                                   const OrderTally& orders) {
    const std::size_t part = part_of(user, row, order, orders);
    const auto amount = orders.amount(row);
    Refunded& to = refunded_[static_cast<std::size_t>(&order - orders.orders().data())];
    to.any = true;
    to.whole |= !amount && row.item == base::kNone;
    if (order.counts) ++user.tallies[orders.parts(order)[part - order.first_part].key][Count::refund_rows];
    if (!amount) return;
    to.sum += amount->magnitude();
    of_part_[part] += amount->magnitude();
}

inline void RefundTally::count_user(const UserView& user, const OrderTally& orders) {
    if (!plan_.facts.has(EventKind::refund)) return;
    collect(user, orders);
    keys_.clear();
    for (std::size_t i = 0; i < refunded_.size(); ++i) {
        const Order& order = orders.orders()[i];
        if (order.counts) count_order(user, order, refunded_[i], orders.parts(order));
    }
    std::ranges::sort(keys_);
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
    for (const std::uint16_t key : keys_)
        ++user.tallies[key][Count::net_buyers];
}

inline void RefundTally::count_order(const UserView& user, const Order& order, const Refunded& back,
                                     std::span<const OrderPart> parts) {
    const bool whole = back.any && (back.whole || (order.has_amount && back.sum.at_least(order.sum)));
    if (order.has_amount && back.sum.at_least(order.sum) && back.sum != order.sum)
        ++user.tallies[parts.front().key][Count::orders_overpaid_back];
    for (std::size_t p = 0; p < parts.size(); ++p) {
        const OrderPart& part = parts[p];
        const events::Money& taken = of_part_[order.first_part + p];
        Tally& tally = user.tallies[part.key];
        tally.refunds += back.whole ? part.sum : taken;
        if (whole) continue;
        ++tally[Count::net_orders];
        keys_.push_back(part.key);
        if (!part.has_amount) continue;
        ++tally[Count::net_orders_with_amount];
        tally.net_order_revenue += part.sum;
        tally.net_order_revenue -= taken;
    }
}

}  // namespace funnel::metrics
