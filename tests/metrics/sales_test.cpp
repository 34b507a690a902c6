// SPDX-License-Identifier: MIT
// What was sold per day and key: against a breakdown of each day alone, which the oracle holds, on random
// logs; whole days and units by hand.
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "funnel/metrics/count_sales.hpp"
#include "metrics/random_case.hpp"
#include "support/effort.hpp"

namespace funnel::test {
namespace {

using metrics::DailySales;
using metrics::SalesOfKey;
using metrics::SoldDay;

/// Per key and day: orders, orders with an amount, revenue.
using SoldTable =
    std::map<std::pair<std::string, std::int64_t>, std::tuple<std::int64_t, std::int64_t, std::string>>;

SoldTable table_of(const DailySales& sales) {
    SoldTable table;
    const auto add = [&](const SalesOfKey& row, const std::string& key) {
        for (const SoldDay& sold : row.days)
            table[{key, sales.first_day + static_cast<std::int64_t>(sold.day)}] = {
                sold.orders, sold.priced_orders, sold.revenue.text()};
    };
    if (sales.by.empty()) add(sales.all, "all");
    for (const SalesOfKey& row : sales.rows)
        add(row, row.key.value_or("(missing)"));
    return table;
}

/// The same from a breakdown of each day.
SoldTable table_of_days(const EventLog& log, metrics::MetricsOptions options, const metrics::LogFacts& facts,
                        const std::string& by, std::int64_t days) {
    SoldTable table;
    for (std::int64_t day = 0; day < days; ++day) {
        options.from = day * kDay;
        options.to = (day + 1) * kDay;
        options.by = by.empty() ? std::vector<std::string>{} : std::vector{by};
        const auto add = [&](const std::string& key, const metrics::Tally& tally) {
            const auto orders = tally[metrics::Count::orders];
            if (orders > 0)
                table[{key, day}] = {orders, tally[metrics::Count::orders_with_amount], tally.revenue.text()};
        };
        const auto state = metrics::count(log, options, facts);
        if (by.empty()) add("all", metrics::detail::sum(state.groups));
        for (const auto& segment : state.segments)
            add(segment.key.value_or("(missing)"), metrics::detail::sum(segment.groups));
    }
    return table;
}

TEST(Sales, AreABreakdownOfEachDayOnRandomLogs) {
    std::size_t compared = 0;
    for (std::uint64_t seed = 1; seed <= support::cases(200); ++seed) {
        Case c = random_case(seed);
        c.options.entity = Entity::user;
        c.options.horizons.clear();
        c.options.where.reset();
        c.options.from = c.options.to = std::nullopt;
        c.options.warmup = 0;
        c.options.zone.clear();
        const EventLog log = to_log(c.rows);
        auto facts = metrics::facts_of(log);
        // The log is complete from the first midnight to the end of its last day.
        constexpr std::int64_t kDays = 5;
        ASSERT_LT(facts.last_time, kDays * kDay);
        c.options.from = 0;
        facts.first_time = 0;
        facts.last_time = kDays * kDay - 1;
        for (const std::string by : {"", "item", "category"}) {
            if (by == "category" && log.text_column(by) == nullptr) continue;
            c.options.threads = seed % 2 == 0 ? 1 : 3;
            const auto sales = metrics::count_sales(log, c.options, facts, by);
            ASSERT_EQ(sales.first_day, 0);
            ASSERT_EQ(sales.days, static_cast<std::size_t>(kDays));
            const SoldTable expected = table_of_days(log, c.options, facts, by, kDays);
            ASSERT_EQ(table_of(sales), expected) << "seed " << seed << " by " << by;
            compared += expected.size();
        }
    }
    EXPECT_GT(compared, 50u);
}

TEST(Sales, UnitsAreQuantitiesOrOne) {
    EventLog log;
    log.has_revenue = log.has_quantity = true;
    const auto buy = [&](std::int64_t time, const char* order, const char* item, double quantity) {
        log.add({.time = time,
                 .kind = purchase,
                 .user = "u",
                 .item = item,
                 .order = order,
                 .quantity = quantity,
                 .revenue = 10});
    };
    buy(2 * kHour, "o1", "a", 3);
    buy(2 * kHour, "o1", "b", events::kMissing);
    buy(26 * kHour, "o1", "b", 2);   // a line that came later is of the order's day
    buy(27 * kHour, "o2", "b", -4);  // taken back: no day sells less than nothing
    auto facts = metrics::facts_of(log);
    facts.first_time = 0;
    facts.last_time = 2 * kDay - 1;
    const auto sales = metrics::count_sales(log, shop_options(), facts, "item");
    ASSERT_EQ(sales.days, 2u);
    EXPECT_EQ(sales.series(sales.all).orders, (std::vector<double>{1, 1}));
    EXPECT_EQ(sales.series(sales.all).units, (std::vector<double>{6, 0}));
    EXPECT_EQ(sales.series(sales.all).revenue, (std::vector<double>{30, 10}));
    EXPECT_EQ(sales.series(sales.all).order_value, 20);
    ASSERT_EQ(sales.rows.size(), 2u);
    EXPECT_EQ(sales.series(sales.rows[0]).units, (std::vector<double>{3, 0}));
    EXPECT_EQ(sales.series(sales.rows[1]).units, (std::vector<double>{3, 0}));
    EXPECT_EQ(sales.series(sales.rows[1]).orders, (std::vector<double>{1, 1}));
}

/// A shop that is open from 9 to 17: a view every hour of `days` days, from `first` to `last` of the last
/// day.
EventLog open_by_day(std::int64_t days, std::int64_t first, std::int64_t last) {
    EventLog log;
    for (std::int64_t day = 0; day < days; ++day) {
        for (std::int64_t hour = 9; hour <= 17; ++hour) {
            if ((day > 0 || hour >= first) && (day + 1 < days || hour <= last))
                log.add({.time = day * kDay + hour * kHour, .kind = view, .user = "u", .item = "a"});
        }
    }
    return log;
}

TEST(Sales, DaysAreWholeWhenTheShopHasClosed) {
    const auto days_of = [](const EventLog& log, std::optional<std::int64_t> from = {},
                            std::optional<std::int64_t> known_to = {}) {
        auto options = shop_options();
        options.from = from;
        auto facts = metrics::facts_of(log);
        if (known_to) facts.last_time = *known_to;
        const auto sales = metrics::count_sales(log, options, facts, "");
        return std::pair(sales.first_day, sales.days);
    };
    using Days = std::pair<std::int64_t, std::size_t>;
    EXPECT_EQ(days_of(open_by_day(10, 9, 17)), (Days{0, 10}));
    EXPECT_EQ(days_of(open_by_day(10, 11, 17)), (Days{1, 9}));
    EXPECT_EQ(days_of(open_by_day(10, 9, 14)), (Days{0, 9}));
    EXPECT_EQ(days_of(open_by_day(10, 9, 14), {}, 10 * kDay), (Days{0, 10}));  // nothing came later
    EXPECT_EQ(days_of(open_by_day(10, 9, 17), 3 * kDay), (Days{3, 7}));
    EXPECT_EQ(days_of(open_by_day(10, 9, 17), 3 * kDay + 12 * kHour), (Days{4, 6}));
    EXPECT_EQ(days_of(EventLog{}).second, 0u);
}

TEST(Sales, DaysAreThoseOfTheZone) {
    EventLog log = open_by_day(3, 9, 17);
    log.add({.time = kDay + 23 * kHour, .kind = purchase, .user = "u", .item = "a"});
    auto options = shop_options();
    options.zone = {{std::numeric_limits<std::int64_t>::min(), 2 * kHour}};
    const auto sales = metrics::count_sales(log, options, metrics::facts_of(log), "");
    ASSERT_EQ(sales.all.days.size(), 1u);
    EXPECT_EQ(sales.all.days[0].day, 2u);
}

}  // namespace
}  // namespace funnel::test
