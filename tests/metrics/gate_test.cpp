// SPDX-License-Identifier: MIT
#include "funnel/metrics/gate.hpp"

#include <gtest/gtest.h>

#include "metrics/builder.hpp"

namespace funnel::test {
namespace {

using metrics::GateState;
using metrics::Metric;
using metrics::MetricDifference;
using metrics::MetricsResult;
using metrics::parse_gate;

TEST(MetricGate, ReadsLimitsAndChanges) {
    const auto limit = parse_gate("conversion_session<4%");
    EXPECT_EQ(limit.metric, "conversion_session");
    EXPECT_FALSE(limit.above);
    EXPECT_EQ(limit.limit, 0.04);
    EXPECT_TRUE(limit.against.empty());
    EXPECT_TRUE(parse_gate(" orders > 1e3 ").above);
    EXPECT_EQ(parse_gate(" orders > 1e3 ").metric, "orders");
    EXPECT_EQ(parse_gate("revenue<-5").limit, -5);
    const auto change = parse_gate("ctr -10% vs previous");
    EXPECT_EQ(change.metric, "ctr");
    EXPECT_EQ(change.against, "previous");
    EXPECT_FALSE(change.above);
    EXPECT_EQ(change.limit, -0.1);
    const auto other = parse_gate("cart_abandon_session +5 % vs old-log.csv");
    EXPECT_TRUE(other.above);
    EXPECT_EQ(other.limit, 0.05);
    EXPECT_EQ(other.metric, "cart_abandon_session");
    EXPECT_EQ(other.against, "old-log.csv");
    for (const char* wrong : {"", "ctr", "ctr<", "<4%", "ctr<4 percent", "ctr -10 vs previous",
                              "ctr 10% vs previous", "ctr -10% vs ", "-10% vs previous", "ctr<<4%", "ctr=4%"})
        EXPECT_THROW((void)parse_gate(wrong), Error) << wrong;
}

MetricsResult with(const Metric& metric) {
    MetricsResult result{.rows = 1};
    result.metrics = {metric};
    return result;
}

GateState state_of(const char* gate, std::optional<double> low, std::optional<double> high) {
    return metrics::judge(parse_gate(gate), with({.name = "ctr",
                                                  .unit = metrics::Unit::share,
                                                  .value = 0.05,
                                                  .low = low,
                                                  .high = high,
                                                  .interval_reason = low ? "" : "fewer_than_20_users"}))
        .state;
}

TEST(MetricGate, IsBeyondOnlyWithTheWholeInterval) {
    EXPECT_EQ(state_of("ctr<4%", 0.045, 0.055), GateState::passed);
    EXPECT_EQ(state_of("ctr<4%", 0.04, 0.06), GateState::passed);  // at the limit is not below it
    EXPECT_EQ(state_of("ctr<4%", 0.039, 0.06), GateState::too_few);
    EXPECT_EQ(state_of("ctr<6%", 0.045, 0.055), GateState::beyond);
    EXPECT_EQ(state_of("ctr<6%", 0.045, 0.06), GateState::too_few);
    EXPECT_EQ(state_of("ctr>4%", 0.045, 0.055), GateState::beyond);
    EXPECT_EQ(state_of("ctr>6%", 0.045, 0.06), GateState::passed);
    EXPECT_EQ(state_of("ctr>5%", 0.045, 0.055), GateState::too_few);
    EXPECT_EQ(state_of("ctr>4%", {}, {}), GateState::too_few);
}

TEST(MetricGate, CountsAreExactAndNoValueIsNotMet) {
    const auto orders = with({.name = "orders", .unit = metrics::Unit::count, .value = 100});
    EXPECT_EQ(metrics::judge(parse_gate("orders<100"), orders).state, GateState::passed);
    EXPECT_EQ(metrics::judge(parse_gate("orders<101"), orders).state, GateState::beyond);
    const auto none =
        metrics::judge(parse_gate("ctr<1%"),
                       with({.name = "ctr", .unit = metrics::Unit::share, .reason = "no_impressions"}));
    EXPECT_EQ(none.state, GateState::undefined);
    EXPECT_EQ(none.reason, "no_impressions");
    EXPECT_FALSE(none.met());
    EXPECT_THROW((void)metrics::judge(parse_gate("ctr<1%"), orders), Error);
    EXPECT_THROW((void)metrics::judge(parse_gate("orders -5% vs previous"), orders), Error);
}

TEST(MetricGate, AChangeIsJudgedByItsRelativeInterval) {
    const auto result = with({.name = "ctr", .unit = metrics::Unit::share, .value = 0.05});
    const auto state = [&](const char* gate, std::optional<eval::Interval> interval) {
        MetricDifference difference{.name = "ctr"};
        difference.lift = -0.15;
        difference.lift_interval = interval;
        return metrics::judge(parse_gate(gate), result, std::span(&difference, 1)).state;
    };
    EXPECT_EQ(state("ctr -10% vs previous", eval::Interval{-0.2, -0.11}), GateState::beyond);
    EXPECT_EQ(state("ctr -10% vs previous", eval::Interval{-0.2, -0.1}), GateState::too_few);
    EXPECT_EQ(state("ctr -25% vs previous", eval::Interval{-0.2, -0.1}), GateState::passed);
    EXPECT_EQ(state("ctr +5% vs previous", eval::Interval{-0.2, -0.1}), GateState::passed);
    EXPECT_EQ(state("ctr -10% vs previous", {}), GateState::too_few);
    EXPECT_EQ(metrics::judge(parse_gate("ctr -10% vs previous"), result).state, GateState::undefined);
}

TEST(MetricGate, KnowsTheStepsOfTheFunnel) {
    metrics::MetricsOptions options{.funnel = Funnel::parse("view,purchase")};
    std::vector<Row> rows;
    for (int u = 0; u < 400; ++u) {
        const std::string user = "u" + std::to_string(u);
        rows.push_back({0, view, user, "i"});
        if (u % 4 == 0) rows.push_back({kMinute, purchase, user, "i"});
    }
    const MetricsResult result = metrics::measure(to_log(rows), options);
    // 100 of 400: Wilson 21.0 to 29.5 %.
    EXPECT_EQ(metrics::judge(parse_gate("funnel_purchase<20%"), result).state, GateState::passed);
    EXPECT_EQ(metrics::judge(parse_gate("funnel_purchase<25%"), result).state, GateState::too_few);
    EXPECT_EQ(metrics::judge(parse_gate("funnel_purchase<30%"), result).state, GateState::beyond);
    EXPECT_EQ(metrics::judge(parse_gate("conversion_user>20%"), result).state, GateState::beyond);
}

TEST(MetricGate, OfNoRowsNoneIsMet) {
    for (const char* gate : {"orders>1", "orders<1", "ctr<1%", "funnel_purchase<1%", "ctr -5% vs previous"}) {
        metrics::MetricsOptions options{.funnel = Funnel::parse("view,purchase")};
        const auto empty = metrics::judge(parse_gate(gate), metrics::measure(to_log({}), options));
        options.from = kMinute;
        const auto outside =
            metrics::judge(parse_gate(gate), metrics::measure(to_log({{0, view, "u", "i"}}), options));
        for (const auto& result : {empty, outside}) {
            EXPECT_EQ(result.state, GateState::undefined) << gate;
            EXPECT_EQ(result.reason, "no_rows") << gate;
            EXPECT_FALSE(result.met()) << gate;
        }
    }
    auto none_fits = with({.name = "orders", .unit = metrics::Unit::count, .value = 0});
    none_fits.where = "item=nothing";
    EXPECT_FALSE(metrics::judge(parse_gate("orders>1"), none_fits).met());
    none_fits.fitting = 1;
    EXPECT_TRUE(metrics::judge(parse_gate("orders>1"), none_fits).met());
    EXPECT_THROW((void)metrics::judge(parse_gate("nosuch<1"), MetricsResult{}), Error);
}

}  // namespace
}  // namespace funnel::test
