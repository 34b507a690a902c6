// SPDX-License-Identifier: MIT
// Funnels under rules: by hand, and every mode and combination against the oracle that tries every chain.
#include <gtest/gtest.h>

#include <utility>

#include "funnel/base/random.hpp"
#include "metrics/builder.hpp"
#include "metrics/path_oracle.hpp"

namespace funnel::test {
namespace {

using metrics::Entity;
using metrics::FunnelRules;
using metrics::Hold;
using metrics::MetricsOptions;
using metrics::StepOrder;
using Reached = std::vector<std::int64_t>;

metrics::MetricsResult measured(const std::vector<Row>& rows, const std::string& funnel, FunnelRules rules,
                                std::int64_t window = kHour) {
    MetricsOptions options{.funnel = Funnel::parse(funnel), .window = window};
    options.rules = std::move(rules);
    options.timing = true;
    return metrics::measure(to_log(rows), options);
}

Reached reached_under(const std::vector<Row>& rows, const std::string& funnel, FunnelRules rules,
                      std::int64_t window = kHour) {
    return reached(measured(rows, funnel, std::move(rules), window).steps);
}

TEST(FunnelRules, StrictAllowsNothingBetween) {
    const FunnelRules strict{.order = StepOrder::strict};
    EXPECT_EQ(reached_under({{0, view, "u"}, {1, cart_add, "u"}, {2, purchase, "u"}},
                            "view,cart_add,purchase", strict),
              (Reached{1, 1, 1}));
    EXPECT_EQ(reached_under({{0, view, "u"}, {1, other, "u"}, {2, cart_add, "u"}}, "view,cart_add", strict),
              (Reached{1, 0}));
    // Of equal times any order may be the true one; between the cart and the purchase there is none for
    // `other`.
    EXPECT_EQ(reached_under({{0, view, "u"}, {0, other, "u"}, {1, cart_add, "u"}}, "view,cart_add", strict),
              (Reached{1, 1}));
    EXPECT_EQ(reached_under({{0, view, "u"}, {1, cart_add, "u"}, {1, other, "u"}, {2, purchase, "u"}},
                            "view,cart_add,purchase", strict),
              (Reached{1, 1, 0}));
    // From the second view on nothing is in between.
    EXPECT_EQ(reached_under({{0, view, "u"}, {1, view, "u"}, {2, cart_add, "u"}}, "view,cart_add", strict),
              (Reached{1, 1}));
}

TEST(FunnelRules, AnyOrderCountsDifferentStepsInAWindow) {
    const FunnelRules any{.order = StepOrder::any};
    EXPECT_EQ(reached_under({{0, purchase, "u"}, {10, view, "u"}}, "view,cart_add,purchase", any),
              (Reached{1, 1, 0}));
    EXPECT_EQ(reached_under({{0, purchase, "u"}, {kHour + 1, view, "u"}}, "view,cart_add,purchase", any),
              (Reached{1, 0, 0}));
    EXPECT_EQ(reached_under({{0, view, "u"}}, "view,view", any), (Reached{1, 0}));
}

TEST(FunnelRules, StrictIncreaseAsksForLaterTimes) {
    const FunnelRules later{.strict_increase = true};
    EXPECT_EQ(reached_under({{0, view, "u"}, {0, cart_add, "u"}}, "view,cart_add", later), (Reached{1, 0}));
    // The case that other engines get wrong: A@0, A@5, B@5 is a chain from the first A.
    EXPECT_EQ(reached_under({{0, view, "u"}, {5, view, "u"}, {5, cart_add, "u"}}, "view,cart_add", later),
              (Reached{1, 1}));
}

TEST(FunnelRules, FirstEntryIsOneClock) {
    // A 1:00, A 1:30, B 1:45, C 2:15 and a window of one hour: Mixpanel's own example.
    const std::vector<Row> rows = {{60 * kMinute, view, "u"},
                                   {90 * kMinute, view, "u"},
                                   {105 * kMinute, cart_add, "u"},
                                   {135 * kMinute, purchase, "u"}};
    EXPECT_EQ(reached_under(rows, "view,cart_add,purchase", {.first_entry = true}), (Reached{1, 1, 0}));
    EXPECT_EQ(reached_under(rows, "view,cart_add,purchase", {}), (Reached{1, 1, 1}));
}

TEST(FunnelRules, AnOptionalStepMayBeSkipped) {
    const FunnelRules may{.optional = {false, true, false}};
    const auto result = measured({{0, view, "u"},
                                  {1, purchase, "u"},
                                  {0, view, "v"},
                                  {1, cart_add, "v"},
                                  {2, purchase, "v"},
                                  {0, view, "w"}},
                                 "view,cart_add,purchase", may);
    EXPECT_EQ(reached(result.steps), (Reached{3, 1, 2}));
    EXPECT_EQ(result.steps[2].step_rate, 2.0 / 3);  // of those who viewed
    EXPECT_EQ(result.steps[2].lost, 1);
    EXPECT_TRUE(result.steps[1].optional);
}

TEST(FunnelRules, AnOpenFunnelIsEnteredAnywhere) {
    EXPECT_EQ(reached_under({{0, cart_add, "u"}, {1, purchase, "u"}, {0, view, "v"}},
                            "view,cart_add,purchase", {.open = true}),
              (Reached{1, 1, 1}));
}

TEST(FunnelRules, AnExcludedEventEndsTheChain) {
    const FunnelRules without{.excluded = events::kind_bit(cart_remove)};
    const std::vector<Row> rows = {
        {0, view, "u"}, {1, cart_add, "u"}, {2, cart_remove, "u"}, {3, purchase, "u"}};
    EXPECT_EQ(reached_under(rows, "view,cart_add,purchase", without), (Reached{1, 1, 0}));
    EXPECT_EQ(reached_under(rows, "view,cart_add,purchase", {}), (Reached{1, 1, 1}));
}

TEST(FunnelRules, HeldItemsAndCategories) {
    const std::vector<Row> rows = {{0, view, "u", "a", "", "", 0, "shoes"},
                                   {1, cart_add, "u", "b", "", "", 0, "shoes"},
                                   {2, purchase, "u", "c", "", "", 0, "hats"}};
    EXPECT_EQ(reached_under(rows, "view,cart_add,purchase", {}), (Reached{1, 1, 1}));
    EXPECT_EQ(reached_under(rows, "view,cart_add,purchase", {.hold = Hold::category}), (Reached{1, 1, 0}));
    EXPECT_EQ(reached_under(rows, "view,cart_add,purchase", {.hold = Hold::item}), (Reached{1, 0, 0}));
}

TEST(FunnelRules, StepsMayHaveWindowsOfTheirOwn) {
    // The first cart is too early for the purchase, the second is not.
    const std::vector<Row> rows = {
        {0, view, "u"}, {10, cart_add, "u"}, {50, cart_add, "u"}, {55, purchase, "u"}};
    EXPECT_EQ(reached_under(rows, "view,cart_add,purchase", {.step_windows = {-1, -1, 5}}),
              (Reached{1, 1, 1}));
    EXPECT_EQ(reached_under(rows, "view,cart_add,purchase", {.step_windows = {-1, 49, 5}}),
              (Reached{1, 1, 0}));
    EXPECT_EQ(reached_under(rows, "view,cart_add,purchase", {.step_windows = {-1, -1, 4}}),
              (Reached{1, 1, 0}));
}

TEST(FunnelRules, TriesDoNotOverlap) {
    const std::vector<Row> rows = {{0, view, "u"},     {1, view, "u"}, {2, cart_add, "u"}, {3, view, "u"},
                                   {4, cart_add, "u"}, {5, view, "u"}, {6, view, "u"}};
    // 0 to 2, 3 to 4, and one from 5 on that never ends.
    EXPECT_EQ(reached_under(rows, "view,cart_add", {.count_entries = true}), (Reached{3, 2}));
    EXPECT_EQ(reached_under(rows, "view,cart_add", {.count_entries = true}, 0), (Reached{5, 0}));
}

TEST(FunnelTimes, QuartilesAndValue) {
    std::vector<Row> rows;
    for (int u = 0; u < 5; ++u) {
        const std::string user = "u" + std::to_string(u);
        rows.push_back({0, view, user});
        rows.push_back({(u + 1) * kSecond, cart_add, user});
        rows.push_back({(u + 1) * 3 * kSecond, purchase, user, "i", "", user, 10.0 * (u + 1)});
    }
    const auto result = measured(rows, "view,cart_add,purchase", {});
    EXPECT_EQ(result.steps[1].from_entry.median, 3);
    EXPECT_EQ(result.steps[1].from_entry.q25, 2);
    EXPECT_EQ(result.steps[2].from_entry.q75, 12);
    EXPECT_EQ(result.steps[2].from_step_before.median, 6);
    EXPECT_DOUBLE_EQ(result.steps[1].from_entry.p90.value(), 4.6);
    EXPECT_EQ(result.steps[0].value, 150);
    EXPECT_FALSE(result.steps[0].from_entry.median.has_value());
}

TEST(FunnelRules, RefuseWhatMakesNoSense) {
    const std::vector<Row> rows = {{0, view, "u"}};
    EXPECT_THROW((void)reached_under(rows, "view,purchase", {.optional = {true, false}}), Error);
    EXPECT_THROW((void)reached_under(rows, "view,purchase", {.excluded = events::kind_bit(view)}), Error);
    EXPECT_THROW((void)reached_under(rows, "view,purchase", {.order = StepOrder::any, .open = true}), Error);
}

struct PathCase {
    std::vector<Row> rows;
    MetricsOptions options;
};

PathCase random_path_case(std::uint64_t seed) {
    Rng random(seed);
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random.below(n)); };
    const std::vector<EventKind> kinds = {view,     view,     cart_add, cart_add,
                                          purchase, purchase, other,    cart_remove};
    const std::size_t users = 1 + below(2), times = 1 + below(6), count = 1 + below(8);
    PathCase c;
    for (std::size_t i = 0; i < count; ++i) {
        c.rows.push_back({static_cast<std::int64_t>(below(times)), kinds[below(kinds.size())],
                          "u" + std::to_string(below(users)),
                          std::vector<std::string>{"", "a", "a", "b"}[below(4)],
                          std::vector<std::string>{"s1", "s1", "s2"}[below(3)], "", std::nan(""),
                          std::vector<std::string>{"", "x", "x", "y"}[below(4)]});
    }
    const std::vector<std::string> funnels = {"view,cart_add,purchase",      "view,cart_add,purchase",
                                              "view,cart_add,view",          "view,view,purchase",
                                              "view,cart_add,view,purchase", "view",
                                              "view+cart_add,purchase"};
    c.options.funnel = Funnel::parse(funnels[below(funnels.size())]);
    c.options.window = static_cast<std::int64_t>(below(7));
    c.options.entity =
        std::vector<Entity>{Entity::user, Entity::user, Entity::session, Entity::user_item}[below(4)];
    c.options.timing = below(2) == 0;
    FunnelRules& rules = c.options.rules;
    const std::size_t stages = c.options.funnel.stages.size();
    rules.order = std::vector<StepOrder>{StepOrder::in_order, StepOrder::in_order, StepOrder::strict,
                                         StepOrder::any}[below(4)];
    rules.first_entry = below(4) == 0;
    rules.count_entries = below(4) == 0;
    rules.hold = std::vector<Hold>{Hold::nothing, Hold::nothing, Hold::item, Hold::category}[below(4)];
    if (below(3) == 0) rules.excluded = events::kind_bit(cart_remove);
    if (rules.order != StepOrder::any) {
        rules.strict_increase = below(3) == 0;
        rules.open = below(4) == 0 && !rules.count_entries;
        for (std::size_t k = 0; k < stages; ++k) {
            rules.optional.push_back(k > 0 && below(3) == 0);
            rules.step_windows.push_back(below(3) == 0 ? static_cast<std::int64_t>(below(3)) : -1);
        }
    }
    return c;
}

