// SPDX-License-Identifier: MIT
// States add: any split of a log by users, any number of threads and any joining of logs give one result.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "funnel/base/random.hpp"
#include "funnel/metrics/count_parts.hpp"
#include "metrics/builder.hpp"

namespace funnel::test {
namespace {

using metrics::MetricsOptions;
using metrics::MetricsResult;
using metrics::MetricsState;

std::vector<Row> random_rows(std::uint64_t seed, std::size_t users, std::size_t rows) {
    Rng random(seed);
    const std::vector<EventKind> kinds = {impression, impression, view, click, cart_add, purchase, page_view};
    std::vector<Row> out;
    for (std::size_t i = 0; i < rows; ++i) {
        Row row{.time = static_cast<std::int64_t>(random.below(40 * 24)) * kHour,
                .kind = kinds[random.below(kinds.size())],
                .user = "u" + std::to_string(random.below(users)),
                .item = "i" + std::to_string(random.below(9)),
                .session = "",
                .order = "",
                .key = std::string(1, static_cast<char>('a' + random.below(5)))};
        if (row.kind == purchase) row.revenue = static_cast<double>(random.below(1000)) / 100;
        out.push_back(row);
    }
    return out;
}

MetricsOptions options_by_category() {
    MetricsOptions options = shop_options();
    options.by = {"category", "week"};
    return options;
}

void expect_same(const MetricsResult& a, const MetricsResult& b) {
    EXPECT_EQ(reached(a.steps), reached(b.steps));
    EXPECT_EQ(a.visits, b.visits);
    EXPECT_EQ(a.users, b.users);
    EXPECT_EQ(a.warnings, b.warnings);
    const auto expect_metrics = [](const auto& left, const auto& right) {
        ASSERT_EQ(left.size(), right.size());
        ASSERT_FALSE(left.empty());
        for (std::size_t i = 0; i < left.size(); ++i) {
            EXPECT_EQ(left[i].value, right[i].value) << left[i].name;
            EXPECT_EQ(left[i].numerator, right[i].numerator) << left[i].name;
            EXPECT_EQ(left[i].low, right[i].low) << left[i].name;
        }
    };
    expect_metrics(a.metrics, b.metrics);
    ASSERT_EQ(a.breakdown.size(), b.breakdown.size());
    ASSERT_FALSE(a.breakdown.empty());
    for (std::size_t s = 0; s < a.breakdown.size(); ++s) {
        EXPECT_EQ(a.breakdown[s].key, b.breakdown[s].key);
        expect_metrics(a.breakdown[s].metrics, b.breakdown[s].metrics);
        EXPECT_EQ(reached(a.breakdown[s].steps), reached(b.breakdown[s].steps));
    }
}

TEST(MetricsState, SumsOverAnySplitByUsers) {
    const std::vector<Row> rows = random_rows(1, 300, 20'000);
    const MetricsOptions options = options_by_category();
    const EventLog whole = to_log(rows);
    for (const std::size_t parts : {2u, 7u}) {
        std::vector<std::vector<Row>> split(parts);
        for (const Row& row : rows)
            split[std::hash<std::string>{}(row.user) % parts].push_back(row);
        metrics::LogFacts facts;
        for (const auto& part : split)
            facts += metrics::facts_of(to_log(part));
        MetricsState state;
        for (std::size_t p = parts; p-- > 0;)
            state += metrics::count(to_log(split[p]), options, facts);
        expect_same(metrics::finish(state, options, facts), metrics::measure(whole, options));
    }
}

TEST(MetricsState, OfAnotherFunnelOrOtherFactsDoesNotAdd) {
    const EventLog log = to_log(random_rows(1, 20, 500));
    const MetricsOptions options = options_by_category();
    MetricsOptions shorter = options;
    shorter.funnel.stages.pop_back();
    MetricsOptions later = options;
    later.window += 1;
    const metrics::LogFacts facts = metrics::facts_of(log);
    metrics::LogFacts longer = facts;
    longer.last_time += 1;
    const MetricsState state = metrics::count(log, options, facts);
    for (const MetricsState& other : {metrics::count(log, shorter, facts), metrics::count(log, later, facts),
                                      metrics::count(log, options, longer)}) {
        MetricsState sum = state;
        EXPECT_THROW(sum += other, Error);
        EXPECT_EQ(sum.rows, state.rows) << "a refused sum changes nothing";
        MetricsState copy;
        copy += other;
        EXPECT_EQ(copy.rows, other.rows) << "an empty state takes any";
    }
    EXPECT_THROW((void)metrics::finish(state, shorter, facts), Error);
    EXPECT_EQ(metrics::finish(state, options, facts).rows, state.rows);
}

// Users one after the other, as parts of a log come: no sort by user is needed then.
TEST(MetricsState, SeesOrderIdsWhoseUsersAreInDifferentLogs) {
    std::int64_t shared = 0;
    for (std::uint64_t seed = 10; seed < 40; ++seed) {
        Rng random(seed);
        std::vector<Row> rows = random_rows(seed, 12, 200);
        std::map<std::string, std::set<std::string>> users_of;
        for (Row& row : rows) {
            if (random.below(3) == 0) continue;
            row.order = "o" + std::to_string(random.below(30));
            if (row.kind == purchase) users_of[row.order].insert(row.user);
        }
        const auto several =
            std::ranges::count_if(users_of, [](const auto& of) { return of.second.size() > 1; });
        const std::size_t parts = 1 + random.below(5);
        std::vector<std::vector<Row>> split(parts);
        for (const Row& row : rows)
            split[std::hash<std::string>{}(row.user) % parts].push_back(row);
        const metrics::LogFacts facts = metrics::facts_of(to_log(rows));
        MetricsState state;
        for (const auto& part : split)
            state += metrics::count(to_log(part), shop_options(), facts);
        EXPECT_EQ(state.checks.shared_order_ids, several) << "seed " << seed << ", " << parts << " logs";
        shared += several;
    }
    EXPECT_GT(shared, 30);
}

TEST(MetricsState, SumsOverPartsOnAnyNumberOfThreads) {
    const std::vector<Row> rows = random_rows(5, 300, 20'000);
    MetricsOptions options = options_by_category();
    const EventLog whole = to_log(rows);
    const metrics::LogFacts facts = metrics::facts_of(whole);
    std::vector<std::vector<Row>> split(9);
    for (const Row& row : rows)
        split[std::hash<std::string>{}(row.user) % split.size()].push_back(row);
    for (auto& part : split)
        std::ranges::stable_sort(part, {}, &Row::user);
    for (const unsigned threads : {1u, 2u, 4u}) {
        options.threads = threads;
        const auto load = [&](std::size_t i, EventLog& log) { log = to_log(split[i]); };
        const MetricsState state = metrics::count_parts(split.size(), load, options, facts, 0);
        EXPECT_EQ(state.rows, 20'000);
        expect_same(metrics::finish(state, options, facts), metrics::measure(whole, options));
    }
}

TEST(MetricsState, OfPartsHoldsAtMostTenThousandSegmentsOfOneBreakdown) {
    MetricsOptions options = shop_options();
    options.by = {"item"};
    const auto load = [](std::size_t i, EventLog& log) {
        log = EventLog();
        for (int item = 0; item < 6000; ++item) {
            log.add({.time = 0,
                     .kind = view,
                     .user = std::to_string(i),
                     .item = std::to_string(static_cast<int>(i) * 6000 + item)});
        }
    };
    const metrics::LogFacts facts{.first_time = 0, .last_time = 0, .kinds = events::kind_bit(view)};
    EXPECT_NO_THROW(static_cast<void>(metrics::count_parts(1, load, options, facts, 0)));
    EXPECT_THROW(static_cast<void>(metrics::count_parts(2, load, options, facts, 0)), Error);
}

TEST(MetricsState, DoesNotDependOnThreads) {
    const EventLog log = to_log(random_rows(2, 5'000, 60'000));
    MetricsOptions options = options_by_category();
    const MetricsResult one = metrics::measure(log, options);
    for (const unsigned threads : {2u, 5u, 16u}) {
        options.threads = threads;
        expect_same(one, metrics::measure(log, options));
    }
}

TEST(MetricsState, DoesNotDependOnTheJoiningOfLogs) {
    const std::vector<Row> rows = random_rows(3, 50, 3'000);
    EventLog joined = to_log({rows.begin() + 2000, rows.end()});
    joined.append(to_log({rows.begin(), rows.begin() + 2000}));
    expect_same(metrics::measure(to_log(rows), options_by_category()),
                metrics::measure(joined, options_by_category()));
}

TEST(MetricsState, CountsOneUserWithAllTheRows) {
    const std::vector<Row> rows = random_rows(4, 1, 100'000);
    MetricsOptions options = shop_options();
    options.threads = 3;
    const auto result = metrics::measure(to_log(rows), options);
    EXPECT_EQ(result.metric("uv").value, 1);
    EXPECT_EQ(result.metric("pv").value, std::ranges::count(rows, view, &Row::kind));
}

}  // namespace
}  // namespace funnel::test
