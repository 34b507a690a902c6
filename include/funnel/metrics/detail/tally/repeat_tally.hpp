// SPDX-License-Identifier: MIT
// RepeatTally: customers who come back, and goods that are bought again: returning_customer_rate,
// repeat_purchase_within, repeat_item_rate, repeat_category_rate.
#pragma once

#include <algorithm>
#include <cstdint>
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
        std::uint64_t order;
        std::uint32_t position;
        auto operator<=>(const Bought&) const = default;
    };
    void find_earlier(const UserView& user);
    void count_returning(const UserView& user, std::span<const Order> orders);
    void count_cohort(const UserView& user, std::span<const Order> orders) const;
    void count_goods(const UserView& user, Count bought, Count bought_again);
    [[nodiscard]] std::uint32_t category(const UserRow& row) const noexcept {
        return row.line == kNoLine ? base::kNone : categories_->code[plan_.log.order_lines[row.line].row];
    }

    const TallyPlan& plan_;
    CohortSlots slots_;
    const events::TextColumn* categories_;
    std::vector<std::uint64_t> earlier_;  // orders before the period; kFree: one without an id
    std::vector<std::pair<std::uint16_t, bool>> keys_;
    std::vector<Bought> goods_;
    static constexpr std::uint64_t kFree = ~std::uint64_t{0};
};

inline void RepeatTally::count_user(const UserView& user, const OrderTally& orders) {
    find_earlier(user);
    count_returning(user, orders.orders());
    if (earlier_.empty()) count_cohort(user, orders.orders());
    const auto collect = [&](auto&& good_of) {
        goods_.clear();
        for (const PurchaseRow& row : orders.rows()) {
            const std::uint32_t good = good_of(user.rows[row.position]);
            if (good != base::kNone) goods_.push_back({good, row.order, row.position});
        }
    };
    collect([](const UserRow& row) { return row.item; });
    count_goods(user, Count::pairs_bought, Count::pairs_rebought);
    if (categories_ == nullptr) {
        for (const PurchaseRow& row : orders.rows())
            user.mark(Count::purchase_rows_without_categories, row.position);
        return;
    }
    collect([&](const UserRow& row) { return category(row); });
    count_goods(user, Count::categories_bought, Count::categories_rebought);
}

inline void RepeatTally::find_earlier(const UserView& user) {
    earlier_.clear();
    for (const UserRow& row : user.earlier) {
        if (row.kind != EventKind::purchase) continue;
        const std::uint32_t order = row.line == kNoLine ? base::kNone : plan_.log.order_lines[row.line].order;
        earlier_.push_back(order == base::kNone ? kFree : order);
    }
}

// An order is a return if another one began at or before its time: equal times count as in order.
inline void RepeatTally::count_returning(const UserView& user, std::span<const Order> orders) {
    const auto time = [&](const Order& order) { return user.rows[order.first].time; };
    const auto earliest = std::ranges::min_element(orders, {}, time);
    const auto tied =
        std::ranges::count_if(orders, [&](const Order& o) { return time(o) == time(*earliest); });
    keys_.clear();
    for (const Order& order : orders) {
        if (!plan_.warm(time(order))) continue;
        const bool returns =
            time(order) > time(*earliest) || tied > 1 ||
            std::ranges::any_of(earlier_, [&](std::uint64_t id) { return id == kFree || id != order.id; });
        keys_.emplace_back(user.rows[order.first].key, !returns);  // a return sorts first
    }
    std::ranges::sort(keys_);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (i > 0 && keys_[i].first == keys_[i - 1].first) continue;
        Tally& tally = user.tallies[keys_[i].first];
        ++tally[Count::recent_customers];
        tally[Count::returning_customers] += !keys_[i].second;
    }
}

inline void RepeatTally::count_cohort(const UserView& user, std::span<const Order> orders) const {
    std::size_t first = user.rows.size(), second = user.rows.size();
    for (const Order& order : orders) {
        if (order.first < first) {
            second = std::exchange(first, order.first);
        } else if (order.first < second) {
            second = order.first;
        }
    }
    const std::int64_t time = user.rows[first].time;
    if (!plan_.warm(time)) return;
    Tally& tally = user.at(first);
    for (std::size_t i = 0; i < slots_.spans; ++i) {
        const std::int64_t span = plan_.options.repeat_within[i];
        if (!plan_.mature(time, span)) continue;
        ++tally.cohorts[CohortSlots::first_orders(i)];
        tally.cohorts[CohortSlots::repeated(i)] +=
            second < user.rows.size() && events::within(time, user.rows[second].time, span);
    }
}

inline void RepeatTally::count_goods(const UserView& user, Count bought, Count bought_again) {
    std::ranges::sort(goods_);
    for (std::size_t begin = 0, end = 0; begin < goods_.size(); begin = end) {
        std::uint32_t first = goods_[begin].position;
        bool again = false;
        for (; end < goods_.size() && goods_[end].good == goods_[begin].good; ++end) {
            first = std::min(first, goods_[end].position);
            again |= goods_[end].order != goods_[begin].order;
        }
        user.mark(bought, first);
        if (again) user.mark(bought_again, first);
    }
}

}  // namespace funnel::metrics
