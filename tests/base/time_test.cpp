// SPDX-License-Identifier: MIT
// Expected dates come from `date -u -d @SECONDS` of GNU coreutils unless said otherwise.
#include "funnel/base/time.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace funnel::base {
namespace {

TEST(FormatTime, KnownMoments) {
    EXPECT_EQ(format_time(0), "1970-01-01T00:00:00Z");
    EXPECT_EQ(format_time(1'475'305'198 * kSecond), "2016-10-01T06:59:58Z");
    EXPECT_EQ(format_time(951'782'400 * kSecond), "2000-02-29T00:00:00Z");
    EXPECT_EQ(format_time(-1 * kSecond), "1969-12-31T23:59:59Z");
    EXPECT_EQ(format_time(-2'203'891'200 * kSecond), "1900-03-01T00:00:00Z");
    EXPECT_EQ(format_time(-62'135'596'800 * kSecond), "0001-01-01T00:00:00Z");
    EXPECT_EQ(format_time(253'402'300'799 * kSecond), "9999-12-31T23:59:59Z");
}

TEST(FormatTime, FractionsOnlyWhereThereAreSome) {
    EXPECT_EQ(format_time(500'000), "1970-01-01T00:00:00.5Z");
    EXPECT_EQ(format_time(1), "1970-01-01T00:00:00.000001Z");
    EXPECT_EQ(format_time(-1), "1969-12-31T23:59:59.999999Z");
    EXPECT_EQ(format_time(123'456), "1970-01-01T00:00:00.123456Z");
}

TEST(FormatTime, YearsOfOtherThanFourDigitsHaveASign) {
    EXPECT_EQ(format_time(253'402'300'800 * kSecond), "+10000-01-01T00:00:00Z");
    EXPECT_EQ(format_time(-62'198'755'200 * kSecond), "-0001-01-01T00:00:00Z");
    // The ends of the range, as java.time.Instant documents them for microseconds.
    EXPECT_EQ(format_time(std::numeric_limits<std::int64_t>::max()), "+294247-01-10T04:00:54.775807Z");
    EXPECT_EQ(format_time(std::numeric_limits<std::int64_t>::min()), "-290308-12-21T19:59:05.224192Z");
}

TEST(FormatDay, CountsFrom1970) {
    EXPECT_EQ(format_day(0), "1970-01-01");
    EXPECT_EQ(format_day(-1), "1969-12-31");
    EXPECT_EQ(format_day(17'075), "2016-10-01");
}

TEST(FloorDiv, RoundsDown) {
    EXPECT_EQ(floor_div(7, 2), 3);
    EXPECT_EQ(floor_div(-7, 2), -4);
    EXPECT_EQ(floor_div(-8, 2), -4);
    EXPECT_EQ(floor_div(0, 2), 0);
}

TEST(FloorMod, IsNeverNegative) {
    EXPECT_EQ(floor_mod(7, 2), 1);
    EXPECT_EQ(floor_mod(-7, 2), 1);
    EXPECT_EQ(floor_mod(-8, 2), 0);
    EXPECT_EQ(floor_mod(std::numeric_limits<std::int64_t>::min(), 10), 2);
}

TEST(ParseDuration, NumbersWithAUnit) {
    EXPECT_EQ(parse_duration("0"), 0);
    EXPECT_EQ(parse_duration("30s"), 30 * kSecond);
    EXPECT_EQ(parse_duration("1.5h"), 90 * kMinute);
    EXPECT_EQ(parse_duration(".5m"), 30 * kSecond);
    EXPECT_EQ(parse_duration("5.d"), 5 * kDay);
    EXPECT_EQ(parse_duration("2w"), 14 * kDay);
    EXPECT_EQ(parse_duration("0.000001s"), 1);
    EXPECT_EQ(parse_duration("0.1s"), 100'000);
}

TEST(ParseDuration, NothingElse) {
    for (const char* text : {"",       "s",    "7",   "-1d", "+1d",   "1e3s", "nan",
                             "nand",   "infs", "1 d", "1d ", "1dd",   "0x1s", "1,5h",
                             "1.2.3h", ".",    ".s",  "1y",  "10abc", "1D",   "99999999999999999999w",
                             "0.",     "00"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

TEST(FormatDuration, LargestUnitThatDivides) {
    EXPECT_EQ(format_duration(0), "0");
    EXPECT_EQ(format_duration(7 * kDay), "7d");
    EXPECT_EQ(format_duration(36 * kHour), "36h");
    EXPECT_EQ(format_duration(30 * kMinute), "30m");
    EXPECT_EQ(format_duration(1'500'000), "1.5s");
    EXPECT_EQ(format_duration(1), "0.000001s");
}

TEST(FormatDuration, ReadsBackAsTheSame) {
    for (std::int64_t micros = 1; micros < 1'000'000'000'000'000; micros = micros * 3 + 1) {
        EXPECT_EQ(parse_duration(format_duration(micros)), micros);
    }
}

}  // namespace
}  // namespace funnel::base
