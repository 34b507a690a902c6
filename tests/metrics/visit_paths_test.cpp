// SPDX-License-Identifier: MIT
// Paths of visits against a naive count on random logs; small ones by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "funnel/metrics/count_paths.hpp"
#include "metrics/random_case.hpp"
#include "support/effort.hpp"

namespace funnel::test {
namespace {

using metrics::PathCounts;
using metrics::PathOptions;
using metrics::Paths;
using metrics::PathSteps;
using metrics::VisitPath;

/// Key and steps. The missing key is "".
using PathName = std::pair<std::string, std::vector<std::string>>;

struct NaivePath {
    std::int64_t visits = 0, longer = 0, bought = 0, orders = 0, priced = 0;
    std::set<std::string> users = {};
    double revenue = 0;

    [[nodiscard]] bool operator==(const NaivePath&) const = default;
};

class PathsOfVisits : public OracleLog {
 public:
    using OracleLog::OracleLog;

    [[nodiscard]] std::map<PathName, NaivePath> paths(PathSteps steps, std::size_t length, bool by) const {
        std::map<PathName, NaivePath> out;
        for (const auto& [name, rows] : groups([&](std::size_t i) { return visit_[i]; })) {
            if (!anchored(rows.front())) continue;
            std::vector<std::string> way;
            bool bought = false;
            for (const std::size_t i : rows) {
                const std::string step = step_of(rows_[i].kind, steps);
                if (!step.empty() && (way.empty() || way.back() != step)) way.push_back(step);
                bought |= rows_[i].kind == EventKind::purchase;
            }
            const bool longer = way.size() > length;
            way.resize(std::min(way.size(), length));
            NaivePath& path = out[{by ? rows_[rows.front()].key : "", way}];
            ++path.visits;
            path.longer += longer;
            path.bought += bought;
            path.users.insert(rows_[rows.front()].user);
            add_orders(name, path);
        }
        return out;
    }

 private:
    [[nodiscard]] std::string step_of(EventKind kind, PathSteps steps) const {
        if (steps == PathSteps::types) return std::string(events::kKindNames[static_cast<std::size_t>(kind)]);
        for (const events::Stage& stage : q_.funnel.stages) {
            for (const std::string& type : stage.types) {
                if (type == events::kKindNames[static_cast<std::size_t>(kind)]) return stage.name;
            }
        }
        return "";
    }

