// SPDX-License-Identifier: MIT
// Forecasts of a shop: each row is the forecast of its own series.
#include "funnel/forecast/forecast_sales.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace funnel::test {
namespace {

using metrics::DailySales;
using metrics::SalesOfKey;
using metrics::SoldDay;

/// `orders` on every `every`-th day, each with two units and an amount of 5, if it is priced.
SalesOfKey sold(std::optional<std::string> key, std::size_t days, std::size_t every, std::int64_t orders,
                bool priced = true) {
    SalesOfKey out{.key = std::move(key)};
    for (std::size_t day = 0; day < days; day += every) {
        SoldDay& sold = out.days.emplace_back();
        sold.day = day;
        sold.orders = orders;
        sold.units = *events::Money::of(2.0 * static_cast<double>(orders));
        if (!priced) continue;
        sold.priced_orders = orders;
        sold.revenue = *events::Money::of(5.0 * static_cast<double>(orders));
    }
    return out;
}

DailySales shop() {
    DailySales sales{.by = "category", .first_day = 100, .days = 35};
    sales.has_amounts = true;
    sales.all = sold(std::nullopt, 35, 1, 6);
    sales.rows = {sold("free", 35, 1, 1, false), sold("rare", 35, 7, 1), sold("tea", 35, 1, 5),
                  sold(std::nullopt, 35, 1, 1)};
    return sales;
}

TEST(ForecastSales, FiguresOfAllAndOfKeys) {
    const auto coming = forecast::forecast_sales(shop(), {.days = 7}, 2);
    EXPECT_EQ(coming.first_day, 135);
    EXPECT_EQ(coming.past_days, 35u);
    EXPECT_DOUBLE_EQ(coming.all.orders.coming.total.expected, 42);
    EXPECT_DOUBLE_EQ(coming.all.orders.last, 42);
    EXPECT_DOUBLE_EQ(coming.all.units.coming.total.expected, 84);
    ASSERT_TRUE(coming.all.revenue);
    EXPECT_DOUBLE_EQ(coming.all.revenue->coming.total.expected, 210);
    ASSERT_EQ(coming.rows.size(), 4u);  // most orders of late first, then by key; the missing one last
    EXPECT_EQ(coming.rows[0].key, "tea");
    EXPECT_EQ(coming.rows[1].key, "free");
    EXPECT_EQ(coming.rows[2].key, std::nullopt);
    EXPECT_EQ(coming.rows[3].key, "rare");
    EXPECT_FALSE(coming.rows[1].revenue);
    EXPECT_DOUBLE_EQ(coming.rows[3].orders.coming.total.expected, 1);
    EXPECT_EQ(forecast::forecast_sales(shop(), {.days = 7}, 1, 2).rows.size(), 2u);
    EXPECT_EQ(forecast::forecast_sales(shop(), {.days = 7}, 1, 2).keys, 4u);
}

TEST(ForecastSales, TotalsOfOrdersAreOfNoKey) {
    DailySales sales = shop();
    sales.order_totals = true;
    const auto coming = forecast::forecast_sales(sales, {}, 1);
    EXPECT_TRUE(coming.all.revenue);
    for (const auto& row : coming.rows)
        EXPECT_FALSE(row.revenue);
}

TEST(ForecastSales, AShortLogIsRefused) {
    DailySales sales = shop();
    sales.days = 27;
    for (auto* key : {&sales.all, &sales.rows[0], &sales.rows[1], &sales.rows[2], &sales.rows[3]})
        std::erase_if(key->days, [](const SoldDay& sold) { return sold.day >= 27; });
    try {
        (void)forecast::forecast_sales(sales, {}, 1);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::schema);
        EXPECT_NE(std::string(error.what()).find("28 whole days, got 27"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace funnel::test
