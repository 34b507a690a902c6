// SPDX-License-Identifier: MIT
// forecast_sales: orders, units and revenue of the coming days, in all and by key (docs/metrics.md,
// "Forecast").
//
//     const auto sales = metrics::count_sales(log, {.threads = 2}, metrics::facts_of(log), "category");
//     const auto coming = forecast::forecast_sales(sales, {.days = 7}, 2);
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/parallel.hpp"
#include "funnel/forecast/forecast_days.hpp"
#include "funnel/metrics/daily_sales.hpp"

namespace funnel::forecast {

/// One figure of the coming days.
struct FigureForecast {
    Forecast coming = {};
    double last = 0;  ///< what there was in as many days before
};

struct SalesForecastRow {
    std::optional<std::string> key = {};  ///< empty: rows without a value, or all together
    FigureForecast orders = {}, units = {};
    std::optional<FigureForecast> revenue = {};  ///< empty: no order of the key has an amount of its own
};

struct SalesForecast {
    std::string by = {};              ///< empty: all together only
    std::int64_t first_day = 0;       ///< days since 1970: the first of the coming days
    std::size_t days = 0;             ///< coming days
    std::int64_t past_first_day = 0;  ///< the first day that was learned from
    std::size_t past_days = 0;        ///< whole days that were learned from
    double level = 0;
    SalesForecastRow all = {};
    std::size_t keys = 0;                     ///< with an order in the past days
    std::vector<SalesForecastRow> rows = {};  ///< most orders of late first, then by key
    bool has_amounts = false, order_totals = false;
};

/// top: keys at most, those with the most orders in the last 28 days; 0: all. options.unit is not used: that
/// of revenue is the value of an order. Throws Error(schema) where the log has fewer than kLeastDays whole
/// days, and what forecast_days throws. Equal for any number of threads.
[[nodiscard]] SalesForecast forecast_sales(const metrics::DailySales& sales, const ForecastOptions& options,
                                           unsigned threads, std::size_t top = 0);

namespace detail {

[[nodiscard]] inline FigureForecast forecast_figure(std::span<const double> past, ForecastOptions options,
                                                    double unit) {
    options.unit = unit;
    FigureForecast out{.coming = forecast_days(past, options)};
    for (const double day : past.last(std::min(options.days, past.size())))
        out.last += day;
    return out;
}

[[nodiscard]] inline SalesForecastRow forecast_row(const metrics::DailySales& sales,
                                                   const metrics::SalesOfKey& key, bool knows_revenue,
                                                   const ForecastOptions& options) {
    const metrics::SalesSeries past = sales.series(key);
    SalesForecastRow row{.key = key.key,
                         .orders = forecast_figure(past.orders, options, 1),
                         .units = forecast_figure(past.units, options, 1)};
    if (knows_revenue && past.order_value > 0)
        row.revenue = forecast_figure(past.revenue, options, past.order_value);
    return row;
}

/// Keys of a table, most orders in the last four weeks first.
[[nodiscard]] inline std::vector<std::size_t> keys_by_orders(const metrics::DailySales& sales) {
    const std::size_t of_late = sales.days - std::min(sales.days, kLeastDays);
    std::vector<std::pair<std::int64_t, std::size_t>> ranked;
    for (std::size_t i = 0; i < sales.rows.size(); ++i) {
        std::int64_t orders = 0;
        for (const metrics::SoldDay& sold : sales.rows[i].days)
            orders += sold.day >= of_late ? sold.orders : 0;
        ranked.emplace_back(-orders, i);
    }
    std::ranges::sort(ranked);
    std::vector<std::size_t> out;
    for (const auto& [orders, i] : ranked)
        out.push_back(i);
    return out;
}

}  // namespace detail

inline SalesForecast forecast_sales(const metrics::DailySales& sales, const ForecastOptions& options,
                                    unsigned threads, std::size_t top) {
    if (sales.days < kLeastDays)
        throw Error(ErrorCode::schema, "forecast: expected a log of at least " + std::to_string(kLeastDays) +
                                           " whole days, got " + std::to_string(sales.days) +
                                           "; give an earlier part of the log too");
    SalesForecast out{.by = sales.by,
                      .first_day = sales.first_day + static_cast<std::int64_t>(sales.days),
                      .days = options.days,
                      .past_first_day = sales.first_day,
                      .past_days = sales.days,
                      .level = options.level,
                      .keys = sales.rows.size(),
                      .has_amounts = sales.has_amounts,
                      .order_totals = sales.order_totals};
    out.all = detail::forecast_row(sales, sales.all, sales.has_amounts, options);
    std::vector<std::size_t> keys = detail::keys_by_orders(sales);
    if (top > 0 && keys.size() > top) keys.resize(top);
    out.rows.resize(keys.size());
    base::for_each_task(keys.size(), threads, [&](std::size_t i) {
        out.rows[i] = detail::forecast_row(sales, sales.rows[keys[i]],
                                           sales.has_amounts && !sales.order_totals, options);
    });
    return out;
}

}  // namespace funnel::forecast
