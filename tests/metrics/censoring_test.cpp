// SPDX-License-Identifier: MIT
// Windows that are not over: Kaplan and Meier by hand, and logs cut short against the whole.
#include "funnel/metrics/detail/inference/censoring.hpp"

#include <gtest/gtest.h>

#include "funnel/base/random.hpp"
#include "metrics/builder.hpp"

namespace funnel::test {
namespace {

using metrics::FirstEntries;
using metrics::MetricsOptions;

TEST(KaplanMeier, ByHand) {
    // Watched for 1, 2, 3, 4 and 5 (the window): arrivals at 1 and 3, censored at 2 and 4.
    FirstEntries entries;
    entries.add(5, 5, 1);
    entries.add(2, 5, std::nullopt);
    entries.add(5, 5, 3);
    entries.add(4, 5, std::nullopt);
    entries.add(5, 5, std::nullopt);
    const auto km = metrics::ArrivalCurve(entries).all();
    EXPECT_NEAR(km.rate, 1 - 4.0 / 5 * (2.0 / 3), 1e-15);
    EXPECT_NEAR(km.variance, 4.0 / 5 * (2.0 / 3) * (4.0 / 5) * (2.0 / 3) * (1.0 / (5 * 4) + 1.0 / (3 * 2)),
                1e-15);
    EXPECT_EQ(entries.mature, 3);
    EXPECT_EQ(entries.mature_reached, 2);
}

TEST(KaplanMeier, SomeoneCensoredAtAnArrivalWasStillAtRisk) {
    FirstEntries entries;
    entries.add(3, 5, 3);
    entries.add(3, 5, std::nullopt);
    EXPECT_NEAR(metrics::ArrivalCurve(entries).all().rate, 0.5, 1e-15);
}

TEST(KaplanMeier, WithoutSomeEntriesIsThatOfTheOthers) {
    Rng random(5);
    FirstEntries some, others;
    for (int i = 0; i < 300; ++i) {
        const auto watched = static_cast<std::int64_t>(random.below(40)),
                   arrival = static_cast<std::int64_t>(random.below(30));
        (i % 3 == 0 ? some : others)
            .add(watched, 30, arrival <= watched && i % 2 == 0 ? std::optional(arrival) : std::nullopt);
    }
    FirstEntries all = some;
    all += others;
    EXPECT_NEAR(metrics::ArrivalCurve(all).without(some).rate, metrics::ArrivalCurve(others).all().rate,
                1e-12);
}

/// Users who come over 30 days; a third buys, after up to 6 days.
std::vector<Row> shop(std::uint64_t seed, std::size_t users) {
    Rng random(seed);
    std::vector<Row> rows;
    for (std::size_t u = 0; u < users; ++u) {
        const auto come = static_cast<std::int64_t>(random.uniform() * 30 * static_cast<double>(kDay));
        rows.push_back({come, view, "u" + std::to_string(u)});
        if (random.uniform() < 0.3) {
            const double wait = random.uniform() * random.uniform() * 6;
            rows.push_back({come + static_cast<std::int64_t>(wait * static_cast<double>(kDay)), purchase,
                            "u" + std::to_string(u)});
        }
    }
    rows.push_back({60 * kDay, page_view, "last"});
    return rows;
}

metrics::Censoring censoring_until(std::vector<Row> rows, std::int64_t end, metrics::Entity entity) {
    std::erase_if(rows, [&](const Row& row) { return row.time > end; });
    rows.push_back({end, page_view, "last"});
    MetricsOptions options{.funnel = Funnel::parse("view,purchase")};
    options.entity = entity;
    return metrics::measure(to_log(rows), options).censoring.value();
}

// The truth is the rate itself: 0.3, since every wait is shorter than the window. Each log is cut 12 days
// after its first visitors, when the windows of more than half of them are still open.
TEST(Censoring, MatureAndKaplanMeierRecoverTheRateAndTheNaiveRateDoesNot) {
    int naive = 0, mature = 0, km = 0, whole = 0;
    constexpr int kLogs = 200;
    for (int seed = 1; seed <= kLogs; ++seed) {
        const std::vector<Row> rows = shop(static_cast<std::uint64_t>(seed), 1500);
        const auto covers = [](const metrics::FirstEntryRate& rate) {
            return rate.interval->low <= 0.3 && 0.3 <= rate.interval->high;
        };
        const auto cut = censoring_until(rows, 12 * kDay, metrics::Entity::user);
        EXPECT_LT(*cut.mature_share, 0.55);
        naive += covers(cut.naive_first);
        mature += covers(cut.mature);
        km += covers(cut.km);
        const auto all = censoring_until(rows, 60 * kDay, metrics::Entity::user);
        EXPECT_EQ(all.mature_share, 1);
        // A product of a thousand factors is rounded a thousand times.
        EXPECT_NEAR(all.km.value.value(), all.naive_first.value.value(), 1e-12);
        whole += covers(all.km);
    }
    // 190 expected; five standard deviations are 15.
    EXPECT_GE(mature, 175);
    EXPECT_GE(km, 175);
    EXPECT_GE(whole, 175);
    EXPECT_LT(naive, kLogs / 2);
}

TEST(Censoring, OfOtherEntitiesHasIntervalsByGroupsOfUsers) {
    std::vector<Row> rows;
    Rng random(3);
    for (int u = 0; u < 400; ++u) {
        for (int v = 0; v < 3; ++v) {
            const std::string user = "u" + std::to_string(u), visit = "s" + std::to_string(v);
            rows.push_back({v * kDay, view, user, "", visit});
            if (random.uniform() < 0.3) rows.push_back({v * kDay + kHour, purchase, user, "", visit});
        }
    }
    const auto censoring = censoring_until(rows, 60 * kDay, metrics::Entity::session);
    EXPECT_EQ(censoring.entries, 1200);
    EXPECT_EQ(censoring.km.method, "jackknife");
    EXPECT_NEAR(*censoring.km.value, 0.3, 0.05);
    EXPECT_LT(censoring.km.interval->low, *censoring.km.value);
    EXPECT_GT(censoring.km.interval->high, *censoring.km.value);
}

TEST(Censoring, IsNotForExposuresAndEmptyLogsHaveReasons) {
    MetricsOptions options{.funnel = Funnel::parse("impression,click")};
    EXPECT_EQ(metrics::measure(EventLog(), options).censoring->km.reason, "no_entries");
    options.entity = metrics::Entity::exposure;
    EXPECT_FALSE(metrics::measure(EventLog(), options).censoring.has_value());
}

}  // namespace
}  // namespace funnel::test
