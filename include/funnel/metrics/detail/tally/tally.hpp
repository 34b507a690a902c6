// SPDX-License-Identifier: MIT
// Tally: everything that metrics count, in a form that adds. Tallies of disjoint sets of users sum to the
// tally of all, exactly and in any order: threads, files and machines are one code path.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "funnel/events/funnel_stages.hpp"
#include "funnel/events/money.hpp"
#include "funnel/metrics/detail/funnel/first_entries.hpp"
#include "funnel/metrics/detail/tally/dwell.hpp"

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
    purchase_rows,         ///< these four: with their order
    purchase_rows_without_value,
    purchase_rows_without_categories,  ///< the column category was not read, or the log has none
    late_order_rows,                   ///< later than the first row of their order
    rows_without_visit_id,
    cart_adds,
    refund_rows,
    refund_rows_unmatched,  ///< of no order of the user
    // users
    users,
    viewers,
    clickers,
    buyers,
    customers,            ///< users with an order: one per buyer in all, but not in a segment
    repeat_customers,     ///< users with two orders or more
    recent_customers,     ///< customers with an order after the warm-up
    returning_customers,  ///< of those: one that another order stands before, also outside the period
    net_buyers,           ///< users with an order that was not refunded in full
    item_viewers,         ///< users with a view that names an item
    viewers_carted,       ///< users who carted an item at or after a view of it
    viewers_bought,       ///< users who bought an item at or after a view of it
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
    pairs_viewed,
    pairs_viewed_carted,  ///< at or after a view
    pairs_viewed_bought,  ///< at or after a view
    pairs_bought,
    pairs_rebought,  ///< in two orders or more
    categories_bought,
    categories_rebought,
    // carts, from the first cart_add until they are bought, emptied or left alone for a day
    carts_closed,  ///< bought or left alone
    carts_abandoned,
    carts_emptied,
    carts_open,  ///< at the end of the log
    // exposures
    exposures_ripe,
    exposures_clicked,
    // orders
    orders,
    orders_with_amount,
    net_orders,  ///< not refunded in full
    net_orders_with_amount,
    orders_overpaid_back,  ///< refunded with more than their amount
    count_                 ///< how many there are
};

using events::kMaxStages;

/// Of the entities that reached a stage: how long it took, and what they bought within the window.
struct StepTally {
    DwellTimes from_step_before, from_entry;
    events::Money value;

    StepTally& operator+=(const StepTally& other) {
        from_step_before += other.from_step_before;
        from_entry += other.from_entry;
        value += other.value;
        return *this;
    }
};

struct Tally {
    using Counts = std::array<std::int64_t, static_cast<std::size_t>(Count::count_)>;
    Counts counts{};
    std::array<std::int64_t, kMaxStages> reached{};  ///< entities of the funnel at stage k or beyond
    events::Money revenue;                           ///< of purchase rows, with their order
    events::Money order_revenue;                     ///< of orders, counted where the order began
    events::Money refunds;                           ///< of orders where they began, others where they are
    events::Money net_order_revenue;                 ///< of orders not refunded in full, less refunds
    std::vector<std::int64_t> cohorts;               ///< see CohortTally; empty: none yet
    DwellTimes dwell;
    FirstEntries first_entries;        ///< only in tallies of whole users, and so are the next two:
    std::int64_t mature_entities = 0;  ///< entities with an entry whose window is over
    std::int64_t mature_reached = 0;   ///< of those, one of such entries led to the last stage
    std::vector<StepTally> steps;      ///< per stage, if options.timing; empty: none yet

    [[nodiscard]] std::int64_t& operator[](Count what) noexcept {
        return counts[static_cast<std::size_t>(what)];
    }
    [[nodiscard]] std::int64_t operator[](Count what) const noexcept {
        return counts[static_cast<std::size_t>(what)];
    }

    /// Nothing was counted.
    [[nodiscard]] bool empty() const noexcept {
        constexpr auto kNone = [](std::int64_t count) { return count == 0; };
        return std::ranges::all_of(counts, kNone) && std::ranges::all_of(cohorts, kNone);
    }

    Tally& operator+=(const Tally& other) {
        for (std::size_t i = 0; i < counts.size(); ++i)
            counts[i] += other.counts[i];
        for (std::size_t i = 0; i < reached.size(); ++i)
            reached[i] += other.reached[i];
        revenue += other.revenue;
        order_revenue += other.order_revenue;
        refunds += other.refunds;
        net_order_revenue += other.net_order_revenue;
        if (cohorts.size() < other.cohorts.size()) cohorts.resize(other.cohorts.size());
        for (std::size_t i = 0; i < other.cohorts.size(); ++i)
            cohorts[i] += other.cohorts[i];
        dwell += other.dwell;
        first_entries += other.first_entries;
        mature_entities += other.mature_entities;
        mature_reached += other.mature_reached;
        if (steps.size() < other.steps.size()) steps.resize(other.steps.size());
        for (std::size_t i = 0; i < other.steps.size(); ++i)
            steps[i] += other.steps[i];
        return *this;
    }
};

}  // namespace funnel::metrics
