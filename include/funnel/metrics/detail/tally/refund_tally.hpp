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

/// One thread at a time. Refund rows x log orders of a user.
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

    const TallyPlan& plan_;
    std::vector<Refunded> refunded_;   // per order
    std::vector<std::uint16_t> keys_;  // of orders that stand
};

inline void RefundTally::collect(const UserView& user, const OrderTally& orders) {
    refunded_.assign(orders.orders().size(), {});
    for (std::size_t i = 0; i < user.rows.size(); ++i) {
        const UserRow& row = user.rows[i];
        if (row.kind != EventKind::refund) continue;
        const auto amount = orders.amount(row);
        const events::Money taken = amount ? amount->magnitude() : events::Money();
        const std::uint64_t id = orders.id_of(row);
        const auto order = std::ranges::lower_bound(orders.orders(), id, {}, &Order::id);
        if (id < base::kNone && order != orders.orders().end() && order->id == id) {
            Refunded& to = refunded_[static_cast<std::size_t>(order - orders.orders().begin())];
            to.sum += taken;
            to.any = true;
            to.whole |= !amount && row.item == base::kNone;
        } else if (i < user.inside) {
            user.mark(Count::refund_rows_unmatched, i);
            user.at(i).refunds += taken;
        }
    }
}

inline void RefundTally::count_user(const UserView& user, const OrderTally& orders) {
    if (!plan_.facts.has(EventKind::refund)) return;
    collect(user, orders);
    keys_.clear();
    for (std::size_t i = 0; i < refunded_.size(); ++i) {
        const Order& order = orders.orders()[i];
        const Refunded& back = refunded_[i];
        const bool whole = back.any && (back.whole || (order.has_amount && back.sum.at_least(order.sum)));
        Tally& tally = user.at(order.first);
        tally.refunds += back.whole ? order.sum : back.sum;
        if (whole) continue;
        ++tally[Count::net_orders];
        keys_.push_back(user.rows[order.first].key);
        if (!order.has_amount) continue;
        ++tally[Count::net_orders_with_amount];
        tally.net_order_revenue += order.sum;
        tally.net_order_revenue -= back.sum;
    }
    std::ranges::sort(keys_);
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
    for (const std::uint16_t key : keys_)
        ++user.tallies[key][Count::net_buyers];
}

}  // namespace funnel::metrics
