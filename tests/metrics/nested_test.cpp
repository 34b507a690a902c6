// SPDX-License-Identifier: MIT
// --by A,B: the combinations of values are the segments, with the rules of a segment of one column.
#include <gtest/gtest.h>

#include <functional>

#include "funnel/metrics/count_parts.hpp"
#include "metrics/builder.hpp"
#include "metrics/random_case.hpp"
#include "support/effort.hpp"

namespace funnel::test {
namespace {

using metrics::Metric;
using metrics::MetricsResult;

using Values = std::vector<std::optional<std::string>>;

void expect_figures(const std::vector<Metric>& metrics, const Answers& answers) {
    ASSERT_GT(answers.size(), 30u);
    for (const auto& [name, fraction] : answers) {
        if (name == "clicks" || name == "impressions") continue;
        const Metric* metric = metrics::find(metrics, name);
        ASSERT_NE(metric, nullptr) << name;
        const auto [numerator, denominator] = fraction;
        if (std::isnan(denominator)) {
            EXPECT_EQ(metric->value, std::isnan(numerator) ? std::nullopt : std::optional(numerator)) << name;
        } else {
            EXPECT_EQ(metric->numerator, numerator) << name;
            EXPECT_EQ(metric->denominator, denominator) << name;
        }
    }
}

/// What `by` says of a row in plain code: a text that sorts as the values do, the missing one last.
std::string value_in(const std::string& column, const Row& row) {
    if (column == "day") return base::format_day(base::floor_div(row.time, kDay));
    if (column == "hour") return std::to_string(100 + row.time % kDay / kHour).substr(1);
    const std::string value = column == "item" ? row.item : *row.category;
    return value.empty() ? "\xff" : value;
}

std::string joined(const Values& values) {
    std::string out;
    for (const auto& value : values)
        out += value.value_or("\xff") + "\x1f";
    return out;
}

TEST(Nested, AgreesWithTheNaiveOracle) {
    const std::vector<std::vector<std::string>> nestings = {{"category", "item"},
                                                            {"day", "category"},
                                                            {"item", "day"},
                                                            {"day", "hour"},
                                                            {"category", "day", "item"}};
    int segments = 0, split_orders = 0;
    for (std::uint64_t seed = 1; seed <= support::cases(3000); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Case c = random_case(seed);
        const std::vector<std::string>& columns = nestings[seed % nestings.size()];
        c.options.zone.clear();
        c.shop.zone.clear();
        std::string by;
        for (const std::string& column : columns)
            by += (by.empty() ? "" : seed % 2 == 0 ? "," : " , ") + column;
        c.options.by = {by};
        for (Row& row : c.rows) {
            row.category = row.key;
            if (seed % 3 == 0) row.fits = row.user == "u0" || row.item == "i1";
        }
        if (seed % 3 == 0) c.options.where = events::RowCondition::parse("user=u0 | item=i1");
        EventLog log = to_log(c.rows);
        (void)log.add_text_column("category");
        // The order of rows at one time follows the segment, and so it does here.
        for (Row& row : c.rows) {
            row.key.clear();
            for (const std::string& column : columns)
                row.key += value_in(column, row) + "\x1f";
        }
        const MetricsResult result = metrics::measure(log, c.options);
        c.question.line_key = [&](const Row& first, const Row& line) {
            std::string key;
            for (const std::string& column : columns)
                key += value_in(column, metrics::is_time_key(column) ? first : line) + "\x1f";
            split_orders += key != line.key;
            return key;
        };
        std::vector<std::string> keys;
        double rows_counted = 0;
        for (const auto& segment : result.breakdown) {
            ASSERT_EQ(segment.values.size(), columns.size());
            keys.push_back(joined(segment.values));
            SCOPED_TRACE(*segment.key);
            c.question.key = keys.back();
            const ShopOracle part(c.rows, c.question, c.shop);
            expect_figures(segment.metrics, part.answers());
            EXPECT_EQ(reached(segment.steps), part.reached());
            rows_counted += *metrics::find(segment.metrics, "pv")->value;
            ++segments;
        }
        EXPECT_TRUE(std::ranges::is_sorted(keys));
        EXPECT_EQ(rows_counted, *result.metric("pv").value);  // no segment is left out
        if (HasFailure()) break;
    }
    EXPECT_GT(segments, 1000);
    EXPECT_GT(split_orders, 25);
}

TEST(Nested, KeysAreCombinationsInTheOrderOfTheColumns) {
    MetricsOptions options = shop_options();
    options.by = {"item,category"};
    const std::vector<Row> rows = {{0, view, "u", "b", "", "", std::nan(""), "x"},
                                   {1, view, "u", "a", "", "", std::nan(""), ""},
                                   {2, view, "u", "a", "", "", std::nan(""), "y"},
                                   {3, view, "u", "", "", "", std::nan(""), "y"}};
    const MetricsResult result = metrics::measure(to_log(rows), options);
    ASSERT_EQ(result.breakdown.size(), 4u);
    EXPECT_EQ(result.breakdown[0].values, (Values{"a", "y"}));
    EXPECT_EQ(result.breakdown[1].values, (Values{"a", std::nullopt}));
    EXPECT_EQ(result.breakdown[2].values, (Values{"b", "x"}));
    EXPECT_EQ(result.breakdown[3].values, (Values{std::nullopt, "y"}));
    EXPECT_EQ(result.breakdown[1].key, "a / (missing)");
    EXPECT_EQ(result.breakdown[0].by, "item,category");
    for (const auto& segment : result.breakdown)
        EXPECT_EQ(metrics::find(segment.metrics, "pv")->value, 1);
}

// Bytes with which keys are joined may stand in the values.
TEST(Nested, OddValuesAreKeptApart) {
    MetricsOptions options = shop_options();
    options.by = {"item,category"};
    const std::vector<std::string> odd = {"\x1f",
                                          "\x1e",
                                          "\xff",
                                          "a\x1f"
                                          "b",
                                          "\x1e"
                                          "1",
                                          "/"};
    std::vector<Row> rows;
    for (const std::string& item : odd) {
        for (const std::string& key : odd)
            rows.push_back({0, view, "u", item, "", "", std::nan(""), key});
    }
    const MetricsResult result = metrics::measure(to_log(rows), options);
    ASSERT_EQ(result.breakdown.size(), odd.size() * odd.size());
    for (const Row& row : rows) {
        EXPECT_EQ(
            std::ranges::count(result.breakdown, Values{row.item, row.key}, &metrics::SegmentResult::values),
            1);
    }
}

TEST(Nested, AnOrderOverMidnightIsOfItsFirstDay) {
    MetricsOptions options = shop_options();
    options.by = {"day,category"};
    const std::vector<Row> rows = {{kDay - kMinute, purchase, "u", "a", "", "o1", 60, "X"},
                                   {kDay + kMinute, purchase, "u", "b", "", "o1", 10, "Y"}};
    const MetricsResult result = metrics::measure(to_log(rows), options);
    const auto revenue = [&](const char* day, const char* key) {
        const auto at =
            std::ranges::find(result.breakdown, Values{day, key}, &metrics::SegmentResult::values);
        return at == result.breakdown.end() ? -1 : metrics::find(at->metrics, "revenue")->value.value_or(0);
    };
    EXPECT_EQ(revenue("1970-01-01", "X"), 60);
    EXPECT_EQ(revenue("1970-01-01", "Y"), 10);
    EXPECT_EQ(revenue("1970-01-02", "Y"), 0);  // its row is of that day, its order is not
}

TEST(Nested, HasTheLimitsOfOneColumn) {
    EventLog log;
    for (int i = 0; i < 501; ++i)
        log.add({.time = i % 2 * kDay, .kind = view, .user = "u", .item = std::to_string(i)});
    MetricsOptions options = shop_options();
    options.by = {"item,day"};
    const MetricsResult many = metrics::measure(log, options);
    EXPECT_EQ(many.breakdown.size(), 501u);
    EXPECT_FALSE(metrics::find(many.breakdown[0].metrics, "pv_per_uv")->low.has_value());
    for (int i = 0; i < 10'000; ++i)
        log.add({.time = 0, .kind = view, .user = "u", .item = std::to_string(i)});
    try {
        (void)metrics::measure(log, options);
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("--by item,day: expected at most 10000 keys, got 10250"),
                  std::string::npos)
            << error.what();
    }
    for (const char* wrong : {"item,", ",item", "item,,day", " ,day", "item,colour"}) {
        options.by = {wrong};
        EXPECT_THROW((void)metrics::measure(log, options), Error) << wrong;
    }
}

TEST(Nested, StatesOfPartsAdd) {
    std::vector<Row> rows;
    for (int u = 0; u < 90; ++u) {
        for (int i = 0; i < 6; ++i)
            rows.push_back({i * 8 * kHour + u, i % 3 == 2 ? purchase : view, "u" + std::to_string(u),
                            "i" + std::to_string((u + i) % 4), "", "", 1.5, i % 2 == 0 ? "a" : ""});
    }
    MetricsOptions options = shop_options();
    options.by = {"day,category", "item,category"};
    const EventLog whole = to_log(rows);
    const auto facts = metrics::facts_of(whole);
    std::vector<std::vector<Row>> parts(4);
    for (const Row& row : rows)
        parts[std::hash<std::string>{}(row.user) % 4].push_back(row);
    const auto state = metrics::count_parts(
        parts.size(), [&](std::size_t i, EventLog& log) { log = to_log(parts[i]); }, options, facts, 0);
    const MetricsResult a = metrics::finish(state, options, facts), b = metrics::measure(whole, options);
    ASSERT_EQ(a.breakdown.size(), b.breakdown.size());
    ASSERT_GT(a.breakdown.size(), 10u);
    for (std::size_t s = 0; s < a.breakdown.size(); ++s) {
        EXPECT_EQ(a.breakdown[s].values, b.breakdown[s].values);
        ASSERT_FALSE(a.breakdown[s].metrics.empty());
        for (std::size_t m = 0; m < a.breakdown[s].metrics.size(); ++m) {
            EXPECT_EQ(a.breakdown[s].metrics[m].value, b.breakdown[s].metrics[m].value);
            EXPECT_EQ(a.breakdown[s].metrics[m].low, b.breakdown[s].metrics[m].low);
        }
    }
}

}  // namespace
}  // namespace funnel::test
