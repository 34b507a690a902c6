// SPDX-License-Identifier: MIT
// Every metric on logs small enough to count on paper.
#include "funnel/metrics/measure.hpp"

#include <gtest/gtest.h>

#include "metrics/builder.hpp"

namespace funnel::test {
namespace {

using metrics::Metric;
using metrics::MetricsOptions;
using metrics::MetricsResult;

MetricsResult measured(const std::vector<Row>& rows, const MetricsOptions& options = shop_options()) {
    return metrics::measure(to_log(rows), options);
}

void expect_fraction(const Metric& metric, double numerator, double denominator) {
    EXPECT_EQ(metric.numerator, numerator) << metric.name;
    EXPECT_EQ(metric.denominator, denominator) << metric.name;
    EXPECT_EQ(metric.value, numerator / denominator) << metric.name;
    EXPECT_TRUE(metric.reason.empty()) << metric.name;
}

void expect_undefined(const Metric& metric, std::string_view reason) {
    EXPECT_FALSE(metric.value.has_value()) << metric.name;
    EXPECT_EQ(metric.reason, reason) << metric.name;
}

TEST(Counts, ViewsAndUsersOfAnyEvent) {
    const auto result =
        measured({{0, page_view, "u1"}, {1, view, "u1", "i"}, {2, view, "u1", "i"}, {0, other, "u2"}});
    EXPECT_EQ(result.metric("pv").value, 2);
    EXPECT_EQ(result.metric("uv").value, 2);
    EXPECT_EQ(result.metric("page_views").value, 1);
    expect_fraction(result.metric("pv_per_uv"), 2, 2);
    expect_fraction(result.metric("pv_per_viewer"), 2, 1);
}

TEST(Counts, AnEmptyLogHasZeroCountsAndNoRates) {
    const auto result = measured({});
    EXPECT_EQ(result.metric("pv").value, 0);
    EXPECT_EQ(result.metric("orders").value, 0);
    EXPECT_EQ(result.metric("revenue").value, 0);
    std::size_t rates = 0;
    for (const Metric& metric : result.metrics) {
        EXPECT_EQ(metric.value.has_value(), metric.reason.empty()) << metric.name;
        if (metric.denominator) {
            EXPECT_FALSE(metric.value.has_value()) << metric.name;
            ++rates;
        }
    }
    EXPECT_GT(rates, 10u);
    EXPECT_EQ(reached(result.steps), (std::vector<std::int64_t>{0, 0, 0}));
    EXPECT_FALSE(result.steps[1].step_rate.has_value());
    EXPECT_TRUE(result.warnings.empty());
}

TEST(Ctr, AnImpressionIsCreditedOnceByTheLatestRule) {
    const auto result = measured({{0 * kMinute, impression, "u", "i"},
                                  {1 * kMinute, impression, "u", "i"},
                                  {2 * kMinute, click, "u", "i"},
                                  {3 * kMinute, click, "u", "i"},
                                  {4 * kMinute, impression, "u", ""}});
    expect_fraction(result.metric("ctr"), 1, 3);           // both clicks go to the impression at 1 min
    expect_fraction(result.metric("ctr_followed"), 2, 3);  // each impression judged alone
    expect_fraction(result.metric("ctr_raw"), 2, 3);
    EXPECT_EQ(result.metric("clicks_unattributed").value, 0);
}

TEST(Ctr, ThirtyMinutesAreTheLastToCount) {
    const auto in_time = measured({{0, impression, "u", "i"}, {30 * kMinute, click, "u", "i"}});
    expect_fraction(in_time.metric("ctr"), 1, 1);
    const auto late = measured({{0, impression, "u", "i"}, {30 * kMinute + 1, click, "u", "i"}});
    expect_fraction(late.metric("ctr"), 0, 1);
    expect_fraction(late.metric("ctr_raw"), 1, 1);
    EXPECT_EQ(late.metric("clicks_unattributed").value, 1);
}

TEST(Ctr, OtherUsersAndItemsGetNoCredit) {
    const auto result =
        measured({{0, impression, "u", "i"}, {1, click, "u", "j"}, {1, click, "v", "i"}, {1, click, "u"}});
    expect_fraction(result.metric("ctr"), 0, 1);
    EXPECT_EQ(result.metric("clicks_unattributed").value, 3);
    expect_fraction(result.metric("click_user_rate"), 2, 2);
}

TEST(Ctr, AViewStandsForTheClickOnlyIfTheWholeLogHasNone) {
    const std::vector<Row> views = {{0, impression, "u", "i"}, {1, view, "u", "i"}};
    expect_fraction(measured(views).metric("ctr"), 1, 1);
    std::vector<Row> with_click = views;
    with_click.push_back({2, click, "v", "j"});
    expect_fraction(measured(with_click).metric("ctr"), 0, 1);
    expect_fraction(measured(with_click).metric("click_user_rate"), 1, 2);
}

TEST(Ctr, IsUndefinedWithoutImpressions) {
    const auto result = measured({{0, view, "u", "i"}, {1, click, "u", "i"}});
    for (const char* name : {"ctr", "ctr_raw", "ctr_followed"}) {
        expect_undefined(result.metric(name), "no_impressions");
    }
}

TEST(Ctr, IsZeroAndNotUndefinedWhenNobodyClicked) {
    const auto result = measured({{0, impression, "u", "i"}, {1, click, "v", "i"}});
    EXPECT_EQ(result.metric("ctr").value, 0);
    EXPECT_TRUE(result.metric("ctr").reason.empty());
}

TEST(Conversion, OfUsersAndVisits) {
    const auto result = measured({{0, view, "u", "i", "s1"},
                                  {1, purchase, "u", "i", "s1"},
                                  {2, purchase, "u", "i", "s1"},
                                  {3, view, "u", "i", "s2"},
                                  {0, view, "v", "i", "s1"}});
    expect_fraction(result.metric("conversion_user"), 1, 2);
    expect_fraction(result.metric("conversion_session"), 1, 3);  // s1 of u and s1 of v are two visits
    expect_fraction(result.metric("orders_per_session"), 1,
                    3);  // two rows without an id: the order of their visit
    EXPECT_EQ(result.visits, 3);
}

TEST(CvrPostClick, CreditsTheLatestClickInTheWindow) {
    MetricsOptions options = shop_options();
    options.window = kHour;
    const auto result = measured({{0, click, "u", "i"},
                                  {10 * kMinute, click, "u", "i"},
                                  {70 * kMinute, purchase, "u", "i"},
                                  {0, click, "v", "i"},
                                  {61 * kMinute, purchase, "v", "i"},
                                  {10 * kHour, page_view, "w"}},
                                 options);
    expect_fraction(result.metric("cvr_post_click"), 1, 3);
}

TEST(CvrPostClick, LeavesOutClicksWhoseWindowIsOpen) {
    MetricsOptions options = shop_options();
    options.window = kHour;
    const auto result =
        measured({{0, click, "u", "i"}, {1, purchase, "u", "i"}, {kHour - 1, page_view, "u"}}, options);
    expect_undefined(result.metric("cvr_post_click"), "no_mature_clicks");
}

TEST(CartAbandonSession, APurchaseBeforeTheCartDoesNotSaveIt) {
    const auto result = measured({{0, purchase, "u", "i", "s1"},
                                  {1, cart_add, "u", "i", "s1"},
                                  {2, cart_add, "u", "j", "s2"},
                                  {3, purchase, "u", "k", "s2"},
                                  {4, cart_add, "v", "i", "s3"},
                                  {4, purchase, "v", "i", "s3"}});
    expect_fraction(result.metric("cart_abandon_session"), 1, 3);
    EXPECT_EQ(result.metric("purchases_without_cart").value, 2);  // (u, i) and (u, k)
}

TEST(CartAbandonUserItem, OnlyMaturePairsAndTheWindowIsInclusive) {
    MetricsOptions options = shop_options();
    options.window = kDay;
    const auto result = measured({{0, cart_add, "u", "a"},
                                  {kDay, purchase, "u", "a"},  // in time
                                  {0, cart_add, "u", "b"},
                                  {kDay + 1, purchase, "u", "b"},      // late
                                  {2 * kDay, cart_add, "u", "c"},      // mature on the last tick
                                  {2 * kDay + 1, cart_add, "u", "d"},  // not mature
                                  {2 * kDay + 2, purchase, "u", "d"},
                                  {3 * kDay, page_view, "u"}},
                                 options);
    expect_fraction(result.metric("cart_abandon_user_item"), 2, 3);        // b, c
    expect_fraction(result.metric("cart_abandon_user_item_naive"), 1, 4);  // c
}

TEST(CartAbandonUserItem, IsUndefinedInALogShorterThanTheWindow) {
    const auto result = measured({{0, cart_add, "u", "a"}, {kHour, purchase, "u", "a"}});
    expect_undefined(result.metric("cart_abandon_user_item"), "no_mature_pairs");
    expect_fraction(result.metric("cart_abandon_user_item_naive"), 0, 1);
    ASSERT_FALSE(result.warnings.empty());
    EXPECT_NE(result.warnings.front().message.find("window 7d"), std::string::npos);
}

TEST(RepeatPurchase, CountsOrdersAndNotRows) {
    const auto result = measured({{0, purchase, "u", "a", "", "o1", 5},
                                  {0, purchase, "u", "b", "", "o1", 2.5},
                                  {9, purchase, "u", "a", "", "o1", 1},
                                  {0, purchase, "v", "a", "", "o1", 1},
                                  {kHour, purchase, "v", "a", "", "o2"}});
    expect_fraction(result.metric("repeat_purchase_period"), 1, 2);
    EXPECT_EQ(result.metric("orders").value, 3);
    EXPECT_EQ(result.metric("late_order_rows").value, 1);
    EXPECT_EQ(result.metric("revenue").value, 9.5);
    EXPECT_EQ(result.metric("purchase_rows_without_value").value, 1);
    expect_fraction(result.metric("average_order_value"), 9.5, 2);
    EXPECT_NE(result.warnings.front().message.find("1 order id with rows of several users"),
              std::string::npos);
}

TEST(Orders, WithoutAnIdTheVisitIsTheOrder) {
    const auto result = measured({{0, purchase, "u", "a", "s1"},
                                  {1, purchase, "u", "b", "s1"},
                                  {2, purchase, "u", "b", "s2"},
                                  {3, purchase, "u", "b", "s2", "o1"}});
    EXPECT_EQ(result.metric("orders").value, 3);
}

TEST(Revenue, IsUndefinedInALogWithoutAmounts) {
    EventLog log;
    log.add({.time = 0, .kind = purchase, .user = "u"});
    const auto result = metrics::measure(log, shop_options());
    expect_undefined(result.metric("revenue"), "no_amounts");
    expect_undefined(result.metric("average_order_value"), "no_amounts");
}

TEST(Revenue, IsPriceTimesQuantityWithoutAFieldOfItsOwn) {
    EventLog log;
    log.add({.time = 0, .kind = purchase, .user = "u", .order = "o", .price = 2.55, .quantity = 6});
    log.add({.time = 0, .kind = purchase, .user = "u", .order = "o", .price = 1.10});
    const auto result = metrics::measure(log, shop_options());
    EXPECT_EQ(result.metric("revenue").value, 15.3);
    EXPECT_EQ(result.metric("purchase_rows_without_value").value, 1);
}

TEST(Dwell, RunsToTheNextLaterTimeOfTheVisit) {
    const auto result = measured({{0, view, "u", "a"},
                                  {0, view, "u", "b"},
                                  {4 * kSecond, other, "u"},
                                  {10 * kSecond, view, "u", "c"},
                                  {17 * kSecond, view, "u", "d"},  // last of its visit
                                  {kHour, page_view, "u"}});
    EXPECT_EQ(result.metric("dwell_median_s").value, 4);
    EXPECT_EQ(result.metric("dwell_mean_s").value, 5);  // (4 + 4 + 7) / 3
    EXPECT_EQ(result.metric("dwell_censored").value, 1);
}

TEST(Dwell, OfAnEvenCountIsTheMeanOfTheMiddleTwo) {
    const auto result = measured({{0, view, "u"},
                                  {1 * kSecond, view, "u"},
                                  {2500000, other, "u"},
                                  {0, view, "v", "", "s"},
                                  {5 * kDay, other, "v", "", "s"},  // longer than 32 bits of microseconds
                                  {0, view, "w", "", "s"},
                                  {6 * kDay, other, "w", "", "s"}});
    EXPECT_EQ(result.metric("dwell_median_s").value, (1.5 + 5 * 86400) / 2);
}

TEST(Dwell, IsUndefinedIfEveryViewIsTheLast) {
    expect_undefined(measured({{0, view, "u"}}).metric("dwell_median_s"), "no_later_event");
    expect_undefined(measured({{0, click, "u"}}).metric("dwell_median_s"), "no_views");
}

TEST(Period, RowsOutsideAreContext) {
    MetricsOptions options = shop_options();
    options.from = kDay;
    options.to = 2 * kDay;
    const auto result = measured({{kDay - 1, view, "u", "i"},  // before: u's visit begins here
                                  {kDay, impression, "u", "i"},
                                  {2 * kDay - 1, view, "u", "i"},
                                  {2 * kDay - 1, cart_add, "v", "i"},
                                  {2 * kDay, cart_add, "u", "i"},
                                  {2 * kDay + 1, purchase, "u", "i"},
                                  {2 * kDay + 5, view, "w", "i"}},
                                 options);
    EXPECT_EQ(result.outside, 4);
    EXPECT_EQ(result.metric("pv").value, 1);
    expect_fraction(result.metric("conversion_user"), 0, 2);
    // u's second visit and v's only one began inside; what follows counts wherever it is.
    expect_fraction(result.metric("conversion_session"), 1, 2);
    expect_fraction(result.metric("ctr"), 0, 1);
    EXPECT_EQ(result.metric("orders").value, 0);
    EXPECT_EQ(result.metric("dwell_censored").value, 0);  // the cart_add outside ends the dwell
    EXPECT_EQ(reached(result.steps), (std::vector<std::int64_t>{1, 1, 1}));
    EXPECT_EQ(result.users, 3);
}

TEST(Period, RefusesAnEndBeforeItsBeginning) {
    MetricsOptions options = shop_options();
    options.from = 2;
    options.to = 1;
    EXPECT_THROW(measured({{0, view, "u"}}, options), Error);
}

TEST(Times, BeforeNineteenSeventyAndAtTheEndsOfTheClock) {
    constexpr auto kFirst = std::numeric_limits<std::int64_t>::min();
    constexpr auto kLast = std::numeric_limits<std::int64_t>::max();
    const auto result =
        measured({{kFirst, view, "u", "i"}, {kLast, cart_add, "u", "i"}, {-1, view, "v", "i"}});
    EXPECT_EQ(reached(result.steps), (std::vector<std::int64_t>{2, 0, 0}));
    EXPECT_EQ(result.metric("visits").value, 3);
}

}  // namespace
}  // namespace funnel::test
