// SPDX-License-Identifier: MIT
// Carts, customers who come back, refunds, retention and what is cleaned before: by hand.
#include <gtest/gtest.h>

#include "funnel/events/aliases.hpp"
#include "funnel/events/order_duplicates.hpp"
#include "metrics/builder.hpp"

namespace funnel::test {
namespace {

using metrics::MetricsOptions;

metrics::MetricsResult measured_shop(const std::vector<Row>& rows,
                                     const MetricsOptions& options = shop_options()) {
    return metrics::measure(to_log(rows), options);
}

void expect_fraction(const metrics::MetricsResult& result, const char* name, double numerator,
                     double denominator) {
    EXPECT_EQ(result.metric(name).numerator, numerator) << name;
    EXPECT_EQ(result.metric(name).denominator, denominator) << name;
}

TEST(CartToView, AsksForTheSameItem) {
    const auto result = measured_shop({{0, view, "u", "a"},
                                       {1, cart_add, "u", "b"},  // never viewed
                                       {0, view, "v", "a"},
                                       {1, cart_add, "v", "a"},
                                       {2, purchase, "v", "a"},
                                       {3, view, "v", "c"}});
    expect_fraction(result, "cart_to_view_rate", 1, 2);
    expect_fraction(result, "cart_to_view_pairs", 1, 3);
    expect_fraction(result, "cart_to_view_events", 2, 3);
    expect_fraction(result, "purchase_to_view_rate", 1, 2);
    expect_fraction(result, "purchase_to_view_pairs", 1, 3);
    EXPECT_EQ(measured_shop({{0, cart_add, "u", "a"}}).metric("cart_to_view_rate").reason, "no_views");
}

TEST(CartEpisodes, AreBoughtEmptiedLeftOrOpen) {
    const auto result = measured_shop({{0, cart_add, "bought", "a"},
                                       {kDay, purchase, "bought", "x"},  // the last moment of the day
                                       {0, cart_add, "left", "a"},
                                       {kDay + 1, purchase, "left", "a"},  // too late
                                       {0, cart_add, "emptied", "a"},
                                       {1, cart_add, "emptied", "b"},
                                       {2, cart_remove, "emptied", "a"},
                                       {3, cart_remove, "emptied", "b"},
                                       {3 * kDay, cart_add, "open", "a"},
                                       {4 * kDay - 1, view, "open", "a"}});
    expect_fraction(result, "cart_abandon_cart", 1, 2);
    EXPECT_EQ(result.metric("carts_emptied").value, 1);
    EXPECT_EQ(result.metric("carts_open").value, 1);
}

TEST(ReturningCustomers, LookBackBeforeThePeriod) {
    MetricsOptions options = shop_options();
    options.from = 10 * kDay;
    const auto result = measured_shop({{0, purchase, "old", "i", "", "o1"},
                                       {11 * kDay, purchase, "old", "i", "", "o2"},
                                       {11 * kDay, purchase, "new", "i", "", "o3"}},
                                      options);
    expect_fraction(result, "returning_customer_rate", 1, 2);
    expect_fraction(result, "repeat_purchase_period", 0, 2);  // never the same number under the other name
    MetricsOptions warm = shop_options();
    warm.warmup = 10 * kDay;
    const auto warmed = measured_shop({{0, purchase, "old", "i", "", "o1"},
                                       {11 * kDay, purchase, "old", "i", "", "o2"},
                                       {0, purchase, "gone", "i", "", "o3"}},
                                      warm);
    expect_fraction(warmed, "returning_customer_rate", 1, 1);
    EXPECT_EQ(warmed.metric("purchases_without_cart").value, 0);  // both first purchases are in the warm-up
}

TEST(RepeatPurchase, WithinASpanAfterTheFirstOrder) {
    MetricsOptions options = shop_options();
    options.repeat_within = {2 * kDay};
    const auto result = measured_shop({{0, purchase, "u", "i", "", "o1"},
                                       {2 * kDay, purchase, "u", "i", "", "o2"},
                                       {0, purchase, "v", "i", "", "o3"},
                                       {3 * kDay, purchase, "v", "i", "", "o4"},
                                       {3 * kDay, purchase, "late", "i", "", "o5"}},
                                      options);
    expect_fraction(result, "repeat_purchase_within_2d", 1, 2);
    EXPECT_EQ(result.metric("repeat_purchase_within_2d").method, "wilson");
}

TEST(RepeatPurchase, OfItemsAndCategories) {
    const auto result = measured_shop({{0, purchase, "u", "a", "", "o1", 1, "shoes"},
                                       {0, purchase, "u", "a", "", "o1", 1, "shoes"},  // the same order
                                       {1, purchase, "u", "b", "", "o2", 1, "shoes"},
                                       {2, purchase, "v", "a", "", "o3", 1, "hats"}});
    expect_fraction(result, "repeat_item_rate", 0, 3);
    expect_fraction(result, "repeat_category_rate", 1, 2);
}

TEST(RepeatPurchase, OfCategoriesIsUndefinedForAReasonThatIsTrue) {
    MetricsOptions options = shop_options();
    options.by = {"day"};
    options.bot_events_per_minute = 9;
    // No row has a category, so the log has no such column; the second day has no purchase.
    const auto unread = measured_shop({{0, purchase, "u", "a"}, {kDay, view, "v", "a"}}, options);
    expect_fraction(unread, "repeat_category_rate", 0, 0);
    EXPECT_EQ(unread.metric("repeat_category_rate").reason, "category_not_read");
    EXPECT_EQ(unread.metric("repeat_category_rate").interval_reason, "not_computed");
    const auto reason = [](const std::vector<metrics::Metric>& of) {
        return metrics::find(of, "repeat_category_rate")->reason;
    };
    EXPECT_EQ(reason(unread.without_bots->metrics), "category_not_read");
    EXPECT_EQ(reason(unread.breakdown.at(0).metrics), "category_not_read");
    EXPECT_EQ(reason(unread.breakdown.at(1).metrics), "no_categories_bought");
    // The column is there, and what was bought is in no category.
    const auto none = measured_shop({{0, view, "u", "a", "", "", 0, "shoes"}, {1, purchase, "u", "b"}});
    EXPECT_EQ(reason(none.metrics), "no_categories_bought");
    EXPECT_EQ(reason(measured_shop({{0, view, "u", "a"}}).metrics), "no_categories_bought");
}

TEST(Retention, CountsCalendarDaysOrBlocksOfADay) {
    MetricsOptions options = shop_options();
    options.retention = {1};
    const std::vector<Row> rows = {
        {23 * kHour, view, "u"},     {25 * kHour, view, "u"},  // the next day, two hours on
        {1 * kHour, view, "v"},      {50 * kHour, view, "v"},  // day 2
        {30 * kHour, view, "young"}, {71 * kHour, view, "w"}};
    expect_fraction(measured_shop(rows, options), "retention_d1", 1, 2);
    expect_fraction(measured_shop(rows, options), "retention_unbounded_d1", 2, 2);
    options.rolling_days = true;
    expect_fraction(measured_shop(rows, options), "retention_d1", 0, 2);
    EXPECT_EQ(measured_shop({{0, view, "u"}}, options).metric("retention_d1").reason, "no_mature_cohort");
    EXPECT_EQ(measured_shop({{0, view, "u"}}, options).metric("retention_d1").interval_reason,
              "not_computed");
}

TEST(Retention, ADayWithAClockChangeIsOneDay) {
    MetricsOptions options = shop_options();
    options.retention = {1};
    // Local time is an hour ahead from hour 2 on, so the first local day ends at 23:00 UTC.
    options.zone = {{0, 0}, {2 * kHour, kHour}};
    const std::vector<Row> rows = {{0, view, "u"}, {23 * kHour, view, "u"}, {3 * kDay, view, "x"}};
    expect_fraction(measured_shop(rows, options), "retention_d1", 1, 1);
    options.zone = {};
    expect_fraction(measured_shop(rows, options), "retention_d1", 0, 1);
}

TEST(Refunds, NetFiguresStandBesideTheGross) {
    const auto result = measured_shop({{0, purchase, "u", "a", "", "o1", 10},
                                       {0, purchase, "u", "b", "", "o1", 5},
                                       {1, refund, "u", "b", "", "o1", -5},  // a line
                                       {0, purchase, "v", "a", "", "o2", 20},
                                       {2, refund, "v", "", "", "o2"},        // the whole order
                                       {3, refund, "w", "a", "", "o9", 7}});  // of an order that is not here
    EXPECT_EQ(result.metric("revenue").value, 35);
    EXPECT_EQ(result.metric("net_revenue").value, 35 - 5 - 20 - 7);
    EXPECT_EQ(result.metric("orders").value, 2);
    EXPECT_EQ(result.metric("net_orders").value, 1);
    expect_fraction(result, "net_conversion_user", 1, 3);
    expect_fraction(result, "net_average_order_value", 10, 1);
    EXPECT_EQ(result.metric("refund_rows_unmatched").value, 1);
    EXPECT_EQ(metrics::find(measured_shop({{0, purchase, "u"}}).metrics, "net_orders"), nullptr);
}

TEST(Refunds, AboveTheAmountOrWithoutAnOrderAreSaid) {
    const auto codes = [](const std::vector<Row>& rows) {
        std::vector<std::string> found;
        for (const base::Warning& warning : measured_shop(rows).warnings) {
            if (warning.code.starts_with("refunds_")) found.push_back(warning.code + ": " + warning.message);
        }
        return found;
    };
    EXPECT_TRUE(codes({{0, purchase, "u", "a", "", "o1", 30}, {1, refund, "u", "a", "", "o1", 30}}).empty());
    const auto above = codes({{0, purchase, "u", "a", "", "o1", 30}, {1, refund, "u", "a", "", "o1", 41}});
    ASSERT_EQ(above.size(), 1u);
    EXPECT_TRUE(above[0].starts_with("refunds_above_orders: 1 order refunded with more")) << above[0];
    const auto lost = codes({{0, purchase, "u", "a", "", "o1", 30}, {1, refund, "u", "a", "", "o2", 5}});
    ASSERT_EQ(lost.size(), 1u);
    EXPECT_TRUE(lost[0].starts_with("refunds_without_order: 1 of 1 refund row without")) << lost[0];
}

TEST(Exposures, GiveTheRateThatAClickModelPredicts) {
    MetricsOptions options{.funnel = Funnel::parse("impression,click,purchase")};
    options.exposures = true;
    const std::vector<Row> rows = {{0, impression, "u", "a", "s"},
                                   {1, impression, "u", "a", "s"},  // the same exposure
                                   {2, click, "u", "a", "s"},
                                   {0, impression, "u", "b", "s"},
                                   {kHour, click, "u", "b", "s"},  // too late
                                   {8 * kDay, impression, "u", "c", "t"}};
    expect_fraction(measured_shop(rows, options), "ctr_exposure", 1, 2);
    options.exposures = false;
    EXPECT_EQ(metrics::find(measured_shop(rows, options).metrics, "ctr_exposure"), nullptr);
}

TEST(Bots, AreReportedAndStayInTheHeadline) {
    std::vector<Row> rows = {{0, view, "human"}, {1, purchase, "human"}};
    for (int i = 0; i < 10; ++i)
        rows.push_back({i * kSecond, view, "robot"});
    MetricsOptions options = shop_options();
    options.bot_events_per_minute = 9;
    const auto result = measured_shop(rows, options);
    expect_fraction(result, "conversion_user", 1, 2);
    ASSERT_TRUE(result.without_bots.has_value());
    EXPECT_EQ(result.without_bots->users, 1);
    EXPECT_EQ(metrics::find(result.without_bots->metrics, "conversion_user")->value, 1);
    EXPECT_EQ(reached(result.without_bots->steps), (std::vector<std::int64_t>{1, 0, 0}));
    EXPECT_EQ(reached(result.steps), (std::vector<std::int64_t>{2, 0, 0}));
    options.bot_events_per_minute = 10;
    EXPECT_EQ(measured_shop(rows, options).without_bots->users, 0);
}

TEST(Bots, MayBeNamedByAWord) {
    MetricsOptions options = shop_options();
    options.bot_column = "category";
    options.bot_words = {"bot", "spider"};
    const auto result = measured_shop({{0, view, "human", "", "", "", 0, "Firefox"},
                                       {0, view, "robot", "", "", "", 0, "Google-BOT/2"},
                                       {1, purchase, "robot", "", "", "", 0, "Firefox"}},
                                      options);
    EXPECT_EQ(result.without_bots->users, 1);
    expect_fraction(result, "conversion_user", 1, 2);
    EXPECT_EQ(metrics::find(result.without_bots->metrics, "conversion_user")->value, 0);
    options.bot_column = "browser";
    EXPECT_THROW((void)measured_shop({{0, view, "u"}}, options), Error);
}

TEST(Aliases, JoinTheIdsOfAUser) {
    EventLog log =
        to_log({{0, view, "anonymous"}, {1, cart_add, "ann"}, {2, purchase, "ann"}, {0, view, "bob"}});
    EXPECT_EQ(events::apply_aliases(log, {{"anonymous", "ann"}, {"nobody", "else"}}), 1u);
    const auto result = metrics::measure(log, shop_options());
    EXPECT_EQ(result.metric("uv").value, 2);
    EXPECT_EQ(reached(result.steps), (std::vector<std::int64_t>{2, 1, 1}));
    EXPECT_THROW((void)events::apply_aliases(log, {{"a", "b"}, {"a", "c"}}), Error);
    EXPECT_THROW((void)events::apply_aliases(log, {{"a", "b"}, {"b", "c"}}), Error);
}

TEST(DuplicateOrders, CopiesGoAndLaterLinesStay) {
    EventLog log = to_log({{0, purchase, "u", "a", "", "o1"},  // another row of a has an amount
                           {1, purchase, "u", "a", "", "o1", 5},
                           {1 + 10 * kSecond, purchase, "u", "a", "", "o1", 5},  // a copy
                           {2 + 10 * kSecond, purchase, "u", "a", "", "o1", 5},  // one more of it
                           {2, purchase, "u", "a", "", "o1", 7},                 // another amount
                           {2, purchase, "u", "b", "", "o1", 3},
                           {3, purchase, "u", "c", "", "o1"},     // no amount is known
                           {3, purchase, "u", "c", "", "o1"},     // a copy
                           {2, purchase, "v", "a", "", "o1", 1},  // another user's
                           {3, purchase, "u", "a", "", "", 2},    // no order id
                           {3, purchase, "u", "a", "", "", 2}});
    const events::DroppedOrderRows dropped = events::drop_order_copies(log);
    EXPECT_EQ(dropped.rows, 3u);
    EXPECT_EQ(dropped.money.text(), "5");
    EXPECT_EQ(metrics::measure(log, shop_options()).metric("revenue").value, 5 + 5 + 7 + 3 + 1 + 2 + 2);
}

// An order that is extended by minutes later lines, one of them twice by a reload.
TEST(DuplicateOrders, AnOrderThatIsExtendedKeepsItsRevenue) {
    EventLog log = to_log({{0, purchase, "u", "A", "", "o", 10},
                           {5 * kSecond, purchase, "u", "A", "", "o", 10},
                           {5 * kMinute, purchase, "u", "A", "", "o", 20},
                           {5 * kMinute, purchase, "u", "B", "", "o", 7},
                           {5 * kMinute, purchase, "u", "B", "", "o"}});
    EXPECT_EQ(events::drop_order_copies(log).rows, 2u);
    EXPECT_EQ(metrics::measure(log, shop_options()).metric("revenue").value, 37);
}

}  // namespace
}  // namespace funnel::test
