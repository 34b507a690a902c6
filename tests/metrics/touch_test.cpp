// SPDX-License-Identifier: MIT
// Touch: what a purchase counts under where its own row says nothing of a column.
#include <gtest/gtest.h>

#include "funnel/metrics/count_parts.hpp"
#include "metrics/builder.hpp"
#include "metrics/random_case.hpp"
#include "support/effort.hpp"

namespace funnel::test {
namespace {

using metrics::Metric;
using metrics::MetricsResult;
using metrics::Touch;

/// The log with Row::key as the column `list`.
EventLog listed_log(const std::vector<Row>& rows) {
    std::vector<Row> plain = rows;
    for (Row& row : plain)
        row.category = "";
    EventLog log = to_log(plain);
    events::TextColumn& list = log.add_text_column("list");
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!rows[i].key.empty()) list.code[i] = list.values.intern(rows[i].key);
    }
    return log;
}

/// Row i and row j are of one visit, by looking at every row between them.
bool same_visit(const std::vector<Row>& rows, std::size_t i, std::size_t j) {
    if (rows[i].user != rows[j].user || rows[i].session != rows[j].session) return false;
    if (!rows[i].session.empty()) return true;
    std::vector<std::int64_t> times;
    for (const Row& row : rows) {
        const bool between = row.time >= std::min(rows[i].time, rows[j].time) &&
                             row.time <= std::max(rows[i].time, rows[j].time);
        if (row.user == rows[i].user && row.session.empty() && between) times.push_back(row.time);
    }
    std::ranges::sort(times);
    for (std::size_t t = 1; t < times.size(); ++t) {
        if (times[t] - times[t - 1] >= 30 * kMinute) return false;
    }
    return true;
}

/// What row i counts under, straight from the definition.
std::string naive_touch(const std::vector<Row>& rows, std::size_t i, const metrics::TouchRule& rule) {
    if (!rows[i].key.empty() || rows[i].kind != purchase || rule.how == Touch::event) return rows[i].key;
    const auto place = [&](std::size_t j) { return std::pair(rows[j].time, rows[j].kind); };
    std::optional<std::size_t> best;
    for (std::size_t j = 0; j < rows.size(); ++j) {
        if (rows[j].key.empty() || rows[j].user != rows[i].user) continue;
        if (rule.how == Touch::visit && !same_visit(rows, i, j)) continue;
        if (rule.how == Touch::last && place(j) >= place(i)) continue;
        const bool better =
            !best || (place(j) != place(*best) ? (place(j) < place(*best)) == (rule.how != Touch::last)
                                               : rows[j].key < rows[*best].key);
        if (better) best = j;
    }
    if (!best || (rule.within && rows[i].time - rows[*best].time > *rule.within)) return {};
    return rows[*best].key;
}

TEST(Touch, AgreesWithTheNaiveOracle) {
    int taken = 0, segments = 0;
    for (std::uint64_t seed = 1; seed <= support::cases(3000); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Case c = random_case(seed);
        Dice dice(seed + 7);
        c.options.by = {"list"};
        c.options.touch = {.how = dice.pick<Touch>({Touch::visit, Touch::first, Touch::last, Touch::event}),
                           .within = {},
                           .asked = true};
        if (c.options.touch.how == Touch::last && dice.below(2) == 0)
            c.options.touch.within = static_cast<std::int64_t>(dice.below(4)) * 10 * kMinute;
        for (Row& row : c.rows) {
            if (row.kind == purchase && dice.below(3) != 0) row.key.clear();
        }
        const EventLog log = listed_log(c.rows);
        std::vector<Row> touched = c.rows;
        std::int64_t took = 0;
        for (std::size_t i = 0; i < touched.size(); ++i) {
            touched[i].category = "";
            touched[i].key = naive_touch(c.rows, i, c.options.touch);
            took += touched[i].key != c.rows[i].key;
        }
        taken += static_cast<int>(took);
        const MetricsResult result = metrics::measure(log, c.options);
        EXPECT_EQ(result.touched.contains("list") ? result.touched.at("list") : 0, took);
        for (const auto& segment : result.breakdown) {
            SCOPED_TRACE("key " + segment.key.value_or("missing"));
            Question question = c.question;
            question.key = segment.key.value_or("");
            const ShopOracle part(touched, question, c.shop);
            const Answers answers = part.answers();
            ASSERT_GT(answers.size(), 30u);
            for (const auto& [name, fraction] : answers) {
                if (name == "clicks" || name == "impressions" || name == "repeat_category_rate") continue;
                const Metric* metric = metrics::find(segment.metrics, name);
                ASSERT_NE(metric, nullptr) << name;
                if (std::isnan(fraction.second)) {
                    EXPECT_EQ(metric->value,
                              std::isnan(fraction.first) ? std::nullopt : std::optional(fraction.first))
                        << name;
                } else {
                    EXPECT_EQ(metric->numerator, fraction.first) << name;
                    EXPECT_EQ(metric->denominator, fraction.second) << name;
                }
            }
            EXPECT_EQ(reached(segment.steps), part.reached());
            ++segments;
        }
        // A condition follows the same values.
        c.options.by.clear();
        c.options.where = events::RowCondition::parse("list=a");
        for (Row& row : touched)
            row.fits = row.key == "a";
        const ShopOracle fitting(touched, c.question, c.shop);
        const MetricsResult chosen = metrics::measure(log, c.options);
        for (const char* name : {"orders", "conversion_user", "uv"}) {
            EXPECT_EQ(
                chosen.metric(name).denominator ? chosen.metric(name).numerator : chosen.metric(name).value,
                fitting.answers().at(name).first)
                << name;
        }
        if (HasFailure()) break;
    }
    EXPECT_GT(taken, 250);
    EXPECT_GT(segments, 500);
}

