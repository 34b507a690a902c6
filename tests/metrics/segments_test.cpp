// SPDX-License-Identifier: MIT
#include "funnel/metrics/segments.hpp"

#include <gtest/gtest.h>

#include "metrics/builder.hpp"

namespace funnel::test {
namespace {

using metrics::MetricsOptions;

std::vector<std::string> keys_by(const EventLog& log, const std::string& by,
                                 std::vector<metrics::OffsetChange> zone = {}) {
    MetricsOptions options = shop_options();
    options.zone = std::move(zone);
    std::vector<std::string> out;
    for (const auto& name : metrics::segment_keys(log, options, by).names)
        out.push_back(name.value_or("(missing)"));
    return out;
}

using Keys = std::vector<std::string>;
constexpr std::int64_t kOctober = 17075 * kDay;  // 2016-10-01, a Saturday

TEST(SegmentKeys, CutTimeInUtcByDefault) {
    const EventLog log =
        to_log({{kOctober - 1, view, "u"}, {kOctober, view, "u"}, {kOctober + 2 * kDay, view, "u"}});
    EXPECT_EQ(keys_by(log, "day"), (Keys{"2016-09-30", "2016-10-01", "2016-10-03"}));
    EXPECT_EQ(keys_by(log, "week"), (Keys{"2016-W39", "2016-W40"}));
    EXPECT_EQ(keys_by(log, "month"), (Keys{"2016-09", "2016-10"}));
    EXPECT_EQ(keys_by(log, "hour"), (Keys{"00", "23"}));
}

TEST(SegmentKeys, CutTimeByTheOffsetsOfAZone) {
    const EventLog log = to_log({{kOctober, view, "u"}, {kOctober + 12 * kHour, view, "u"}});
    // One hour west of UTC until noon, then one hour east.
    EXPECT_EQ(keys_by(log, "hour", {{0, -kHour}, {kOctober + 12 * kHour, kHour}}), (Keys{"13", "23"}));
    EXPECT_EQ(keys_by(log, "day", {{kOctober + kDay, -kHour}}), (Keys{"2016-09-30", "2016-10-01"}));
}

TEST(SegmentKeys, AreSortedByBytesWithTheMissingLast) {
    EventLog log = to_log({{0, view, "u"}, {0, view, "u"}, {0, view, "u"}, {0, view, "u"}});
    log.text_columns.push_back({"brand", "Marke", {}, {}});
    auto& column = log.text_columns.back();
    for (const char* brand : {"b", "\xC3\xA4", "B"})
        column.code.push_back(column.values.intern(brand));
    column.code.push_back(base::kNone);
    EXPECT_EQ(keys_by(log, "brand"), (Keys{"B", "b", "\xC3\xA4", "(missing)"}));
    EXPECT_EQ(keys_by(log, "Marke"), keys_by(log, "brand"));
}

TEST(SegmentKeys, KnowNoOtherColumn) {
    const EventLog log = to_log({{0, view, "u", "i"}});
    EXPECT_EQ(keys_by(log, "item"), (Keys{"i"}));
    EXPECT_THROW((void)keys_by(log, "colour"), Error);
}

TEST(SegmentKeys, AreTenThousandAtMost) {
    EventLog log;
    for (int i = 0; i < 10'000; ++i)
        log.add({.time = i, .kind = view, .user = "u", .item = std::to_string(i)});
    EXPECT_EQ(keys_by(log, "item").size(), 10'000u);
    log.add({.time = 0, .kind = view, .user = "u"});
    EXPECT_THROW((void)keys_by(log, "item"), Error);
}

TEST(FormatWeek, FollowsIsoAtTheTurnOfTheYear) {
    EXPECT_EQ(metrics::format_week(0), "1970-W01");      // Thursday 1970-01-01
    EXPECT_EQ(metrics::format_week(-1), "1970-W01");     // Wednesday 1969-12-31
    EXPECT_EQ(metrics::format_week(-4), "1969-W52");     // Sunday 1969-12-28
    EXPECT_EQ(metrics::format_week(16801), "2015-W53");  // Friday 2016-01-01
    EXPECT_EQ(metrics::format_week(16804), "2016-W01");  // Monday 2016-01-04
    EXPECT_EQ(metrics::format_week(17075), "2016-W39");  // Saturday 2016-10-01
    EXPECT_EQ(metrics::format_week(18627), "2020-W53");  // Thursday 2020-12-31
    EXPECT_EQ(metrics::format_week(18627 + 146097), "2420-W53");
}

TEST(Breakdown, UnitsBelongToTheKeyTheyBeginIn) {
    MetricsOptions options = shop_options();
    options.by = {"day"};
    const auto result = metrics::measure(to_log({{kDay - 2, impression, "u", "i"},
                                                 {kDay - 1, view, "u", "i"},
                                                 {kDay + 1, cart_add, "u", "i"},
                                                 {kDay + 2, purchase, "u", "i", "", "o", 5}}),
                                         options);
    ASSERT_EQ(result.breakdown.size(), 2u);
    const auto value = [&](std::size_t day, const char* name) {
        return metrics::find(result.breakdown[day].metrics, name)->value;
    };
    EXPECT_EQ(result.breakdown[0].key, "1970-01-01");
    EXPECT_EQ(value(0, "ctr"), 1);
    EXPECT_EQ(value(0, "visits"), 1);
    EXPECT_EQ(value(0, "conversion_session"), 1);  // the visit began on the first day
    EXPECT_EQ(value(0, "conversion_user"), 0);
    EXPECT_EQ(value(0, "cart_abandon_user_item_naive"), std::nullopt);
    EXPECT_EQ(reached(result.breakdown[0].steps), (std::vector<std::int64_t>{1, 1, 1}));
    EXPECT_EQ(value(1, "visits"), 0);
    EXPECT_EQ(value(1, "uv"), 1);
    EXPECT_EQ(value(1, "conversion_user"), 1);
    EXPECT_EQ(value(1, "cart_abandon_user_item_naive"), 0);
    EXPECT_EQ(value(1, "revenue"), 5);
    EXPECT_EQ(reached(result.breakdown[1].steps), (std::vector<std::int64_t>{0, 0, 0}));
}

TEST(Breakdown, SeveralKeysStandOneAfterTheOther) {
    MetricsOptions options = shop_options();
    options.by = {"month", "item"};
    const auto result =
        metrics::measure(to_log({{0, view, "u", "b"}, {1, view, "u", "a"}, {2, view, "u"}}), options);
    ASSERT_EQ(result.breakdown.size(), 4u);
    EXPECT_EQ(result.breakdown[0].by, "month");
    EXPECT_EQ(result.breakdown[1].key, "a");
    EXPECT_EQ(result.breakdown[2].key, "b");
    EXPECT_FALSE(result.breakdown[3].key.has_value());
}

/// Users of one category each, who click and buy.
std::vector<Row> two_categories() {
    std::vector<Row> rows;
    for (int u = 0; u < 400; ++u) {
        const std::string user = "u" + std::to_string(u), key = u % 3 == 0 ? "a" : "b";
        for (int i = 0; i < 5; ++i) {
            const std::string item = "i" + std::to_string(i);
            rows.push_back({0, impression, user, item, "", "", std::nan(""), key});
            if ((u * 7 + i * 3) % 11 < 3) rows.push_back({1, click, user, item, "", "", std::nan(""), key});
        }
        if (u % 7 == 0) rows.push_back({2, purchase, user, "i0", "", user, 3.0 + u % 5, key});
    }
    return rows;
}

TEST(Breakdown, HasTheIntervalsOfALogOfTheSegmentAlone) {
    MetricsOptions options{.funnel = Funnel::parse("impression,click,purchase")};
    options.by = {"category"};
    const auto all = metrics::measure(to_log(two_categories()), options);
    ASSERT_EQ(all.breakdown.size(), 2u);
    for (const auto& segment : all.breakdown) {
        std::vector<Row> rows = two_categories();
        std::erase_if(rows, [&](const Row& row) { return row.key != segment.key; });
        options.by.clear();
        const auto alone = metrics::measure(to_log(rows), options);
        int intervals = 0;
        for (std::size_t m = 0; m < alone.metrics.size(); ++m) {
            EXPECT_EQ(segment.metrics[m].low, alone.metrics[m].low) << segment.metrics[m].name;
            EXPECT_EQ(segment.metrics[m].high, alone.metrics[m].high) << segment.metrics[m].name;
            EXPECT_EQ(segment.metrics[m].method, alone.metrics[m].method) << segment.metrics[m].name;
            intervals += segment.metrics[m].low.has_value();
        }
        EXPECT_GT(intervals, 10);
        EXPECT_EQ(segment.steps[1].step_interval->low, alone.steps[1].step_interval->low);
    }
}

TEST(Breakdown, OfTooManySegmentsHasIntervalsOfUsersOnly) {
    EventLog log;
    for (int i = 0; i < 501; ++i) {
        log.add({.time = i, .kind = impression, .user = "u", .item = std::to_string(i)});
        log.add({.time = i, .kind = click, .user = "u", .item = std::to_string(i)});
    }
    MetricsOptions options = shop_options();
    options.by = {"item"};
    const auto segment = metrics::measure(log, options).breakdown.front();
    EXPECT_EQ(metrics::find(segment.metrics, "ctr")->interval_reason, "too_many_segments");
    EXPECT_TRUE(metrics::find(segment.metrics, "click_user_rate")->low.has_value());
}

TEST(Breakdown, DifferencesAreToTheWholeLog) {
    MetricsOptions options{.funnel = Funnel::parse("impression,click,purchase")};
    options.by = {"category"};
    options.differences = true;
    const auto all = metrics::measure(to_log(two_categories()), options);
    ASSERT_EQ(all.breakdown.size(), 2u);
    for (const auto& segment : all.breakdown) {
        const auto of = std::ranges::find(segment.differences, "ctr", &metrics::MetricDifference::name);
        ASSERT_TRUE(of != segment.differences.end());
        EXPECT_EQ(of->difference, *metrics::find(segment.metrics, "ctr")->value - *all.metric("ctr").value);
        EXPECT_LT(of->interval->low, *of->difference);
        EXPECT_GT(of->interval->high, *of->difference);
    }
}

}  // namespace
}  // namespace funnel::test
