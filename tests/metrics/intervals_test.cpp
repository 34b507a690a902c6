// SPDX-License-Identifier: MIT
#include "funnel/metrics/detail/inference/intervals.hpp"

#include <gtest/gtest.h>

#include <set>

#include "funnel/base/hash.hpp"
#include "funnel/base/random.hpp"
#include "metrics/builder.hpp"

namespace funnel::test {
namespace {

using metrics::Metric;
using metrics::MetricsOptions;

/// Every user has a click rate of its own, around `rate`; a fifth of the users sees a lot.
std::vector<Row> clicks_of(std::uint64_t seed, std::size_t users, double rate) {
    Rng random(seed);
    std::vector<Row> rows;
    for (std::size_t u = 0; u < users; ++u) {
        const double own = random.uniform() < 0.5 ? rate * 1.6 : rate * 0.4;
        const std::size_t shown = random.uniform() < 0.2 ? 30 : 3;
        for (std::size_t i = 0; i < shown; ++i) {
            const std::string user = "u" + std::to_string(u), item = "i" + std::to_string(i);
            rows.push_back({0, impression, user, item});
            if (random.uniform() < own) rows.push_back({1, click, user, item});
        }
    }
    return rows;
}

TEST(Intervals, LeaveOneGroupOfUsersOutAtATime) {
    const std::vector<Row> rows = clicks_of(1, 400, 0.2);
    const MetricsOptions options = shop_options();
    const Metric whole = metrics::measure(to_log(rows), options).metric("ctr");
    // The same from 64 logs, each without the users of one group.
    std::vector<double> logits;
    for (std::size_t g = 0; g < 64; ++g) {
        std::vector<Row> rest;
        for (const Row& row : rows) {
            if (base::hash_bytes(row.user) % 64 != g) rest.push_back(row);
        }
        const double theta = metrics::measure(to_log(rest), options).metric("ctr").value.value();
        logits.push_back(std::log(theta / (1 - theta)));
    }
    double mean = 0, variance = 0;
    for (const double logit : logits)
        mean += logit / 64;
    for (const double logit : logits)
        variance += 63.0 / 64 * (logit - mean) * (logit - mean);
    const double middle = std::log(*whole.value / (1 - *whole.value)), half = 1.9983405 * std::sqrt(variance);
    EXPECT_EQ(whole.method, "jackknife");
    EXPECT_NEAR(whole.low.value(), 1 / (1 + std::exp(half - middle)), 1e-8);
    EXPECT_NEAR(whole.high.value(), 1 / (1 + std::exp(-half - middle)), 1e-8);
}

TEST(Intervals, OfRevenuePerUserAndVisitLeaveOneGroupOutOnTheLogScale) {
    Rng random(7);
    std::vector<Row> rows;
    for (int u = 0; u < 500; ++u) {
        const std::string user = "u" + std::to_string(u);
        for (int visit = 0, visits = 1 + static_cast<int>(random.below(3)); visit < visits; ++visit) {
            const std::string id = user + "-" + std::to_string(visit);
            rows.push_back({visit * kDay, view, user, "i", id});
            if (random.uniform() < 0.2)
                rows.push_back({visit * kDay + 1, purchase, user, "i", id, id, 1 + 20 * random.uniform()});
        }
    }
    // By hand: money over users and visits, in all and without each group.
    struct Sums {
        double money = 0;
        std::set<std::string> users = {}, visits = {};
    };
    const auto sums = [&](std::size_t without) {
        Sums out;
        for (const Row& row : rows) {
            if (base::hash_bytes(row.user) % 64 == without) continue;
            out.users.insert(row.user);
            out.visits.insert(row.session);
            if (row.kind == purchase) out.money += row.revenue;
        }
        return out;
    };
    const auto result = metrics::measure(to_log(rows), shop_options());
    for (const bool per_visit : {false, true}) {
        const auto ratio = [&](const Sums& of) {
            return of.money / static_cast<double>(per_visit ? of.visits.size() : of.users.size());
        };
        double mean = 0, variance = 0;
        std::vector<double> logs;
        for (std::size_t g = 0; g < 64; ++g) {
            logs.push_back(std::log(ratio(sums(g))));
            mean += logs.back() / 64;
        }
        for (const double log : logs)
            variance += 63.0 / 64 * (log - mean) * (log - mean);
        const Metric& metric = result.metric(per_visit ? "revenue_per_visit" : "revenue_per_user");
        const double value = ratio(sums(64)), factor = std::exp(1.9983405 * std::sqrt(variance));
        EXPECT_EQ(metric.method, "jackknife");
        EXPECT_NEAR(metric.value.value(), value, 1e-6);  // money is held in millionths
        EXPECT_NEAR(metric.low.value(), value / factor, 1e-6);
        EXPECT_NEAR(metric.high.value(), value * factor, 1e-6);
        EXPECT_GT(factor, 1.05);
    }
}

TEST(Intervals, CoverTheTrueRateNineteenTimesInTwenty) {
    int covered = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        const auto result = metrics::measure(to_log(clicks_of(seed, 150, 0.2)), shop_options());
        const Metric& ctr = result.metric("ctr");
        covered += *ctr.low <= 0.2 && 0.2 <= *ctr.high;
    }
    // 380 expected, standard deviation 4.4; the jackknife is allowed to be a little off.
    EXPECT_GE(covered, 364);
    EXPECT_LE(covered, 394);
}

TEST(Intervals, AreWilsonForSharesOfUsers) {
    const auto result = metrics::measure(to_log(clicks_of(2, 100, 0.2)), shop_options());
    const Metric& clickers = result.metric("click_user_rate");
    const auto expected = eval::wilson(*clickers.numerator, *clickers.denominator);
    EXPECT_EQ(clickers.method, "wilson");
    EXPECT_EQ(clickers.low, expected->low);
    EXPECT_EQ(clickers.high, expected->high);
}

TEST(Intervals, CountUsersWhereFewStandBehindAShare) {
    std::vector<Row> rows;
    for (int u = 0; u < 50; ++u) {
        for (int i = 0; i < 10; ++i)
            rows.push_back({0, impression, "u" + std::to_string(u), std::to_string(i)});
    }
    rows.push_back({1, click, "u7", "3"});
    const auto result = metrics::measure(to_log(rows), shop_options());
    const Metric& ctr = result.metric("ctr");
    EXPECT_EQ(ctr.value, 1.0 / 500);
    EXPECT_EQ(ctr.method, "wilson_users");
    EXPECT_EQ(ctr.high, eval::wilson(50.0 / 500, 50)->high);  // fifty users, not 500 impressions
    EXPECT_EQ(result.metric("ctr_raw").interval_reason, "fewer_than_20_users");
    EXPECT_FALSE(result.metric("ctr_raw").low.has_value());
}

TEST(Intervals, OfMoneyAreOnTheLogScale) {
    std::vector<Row> rows;
    for (int u = 0; u < 200; ++u) {
        rows.push_back(
            {u, purchase, "u" + std::to_string(u), "i", "", "o" + std::to_string(u), 10.0 + u % 7});
    }
    const auto result = metrics::measure(to_log(rows), shop_options());
    const Metric& average = result.metric("average_order_value");
    const Metric& revenue = result.metric("revenue");
    EXPECT_LT(average.low.value(), average.value.value());
    EXPECT_GT(average.high.value(), average.value.value());
    // Orders of 13 +- 2: the mean is known within 2 standard errors of 2 / sqrt(200); the sum also has the
    // spread of the number of buyers, 1 / sqrt(200). 64 groups know a spread to 9 %.
    EXPECT_NEAR(average.high.value() - average.low.value(), 4 * 2.0 / std::sqrt(200.0), 0.15);
    EXPECT_NEAR(std::log(revenue.high.value() / revenue.low.value()), 4 / std::sqrt(200.0), 0.07);
}

}  // namespace
}  // namespace funnel::test
