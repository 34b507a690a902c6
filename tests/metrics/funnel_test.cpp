// SPDX-License-Identifier: MIT
// The ordered windowed funnel on histories that other tools are known to count differently.
#include <gtest/gtest.h>

#include "funnel/events/effective_funnel.hpp"
#include "metrics/builder.hpp"

namespace funnel::test {
namespace {

using metrics::Entity;
using metrics::MetricsOptions;

std::vector<std::int64_t> reached_by(const std::vector<Row>& rows, const std::string& funnel,
                                     std::int64_t window = kHour, Entity entity = Entity::user) {
    MetricsOptions options{.funnel = Funnel::parse(funnel), .window = window};
    options.entity = entity;
    return reached(metrics::measure(to_log(rows), options).steps);
}

using Reached = std::vector<std::int64_t>;

TEST(FunnelSteps, TheWindowIsInclusiveAndRunsFromTheFirstEvent) {
    const std::vector<Row> rows = {{0, view, "u"}, {30 * kMinute, cart_add, "u"}, {kHour, purchase, "u"}};
    EXPECT_EQ(reached_by(rows, "view,cart_add,purchase"), (Reached{1, 1, 1}));
    EXPECT_EQ(reached_by(rows, "view,cart_add,purchase", kHour - 1), (Reached{1, 1, 0}));
}

TEST(FunnelSteps, EveryEntryMayStartTheChain) {
    // A 1:00, A 1:30, B 1:45, C 2:15 with a window of one hour: not converted from the first entry.
    const std::vector<Row> rows = {{60 * kMinute, view, "u"},
                                   {90 * kMinute, view, "u"},
                                   {105 * kMinute, cart_add, "u"},
                                   {135 * kMinute, purchase, "u"}};
    EXPECT_EQ(reached_by(rows, "view,cart_add,purchase"), (Reached{1, 1, 1}));
}

TEST(FunnelSteps, EqualTimesCountAsInOrderWhateverTheRows) {
    EXPECT_EQ(reached_by({{0, purchase, "u"}, {0, cart_add, "u"}, {0, view, "u"}}, "view,cart_add,purchase"),
              (Reached{1, 1, 1}));
    EXPECT_EQ(reached_by({{0, purchase, "u"}, {0, cart_add, "u"}, {0, view, "u"}}, "purchase,view,cart_add"),
              (Reached{1, 1, 1}));
}

TEST(FunnelSteps, OneEventServesOneStep) {
    EXPECT_EQ(reached_by({{0, view, "u"}}, "view,view"), (Reached{1, 0}));
    EXPECT_EQ(reached_by({{0, view, "u"}, {0, view, "u"}}, "view,view,view"), (Reached{1, 1, 0}));
}

TEST(FunnelSteps, RepeatsOfAStepAreHarmless) {
    const std::vector<Row> rows = {
        {0, view, "u"}, {1, cart_add, "u"}, {2, checkout, "u"}, {3, cart_add, "u"}, {4, purchase, "u"}};
    EXPECT_EQ(reached_by(rows, "view,cart_add,checkout,purchase"), (Reached{1, 1, 1, 1}));
}

TEST(FunnelSteps, AStepCannotBeSkipped) {
    EXPECT_EQ(reached_by({{0, view, "u"}, {1, purchase, "u"}}, "view,cart_add,purchase"), (Reached{1, 0, 0}));
}

TEST(FunnelSteps, CountPerUserVisitAndPair) {
    const std::vector<Row> rows = {{0, view, "u", "a", "s1"},
                                   {1, view, "u", "b", "s2"},
                                   {2, cart_add, "u", "b", "s1"},
                                   {3, purchase, "u", "b", "s2"}};
    const std::string funnel = "view,cart_add,purchase";
    EXPECT_EQ(reached_by(rows, funnel, kHour, Entity::user), (Reached{1, 1, 1}));
    EXPECT_EQ(reached_by(rows, funnel, kHour, Entity::session), (Reached{2, 1, 0}));
    EXPECT_EQ(reached_by(rows, funnel, kHour, Entity::user_item), (Reached{2, 1, 1}));
}

TEST(FunnelSteps, RatesAndLosses) {
    MetricsOptions options = shop_options();
    const auto result = metrics::measure(to_log({{0, view, "u"},
                                                 {1, cart_add, "u"},
                                                 {0, view, "v"},
                                                 {1, cart_add, "v"},
                                                 {2, purchase, "v"},
                                                 {0, view, "w"},
                                                 {0, view, "x"}}),
                                         options);
    ASSERT_EQ(reached(result.steps), (Reached{4, 2, 1}));
    EXPECT_FALSE(result.steps[0].step_rate.has_value());
    EXPECT_EQ(result.steps[0].overall_rate, 1);
    EXPECT_EQ(result.steps[0].lost, 0);
    EXPECT_EQ(result.steps[2].step_rate, 0.5);
    EXPECT_EQ(result.steps[2].overall_rate, 0.25);
    EXPECT_EQ(result.steps[2].lost, 1);
}

TEST(Exposures, AreTheFirstImpressionOfAnItemInAVisit) {
    MetricsOptions options{.funnel = Funnel::parse("impression,click,purchase")};
    options.entity = Entity::exposure;
    const auto result = metrics::measure(to_log({{0, impression, "u", "a", "s1"},
                                                 {1, impression, "u", "a", "s1"},  // not the first
                                                 {2, impression, "u", "b", "s1"},
                                                 {2, impression, "u", "", "s1"},  // no item
                                                 {20 * kMinute, click, "u", "a", "s1"},
                                                 {kDay, impression, "u", "a", "s2"},
                                                 {2 * kDay, purchase, "u", "a", "s2"},
                                                 {3 * kDay, impression, "v", "a", "s1"},  // not ripe
                                                 {9 * kDay, page_view, "v"}}),
                                         options);
    // a in s1: clicked in time, bought within 7 days; a in s2: bought, but not clicked within 30 minutes.
    EXPECT_EQ(reached(result.steps), (Reached{3, 1, 2}));
}

TEST(EffectiveFunnel, LeavesOutStagesWithoutEvents) {
    const std::vector<std::vector<std::string>> stages = {
        {"impression"}, {"click", "view"}, {"cart_add"}, {"purchase"}};
    using events::kind_bit;
    const auto all =
        events::effective_funnel(stages, kind_bit(impression) | kind_bit(click) | kind_bit(view) |
                                             kind_bit(cart_add) | kind_bit(purchase));
    EXPECT_EQ(all.funnel.text(), "impression,click+view,cart_add,purchase");
    EXPECT_TRUE(all.left_out.empty());
    const auto no_lists = events::effective_funnel(stages, kind_bit(view) | kind_bit(purchase));
    EXPECT_EQ(no_lists.funnel.text(), "view,purchase");
    EXPECT_EQ(no_lists.funnel.stages.front().name, "view");
    EXPECT_EQ(no_lists.left_out, (std::vector<std::string>{"impression", "cart"}));
    const auto empty = events::effective_funnel(stages, 0);
    EXPECT_EQ(empty.funnel.stages.size(), 4u);
}

}  // namespace
}  // namespace funnel::test
