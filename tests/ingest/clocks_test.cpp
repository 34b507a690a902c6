// SPDX-License-Identifier: MIT
// What is known of a log, and rows with wrong clocks, whole and in parts.
#include <cstdlib>
#include <numeric>
#include <unordered_set>

#include "funnel/base/time.hpp"
#include "funnel/events/clock_gaps.hpp"
#include "funnel/ingest/named_period.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "ingest/log_file.hpp"

namespace funnel::ingest {
namespace {

using base::kDay;
using base::kHour;
using base::kMinute;

constexpr std::int64_t kStart = 1'704'067'200'000'000;  // 2024-01-01

/// A day of 1,440 views by 100 users, and further lines.
std::string day_and(const std::string& more) {
    std::string text = "event_time,event_type,user_id,item_id\n";
    for (int minute = 0; minute < 1440; ++minute) {
        text +=
            base::format_time(kStart + minute * kMinute) + ",view,u" + std::to_string(minute % 100) + ",i\n";
    }
    return text + more;
}

class Clocks : public LogFile {
 protected:
    static ReadOptions dropping() {
        ReadOptions options;
        options.timeline.clocks = events::Clocks::drop;
        return options;
    }
};

TEST_F(Clocks, ARowAheadIsNamedCountedAndLeftOut) {
    const std::string text = day_and("2024-01-02T18:00:00Z,purchase,u1,i\n");
    const ReadResult result = read(text, dropping());
    EXPECT_EQ(result.report.rows, 1441u);
    EXPECT_EQ(result.report.accepted, 1441u);
    EXPECT_EQ(result.report.ahead, 1u);
    EXPECT_EQ(result.report.behind, 0u);
    EXPECT_EQ(result.log.size(), 1440u);
    EXPECT_TRUE(result.log.order_lines.empty());
    EXPECT_EQ(result.log.last_time(), kStart + 1439 * kMinute);
    ASSERT_EQ(result.report.warnings.size(), 1u);
    EXPECT_NE(result.report.warnings[0].message.find("log.csv:1442 (\"2024-01-02T18:00:00Z\")"),
              std::string::npos)
        << result.report.warnings[0].message;
    EXPECT_EQ(read(text).log.size(), 1441u);  // kept unless asked
}

TEST_F(Clocks, InPartsItIsTheSame) {
    ReadOptions options = dropping();
    options.threads = 2;
    const auto path = write(day_and("2099-01-01T00:00:00Z,purchase,u1,i\n1970-01-01T00:00:00Z,click,u2,i\n"));
    const LogParts parts = read_log_parts(std::vector{path}, options);
    EXPECT_EQ(parts.report().ahead, 1u);
    EXPECT_EQ(parts.report().behind, 1u);
    EXPECT_EQ(parts.outline().first_time, kStart);
    EXPECT_EQ(parts.outline().last_time, kStart + 1439 * kMinute);
    EXPECT_EQ(parts.outline().kinds, events::kind_bit(EventKind::view));
    std::size_t rows = 0;
    EventLog log;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        static_cast<void>(parts.load(i, log));
        rows += log.size();
    }
    EXPECT_EQ(rows, 1440u);
}

TEST_F(Clocks, RejectsListThem) {
    ReadOptions options = dropping();
    options.rows.bad_rows = BadRows::skip;
    options.rows.rejects_path = folder_.path() + "/rejects.csv";
    const ReadResult result =
        read(day_and("yesterday,view,u1,i\n1970-01-01,view,u1,i\n2099-01-01,view,u2,i\n"), options);
    EXPECT_EQ(result.report.rejected, 1u);
    const std::string path = folder_.path() + "/log.csv";
    EXPECT_EQ(support::read_file(options.rows.rejects_path),
              "file,line,column,reason,text\n" + path + ",1442,event_time,time,\"yesterday,view,u1,i\"\n" +
                  path + ",1443,event_time,behind,\"1970-01-01,view,u1,i\"\n" + path +
                  ",1444,event_time,ahead,\"2099-01-01,view,u2,i\"\n");
}

TEST_F(Clocks, MoreThanAYearBetweenManyRowsEndsTheRun) {
    std::string more;
    for (int i = 0; i < 100; ++i)
        more += "2025-06-01T00:00:00Z,view,v" + std::to_string(i) + ",i\n";
    const std::string what = failure(day_and(more), dropping());
    EXPECT_EQ(code_, ErrorCode::parse);
    EXPECT_NE(what.find("--as-of 2025-06-01T00:00:00Z"), std::string::npos) << what;
    EXPECT_EQ(failure(day_and(more)), "");
}

TEST_F(Clocks, AsOfReadsNothingFromThenOn) {
    ReadOptions options;
    options.timeline.as_of = kStart + 10 * kMinute;
    const ReadResult result = read(day_and(""), options);
    EXPECT_EQ(result.log.size(), 10u);
    EXPECT_EQ(result.report.after, 1430u);
    EXPECT_EQ(result.report.accepted, 1440u);
    EXPECT_EQ(result.log.users.size(), 10u);
}

// No tail of a real log is a wrong clock, wherever the log is cut; one row of 2099 behind it always is.
TEST_F(Clocks, OnRealLogsCutAnywhereNothingIsDropped) {
    const char* const folder = std::getenv("FUNNEL_REAL_DATA");
    if (folder == nullptr) GTEST_SKIP() << "FUNNEL_REAL_DATA is not set";
    const std::string data = std::string(folder) + '/';
    const std::vector<std::pair<std::vector<std::string>, std::string>> logs = {
        {{data + "google_merch_store_2016/events_2016-08.csv.gz",
          data + "google_merch_store_2016/events_2016-09.csv.gz"},
         "auto"},
        {{data + "retailrocket/events_2015-06_part1.csv"}, "auto"},
        {{data + "taobao_userbehavior/UserBehavior_part1.csv"}, "taobao"},
        {{data + "rees46_multicategory/2019-Oct_part1.csv"}, "auto"}};
    std::size_t cuts = 0;
    for (const auto& [paths, schema] : logs) {
        ReadOptions options;
        options.schema = schema;
        options.threads = 2;
        const EventLog log = read_log(paths, options).log;
        std::vector<std::size_t> order(log.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::ranges::sort(order, {}, [&](std::size_t row) { return log.time[row]; });
        std::vector<std::int64_t> times;
        std::vector<std::uint64_t> users_until;  // distinct, up to and with each row
        std::unordered_set<std::uint32_t> seen;
        for (const std::size_t row : order) {
            times.push_back(log.time[row]);
            seen.insert(log.user[row]);
            users_until.push_back(seen.size());
        }
        events::TimeSpans all;
        all.add(times);
        const auto spans = all.sorted();
        for (std::size_t cut = 1; cut <= 1000; ++cut) {
            const std::size_t end = times.size() * cut / 1000;
            if (end < 100) continue;
            ++cuts;
            // Spans up to the cut; the last is cut itself.
            std::vector<events::TimeSpan> part;
            std::size_t rows = 0;
            for (std::size_t i = 0; i < spans.size() && rows < end; ++i) {
                part.push_back(spans[i]);
                part.back().rows = std::min<std::uint64_t>(spans[i].rows, end - rows);
                rows += part.back().rows;
                part.back().last = times[rows - 1];
            }
            const events::ClockGaps gaps = events::find_clock_gaps(part, 0);
            for (const events::ClockGap& gap : gaps.ahead) {
                std::unordered_set<std::uint32_t> tail;
                for (std::size_t i = end - gap.rows_after; i < end; ++i)
                    tail.insert(log.user[order[i]]);
                EXPECT_GT(tail.size(), std::max<std::uint64_t>(1, users_until[end - 1] / 100))
                    << paths[0] << " cut at " << base::format_time(times[end - 1]);
            }
            // Add one row of 2099.
            part.push_back({4'070'908'800'000'000, 4'070'908'800'000'000, 1});
            const events::ClockGaps with = events::find_clock_gaps(part, 0);
            ASSERT_FALSE(with.ahead.empty());
            EXPECT_EQ(with.ahead.back().rows_after, 1u);
        }
    }
    EXPECT_GT(cuts, 3000u);
}

TEST(NamedPeriod, AreTheLastWholeLocalDays) {
    const auto period = [](const char* name, const char* reference, const char* zone) {
        const auto at = parse_local_time(reference, zone);
        const auto found = named_period(name, at.value(), zone);
        return base::format_time(*found->from) + " " + base::format_time(*found->to);
    };
    EXPECT_EQ(period("yesterday", "2024-03-11", "UTC"), "2024-03-10T00:00:00Z 2024-03-11T00:00:00Z");
    EXPECT_EQ(period("yesterday", "2024-03-11T23:59", "UTC"), "2024-03-10T00:00:00Z 2024-03-11T00:00:00Z");
    // A day of 23 hours in New York.
    EXPECT_EQ(period("yesterday", "2024-03-11", "America/New_York"),
              "2024-03-10T05:00:00Z 2024-03-11T04:00:00Z");
    EXPECT_EQ(period("last-week", "2024-03-13", "UTC"), "2024-03-04T00:00:00Z 2024-03-11T00:00:00Z");
    EXPECT_EQ(period("last-week", "2024-03-11", "UTC"), "2024-03-04T00:00:00Z 2024-03-11T00:00:00Z");
    EXPECT_EQ(period("last-week", "2024-03-10T23:00", "UTC"), "2024-02-26T00:00:00Z 2024-03-04T00:00:00Z");
    EXPECT_EQ(period("last-month", "2024-03-13", "UTC"), "2024-02-01T00:00:00Z 2024-03-01T00:00:00Z");
    EXPECT_EQ(period("last-7d", "2024-03-13T12:00", "UTC"), "2024-03-06T00:00:00Z 2024-03-13T00:00:00Z");
    for (const char* wrong : {"today", "last-0d", "last-d", "last-7", "last-7dd", ""})
        EXPECT_FALSE(named_period(wrong, 0, "UTC").has_value()) << wrong;
}

TEST(NamedPeriod, BeforeAnother) {
    const std::string zone = "America/New_York";
    const events::Period day{parse_local_time("2024-03-11", zone), parse_local_time("2024-03-12", zone)};
    const auto before = period_before("previous", day, zone);
    EXPECT_EQ(before->from, parse_local_time("2024-03-10", zone));  // 23 hours long
    EXPECT_EQ(before->to, day.from);
    const events::Period leap{parse_local_time("2024-02-29", "UTC"), parse_local_time("2024-03-01", "UTC")};
    EXPECT_EQ(period_before("year-ago", leap, "UTC")->from, parse_local_time("2023-02-28", "UTC"));
    EXPECT_EQ(period_before("year-ago", leap, "UTC")->to, parse_local_time("2023-03-01", "UTC"));
    const events::Period until_leap{parse_local_time("2024-02-22", zone),
                                    parse_local_time("2024-02-29", zone)};
    EXPECT_EQ(period_before("year-ago", until_leap, zone)->from, parse_local_time("2023-02-22", zone));
    EXPECT_EQ(period_before("year-ago", until_leap, zone)->to, parse_local_time("2023-03-01", zone));
    const events::Period noon{parse_local_time("2024-02-28", zone),
                              parse_local_time("2024-02-29T12:00", zone)};
    EXPECT_EQ(period_before("year-ago", noon, zone)->to, parse_local_time("2023-02-28T12:00", zone));
    EXPECT_FALSE(period_before("other", day, zone).has_value());
}

TEST(ZoneOffsets, EndAtTheEndsOfInt64) {
    constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    for (const char* zone : {"Asia/Tokyo", "America/New_York"}) {
        EXPECT_LT(zone_offsets(zone, kLeast, kMost).size(), 3000u) << zone;
        EXPECT_EQ(zone_offsets(zone, kMost, kMost).size(), 1u) << zone;
        EXPECT_EQ(zone_offsets(zone, kLeast, kLeast).size(), 1u) << zone;
    }
}

TEST(LocalTimes, HaveTheZoneUnlessTheySayOtherwise) {
    const std::string zone = "America/New_York";
    EXPECT_EQ(parse_local_time("2024-03-01", zone), parse_iso_time("2024-03-01T05:00:00Z"));
    EXPECT_EQ(parse_local_time("2024-03-01T12:30", zone), parse_iso_time("2024-03-01T17:30:00Z"));
    for (const char* given : {"2024-03-01T12:30Z", "2024-03-01 12:30:00 UTC", "2024-03-01T12:30:00+02:00"})
        EXPECT_EQ(parse_local_time(given, zone), parse_iso_time(given)) << given;
    EXPECT_FALSE(parse_local_time("2024-02-30", zone).has_value());
}

}  // namespace
}  // namespace funnel::ingest
