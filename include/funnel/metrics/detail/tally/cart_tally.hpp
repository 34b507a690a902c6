// SPDX-License-Identifier: MIT
// CartTally: carts as episodes: opened by the first cart_add, closed by a purchase, by taking everything out
// or by a day in which nothing happens to them (docs/metrics.md, cart_abandon_cart).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "funnel/events/visit.hpp"
#include "funnel/metrics/detail/tally/tally_plan.hpp"

namespace funnel::metrics {

/// A cart that nobody touches for longer than this is abandoned.
inline constexpr std::int64_t kCartLife = base::kDay;

/// One thread at a time. O(goods in the cart) per row.
class CartTally {
 public:
    explicit CartTally(const TallyPlan& plan) : plan_(plan) {}

    void start_user() noexcept { open_ = false; }

    /// A cart_add, cart_remove or purchase; rows come in order.
    void add(const UserView& user, std::size_t position);

    /// Counts the cart that is still open.
    void finish(const UserView& user);

 private:
    void close(const UserView& user, Count how);

    const TallyPlan& plan_;
    bool open_ = false;
    std::size_t first_ = 0;  // position of the cart_add that opened it
    std::int64_t touched_ = 0;
    std::vector<std::uint32_t> items_;
};

inline void CartTally::add(const UserView& user, std::size_t position) {
    const UserRow& row = user.rows[position];
    if (open_ && !events::within(touched_, row.time, kCartLife)) close(user, Count::carts_abandoned);
    if (row.kind == EventKind::cart_add) {
        if (!open_) {
            open_ = true;
            first_ = position;
            items_.clear();
        }
        if (std::ranges::find(items_, row.item) == items_.end()) items_.push_back(row.item);
    } else if (row.kind == EventKind::cart_remove && open_) {
        std::erase(items_, row.item);
        if (items_.empty()) close(user, Count::carts_emptied);
    } else if (open_) {
        close(user, Count::carts_closed);
    }
    touched_ = row.time;
}

inline void CartTally::finish(const UserView& user) {
    if (!open_) return;
    const bool open = events::within(touched_, plan_.last_time, kCartLife);
    close(user, open ? Count::carts_open : Count::carts_abandoned);
}

inline void CartTally::close(const UserView& user, Count how) {
    open_ = false;
    if (!user.counts(first_) || !plan_.warm(user.rows[first_].time)) return;
    user.mark(how, first_);
    if (how == Count::carts_abandoned) user.mark(Count::carts_closed, first_);
}

}  // namespace funnel::metrics
