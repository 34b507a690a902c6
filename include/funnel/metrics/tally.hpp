// SPDX-License-Identifier: MIT
// Tally: everything that metrics count, in a form that adds. Tallies of disjoint sets of users sum to the
// tally of all, exactly and in any order: threads, files and machines are one code path.
#pragma once

#include <array>
#include <cstdint>

#include "funnel/events/money.hpp"
#include "funnel/metrics/dwell.hpp"

namespace funnel::metrics {

/// "click" below stands for a view in a log that holds no click at all.
enum class Count : std::uint8_t {
    // rows
    other_rows,  ///< of kinds that have no count of their own
    page_views,
    impressions,
    views,
    clicks,
    impressions_credited,  ///< of all clicks, each gives credit to the latest impression within 30 minutes
    impressions_followed,  ///< a click within 30 minutes
    clicks_unattributed,   ///< no impression in the 30 minutes before
    clicks_mature,         ///< whose window is over by the end of the log
    clicks_bought,         ///< mature, credited with a purchase
    dwell_censored,        ///< views after which the visit shows no later time
    purchase_rows,
    purchase_rows_without_value,
    late_order_rows,  ///< later than the first row of their order
    rows_without_visit_id,
    // users
    users,
    viewers,
    clickers,
    buyers,
    customers,         ///< users with an order: one per buyer in all, but not in a segment
    repeat_customers,  ///< users with two orders or more
    // visits
    visits,
    visits_bought,
    visits_carted,
    visits_abandoned,  ///< no purchase at or after the first cart_add
    // (user, item) pairs
    pairs_carted,
    pairs_abandoned,  ///< no purchase at or after the first cart_add
    pairs_mature,     ///< whose window is over by the end of the log
    pairs_mature_abandoned,
    pairs_uncarted,  ///< bought without a cart_add at or before the first purchase
    // orders
    orders,
    orders_with_amount,
    count_  ///< how many there are
};

inline constexpr std::size_t kMaxStages = 32;

struct Tally {
    using Counts = std::array<std::int64_t, static_cast<std::size_t>(Count::count_)>;
    Counts counts{};
    std::array<std::int64_t, kMaxStages> reached{};  ///< entities of the funnel at stage k or beyond
    events::Money revenue;                           ///< of purchase rows
    events::Money order_revenue;                     ///< of orders, counted where the order began
    DwellTimes dwell;

    [[nodiscard]] std::int64_t& operator[](Count what) noexcept {
        return counts[static_cast<std::size_t>(what)];
    }
    [[nodiscard]] std::int64_t operator[](Count what) const noexcept {
        return counts[static_cast<std::size_t>(what)];
    }

    Tally& operator+=(const Tally& other) {
        for (std::size_t i = 0; i < counts.size(); ++i)
            counts[i] += other.counts[i];
        for (std::size_t i = 0; i < reached.size(); ++i)
            reached[i] += other.reached[i];
        revenue += other.revenue;
        order_revenue += other.order_revenue;
        dwell += other.dwell;
        return *this;
    }
};

}  // namespace funnel::metrics
