// SPDX-License-Identifier: MIT
// Every core metric and every entity of the funnel against the naive oracle, on thousands of small random
// logs with few distinct times, so that nearly every rule about equal times matters.
#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "metrics/builder.hpp"
#include "metrics/random_case.hpp"
#include "support/effort.hpp"

namespace funnel::test {
namespace {

using metrics::Metric;
using metrics::MetricsResult;

void expect_exposures(const std::vector<Metric>& metrics, const ShopOracle& oracle) {
    const Metric* rate = metrics::find(metrics, "ctr_exposure");
    if (rate == nullptr) return;
    EXPECT_EQ(rate->numerator, oracle.exposures().first);
    EXPECT_EQ(rate->denominator, oracle.exposures().second);
}

void expect_equal(const std::vector<Metric>& metrics, const ShopOracle& oracle) {
    expect_exposures(metrics, oracle);
    const Answers answers = oracle.answers();
    ASSERT_GT(answers.size(), 30u);
    for (const auto& [name, fraction] : answers) {
        if (name == "clicks" || name == "impressions") continue;
        const Metric* metric = metrics::find(metrics, name);
        ASSERT_NE(metric, nullptr) << name;
        const auto [numerator, denominator] = fraction;
        if (std::isnan(denominator)) {
            EXPECT_EQ(metric->value, std::isnan(numerator) ? std::nullopt : std::optional(numerator)) << name;
            continue;
        }
        EXPECT_EQ(metric->numerator, numerator) << name;
        EXPECT_EQ(metric->denominator, denominator) << name;
        if (denominator == 0) {
            EXPECT_FALSE(metric->value.has_value()) << name;
            EXPECT_FALSE(metric->reason.empty()) << name;
        } else {
            EXPECT_EQ(metric->value, numerator / denominator) << name;
            EXPECT_TRUE(metric->reason.empty()) << name;
        }
    }
}

void expect_dwell(const std::vector<Metric>& metrics, const std::vector<double>& sorted) {
    const auto& median = *metrics::find(metrics, "dwell_median_s");
    const auto& mean = *metrics::find(metrics, "dwell_mean_s");
    if (sorted.empty()) {
        EXPECT_FALSE(median.value.has_value());
        EXPECT_FALSE(mean.value.has_value());
        return;
    }
    EXPECT_EQ(median.value, (sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2]) / 2);
    EXPECT_NEAR(mean.value.value_or(-1),
                std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(sorted.size()),
                1e-9);
}

/// A metric that the oracle does not know would be checked by hand alone.
void expect_all_known(const std::vector<Metric>& metrics, const Answers& known) {
    const std::set<std::string> elsewhere = {"dwell_median_s", "dwell_mean_s", "ctr_exposure"};
    ASSERT_GT(metrics.size(), 30u);
    for (const Metric& metric : metrics)
        EXPECT_TRUE(known.contains(metric.name) || elsewhere.contains(metric.name)) << metric.name;
}

TEST(Measure, AgreesWithTheNaiveOracle) {
    std::uint64_t segments = 0, exposures = 0;
    for (std::uint64_t seed = 1; seed <= support::cases(4000); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const Case c = random_case(seed);
        const MetricsResult result = metrics::measure(to_log(c.rows), c.options);
        const ShopOracle oracle(c.rows, c.question, c.shop);
        expect_all_known(result.metrics, oracle.answers());
        expect_equal(result.metrics, oracle);
        exposures += metrics::find(result.metrics, "ctr_exposure") != nullptr;
        expect_dwell(result.metrics, oracle.dwell_seconds());
        EXPECT_EQ(reached(result.steps), oracle.reached());
        for (const auto& segment : result.breakdown) {
            SCOPED_TRACE("key " + segment.key.value_or("missing"));
            Question question = c.question;
            question.key = segment.key.value_or("");
            const ShopOracle part(c.rows, question, c.shop);
            expect_equal(segment.metrics, part);
            expect_dwell(segment.metrics, part.dwell_seconds());
            EXPECT_EQ(reached(segment.steps), part.reached());
            ++segments;
        }
        if (HasFailure()) break;
    }
    EXPECT_GT(segments, support::cases(4000) / 4);
    EXPECT_GT(exposures, support::cases(4000) / 40);
}

TEST(Measure, DoesNotDependOnTheOrderOfRows) {
    std::size_t segments = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Case c = random_case(seed);
        const MetricsResult before = metrics::measure(to_log(c.rows), c.options);
        Rng random(seed);
        for (std::size_t i = c.rows.size(); i > 1; --i) {
            std::swap(c.rows[i - 1], c.rows[static_cast<std::size_t>(random.below(i))]);
        }
        const MetricsResult after = metrics::measure(to_log(c.rows), c.options);
        EXPECT_EQ(reached(before.steps), reached(after.steps));
        ASSERT_EQ(before.breakdown.size(), after.breakdown.size());
        ASSERT_FALSE(before.metrics.empty());
        segments += before.breakdown.size();
        for (std::size_t i = 0; i < before.metrics.size(); ++i) {
            EXPECT_EQ(before.metrics[i].value, after.metrics[i].value) << before.metrics[i].name;
            for (std::size_t s = 0; s < before.breakdown.size(); ++s) {
                EXPECT_EQ(before.breakdown[s].metrics[i].value, after.breakdown[s].metrics[i].value)
                    << before.metrics[i].name;
            }
        }
        if (HasFailure()) break;
    }
    EXPECT_GT(segments, 75u);
}

}  // namespace
}  // namespace funnel::test
