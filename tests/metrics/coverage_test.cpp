// SPDX-License-Identifier: MIT
// 95 % intervals cover the truth 95 % of the time: on logs of shoppers who differ a lot. FUNNEL_COVERAGE_LOGS
// sets the number of logs (docs/metrics.md has the figures for 1,000).
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>

#include "funnel/base/random.hpp"
#include "metrics/builder.hpp"

namespace funnel::test {
namespace {

const std::vector<std::string> kMetrics = {"pv_per_uv",
                                           "pv_per_viewer",
                                           "ctr",
                                           "ctr_raw",
                                           "ctr_followed",
                                           "click_user_rate",
                                           "cart_to_view_rate",
                                           "cart_to_view_pairs",
                                           "conversion_user",
                                           "conversion_session",
                                           "cart_abandon_session",
                                           "cart_abandon_user_item_naive",
                                           "orders_per_session",
                                           "repeat_purchase_period",
                                           "average_order_value",
                                           "revenue_per_user",
                                           "revenue_per_visit",
                                           "repeat_item_rate"};

/// Every user has a taste and a temper: heavy users see ten times as much, keen ones buy four times as often.
void add_user(Rng& random, const std::string& user, std::vector<Row>& rows) {
    const bool heavy = random.uniform() < 0.2, keen = random.uniform() < 0.3;
    const std::size_t visits = heavy ? 3 + random.below(5) : 1 + random.below(2);
    std::int64_t time = 0;
    for (std::size_t v = 0; v < visits; ++v) {
        time += kDay;
        const std::string visit = "s" + std::to_string(v);
        const std::size_t shown = heavy ? 6 : 3;
        for (std::size_t i = 0; i < shown; ++i) {
            const std::string item = "i" + std::to_string(random.below(12));
            rows.push_back({time, impression, user, item, visit});
            if (random.uniform() >= (keen ? 0.5 : 0.2)) continue;
            rows.push_back({time + 1, click, user, item, visit});
            rows.push_back({time + 2, view, user, item, visit});
            if (random.uniform() >= (keen ? 0.6 : 0.3)) continue;
            rows.push_back({time + 3, cart_add, user, item, visit});
            if (random.uniform() >= (keen ? 0.6 : 0.3)) continue;
            const double amount = std::round(100 * (5 + 40 * random.uniform() * random.uniform())) / 100;
            rows.push_back({time + 4, purchase, user, item, visit, user + visit, amount});
        }
    }
}

metrics::MetricsResult log_of(std::uint64_t seed, std::size_t users) {
    Rng random(seed);
    std::vector<Row> rows;
    for (std::size_t u = 0; u < users; ++u)
        add_user(random, "u" + std::to_string(seed) + "_" + std::to_string(u), rows);
    return metrics::measure(to_log(rows), {.funnel = Funnel::parse("impression,click,cart_add,purchase")});
}

TEST(Intervals, CoverTheTruthOfEveryRate) {
    const char* wanted = std::getenv("FUNNEL_COVERAGE_LOGS");
    const int logs = wanted != nullptr ? std::atoi(wanted) : 150;
    ASSERT_GT(logs, 0);
    // The truth: a log that is 200 times as long, known 14 times as well.
    const metrics::MetricsResult truth = log_of(0, 120'000);
    std::map<std::string, int> covered;
    for (int seed = 1; seed <= logs; ++seed) {
        const metrics::MetricsResult result = log_of(static_cast<std::uint64_t>(seed), 600);
        for (const std::string& name : kMetrics) {
            const metrics::Metric& metric = result.metric(name);
            ASSERT_TRUE(metric.low.has_value()) << name << " " << metric.interval_reason;
            const double value = truth.metric(name).value.value();
            covered[name] += *metric.low <= value && value <= *metric.high;
        }
        for (std::size_t k = 1; k < result.steps.size(); ++k) {
            const double value = truth.steps[k].step_rate.value();
            covered["step " + result.steps[k].name] +=
                result.steps[k].step_interval->low <= value && value <= result.steps[k].step_interval->high;
        }
    }
    // Four standard deviations, and half a point for a truth that is itself an estimate.
    const double slack = 0.005 + 4 * std::sqrt(0.95 * 0.05 / logs);
    EXPECT_EQ(covered.size(), std::size(kMetrics) + 3);  // and three steps
    for (const auto& [name, count] : covered) {
        const double share = static_cast<double>(count) / logs;
        if (wanted != nullptr) std::printf("%-30s %.1f %%\n", name.c_str(), 100 * share);
        EXPECT_NEAR(share, 0.95, slack) << name;
    }
}

}  // namespace
}  // namespace funnel::test
