// SPDX-License-Identifier: MIT
// Products: what became of every item, category or brand, as count_products gives it (docs/metrics.md,
// "Products").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/warning.hpp"
#include "funnel/eval/interval.hpp"
#include "funnel/events/money.hpp"

namespace funnel::metrics {

/// What is counted of one key. As in a breakdown of `metrics` by the same column; counts of disjoint sets of
/// users add.
struct ProductCounts {
    std::int64_t impressions = 0;
    std::int64_t clicked = 0;        ///< impressions credited with a click, the numerator of ctr
    std::int64_t views = 0;          ///< rows of type view
    std::int64_t carts = 0;          ///< pairs of user and item by their first cart_add
    std::int64_t ripe_carts = 0;     ///< those whose window is over
    std::int64_t abandoned = 0;      ///< of ripe_carts, those not bought within the window
    std::int64_t orders = 0;         ///< orders that contain the key
    std::int64_t buyers = 0;         ///< users with such an order
    std::int64_t priced_orders = 0;  ///< of orders, those with an amount on a line of the key
    events::Money revenue = {};      ///< of the lines of the key

    ProductCounts& operator+=(const ProductCounts& other) noexcept {
        impressions += other.impressions;
        clicked += other.clicked;
        views += other.views;
        carts += other.carts;
        ripe_carts += other.ripe_carts;
        abandoned += other.abandoned;
        orders += other.orders;
        buyers += other.buyers;
        priced_orders += other.priced_orders;
        revenue += other.revenue;
        return *this;
    }
    [[nodiscard]] bool operator==(const ProductCounts&) const noexcept = default;
};

struct Product {
    std::optional<std::string> key;  ///< empty: rows without a value
    ProductCounts counts = {};
    /// clicked / impressions drawn towards the rate of all by what chance explains; empty without
    /// impressions.
    std::optional<double> ctr = {};
    std::optional<eval::Interval> ctr_interval = {};  ///< 95 %; empty for "no_spread"
    /// Clicks over what the places let expect, drawn towards 1; empty: see place_reason.
    std::optional<double> observed_over_expected = {};
    std::optional<double> cart_abandonment = {};              ///< abandoned / ripe_carts
    std::optional<eval::Interval> abandonment_interval = {};  ///< 95 %, Wilson
};

struct Products {
    std::string by;
    std::vector<Product> rows = {};      ///< by key bytes, the missing value last
    std::optional<double> ctr = {};      ///< of all
    std::string_view ctr_reason = {};    ///< "no_spread": every key has the rate of all; "no_impressions"
    std::string_view place_reason = {};  ///< "no_positions", "place_confounded"
    bool has_amounts = false;            ///< revenue is known
    base::Warnings warnings = {};        ///< of orders, as metrics has them
    bool order_totals = false;           ///< it is known of whole orders only, of no key
};

}  // namespace funnel::metrics