    /// The orders whose first row is in the visit.
    void add_orders(const std::string& visit, NaivePath& path) const {
        const auto orders = groups([&](std::size_t i) -> std::string {
            if (rows_[i].kind != EventKind::purchase) return "";
            return rows_[i].order.empty() ? "visit " + visit_[i] : rows_[i].user + " id " + rows_[i].order;
        });
        for (const auto& [name, rows] : orders) {
            const auto first = std::ranges::min_element(rows, {}, [&](std::size_t i) {
                return std::pair(rows_[i].time, events::session_key(rows_[i].session));
            });
            if (visit_[*first] != visit) continue;
            ++path.orders;
            bool priced = false;
            for (const std::size_t i : rows) {
                if (std::isnan(rows_[i].revenue)) continue;
                priced = true;
                path.revenue += rows_[i].revenue;
            }
            path.priced += priced;
        }
    }
};

/// What must hold of any result; and its counts.
std::map<PathName, NaivePath> checked_paths(const Paths& paths,
                                            const std::map<PathName, NaivePath>& expected) {
    std::map<PathName, NaivePath> out;
    std::map<std::string, double> share;
    std::int64_t visits = 0;
    for (const VisitPath& row : paths.rows) {
        const std::string key = row.values.empty() ? "" : row.values.front().value_or("");
        const PathCounts& counts = row.counts;
        const PathName name{key, row.steps};
        EXPECT_FALSE(out.contains(name));
        out[name] = {counts.visits,         counts.longer,        counts.bought,
                     counts.orders,         counts.priced_orders, {},
                     counts.revenue.value()};
        // Names are not in the result: as many as expected are the expected ones.
        const auto same = expected.find(name);
        if (same != expected.end() && static_cast<std::int64_t>(same->second.users.size()) == counts.users)
            out[name].users = same->second.users;
        share[key] += row.share;
        visits += counts.visits;
        EXPECT_DOUBLE_EQ(row.conversion,
                         static_cast<double>(counts.bought) / static_cast<double>(counts.visits));
        EXPECT_LE(row.conversion_interval.low, row.conversion);
        EXPECT_GE(row.conversion_interval.high, row.conversion);
    }
    for (const auto& [key, sum] : share)
        EXPECT_NEAR(sum, 1, 1e-12) << key;
    EXPECT_EQ(paths.visits, visits);
    return out;
}

bool is_sorted_as_said(const Paths& paths) {
    return std::ranges::is_sorted(paths.rows, [](const VisitPath& a, const VisitPath& b) {
        if (a.values != b.values) {
            const auto &x = a.values.front(), &y = b.values.front();
            return x && y ? *x < *y : x.has_value() && !y.has_value();
        }
        return a.counts.visits > b.counts.visits;
    });
}

TEST(VisitPaths, AreThoseOfANaiveCountOnRandomLogs) {
    std::size_t compared = 0, cut = 0, spread = 0;
    for (std::uint64_t seed = 1; seed <= support::cases(2000); ++seed) {
        Case c = random_case(seed);
        Dice dice(seed + 1'000'000);
        if (dice.below(3) == 0) {
            c.options.where = events::RowCondition::parse("category=a");
            for (Row& row : c.rows)
                row.fits = row.key == "a";
        }
        const EventLog log = to_log(c.rows);
        PathOptions asked{.steps = dice.pick<PathSteps>({PathSteps::stages, PathSteps::types}),
                          .length = 1 + dice.below(metrics::kMaxPathLength)};
        if (log.text_column("category") != nullptr) asked.by = dice.pick<std::string>({"", "category"});
        if (c.options.where && log.text_column("category") == nullptr) c.options.where.reset();
        if (!c.options.where) {
            for (Row& row : c.rows)
                row.fits = true;
        }
        const auto expected =
            PathsOfVisits(c.rows, c.question).paths(asked.steps, asked.length, !asked.by.empty());
        const Paths paths = metrics::count_paths(log, c.options, metrics::facts_of(log), asked);
        ASSERT_EQ(checked_paths(paths, expected), expected) << seed;
        ASSERT_TRUE(is_sorted_as_said(paths)) << seed;
        compared += expected.size();
        for (const auto& [name, path] : expected) {
            cut += path.longer > 0;
            spread += path.orders > path.bought;
        }
    }
    EXPECT_GT(compared, support::cases(2000));
    EXPECT_GT(cut, support::cases(400));
    EXPECT_GT(spread, 10u);
}

// Where there are too many, all are cut at the longest length at which they are few enough.
TEST(VisitPaths, AreCutWhereThereAreTooManyAtAnyNumberOfThreads) {
    std::size_t cuts = 0;
    for (std::uint64_t seed = 1; seed <= support::cases(400); ++seed) {
        Case c = random_case(seed);
        c.rows.reserve(200);
        for (std::uint64_t more = 0; more < 3; ++more) {
            for (Row row : random_case(seed * 31 + more).rows) {
                row.user += std::to_string(more);
                c.rows.push_back(row);
            }
        }
        const EventLog log = to_log(c.rows);
        const PathsOfVisits oracle(c.rows, c.question);
        PathOptions asked{.steps = PathSteps::types, .length = 6, .most = 1 + seed % 9};
        std::size_t length = asked.length;
        while (length > 1 && oracle.paths(asked.steps, length, false).size() > asked.most)
            --length;
        const auto expected = oracle.paths(asked.steps, length, false);
        for (const unsigned threads : {1u, 3u}) {
            c.options.threads = threads;
            const Paths paths = metrics::count_paths(log, c.options, metrics::facts_of(log), asked);
            ASSERT_EQ(paths.length, length) << seed;
            ASSERT_EQ(checked_paths(paths, expected), expected) << seed;
            const bool said = std::ranges::any_of(
                paths.warnings, [](const base::Warning& warning) { return warning.code == "paths_cut"; });
            EXPECT_EQ(said, length < asked.length);
            cuts += said;
        }
    }
    EXPECT_GT(cuts, support::cases(400));
}

TEST(VisitPaths, SumToTheFiguresOfMetrics) {
    std::size_t visits = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Case c = random_case(seed);
        c.options.entity = Entity::user;
        c.options.horizons.clear();
        c.options.from.reset();
        c.options.to.reset();
        const EventLog log = to_log(c.rows);
        const auto whole = metrics::measure(log, c.options);
        PathCounts sum;
        const Paths paths = metrics::count_paths(log, c.options, metrics::facts_of(log), {});
        for (const VisitPath& path : paths.rows) {
            sum.visits += path.counts.visits;
            sum.bought += path.counts.bought;
            sum.orders += path.counts.orders;
            sum.revenue += path.counts.revenue;
        }
        EXPECT_EQ(static_cast<double>(sum.visits), whole.metric("conversion_session").denominator);
        EXPECT_EQ(static_cast<double>(sum.bought), whole.metric("conversion_session").numerator);
        EXPECT_EQ(static_cast<double>(sum.orders), whole.metric("orders").value);
        EXPECT_EQ(sum.revenue.value(), whole.metric("revenue").value.value_or(0));
        visits += static_cast<std::size_t>(sum.visits);
    }
    EXPECT_GT(visits, 300u);
}

// u1: view, view, cart; an hour later a purchase, whose order has one more line the next day. u2: only pages.
// u3: a tie of purchase, cart and view, written in this order.
std::vector<Row> three_shoppers() {
    return {{.time = 0, .kind = view, .user = "u1"},
            {.time = kMinute, .kind = page_view, .user = "u1"},
            {.time = 2 * kMinute, .kind = view, .user = "u1"},
            {.time = 3 * kMinute, .kind = cart_add, .user = "u1"},
            {.time = kHour, .kind = purchase, .user = "u1", .order = "o1", .revenue = 10},
            {.time = kDay, .kind = purchase, .user = "u1", .order = "o1", .revenue = 2.5},
            {.time = kHour, .kind = page_view, .user = "u2"},
            {.time = kHour, .kind = purchase, .user = "u3", .order = "", .revenue = 4},
            {.time = kHour, .kind = cart_add, .user = "u3"},
            {.time = kHour, .kind = view, .user = "u3"}};
}

TEST(VisitPaths, OfAHandfulOfVisitsByHand) {
    const EventLog log = to_log(three_shoppers());
    const auto facts = metrics::facts_of(log);
    const Paths paths = metrics::count_paths(log, shop_options(), facts, {});
    // Two visits of u1 are a purchase alone; the order belongs to the first of them.
    ASSERT_EQ(paths.rows.size(), 4u);
    EXPECT_EQ(paths.visits, 5);
    EXPECT_EQ(paths.rows[0].steps, std::vector<std::string>{"purchase"});
    EXPECT_EQ(paths.rows[0].counts.visits, 2);
    EXPECT_EQ(paths.rows[0].counts.bought, 2);
    EXPECT_EQ(paths.rows[0].counts.users, 1);
    EXPECT_EQ(paths.rows[0].counts.orders, 1);
    EXPECT_EQ(paths.rows[0].counts.revenue.text(), "12.5");
    EXPECT_DOUBLE_EQ(paths.rows[0].share, 0.4);
    // One user is no evidence of more than one visit: Wilson of 1 of 1 is 1 / (1 + z^2) to 1.
    EXPECT_NEAR(paths.rows[0].conversion_interval.low, 1 / (1 + 1.959963984540054 * 1.959963984540054),
                1e-12);
    EXPECT_EQ(paths.rows[1].steps, std::vector<std::string>{});
    EXPECT_EQ(paths.rows[2].steps, (std::vector<std::string>{"view", "cart"}));
    EXPECT_EQ(paths.rows[2].conversion, 0);
    EXPECT_EQ(paths.rows[3].steps, (std::vector<std::string>{"view", "cart", "purchase"}));
    EXPECT_EQ(paths.rows[3].counts.revenue.text(), "4");

    const Paths types =
        metrics::count_paths(log, shop_options(), facts, {.steps = PathSteps::types, .length = 2});
    const auto way =
        std::ranges::find(types.rows, std::vector<std::string>{"view", "page_view"}, &VisitPath::steps);
    ASSERT_NE(way, types.rows.end());
    EXPECT_EQ(way->counts.longer, 1);

    metrics::MetricsOptions later = shop_options();
    later.from = kHour + 1;  // the second half of the order: the visit counts, the order began before
    const Paths period = metrics::count_paths(log, later, facts, {});
    ASSERT_EQ(period.rows.size(), 1u);
    EXPECT_EQ(period.rows[0].counts.bought, 1);
    EXPECT_EQ(period.rows[0].counts.orders, 0);
}

TEST(VisitPaths, AnEmptyLogHasNone) {
    const EventLog log;
    const Paths paths = metrics::count_paths(log, shop_options(), metrics::facts_of(log), {});
    EXPECT_TRUE(paths.rows.empty());
    EXPECT_EQ(paths.visits, 0);
}

TEST(VisitPaths, AVisitThatBeginsWithAPurchaseTakesTheDeviceOfItsVisit) {
    EventLog log = to_log({{.time = 0, .kind = purchase, .user = "u", .order = "o", .revenue = 1},
                           {.time = 1, .kind = view, .user = "u"}});
    events::TextColumn& device = log.add_text_column("device");
    device.code[1] = device.values.intern("mobile");
    const Paths paths = metrics::count_paths(log, shop_options(), metrics::facts_of(log), {.by = "device"});
    ASSERT_EQ(paths.rows.size(), 1u);
    EXPECT_EQ(paths.rows[0].values.front(), "mobile");
}

TEST(VisitPaths, RefuseAColumnThatIsNotThereAndALengthOutOfRange) {
    const EventLog log = to_log(three_shoppers());
    const auto facts = metrics::facts_of(log);
    for (const PathOptions& wrong :
         {PathOptions{.by = "colour"}, PathOptions{.length = 0}, PathOptions{.length = 9}}) {
        EXPECT_THROW((void)metrics::count_paths(log, shop_options(), facts, wrong), Error);
    }
}

}  // namespace
}  // namespace funnel::test
