// SPDX-License-Identifier: MIT
// DailySales: orders, units and revenue of every whole day, as count_sales gives them (docs/metrics.md,
// "Forecast").
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "funnel/base/warning.hpp"
#include "funnel/events/money.hpp"

namespace funnel::metrics {

/// What was sold of a key on a day. A day without an order has none.
struct SoldDay {
    std::size_t day = 0;             ///< index, from DailySales::first_day
    std::int64_t orders = 0;         ///< that contain the key and begin on the day
    std::int64_t priced_orders = 0;  ///< of these, those with an amount
    events::Money units = {};        ///< quantities of the lines, 1 where none is said
    events::Money revenue = {};      ///< of the lines of the key
};

struct SalesOfKey {
    std::optional<std::string> key = {};  ///< empty: rows without a value
    std::vector<SoldDay> days = {};       ///< ascending
};

/// Dense: one value per day.
struct SalesSeries {
    std::vector<double> orders, units, revenue;
    double order_value = 0;  ///< revenue per order with an amount; 0 without one
};

struct DailySales {
    std::string by = {};                ///< empty: all together only
    std::int64_t first_day = 0;         ///< days since 1970-01-01, local: the first whole day
    std::size_t days = 0;               ///< whole days
    SalesOfKey all = {};                ///< every order once
    std::vector<SalesOfKey> rows = {};  ///< by key bytes, the missing value last
    bool has_amounts = false;           ///< revenue is known
    bool order_totals = false;          ///< it is known of whole orders only, of no key
    base::Warnings warnings = {};       ///< of orders, as metrics has them

    /// Days below 0 (more was taken back than sold) as 0.
    [[nodiscard]] SalesSeries series(const SalesOfKey& key) const;
};

inline SalesSeries DailySales::series(const SalesOfKey& key) const {
    SalesSeries out{std::vector<double>(days), std::vector<double>(days), std::vector<double>(days)};
    std::int64_t priced = 0;
    double sum = 0;
    for (const SoldDay& sold : key.days) {
        out.orders[sold.day] = static_cast<double>(sold.orders);
        out.units[sold.day] = sold.units.value() > 0 ? sold.units.value() : 0;
        out.revenue[sold.day] = sold.revenue.value() > 0 ? sold.revenue.value() : 0;
        sum += out.revenue[sold.day];
        priced += sold.priced_orders;
    }
    if (priced > 0) out.order_value = sum / static_cast<double>(priced);
    return out;
}

}  // namespace funnel::metrics
