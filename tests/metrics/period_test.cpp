// SPDX-License-Identifier: MIT
// A period is a segment: the figures of [from, to) are those of a breakdown by time for one key that covers
// it.
#include <gtest/gtest.h>

#include <limits>
#include <optional>

#include "metrics/builder.hpp"
#include "metrics/random_case.hpp"
#include "support/effort.hpp"

namespace funnel::test {
namespace {

using metrics::FunnelRules;
using metrics::Metric;
using metrics::SegmentResult;

metrics::MetricsResult period_of(const std::vector<Row>& rows, const MetricsOptions& options) {
    return metrics::measure(to_log(rows), options);
}

/// The figures of a result must be those of a segment; of no segment: those of nobody.
void expect_same(const metrics::MetricsResult& period, const SegmentResult* key) {
    if (key == nullptr) {
        for (const char* name : {"uv", "visits", "orders", "pv"})
            EXPECT_EQ(period.metric(name).value, 0) << name;
        return;
    }
    ASSERT_EQ(period.metrics.size(), key->metrics.size());
    ASSERT_FALSE(period.metrics.empty());
    for (std::size_t m = 0; m < period.metrics.size(); ++m) {
        const Metric &a = period.metrics[m], &b = key->metrics[m];
        EXPECT_EQ(a.value, b.value) << a.name;
        EXPECT_EQ(a.numerator, b.numerator) << a.name;
        EXPECT_EQ(a.denominator, b.denominator) << a.name;
        EXPECT_EQ(a.reason, b.reason) << a.name;
        EXPECT_EQ(a.low, b.low) << a.name;
        EXPECT_EQ(a.high, b.high) << a.name;
    }
    EXPECT_EQ(reached(period.steps), reached(key->steps));
}

FunnelRules random_rules(Dice& dice, const Funnel& funnel) {
    FunnelRules rules;
    switch (dice.below(8)) {
        case 0:
            rules.first_entry = true;
            break;
        case 1:
            rules.count_entries = true;
            break;
        case 2:
            rules.open = true;
            break;
        case 3:
            rules.order = metrics::StepOrder::any;
            break;
        case 4:
            rules.order = metrics::StepOrder::strict;
            break;
        case 5:
            rules.hold = metrics::Hold::item;
            break;
        case 6:
            rules.strict_increase = true;
            break;
        default:
            break;
    }
    return metrics::complaint(rules, funnel).empty() ? rules : FunnelRules{};
}

/// Moves the borders of local days, weeks or months so that one of them is [from, from + length).
struct Key {
    const char* by;
    std::int64_t begin;  ///< of one such span in local time
    std::int64_t length;
};

TEST(Period, IsTheKeyOfABreakdownThatCoversIt) {
    std::uint64_t with_units = 0, cut_orders = 0;
    for (std::uint64_t seed = 1; seed <= support::cases(1000); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Case c = random_case(seed);
        Dice dice(seed + 1'000'000);
        // Time runs so that a day, a week or February 1970 is a part of the log.
        const Key key =
            dice.pick<Key>({{"day", 0, kDay}, {"week", 4 * kDay, 7 * kDay}, {"month", 31 * kDay, 28 * kDay}});
        const std::int64_t stretch =
            1 + static_cast<std::int64_t>(dice.below(static_cast<std::size_t>(key.length / kDay)));
        std::int64_t last = 0;
        for (Row& row : c.rows)
            last = std::max(last, row.time *= stretch);
        MetricsOptions options = c.options;
        options.warmup *= stretch;
        options.from = options.to = {};
        if (options.entity != Entity::exposure) options.rules = random_rules(dice, options.funnel);
        if (dice.below(3) == 0) options.where = events::RowCondition::parse("item=i1 | user=u1");
        const auto from = static_cast<std::int64_t>(dice.below(static_cast<std::size_t>(last) + 1));
        options.zone = {{0, key.begin - from}};
        options.by = {key.by};
        const auto whole = period_of(c.rows, options);
        options.by.clear();
        options.from = from;
        options.to = from + key.length;
        const auto period = period_of(c.rows, options);
        const std::string day = base::format_day(key.begin / kDay);
        const std::string name = key.length == kDay       ? day
                                 : key.length == 7 * kDay ? metrics::format_week(key.begin / kDay)
                                                          : day.substr(0, 7);
        const auto at =
            std::ranges::find(whole.breakdown, name, [](const SegmentResult& s) { return *s.key; });
        expect_same(period, at == whole.breakdown.end() ? nullptr : &*at);
        with_units += at != whole.breakdown.end();
        cut_orders += period.metric("late_order_rows").value > 0;
        if (HasFailure()) break;
    }
    EXPECT_GT(with_units, support::cases(1000) / 2);
    EXPECT_GT(cut_orders, 0u);
}

TEST(Period, WithAColumnIsThePartOfTheColumnInIt) {
    // An order over midnight: it and both its lines belong to the first day, whatever their brands.
    MetricsOptions options = shop_options();
    options.by = {"category"};
    options.to = kDay;
    const auto result = period_of(
        {{kDay - 1, purchase, "u", "a", "", "o", 60, "X"}, {kDay + 1, purchase, "u", "b", "", "o", 10, "Y"}},
        options);
    ASSERT_EQ(result.breakdown.size(), 2u);
    const auto& y = result.breakdown[1];
    EXPECT_EQ(metrics::find(y.metrics, "orders")->value, 1);
    EXPECT_EQ(metrics::find(y.metrics, "revenue")->value, 10);
    EXPECT_EQ(metrics::find(y.metrics, "uv")->value, 0);
    EXPECT_EQ(result.metric("revenue").value, 70);
    options.from = kDay;
    options.to = {};
    EXPECT_TRUE(period_of({{kDay - 1, purchase, "u", "a", "", "o", 60, "X"},
                           {kDay + 1, view, "u", "b", "", "", std::nan(""), "Y"}},
                          options)
                    .breakdown.front()
                    .key == "Y");
}

TEST(Period, WithoutARowSaysSo) {
    MetricsOptions options = shop_options();
    options.from = kDay;
    const auto result = period_of({{0, view, "u", "i"}}, options);
    EXPECT_EQ(result.outside, 1);
    EXPECT_EQ(result.metric("pv").value, 0);
    EXPECT_TRUE(std::ranges::any_of(result.warnings, [](const base::Warning& warning) {
        return warning.code == "empty_period" && warning.message.find("no row in the period") == 0;
    }));
}

TEST(Period, ThatBeginsBeforeTheLogSaysSo) {
    const std::vector<Row> rows = {{10 * kDay, view, "u", "i"}, {14 * kDay, view, "u", "i"}};
    const auto said = [&](std::int64_t from, std::optional<std::int64_t> to) {
        MetricsOptions options = shop_options();
        options.from = from;
        options.to = to;
        const auto result = period_of(rows, options);
        return std::ranges::count(result.warnings, "period_before_log", &base::Warning::code);
    };
    EXPECT_EQ(said(8 * kDay, 15 * kDay), 1);
    EXPECT_EQ(said(9 * kDay, 15 * kDay), 1);
    EXPECT_EQ(said(9 * kDay + 1, 15 * kDay), 0);  // a log seldom begins with midnight
    EXPECT_EQ(said(10 * kDay - kHour, 10 * kDay + kHour), 1);
    EXPECT_EQ(said(10 * kDay - kHour, 10 * kDay + 2 * kHour), 0);
    EXPECT_EQ(said(10 * kDay, 15 * kDay), 0);
    EXPECT_EQ(said(0, 9 * kDay), 0);  // that is an empty period
    EXPECT_EQ(said(8 * kDay, std::nullopt), 1);
    EXPECT_EQ(said(std::numeric_limits<std::int64_t>::min(), std::nullopt), 1);
}

// What users were told wrong.

TEST(Period, AnOrderOverMidnightDoesNotPrecedeItself) {
    const std::vector<Row> rows = {{kDay - 1, purchase, "u", "a", "s"}, {kDay + 1, purchase, "u", "b", "s"}};
    MetricsOptions options = shop_options();
    options.from = kDay;
    const auto result = period_of(rows, options);
    EXPECT_EQ(result.metric("returning_customer_rate").reason, "no_orders");
    EXPECT_EQ(result.metric("returning_customer_rate").denominator, 0);
    EXPECT_EQ(result.metric("orders").value, 0);
    EXPECT_EQ(result.metric("uv").value, 1);
    options.from = {};
    options.to = kDay;
    EXPECT_EQ(period_of(rows, options).metric("orders").value, 1);
}

TEST(Period, WhatFollowsDoesNotDependOnTheSecondOfItsEnd) {
    const std::vector<Row> rows = {{kDay - kHour, view, "u", "i"},
                                   {kDay + 1, cart_add, "u", "i"},
                                   {kDay + 1, purchase, "u", "i"},
                                   {4 * kDay, view, "w", "i"}};
    for (const std::int64_t to : {kDay, kDay + 1, kDay + 2, 2 * kDay}) {
        MetricsOptions options = shop_options();
        options.to = to;
        const auto result = period_of(rows, options);
        EXPECT_EQ(result.metric("cart_to_view_rate").numerator, 1);
        EXPECT_EQ(result.metric("purchase_to_view_rate").numerator, 1);
        EXPECT_EQ(reached(result.steps), (std::vector<std::int64_t>{1, 1, 1}));
    }
}

TEST(CartToView, LooksAtTheViewsOfEverySegmentAndAtCartsAtAnyTimeAfter) {
    MetricsOptions options = shop_options();
    options.by = {"day"};
    const auto result =
        period_of({{kHour, view, "u", "i"},
                   {kDay + kHour, view, "u", "i"},
                   {kDay + kHour + 1, cart_add, "u", "i"},
                   {kDay + kHour + 1, purchase, "u", "i"},
                   {kDay + kHour + 2, view, "u", "i"},
                   {2 * kDay, view, "u", "i"},        // nothing follows
                   {kHour, cart_add, "before", "i"},  // a cart before the view is none after it
                   {2 * kHour, view, "before", "i"}},
                  options);
    const auto rate = [&](std::size_t day, const char* name) {
        const Metric& metric = *metrics::find(result.breakdown[day].metrics, name);
        return std::pair(*metric.numerator, *metric.denominator);
    };
    for (const char* name :
         {"cart_to_view_rate", "cart_to_view_pairs", "purchase_to_view_rate", "purchase_to_view_pairs"}) {
        SCOPED_TRACE(name);
        EXPECT_EQ(rate(0, name), std::pair(1.0, 2.0));
        EXPECT_EQ(rate(1, name), std::pair(1.0, 1.0));
        EXPECT_EQ(rate(2, name), std::pair(0.0, 1.0));
        EXPECT_EQ(result.metric(name).numerator, 1);
        EXPECT_EQ(result.metric(name).denominator, 2);
    }
}

TEST(CtrExposure, IsNoneOfViews) {
    MetricsOptions options = shop_options();
    options.funnel = Funnel::parse("view,purchase");
    options.exposures = true;
    const auto rate =
        period_of({{0, view, "a", "i"}, {kMinute, view, "a", "i"}, {30 * kDay, view, "b", "i"}}, options)
            .metric("ctr_exposure");
    EXPECT_FALSE(rate.value.has_value());
    EXPECT_EQ(rate.reason, "no_impressions");
}

TEST(CartEpisodes, ExactlyADayBeforeTheEndIsOpenAndAMomentMoreIsNot) {
    for (const std::int64_t more : {0, 1}) {
        const auto result =
            period_of({{0, cart_add, "u", "i"}, {kDay + more, view, "u", "i"}}, shop_options());
        EXPECT_EQ(result.metric("carts_open").value, 1 - more);
        EXPECT_EQ(result.metric("cart_abandon_cart").denominator, more);
    }
}

TEST(Censoring, TheMatureEstimateFollowsTheRuleOfTheSteps) {
    MetricsOptions options{.funnel = Funnel::parse("view,purchase")};
    options.window = 12 * kHour;
    const std::vector<Row> rows = {{0, view, "u", "i"},
                                   {kDay, view, "u", "i"},
                                   {kDay + kMinute, purchase, "u", "i"},
                                   {29 * kDay, view, "w", "i"}};
    const auto best = period_of(rows, options);
    EXPECT_EQ(reached(best.steps), (std::vector<std::int64_t>{2, 1}));
    EXPECT_EQ(best.censoring->entries, 2);
    EXPECT_EQ(best.censoring->mature_entries, 1);
    EXPECT_EQ(best.censoring->mature.value, 1);
    EXPECT_EQ(best.censoring->mature_share, 0.5);
    EXPECT_EQ(best.censoring->naive_first.value, 0);
    options.rules.first_entry = true;
    EXPECT_EQ(period_of(rows, options).censoring->mature.value, 0);
    options.rules = {.strict_increase = true};  // any rule: the same funnel
    EXPECT_EQ(period_of(rows, options).censoring->mature.value, 1);
    // The first entry of the period's only user is before it: no first entry to watch.
    options.rules = {};
    options.from = kDay;
    options.to = 2 * kDay;
    const auto period = period_of(rows, options);
    EXPECT_EQ(period.censoring->mature.value, 1);
    EXPECT_EQ(period.censoring->naive_first.reason, "no_first_entries");
}

TEST(Revenue, OfOrdersWithoutAnAmountIsUnknown) {
    const auto none = period_of({{0, view, "u", "i"}, {kDay, purchase, "u", "i"}}, shop_options());
    EXPECT_FALSE(none.metric("revenue").value.has_value());
    EXPECT_EQ(none.metric("revenue").reason, "no_amounts");
    EXPECT_EQ(period_of({{0, view, "u", "i"}}, shop_options()).metric("revenue").value, 0);
    const auto back =
        period_of({{0, purchase, "u", "i", "", "o"}, {1, refund, "u", "i", "", "o", 5}}, shop_options());
    EXPECT_EQ(back.metric("net_revenue").reason, "no_amounts");
}

TEST(Breakdown, AnOrderOfTwoBrandsIsAnOrderOfBoth) {
    MetricsOptions options = shop_options();
    options.by = {"category", "day"};
    const std::vector<Row> rows = {{0, purchase, "u", "a", "", "o1", 60, "X"},
                                   {kMinute, purchase, "u", "b", "", "o1", 10, "Y"},
                                   {2 * kMinute, refund, "u", "b", "", "o1", 10, "Y"},
                                   {2 * kDay, purchase, "u", "b", "", "o2", 5, "Y"}};
    const auto result = period_of(rows, options);
    const auto value = [&](std::size_t at, const char* name) {
        return metrics::find(result.breakdown[at].metrics, name)->value;
    };
    EXPECT_EQ(result.breakdown[0].key, "X");
    EXPECT_EQ(value(0, "orders"), 1);
    EXPECT_EQ(value(0, "revenue"), 60);
    EXPECT_EQ(value(0, "average_order_value"), 60);
    EXPECT_EQ(value(0, "net_revenue"), 60);
    EXPECT_EQ(value(0, "repeat_purchase_period"), 0);
    EXPECT_EQ(value(0, "returning_customer_rate"), 0);
    EXPECT_EQ(value(1, "orders"), 2);
    EXPECT_EQ(value(1, "revenue"), 15);
    EXPECT_EQ(value(1, "average_order_value"), 7.5);
    EXPECT_EQ(value(1, "net_revenue"), 5);
    EXPECT_EQ(value(1, "repeat_purchase_period"), 1);
    EXPECT_EQ(value(1, "repeat_item_rate"), 1);
    EXPECT_EQ(value(1, "late_order_rows"), 1);
    EXPECT_EQ(result.breakdown[2].key, "1970-01-01");  // a day has the whole order
    EXPECT_EQ(value(2, "orders"), 1);
    EXPECT_EQ(value(2, "average_order_value"), 70);
    EXPECT_EQ(result.metric("orders").value, 2);
}

}  // namespace
}  // namespace funnel::test