const std::vector<Row>& two_visits() {
    static const std::vector<Row> rows = {
        {0, impression, "u", "i", "", "", std::nan(""), "mail"},
        {kMinute, view, "u", "i", "", "", std::nan(""), ""},
        {kDay, impression, "u", "i", "", "", std::nan(""), "home"},
        {kDay + kMinute, impression, "u", "j", "", "", std::nan(""), "search"},
        {kDay + 2 * kMinute, purchase, "u", "i", "", "o", 5, ""}};
    return rows;
}

std::string bought_under(const metrics::TouchRule& rule) {
    MetricsOptions options = shop_options();
    options.by = {"list"};
    options.touch = rule;
    std::string out;
    for (const auto& segment : metrics::measure(listed_log(two_visits()), options).breakdown) {
        if (*metrics::find(segment.metrics, "orders")->value > 0) out += segment.key.value_or("(missing)");
    }
    return out;
}

TEST(Touch, EveryRuleOnTwoVisits) {
    EXPECT_EQ(bought_under({}), "home");  // the default: the first of the visit
    EXPECT_EQ(bought_under({.how = Touch::visit, .asked = true}), "home");
    EXPECT_EQ(bought_under({.how = Touch::event, .asked = true}), "(missing)");
    EXPECT_EQ(bought_under({.how = Touch::first, .asked = true}), "mail");
    EXPECT_EQ(bought_under({.how = Touch::last, .asked = true}), "search");
    EXPECT_EQ(bought_under({.how = Touch::last, .within = kMinute, .asked = true}), "search");
    EXPECT_EQ(bought_under({.how = Touch::last, .within = kMinute - 1, .asked = true}), "(missing)");
}

TEST(Touch, WithoutBeingAskedOnlyWhereNoPurchaseSaysAnything) {
    std::vector<Row> rows = two_visits();
    rows.push_back({2 * kDay, purchase, "w", "i", "", "p", 1, "shop"});
    MetricsOptions options = shop_options();
    options.by = {"list"};
    const auto missing = [&](const EventLog& log) {
        const MetricsResult result = metrics::measure(log, options);
        EXPECT_EQ(result.touched.empty(), std::ranges::none_of(result.notes, [](const auto& n) {
                      return n.code == "orders_by_touch";
                  }));
        const auto& last = result.breakdown.back();
        return last.key ? 0 : *metrics::find(last.metrics, "orders")->value;
    };
    EXPECT_EQ(missing(listed_log(rows)), 1);  // some purchase has a list: this one has none
    EXPECT_EQ(missing(listed_log(two_visits())), 0);
    EventLog log = listed_log(two_visits());
    log.text_columns.back().name = log.text_columns.back().source = "colour";
    options.by = {"colour"};
    options.item_columns = {"colour"};
    EXPECT_EQ(missing(log), 1);  // the colour of a thing is not that of another
    options.by = {"category"};
    options.touch.asked = true;
    EXPECT_EQ(missing(to_log(two_visits())), 1);
}

// The decision is one for the whole log: a part in which no purchase says anything follows it.
TEST(Touch, PartsFollowTheWholeLog) {
    std::vector<Row> other = {{0, purchase, "w", "i", "", "p", 1, "shop"}};
    std::vector<Row> rows = two_visits();
    rows.push_back(other.front());
    MetricsOptions options = shop_options();
    options.by = {"list"};
    const EventLog whole = listed_log(rows), a = listed_log(two_visits()), b = listed_log(other);
    metrics::LogFacts facts = metrics::facts_of(a);
    facts += metrics::facts_of(b);
    EXPECT_EQ(facts.said_by_purchases, metrics::facts_of(whole).said_by_purchases);
    metrics::MetricsState state = metrics::count(a, options, facts);
    EXPECT_THROW(state += metrics::count(b, options, metrics::facts_of(b)), Error);
    state += metrics::count(b, options, facts);
    const MetricsResult sum = metrics::finish(state, options, facts), all = metrics::measure(whole, options);
    ASSERT_EQ(sum.breakdown.size(), all.breakdown.size());
    ASSERT_FALSE(all.breakdown.empty());
    for (std::size_t s = 0; s < all.breakdown.size(); ++s) {
        EXPECT_EQ(sum.breakdown[s].key, all.breakdown[s].key);
        EXPECT_EQ(metrics::find(sum.breakdown[s].metrics, "orders")->value,
                  metrics::find(all.breakdown[s].metrics, "orders")->value);
    }
}

TEST(Touch, ReadsItsNames) {
    for (const char* text : {"event", "visit", "first", "last", "last:30d", "last:0"})
        EXPECT_EQ(metrics::touch_text(metrics::parse_touch(text).value()), text);
    for (const char* text : {"", "Visit", "last:", "last:30", "first:3d", "any"})
        EXPECT_FALSE(metrics::parse_touch(text).has_value()) << text;
}

}  // namespace
}  // namespace funnel::test
