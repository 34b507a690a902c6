// SPDX-License-Identifier: MIT
// Every core metric and every entity of the funnel against the naive oracle, on thousands of small random
// logs with few distinct times, so that nearly every rule about equal times matters.
#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "funnel/base/random.hpp"
#include "metrics/builder.hpp"
#include "support/effort.hpp"

namespace funnel::test {
namespace {

using metrics::Entity;
using metrics::Metric;
using metrics::MetricsOptions;
using metrics::MetricsResult;

class Dice {
 public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}
    [[nodiscard]] std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_.below(n)); }
    template <typename T>
    [[nodiscard]] const T& pick(const std::vector<T>& choices) {
        return choices[below(choices.size())];
    }

 private:
    Rng random_;
};

struct Case {
    std::vector<Row> rows;
    MetricsOptions options;
    Question question;
    ShopQuestion shop;
};

Case random_case(std::uint64_t seed) {
    Dice dice(seed);
    std::vector<EventKind> kinds = {page_view, impression, impression, view,     view,  click,       favorite,
                                    cart_add,  cart_add,   purchase,   purchase, other, cart_remove, refund};
    if (dice.below(3) == 0) std::erase(kinds, click);
    if (dice.below(6) == 0) std::erase(kinds, impression);
    if (dice.below(2) == 0) std::erase(kinds, refund);
    const std::int64_t step =
        dice.pick<std::int64_t>({kMinute, 10 * kMinute, 15 * kMinute, kHour, 8 * kHour});
    const bool sessions = dice.below(2) == 0;
    const std::size_t users = 1 + dice.below(3), times = 2 + dice.below(12), rows = 1 + dice.below(30);
    Case c;
    for (std::size_t i = 0; i < rows; ++i) {
        Row row{.time = static_cast<std::int64_t>(dice.below(times)) * step,
                .kind = dice.pick(kinds),
                .user = "u" + std::to_string(dice.below(users)),
                .item = dice.pick<std::string>({"", "i1", "i1", "i2"}),
                .session = sessions ? dice.pick<std::string>({"", "s1", "s2"}) : "",
                .order = "",
                .key = dice.pick<std::string>({"", "a", "b", "a"})};
        if (row.kind == purchase || row.kind == refund) {
            row.order = dice.pick<std::string>({"", "o1", "o2"});
            if (dice.below(4) != 0) row.revenue = static_cast<double>(dice.below(8)) / 4;
        }
        c.rows.push_back(row);
    }
    c.options.funnel = Funnel::parse(dice.pick<std::string>(
        {"view,cart_add,purchase", "impression,click+view,cart_add,purchase", "view,view,purchase", "view",
         "purchase,cart_add,view", "cart_add,view,cart_add", "view,view,view,view",
         "view,cart_add,view,purchase"}));
    c.options.window = static_cast<std::int64_t>(dice.below(6)) * step;
    c.options.entity =
        dice.pick<Entity>({Entity::user, Entity::session, Entity::user_item, Entity::exposure});
    for (std::size_t k = 1; k < c.options.funnel.stages.size(); ++k) {
        c.options.horizons.push_back(static_cast<std::int64_t>(dice.below(5)) * step);
    }
    if (dice.below(4) == 0) c.options.from = static_cast<std::int64_t>(dice.below(times)) * step;
    if (dice.below(3) == 0) {
        c.options.to = c.options.from.value_or(0) + static_cast<std::int64_t>(dice.below(times)) * step;
    }
    if (std::ranges::any_of(c.rows, [](const Row& row) { return !row.key.empty(); }))
        c.options.by = {"category"};
    if (dice.below(3) == 0) c.options.warmup = static_cast<std::int64_t>(dice.below(times)) * step;
    c.options.repeat_within = {static_cast<std::int64_t>(dice.below(4)) * step, kDay};
    c.options.retention = {0, 1, 2};
    c.options.rolling_days = dice.below(2) == 0;
    if (dice.below(2) == 0)
        c.options.zone = {{0, -kHour}, {static_cast<std::int64_t>(dice.below(30)) * kHour, 0}};
    c.options.exposures = dice.below(2) == 0;
    c.shop = {.warmup = c.options.warmup,
              .spans = c.options.repeat_within,
              .days = c.options.retention,
              .rolling = c.options.rolling_days};
    for (const auto& change : c.options.zone)
        c.shop.zone.emplace_back(change.from, change.offset);
    c.options.threads = 1 + static_cast<unsigned>(dice.below(3));
    c.question = {.funnel = c.options.funnel,
                  .window = c.options.window,
                  .entity = std::string(metrics::entity_name(c.options.entity)),
                  .horizons = c.options.horizons,
                  .from = c.options.from,
                  .to = c.options.to,
                  .key = {}};
    return c;
}

void expect_exposures(const std::vector<Metric>& metrics, const ShopOracle& oracle) {
    const Metric* rate = metrics::find(metrics, "ctr_exposure");
    if (rate == nullptr) return;
    EXPECT_EQ(rate->numerator, oracle.exposures().first);
    EXPECT_EQ(rate->denominator, oracle.exposures().second);
}

void expect_equal(const std::vector<Metric>& metrics, const ShopOracle& oracle) {
    expect_exposures(metrics, oracle);
    for (const auto& [name, fraction] : oracle.answers()) {
        if (name == "clicks" || name == "impressions") continue;
        const Metric* metric = metrics::find(metrics, name);
        ASSERT_NE(metric, nullptr) << name;
        const auto [numerator, denominator] = fraction;
        if (std::isnan(denominator)) {
            EXPECT_EQ(metric->value, numerator) << name;
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
    for (const Metric& metric : metrics)
        EXPECT_TRUE(known.contains(metric.name) || elsewhere.contains(metric.name)) << metric.name;
}

TEST(Measure, AgreesWithTheNaiveOracle) {
    for (std::uint64_t seed = 1; seed <= support::cases(4000); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const Case c = random_case(seed);
        const MetricsResult result = metrics::measure(to_log(c.rows), c.options);
        const ShopOracle oracle(c.rows, c.question, c.shop);
        expect_all_known(result.metrics, oracle.answers());
        expect_equal(result.metrics, oracle);
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
        }
        if (HasFailure()) break;
    }
}

TEST(Measure, DoesNotDependOnTheOrderOfRows) {
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
        for (std::size_t i = 0; i < before.metrics.size(); ++i) {
            EXPECT_EQ(before.metrics[i].value, after.metrics[i].value) << before.metrics[i].name;
            for (std::size_t s = 0; s < before.breakdown.size(); ++s) {
                EXPECT_EQ(before.breakdown[s].metrics[i].value, after.breakdown[s].metrics[i].value)
                    << before.metrics[i].name;
            }
        }
        if (HasFailure()) break;
    }
}

}  // namespace
}  // namespace funnel::test
