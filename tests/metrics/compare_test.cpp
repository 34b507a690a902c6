// SPDX-License-Identifier: MIT
// Differences, lifts, experiments and the gain of a point: by hand, and by logs without each group of users.
#include <gtest/gtest.h>

#include "funnel/base/random.hpp"
#include "funnel/metrics/experiment.hpp"
#include "metrics/builder.hpp"

namespace funnel::test {
namespace {

using metrics::MetricsOptions;

/// Users of two variants, who buy at their own rates; revenue 10 each.
std::vector<Row> trial(std::uint64_t seed, std::size_t users, double rate_a, double rate_b) {
    Rng random(seed);
    std::vector<Row> rows;
    for (std::size_t u = 0; u < users; ++u) {
        const std::string user = "u" + std::to_string(u), key = u % 2 == 0 ? "a" : "b";
        for (int visit = 0; visit < 3; ++visit) {
            rows.push_back({visit * kDay, view, user, "i", std::to_string(visit), "", std::nan(""), key});
            if (random.uniform() < (key == "a" ? rate_a : rate_b)) {
                rows.push_back({visit * kDay + 1, purchase, user, "i", std::to_string(visit),
                                user + std::to_string(visit), 10, visit == 0 ? "" : key});
            }
        }
    }
    return rows;
}

metrics::ExperimentResult experiment(const std::vector<Row>& rows, const std::string& control = "",
                                     const std::vector<double>& shares = {}) {
    const EventLog log = to_log(rows);
    const MetricsOptions options = shop_options();
    const auto facts = metrics::facts_of(log);
    return metrics::finish(metrics::count_experiment(log, options, facts, "category"), options, facts,
                           control, shares);
}

metrics::MetricDifference named(const metrics::ExperimentArm& arm, const std::string& name) {
    return *std::ranges::find(arm.against_control, name, &metrics::MetricDifference::name);
}

TEST(Experiment, CountsAllRowsOfUsersWithOneVariant) {
    const auto result = experiment({{0, view, "u", "i", "", "", 0, "a"},
                                    {1, purchase, "u", "i", "", "", 1},  // no variant in this row
                                    {0, view, "v", "i", "", "", 0, "b"},
                                    {0, view, "both", "i", "", "", 0, "a"},
                                    {1, view, "both", "i", "", "", 0, "b"},
                                    {0, view, "none", "i"}});
    ASSERT_EQ(result.arms.size(), 2u);
    EXPECT_EQ(result.control, "a");
    EXPECT_EQ(metrics::find(result.arms[0].result.metrics, "conversion_user")->value, 1);
    EXPECT_EQ(metrics::find(result.arms[1].result.metrics, "conversion_user")->value, 0);
    EXPECT_EQ(result.users_in_several, 1);
    EXPECT_EQ(result.users_in_none, 1);
    EXPECT_EQ(result.sample_ratio_p, 1);
}

TEST(Experiment, ComparesNoSumsOfArmsOfDifferentSize) {
    const auto result = experiment({{0, purchase, "u", "i", "", "", 1, "a"},
                                    {0, purchase, "v", "i", "", "", 1, "b"},
                                    {0, purchase, "w", "i", "", "", 1, "b"}});
    std::vector<std::string> names;
    for (const auto& difference : result.arms[1].against_control)
        names.push_back(difference.name);
    EXPECT_EQ(std::ranges::count(names, "revenue"), 0);
    EXPECT_EQ(std::ranges::count(names, "average_order_value"), 1);
    EXPECT_EQ(std::ranges::count(names, "revenue_per_user"), 1);
    EXPECT_EQ(std::ranges::count(names, "revenue_per_visit"), 1);
    EXPECT_EQ(metrics::find(result.arms[1].result.metrics, "revenue")->value, 2);
}

TEST(Experiment, DifferenceIsThatOfTheJackknifeOverGroupsOfUsers) {
    const std::vector<Row> rows = trial(1, 1000, 0.2, 0.3);
    const auto& difference = named(experiment(rows).arms[1], "conversion_session");
    std::vector<double> theta;
    for (std::size_t g = 0; g < 64; ++g) {
        std::vector<Row> rest;
        for (const Row& row : rows) {
            if (base::hash_bytes(row.user) % 64 != g) rest.push_back(row);
        }
        theta.push_back(named(experiment(rest).arms[1], "conversion_session").difference.value());
    }
    double mean = 0, squares = 0;
    for (const double t : theta)
        mean += t / 64;
    for (const double t : theta)
        squares += (t - mean) * (t - mean);
    const double half = 1.9983405 * std::sqrt(squares * 63 / 64);
    EXPECT_EQ(difference.method, "jackknife");
    EXPECT_NEAR(difference.interval->low, *difference.difference - half, 1e-7);
    EXPECT_NEAR(difference.interval->high, *difference.difference + half, 1e-7);
}

TEST(Experiment, IntervalsCoverTheTrueDifferenceAndLift) {
    int difference = 0, lift = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const auto& of = named(experiment(trial(seed, 800, 0.2, 0.3)).arms[1], "conversion_session");
        difference += of.interval->low <= 0.1 && 0.1 <= of.interval->high;
        lift += of.lift_interval->low <= 0.5 && 0.5 <= of.lift_interval->high;
    }
    EXPECT_GE(difference, 178);  // 190 expected, four standard deviations are 12
    EXPECT_GE(lift, 178);
}

TEST(Experiment, ABrokenSplitIsSaid) {
    std::vector<Row> rows = trial(2, 1000, 0.2, 0.2);
    std::erase_if(rows, [](const Row& row) { return row.user.ends_with("1") && row.user.size() > 2; });
    const auto result = experiment(rows);
    EXPECT_LT(*result.sample_ratio_p, 0.001);
    EXPECT_EQ(result.warnings.size(), 1u);
    // The split that was planned: 500 to 400 or so.
    EXPECT_GT(*experiment(rows, "", {5, 4}).sample_ratio_p, 0.5);
    EXPECT_THROW((void)experiment(rows, "c"), Error);
    EXPECT_THROW((void)experiment(rows, "", {1, 1, 1}), Error);
}

TEST(ChiSquareTail, MatchesTables) {
    EXPECT_NEAR(metrics::chi_square_tail(3.841459, 1), 0.05, 1e-6);
    EXPECT_NEAR(metrics::chi_square_tail(5.991465, 2), 0.05, 1e-6);
    EXPECT_NEAR(metrics::chi_square_tail(7.814728, 3), 0.05, 1e-6);
    EXPECT_NEAR(metrics::chi_square_tail(9.487729, 4), 0.05, 1e-6);
    EXPECT_NEAR(metrics::chi_square_tail(20.515006, 5), 0.001, 1e-8);
}

TEST(Difference, OfFewUsersIsNewcombes) {
    // 56 of 70 against 48 of 80: Newcombe (1998), table II, example (a): 0.0524 to 0.3339.
    std::vector<Row> rows;
    for (int u = 0; u < 150; ++u) {
        const bool first = u < 70;
        const std::string user = "u" + std::to_string(u), key = first ? "b" : "a";
        rows.push_back({0, view, user, "i", "", "", std::nan(""), key});
        if (first ? u < 56 : u < 118) rows.push_back({1, purchase, user, "i", "", user, 1, key});
    }
    const auto& of = named(experiment(rows).arms[1], "conversion_user");
    EXPECT_EQ(of.method, "newcombe");
    EXPECT_NEAR(of.interval->low, 0.0524, 5e-5);
    EXPECT_NEAR(of.interval->high, 0.3339, 5e-5);
}

TEST(StepGains, OnePointMoreAtAStep) {
    std::vector<Row> rows;
    for (int u = 0; u < 100; ++u) {
        const std::string user = "u" + std::to_string(u);
        rows.push_back({0, view, user, "i"});
        if (u < 50) rows.push_back({1, cart_add, user, "i"});
        if (u < 25) rows.push_back({2, purchase, user, "i", "", user, 8});
    }
    const auto gains = metrics::measure(to_log(rows), shop_options()).gains;
    ASSERT_EQ(gains.size(), 2u);
    EXPECT_DOUBLE_EQ(gains[0].arrivals.value(), 0.5);  // 51 of 100 carts, half of them buy
    EXPECT_DOUBLE_EQ(gains[0].revenue.value(), 4);
    EXPECT_DOUBLE_EQ(gains[1].arrivals.value(), 0.5);  // 51 % of 50
    EXPECT_LT(gains[1].arrivals_interval->low, 0.5);
    EXPECT_GT(gains[1].arrivals_interval->high, 0.5);
}

}  // namespace
}  // namespace funnel::test