/// How many medians and sets of times there were to compare.
std::pair<std::size_t, std::size_t> expect_times(const metrics::MetricsResult& result,
                                                 const PathOracle& oracle, const FunnelRules& rules) {
    std::size_t medians = 0;
    std::vector<std::int64_t> ours;
    std::int64_t before = 0;
    for (const auto& step : result.steps) {
        const bool first = &step == &result.steps.front();
        const auto& median = step.from_entry.median;
        ours.push_back(first ? 0 : median ? std::llround(*median * 1e6) : -1);
        if (first || !median || rules.open) continue;
        EXPECT_EQ(std::llround(*step.from_step_before.median * 1e6), ours.back() - before);
        ++medians;
        if (!step.optional) before = ours.back();
    }
    const auto expected = oracle.times();
    EXPECT_TRUE(expected.empty() || expected.contains(ours));
    return {medians, expected.empty() ? 0U : 1U};
}

TEST(FunnelRules, AgreeWithTryingEveryChain) {
    std::size_t reached_the_end = 0, medians = 0, times = 0;
    for (std::uint64_t seed = 1; seed <= 12'000; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const PathCase c = random_path_case(seed);
        const PathOracle oracle(c.rows, c.options.funnel, c.options.rules, c.options.window,
                                std::string(metrics::entity_name(c.options.entity)));
        EventLog log = to_log(c.rows);
        if (log.text_column("category") == nullptr && c.options.rules.hold == Hold::category) continue;
        const auto result = metrics::measure(log, c.options);
        EXPECT_EQ(reached(result.steps), oracle.reached());
        reached_the_end += result.steps.size() > 2 && result.steps.back().reached > 0;
        const bool one = std::ranges::all_of(c.rows, [](const Row& row) { return row.user == "u0"; });
        if (one && c.options.timing && c.options.entity == Entity::user && !c.options.rules.count_entries &&
            !c.options.rules.open) {
            const auto [more_medians, more_times] = expect_times(result, oracle, c.options.rules);
            medians += more_medians;
            times += more_times;
        }
        if (HasFailure()) break;
    }
    EXPECT_GT(reached_the_end, 400u);  // the cases are not all trivial
    EXPECT_GT(medians, 100u);
    EXPECT_GT(times, 100u);
}

TEST(FunnelRules, TimingAloneChangesNoCount) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        PathCase c = random_path_case(seed);
        c.options.rules = {};
        c.options.timing = false;
        const auto without = metrics::measure(to_log(c.rows), c.options);
        c.options.timing = true;
        EXPECT_EQ(reached(without.steps), reached(metrics::measure(to_log(c.rows), c.options).steps));
    }
}

}  // namespace
}  // namespace funnel::test
