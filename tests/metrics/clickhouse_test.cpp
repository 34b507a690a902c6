// SPDX-License-Identifier: MIT
// windowFunnel of ClickHouse as its source computes it, row by row, and where ours differs. tests/sql holds
// it against a server.
#include "funnel/metrics/clickhouse_funnel.hpp"

#include <gtest/gtest.h>

#include "funnel/base/random.hpp"
#include "metrics/builder.hpp"

namespace funnel::test {
namespace {

using metrics::MetricsOptions;

/// getEventLevel of AggregateFunctionWindowFunnel.cpp, on (time, step) pairs of one user, sorted.
std::size_t event_level(const std::vector<Row>& rows, const Funnel& funnel, std::int64_t window) {
    std::vector<std::pair<std::int64_t, std::size_t>> events;
    for (const Row& row : rows) {
        for (std::size_t k = 0; k < funnel.stages.size(); ++k) {
            if ((funnel.stages[k].kinds & events::kind_bit(row.kind)) != 0) events.emplace_back(row.time, k);
        }
    }
    std::ranges::sort(events);
    std::vector<std::int64_t> start(funnel.stages.size(), -1);
    for (const auto& [time, step] : events) {
        if (step == 0) {
            start[0] = time;
        } else if (start[step - 1] >= 0 && time <= start[step - 1] + window) {
            start[step] = start[step - 1];
        }
    }
    for (std::size_t k = start.size(); k > 0; --k) {
        if (start[k - 1] >= 0) return k;
    }
    return 0;
}

TEST(ClickHouseFunnel, AgreesWithItsSourceAndDiffersFromOursByReuseAlone) {
    int differ = 0;
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Rng random(seed);
        const std::vector<EventKind> kinds = {view, view, cart_add, purchase, other};
        std::vector<Row> rows;
        for (std::size_t i = 0, n = 1 + random.below(9); i < n; ++i)
            rows.push_back({static_cast<std::int64_t>(random.below(6)), kinds[random.below(5)], "u"});
        const std::vector<std::string> funnels = {"view,cart_add,purchase", "view,view",
                                                  "view,cart_add,view"};
        MetricsOptions options{.funnel = Funnel::parse(funnels[random.below(3)])};
        options.window = static_cast<std::int64_t>(random.below(7));
        const std::size_t level = event_level(rows, options.funnel, options.window);
        const EventLog log = to_log(rows);
        const auto ours = reached(metrics::measure(log, options).steps);
        const auto our_level = static_cast<std::size_t>(std::ranges::count(ours, 1));
        const auto found = metrics::explain_clickhouse(log, options, metrics::facts_of(log));
        options.semantics = metrics::Semantics::clickhouse;
        const auto theirs = reached(metrics::measure(log, options).steps);
        EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(theirs, 1)), level);
        ASSERT_EQ(found.size(), our_level == level ? 0u : 1u);
        if (found.empty()) continue;
        ++differ;
        EXPECT_EQ(found[0].user, "u");
        EXPECT_EQ(found[0].ours, our_level);
        EXPECT_EQ(found[0].theirs, level);
        EXPECT_GT(level, our_level);
        EXPECT_NE(options.funnel.text(), "view,cart_add,purchase");  // different steps: the two agree
    }
    EXPECT_GT(differ, 100);
}

TEST(ClickHouseFunnel, OneViewCompletesViewView) {
    MetricsOptions options{.funnel = Funnel::parse("view,view")};
    const EventLog log = to_log({{0, view, "u"}});
    EXPECT_EQ(reached(metrics::measure(log, options).steps), (std::vector<std::int64_t>{1, 0}));
    options.semantics = metrics::Semantics::clickhouse;
    EXPECT_EQ(reached(metrics::measure(log, options).steps), (std::vector<std::int64_t>{1, 1}));
    options.timing = true;
    EXPECT_THROW((void)metrics::measure(log, options), Error);
}

}  // namespace
}  // namespace funnel::test
