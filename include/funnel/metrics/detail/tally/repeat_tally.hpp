// SPDX-License-Identifier: MIT
// RepeatTally: customers who come back, and goods that are bought again: returning_customer_rate,
// repeat_purchase_within, repeat_item_rate, repeat_category_rate.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "funnel/events/visit.hpp"
#include "funnel/metrics/detail/tally/cohort_slots.hpp"
#include "funnel/metrics/detail/tally/order_tally.hpp"
#include "funnel/metrics/detail/tally/tally_plan.hpp"

namespace funnel::metrics {

/// One thread at a time. n log n in the purchase rows of a user.
class RepeatTally {
 public:
    explicit RepeatTally(const TallyPlan& plan)
        : plan_(plan), slots_(plan.options), categories_(plan.log.text_column("category")) {}

    /// orders: counted, of the same user; one or more.
    void count_user(const UserView& user, const OrderTally& orders);

 private:
    struct Bought {
        std::uint32_t good;
        std::uint16_t key;
        std::uint64_t order;
        auto operator<=>(const Bought&) const = default;
    };
    void count_returning(const UserView& user, const OrderTally& orders);
    void count_cohort(const UserView& user, const OrderTally& orders);
    template <typename GoodOf>
    void collect_goods(const UserView& user, const OrderTally& orders, const GoodOf& good_of);
    void count_goods(const UserView& user, Count bought, Count bought_again);
    [[nodiscard]] std::uint32_t category(const UserRow& row) const noexcept {
        return row.line == kNoLine ? base::kNone : categories_->code[plan_.log.order_lines[row.line].row];
    }

    const TallyPlan& plan_;
    CohortSlots slots_;
    const events::TextColumn* categories_;
    std::vector<std::pair<std::uint16_t, bool>> keys_;
    std::vector<std::uint16_t> cohort_keys_;
    std::vector<Bought> goods_;
};

inline void RepeatTally::count_user(const UserView& user, const OrderTally& orders) {
    count_returning(user, orders);
    count_cohort(user, orders);
    collect_goods(user, orders, [](const UserRow& row) { return row.item; });
    count_goods(user, Count::pairs_bought, Count::pairs_rebought);
    if (categories_ == nullptr) {
        for (const Order& order : orders.orders()) {
            for (const OrderPart& part : orders.parts(order))
                user.tallies[part.key][Count::purchase_rows_without_categories] += order.counts;
        }
        return;
    }
    collect_goods(user, orders, [&](const UserRow& row) { return category(row); });
    count_goods(user, Count::categories_bought, Count::categories_rebought);
}

template <typename GoodOf>
void RepeatTally::collect_goods(const UserView& user, const OrderTally& orders, const GoodOf& good_of) {
    goods_.clear();
    std::size_t at = 0;  // orders are in order of their rows
    for (const PurchaseRow& row : orders.rows()) {
        while (orders.orders()[at].id != row.order)
            ++at;
        if (!orders.orders()[at].counts) continue;
        const std::uint32_t good = good_of(user.rows[row.position]);
        if (good != base::kNone) goods_.push_back({good, row.key, row.order});
    }
}

// An order is a return if another one began before it.
inline void RepeatTally::count_returning(const UserView& user, const OrderTally& orders) {
    const auto time = [&](const Order& order) { return user.rows[order.first].time; };
    const std::int64_t earliest = time(*std::ranges::min_element(orders.orders(), {}, time));
    keys_.clear();
    for (const Order& order : orders.orders()) {
        if (!order.counts || !plan_.warm(time(order))) continue;
        for (const OrderPart& part : orders.parts(order))
            keys_.emplace_back(part.key, time(order) == earliest);  // a return sorts first
    }
    std::ranges::sort(keys_);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (i > 0 && keys_[i].first == keys_[i - 1].first) continue;
        Tally& tally = user.tallies[keys_[i].first];
        ++tally[Count::recent_customers];
        tally[Count::returning_customers] += !keys_[i].second;
    }
}

// The first order ever; of several at one time each is the first.
inline void RepeatTally::count_cohort(const UserView& user, const OrderTally& orders) {
    const auto time = [&](const Order& order) { return user.rows[order.first].time; };
    const std::int64_t first = time(*std::ranges::min_element(orders.orders(), {}, time));
    std::int64_t second = std::numeric_limits<std::int64_t>::max();
    std::size_t firsts = 0;
    cohort_keys_.clear();
    for (const Order& order : orders.orders()) {
        if (time(order) > first) {
            second = std::min(second, time(order));
            continue;
        }
        if (!order.counts || !plan_.warm(first)) return;
        if (++firsts > 1) second = first;
        for (const OrderPart& part : orders.parts(order))
            cohort_keys_.push_back(part.key);
    }
    std::ranges::sort(cohort_keys_);
    cohort_keys_.erase(std::unique(cohort_keys_.begin(), cohort_keys_.end()), cohort_keys_.end());
    for (std::size_t i = 0; i < slots_.spans; ++i) {
        const std::int64_t span = plan_.options.repeat_within[i];
        if (!plan_.mature(first, span)) continue;
        const bool again = orders.orders().size() > 1 && events::within(first, second, span);
        for (const std::uint16_t key : cohort_keys_) {
            ++user.tallies[key].cohorts[CohortSlots::first_orders(i)];
            user.tallies[key].cohorts[CohortSlots::repeated(i)] += again;
        }
    }
}

inline void RepeatTally::count_goods(const UserView& user, Count bought, Count bought_again) {
    std::ranges::sort(goods_);
    for (std::size_t begin = 0, end = 0; begin < goods_.size(); begin = end) {
        bool again = false;
        for (; end < goods_.size() && goods_[end].good == goods_[begin].good &&
               goods_[end].key == goods_[begin].key;
             ++end)
            again |= goods_[end].order != goods_[begin].order;
        Tally& tally = user.tallies[goods_[begin].key];
        ++tally[bought];
        tally[bought_again] += again;
    }
}

}  // namespace funnel::metrics
