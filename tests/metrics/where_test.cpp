// SPDX-License-Identifier: MIT
// A condition chooses units by the row they begin with; what follows is looked for in the whole log.
#include <gtest/gtest.h>

#include <functional>

#include "funnel/metrics/count_parts.hpp"
#include "funnel/metrics/experiment.hpp"
#include "metrics/builder.hpp"
#include "metrics/random_case.hpp"
#include "support/effort.hpp"

namespace funnel::test {
namespace {

using events::RowCondition;
using metrics::Metric;
using metrics::MetricsResult;

MetricsOptions where_options(std::string_view condition) {
    MetricsOptions options = shop_options();
    options.where = RowCondition::parse(condition);
    return options;
}

MetricsResult measured_where(const std::vector<Row>& rows, std::string_view condition) {
    return metrics::measure(to_log(rows), where_options(condition));
}

void expect_answers(const std::vector<Metric>& metrics, const Answers& answers) {
    ASSERT_GT(answers.size(), 30u);
    for (const auto& [name, fraction] : answers) {
        if (name == "clicks" || name == "impressions") continue;
        const Metric* metric = metrics::find(metrics, name);
        ASSERT_NE(metric, nullptr) << name;
        const auto [numerator, denominator] = fraction;
        if (std::isnan(denominator)) {
            EXPECT_EQ(metric->value, std::isnan(numerator) ? std::nullopt : std::optional(numerator)) << name;
        } else {
            EXPECT_EQ(metric->numerator, numerator) << name;
            EXPECT_EQ(metric->denominator, denominator) << name;
        }
    }
}

/// A condition, and what it says of a row in plain code.
struct Asked {
    const char* text;
    std::function<bool(const Row&)> fits;
};

const std::vector<Asked>& conditions() {
    static const std::vector<Asked> all = {
        {"category=a", [](const Row& r) { return r.key == "a"; }},
        {"category != a", [](const Row& r) { return r.key != "a"; }},
        {"category=\"\"", [](const Row& r) { return r.key.empty(); }},
        {"category in (a, b)", [](const Row& r) { return r.key == "a" || r.key == "b"; }},
        {"item~I1 | category=b",
         [](const Row& r) { return r.item.find("i1") != std::string::npos || r.key == "b"; }},
        {"(category=a|category=b)&item=i1",
         [](const Row& r) { return (r.key == "a" || r.key == "b") && r.item == "i1"; }},
        {"user!=u0", [](const Row& r) { return r.user != "u0"; }},
        {"event in (view, cart_add, refund) & category=a | item=i2",
         [](const Row& r) {
             return ((r.kind == view || r.kind == cart_add || r.kind == refund) && r.key == "a") ||
                    r.item == "i2";
         }},
        {"category=nowhere", [](const Row&) { return false; }},
    };
    return all;
}

TEST(Where, AgreesWithTheNaiveOracle) {
    int some = 0, none = 0, segments = 0;
    for (std::uint64_t seed = 1; seed <= support::cases(4000); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Case c = random_case(seed);
        const Asked& asked = conditions()[seed % conditions().size()];
        SCOPED_TRACE(asked.text);
        for (Row& row : c.rows)
            row.fits = asked.fits(row);
        c.options.where = RowCondition::parse(asked.text);
        EventLog log = to_log(c.rows);
        (void)log.add_text_column("category");
        const MetricsResult result = metrics::measure(log, c.options);
        const ShopOracle oracle(c.rows, c.question, c.shop);
        expect_answers(result.metrics, oracle.answers());
        EXPECT_EQ(reached(result.steps), oracle.reached());
        const auto fitting = std::ranges::count_if(c.rows, &Row::fits);
        EXPECT_EQ(result.fitting, fitting);
        EXPECT_EQ(result.rows, static_cast<std::int64_t>(c.rows.size()));
        ++(fitting > 0 ? some : none);
        for (const auto& segment : result.breakdown) {
            SCOPED_TRACE("key " + segment.key.value_or("missing"));
            Question question = c.question;
            question.key = segment.key.value_or("");
            const ShopOracle part(c.rows, question, c.shop);
            expect_answers(segment.metrics, part.answers());
            EXPECT_EQ(reached(segment.steps), part.reached());
            ++segments;
        }
        if (HasFailure()) break;
    }
    EXPECT_GT(some, 100);
    EXPECT_GT(none, 10);
    EXPECT_GT(segments, 100);
}

// Without two keys at one moment, which a breakdown and a condition may put in different orders, and without
// refunds, whose key need not be that of a line of their order.
TEST(Where, IsASegmentOfABreakdown) {
    int compared = 0;
    for (std::uint64_t seed = 1; seed <= support::cases(500); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Case c = random_case(seed);
        std::erase_if(c.rows, [](const Row& row) { return row.kind == refund; });
        std::int64_t place = 0;
        for (Row& row : c.rows)
            row.time = row.time * 100 + place++;
        EventLog log = to_log(c.rows);
        (void)log.add_text_column("category");
        c.options.by = {"category"};
        const MetricsResult whole = metrics::measure(log, c.options);
        c.options.by.clear();
        for (const auto& segment : whole.breakdown) {
            c.options.where = RowCondition::parse("category=\"" + segment.key.value_or("") + "\"");
            const MetricsResult part = metrics::measure(log, c.options);
            ASSERT_EQ(part.metrics.size(), segment.metrics.size());
            ASSERT_FALSE(part.metrics.empty());
            for (std::size_t m = 0; m < part.metrics.size(); ++m) {
                EXPECT_EQ(part.metrics[m].value, segment.metrics[m].value) << part.metrics[m].name;
                EXPECT_EQ(part.metrics[m].low, segment.metrics[m].low) << part.metrics[m].name;
                EXPECT_EQ(part.metrics[m].reason, segment.metrics[m].reason) << part.metrics[m].name;
            }
            EXPECT_EQ(reached(part.steps), reached(segment.steps));
            ++compared;
        }
        if (HasFailure()) break;
    }
    EXPECT_GT(compared, 80);
}

TEST(Where, AUnitBelongsToTheRowItBeginsWith) {
    const std::vector<Row> rows = {{0, view, "u", "i", "", "", std::nan(""), "phone"},
                                   {kMinute, cart_add, "u", "i", "", "", std::nan(""), "desk"},
                                   {2 * kMinute, purchase, "u", "i", "", "o1", 5, "desk"},
                                   {kDay, view, "w", "i", "", "", std::nan(""), "desk"}};
    const MetricsResult phone = measured_where(rows, "category=phone");
    EXPECT_EQ(phone.metric("uv").value, 1);
    EXPECT_EQ(phone.metric("visits").value, 1);
    EXPECT_EQ(phone.metric("conversion_session").value, 1);  // the visit began on a phone
    EXPECT_EQ(phone.metric("conversion_user").value, 0);     // no purchase on a phone
    EXPECT_EQ(phone.metric("purchase_to_view_rate").value, 1);
    EXPECT_EQ(phone.metric("orders").value, 0);
    EXPECT_EQ(reached(phone.steps), (std::vector<std::int64_t>{1, 1, 1}));
    const MetricsResult desk = measured_where(rows, "category=desk");
    EXPECT_EQ(desk.metric("uv").value, 2);
    EXPECT_EQ(desk.metric("visits").value, 1);
    EXPECT_EQ(desk.metric("conversion_session").value, 0);
    EXPECT_EQ(desk.metric("conversion_user").value, 0.5);
    EXPECT_EQ(desk.metric("revenue").value, 5);
    EXPECT_EQ(desk.metric("cart_abandon_user_item_naive").value, 0);
    EXPECT_EQ(reached(desk.steps), (std::vector<std::int64_t>{1, 0, 0}));
    EXPECT_EQ(desk.where, "category=desk");
    EXPECT_EQ(desk.fitting, 3);
    EXPECT_EQ(desk.rows, 4);
}

TEST(Where, AnOrderCountsWithTheLinesThatFit) {
    const std::vector<Row> rows = {{0, purchase, "u", "a", "", "o1", 60, "X"},
                                   {kMinute, purchase, "u", "b", "", "o1", 10, "Y"},
                                   {2 * kMinute, refund, "u", "b", "", "o1", 10, "Y"},
                                   {2 * kDay, purchase, "u", "b", "", "o2", 5, "Y"}};
    const MetricsResult y = measured_where(rows, "category=Y");
    EXPECT_EQ(y.metric("orders").value, 2);
    EXPECT_EQ(y.metric("revenue").value, 15);
    EXPECT_EQ(y.metric("average_order_value").value, 7.5);
    EXPECT_EQ(y.metric("net_revenue").value, 5);
    EXPECT_EQ(y.metric("repeat_purchase_period").value, 1);
    MetricsOptions by_day = where_options("category=Y");
    by_day.by = {"day"};
    const MetricsResult days = metrics::measure(to_log(rows), by_day);
    ASSERT_EQ(days.breakdown.size(), 2u);
    EXPECT_EQ(metrics::find(days.breakdown[0].metrics, "revenue")->value, 10);
    EXPECT_EQ(metrics::find(days.breakdown[1].metrics, "revenue")->value, 5);
}

TEST(Where, StepsAtOneTimeAreEntriesIfOneOfThemFits) {
    const std::vector<Row> rows = {{0, click, "u", "i", "", "", std::nan(""), "a"},
                                   {0, view, "u", "i", "", "", std::nan(""), "b"},
                                   {kHour, purchase, "u", "i", "", "o", 1, "c"}};
    for (const char* condition : {"category=a", "category=b"}) {
        MetricsOptions options = where_options(condition);
        options.funnel = Funnel::parse("click+view,purchase");
        const MetricsResult result = metrics::measure(to_log(rows), options);
        EXPECT_EQ(reached(result.steps), (std::vector<std::int64_t>{1, 1})) << condition;
        EXPECT_EQ(result.censoring->entries, 1) << condition;
        options.rules.strict_increase = true;  // the other way of counting
        const MetricsResult ruled = metrics::measure(to_log(rows), options);
        EXPECT_EQ(reached(ruled.steps), (std::vector<std::int64_t>{1, 1})) << condition;
        EXPECT_EQ(ruled.censoring->entries, 1) << condition;
    }
}

TEST(Where, CensoringIsThatOfTheEntriesThatFit) {
    const std::vector<Row> rows = {{0, view, "u", "i", "", "", std::nan(""), "a"},
                                   {kHour, purchase, "u", "i", "", "o", 1, "b"},
                                   {0, view, "w", "i", "", "", std::nan(""), "b"},
                                   {30 * kDay, view, "x", "i", "", "", std::nan(""), "a"}};
    MetricsOptions options = where_options("category=a");
    options.funnel = Funnel::parse("view,purchase");
    const auto censoring = metrics::measure(to_log(rows), options).censoring;
    ASSERT_TRUE(censoring.has_value());
    EXPECT_EQ(censoring->entries, 2);
    EXPECT_EQ(censoring->mature_entries, 1);
    EXPECT_EQ(censoring->mature.value, 1);
    EXPECT_EQ(censoring->naive_first.value, 0.5);
}

TEST(Where, BotsAndVariantsAreDecidedOnTheWholeLog) {
    std::vector<Row> rows;
    for (int i = 0; i < 10; ++i)
        rows.push_back({i, view, "robot", "i", "", "", std::nan(""), i == 0 ? "a" : "b"});
    rows.push_back({kDay, view, "human", "i", "", "", std::nan(""), "a"});
    MetricsOptions options = where_options("category=a");
    options.bot_events_per_minute = 5;
    const MetricsResult result = metrics::measure(to_log(rows), options);
    ASSERT_TRUE(result.without_bots.has_value());
    EXPECT_EQ(result.without_bots->users, 1);
    EXPECT_EQ(metrics::find(result.without_bots->metrics, "uv")->value, 1);
    // The robot saw both variants, and is left out although the condition shows one of them.
    options.bot_events_per_minute = 0;
    const EventLog log = to_log(rows);
    const auto arms = metrics::count_experiment(log, options, metrics::facts_of(log), "category");
    EXPECT_EQ(arms.users_in_several, 1);
    EXPECT_EQ(arms.users_in_none, 0);
    options.where = RowCondition::parse("category=b");
    const auto others = metrics::count_experiment(log, options, metrics::facts_of(log), "category");
    EXPECT_EQ(others.users_in_several, 1);
    EXPECT_EQ(others.users_in_none, 0);
}

TEST(Where, ThatFitsNothingSaysSo) {
    const std::vector<Row> rows = {{0, view, "u", "i", "", "", std::nan(""), "a"}};
    const MetricsResult result = measured_where(rows, "category=A");
    EXPECT_EQ(result.metric("uv").value, 0);
    EXPECT_FALSE(result.metric("conversion_user").value.has_value());
    EXPECT_TRUE(std::ranges::any_of(
        result.warnings, [](const auto& warning) { return warning.code == "where_fits_nothing"; }));
    EXPECT_THROW((void)measured_where(rows, "colour=red"), Error);
}

TEST(Where, StatesOfOtherConditionsDoNotAdd) {
    const EventLog log = to_log({{0, view, "u", "i", "", "", std::nan(""), "a"}});
    const auto facts = metrics::facts_of(log);
    metrics::MetricsState state = metrics::count(log, where_options("category=a"), facts);
    EXPECT_THROW(state += metrics::count(log, where_options("category=b"), facts), Error);
    state += metrics::count(log, where_options("category=a"), facts);
    EXPECT_EQ(state.fitting, 2);
}

}  // namespace
}  // namespace funnel::test
