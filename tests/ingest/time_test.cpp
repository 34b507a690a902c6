// SPDX-License-Identifier: MIT
// Times: forms, units, zones. Expected values are by hand or from `date -u -d ... +%s`.
#include <gtest/gtest.h>

#include <optional>

#include "funnel/ingest/time_zone.hpp"
#include "ingest/csv/field_value.hpp"
#include "ingest/log/time_parser.hpp"
#include "ingest/log_file.hpp"

namespace funnel::ingest {
namespace {

using detail::TimeParser;

std::optional<std::int64_t> parse(const std::string& text, TimeUnit unit, const std::string& zone = "",
                                  bool detected = false) {
    TimeParser parser(unit, detected, zone, "test");
    const std::string padded = text + std::string(64, '\0');
    std::int64_t micros = 0;
    if (!parser.parse(std::string_view(padded).substr(0, text.size()), micros)) return std::nullopt;
    return micros;
}

TEST(Time, ReadsIso8601) {
    const std::pair<const char*, std::int64_t> cases[] = {
        {"2016-10-01T06:59:58Z", 1475305198'000000},
        {"2016-10-01 06:59:58 UTC", 1475305198'000000},
        {"2016-10-01T06:59:58", 1475305198'000000},
        {"2016-10-01 06:59:58", 1475305198'000000},
        {"2016-10-01T06:59", 1475305140'000000},
        {"2016-10-01", 1475280000'000000},
        {"2016-10-01T06:59:58.5Z", 1475305198'500000},
        {"2016-10-01T06:59:58.1234569Z", 1475305198'123456},
        {"2016-10-01T06:59:58+05:45", 1475284498'000000},
        {"2016-10-01T06:59:58.25-0330", 1475317798'250000},
        {"2016-10-01T06:59:58-08", 1475333998'000000},
        {"2019-11-24 00:01:03.979311+00:00", 1574553663'979311},
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59.9999999Z", -1},
        {"1900-03-01T00:00:00Z", -2203891200'000000},
        {"2000-02-29T23:59:59Z", 951868799'000000},
        {"9999-12-31T23:59:59.999999Z", 253402300799'999999},
        {"0000-01-01T00:00:00Z", -62167219200'000000},
    };
    for (const auto& [text, micros] : cases) {
        EXPECT_EQ(parse(text, TimeUnit::iso), micros) << text;
        EXPECT_EQ(parse_iso_time(text), micros) << text;
        EXPECT_EQ(detail::time_unit_of(text), TimeUnit::iso) << text;
    }
}

TEST(Time, RefusesWhatIsNoTime) {
    for (const char* text : {"",
                             " ",
                             "soon",
                             "2016-02-30T00:00:00Z",
                             "2015-02-29",
                             "2016-13-01",
                             "2016-00-01",
                             "2016-10-00",
                             "2016-10-01T24:00:01Z",
                             "2016-10-01T24:00:00Z",
                             "2016-10-01T06:60:00Z",
                             "2016-10-01T06:59:60Z",
                             "2016-10-01T06:59:58Zx",
                             "2016-10-01T06:59:58 Z",
                             "2016-10-01T06:59:58 UTC ",
                             "2016-10-01T06:59:58utc",
                             "2016-10-01T06:59:58.Z",
                             "2016-10-01T06:59:58+5:45",
                             "2016-10-01T06:59:58+24:00",
                             "2016-10-01T06:59:58+05:60",
                             "2016-10-01t06:59:58",
                             "2016-10-1T06:59:58Z",
                             "16-10-01T06:59:58Z",
                             "+2016-10-01T06:59:58Z",
                             "2016-10-01T06",
                             "2016-10-01T06:5",
                             "2016-10-01T0a:59:58Z",
                             "2016/10/01 06:59:58",
                             " 2016-10-01T06:59:58Z",
                             "2016-10-01T06:59:5",
                             "2016-10-01X06:59:58",
                             "20161001"}) {
        EXPECT_EQ(parse(text, TimeUnit::iso), std::nullopt) << text;
    }
    EXPECT_EQ(parse("1475305198", TimeUnit::iso), std::nullopt);
    for (const char* text : {"", "-", "1.5", "1e9", "+1", " 1", "1 ", "0x10", "12a", "99999999999999999999",
                             "9223372036854775808", "2016-10-01"}) {
        EXPECT_EQ(parse(text, TimeUnit::microseconds), std::nullopt) << text;
    }
}

TEST(Time, ReadsIntegersOfAUnit) {
    EXPECT_EQ(parse("1475305198", TimeUnit::seconds), 1475305198'000000);
    EXPECT_EQ(parse("1475305198123", TimeUnit::milliseconds), 1475305198'123000);
    EXPECT_EQ(parse("1475305198123456", TimeUnit::microseconds), 1475305198'123456);
    EXPECT_EQ(parse("1475305198123456789", TimeUnit::nanoseconds), 1475305198'123456);
    EXPECT_EQ(parse("-1", TimeUnit::nanoseconds), -1);  // floored
    EXPECT_EQ(parse("-1", TimeUnit::seconds), -1'000000);
    EXPECT_EQ(parse("007", TimeUnit::seconds), 7'000000);
    EXPECT_EQ(parse("9223372036854", TimeUnit::seconds), 9223372036854'000000);
    EXPECT_EQ(parse("9223372036855", TimeUnit::seconds), std::nullopt);  // beyond 64 bits
}

TEST(Time, TellsTheUnitByItsSize) {
    const std::pair<const char*, TimeUnit> cases[] = {{"0", TimeUnit::seconds},
                                                      {"99999999999", TimeUnit::seconds},
                                                      {"100000000000", TimeUnit::milliseconds},
                                                      {"99999999999999", TimeUnit::milliseconds},
                                                      {"100000000000000", TimeUnit::microseconds},
                                                      {"99999999999999999", TimeUnit::microseconds},
                                                      {"100000000000000000", TimeUnit::nanoseconds},
                                                      {"-100000000000", TimeUnit::milliseconds}};
    for (const auto& [text, unit] : cases)
        EXPECT_EQ(detail::time_unit_of(text), unit) << text;
    EXPECT_EQ(detail::time_unit_of("soon"), std::nullopt);
}

TEST(Time, WithoutAnOffsetIsLocalToTheZone) {
    // London: clocks went forward on 2011-03-27 at 01:00 UTC and back on 2011-10-30 at 01:00 UTC.
    EXPECT_EQ(parse("2010-12-01 08:26:00", TimeUnit::iso, "Europe/London"),
              parse_iso_time("2010-12-01T08:26:00Z"));
    EXPECT_EQ(parse("2011-08-31 17:45:00", TimeUnit::iso, "Europe/London"),
              parse_iso_time("2011-08-31T16:45:00Z"));
    EXPECT_EQ(parse("2011-03-27 00:59:59", TimeUnit::iso, "Europe/London"),
              parse_iso_time("2011-03-27T00:59:59Z"));
    EXPECT_EQ(parse("2011-03-27 01:30:00", TimeUnit::iso, "Europe/London"),
              parse_iso_time("2011-03-27T01:30:00Z"));
    EXPECT_EQ(parse("2011-03-27 02:00:00", TimeUnit::iso, "Europe/London"),
              parse_iso_time("2011-03-27T01:00:00Z"));
    EXPECT_EQ(parse("2011-10-30 01:30:00", TimeUnit::iso, "Europe/London"),
              parse_iso_time("2011-10-30T00:30:00Z"));
    EXPECT_EQ(parse("2011-10-30 02:00:00", TimeUnit::iso, "Europe/London"),
              parse_iso_time("2011-10-30T02:00:00Z"));
    EXPECT_EQ(parse("2011-08-31 17:45:00Z", TimeUnit::iso, "Europe/London"),
              parse_iso_time("2011-08-31T17:45:00Z"));
    // Samoa had no 30 December 2011 at all.
    EXPECT_EQ(parse("2011-12-29 23:59:59", TimeUnit::iso, "Pacific/Apia"),
              parse_iso_time("2011-12-30T09:59:59Z"));
    EXPECT_EQ(parse("2011-12-31 00:00:00", TimeUnit::iso, "Pacific/Apia"),
              parse_iso_time("2011-12-30T10:00:00Z"));
    EXPECT_THROW(static_cast<void>(parse("2011-01-01", TimeUnit::iso, "Mars/Olympus")), Error);
}

TEST(Time, OfAZoneDoesNotDependOnWhatWasReadBefore) {
    TimeParser one(TimeUnit::iso, false, "Europe/London", "test");
    for (int day = 1; day <= 28; ++day) {
        for (const char* month : {"03", "10", "01", "07"}) {
            std::string text =
                std::string("2011-") + month + (day < 10 ? "-0" : "-") + std::to_string(day) + " 01:15:00";
            const auto fresh = parse(text, TimeUnit::iso, "Europe/London");
            text += std::string(64, '\0');
            std::int64_t micros = 0;
            ASSERT_TRUE(one.parse(std::string_view(text).substr(0, 19), micros));
            EXPECT_EQ(micros, fresh) << text;
        }
    }
}

using TimeUnits = LogFile;

TEST_F(TimeUnits, AreThoseOfTheFirstRowOfEachFile) {
    const std::string header = "event_time,event_type,user_id\n";
    const std::string seconds = write(header + "1475305198,view,u\n", "a.csv");
    const std::string millis = write(header + "1475305198000,view,u\n", "b.csv");
    const std::string iso = write(header + "2016-10-01 06:59:58,view,u\n", "c.csv");
    const ReadResult result = read_log(std::vector{seconds, millis, iso}, {});
    EXPECT_EQ(result.log.time, std::vector<std::int64_t>(3, 1475305198'000000));
    EXPECT_EQ(
        failure(header + "1475305198000,view,u\n1475305198,view,u\n"),
        "log.csv:3: column event_time: expected whole milliseconds since 1970, the unit of the file's first "
        "row, got \"1475305198\"; correct the line, or skip such rows with --bad-rows skip");
    EXPECT_TRUE(failure(header + "1475305198,view,u\n2016-10-01,view,u\n").starts_with("log.csv:3: "));
}

TEST_F(TimeUnits, CanBeGiven) {
    const std::string text = "event_time,event_type,user_id\n1000,view,u\n-1,view,u\n";
    ReadOptions options;
    options.time_unit = "ms";
    EXPECT_EQ(read(text, options).log.time, (std::vector<std::int64_t>{1'000'000, -1000}));
    options.time_unit = "us";
    EXPECT_EQ(read(text, options).log.time, (std::vector<std::int64_t>{1000, -1}));
    options.time_unit = "iso";
    EXPECT_NE(failure(text, options), "");
    options.time_unit = "hours";
    EXPECT_NE(failure(text, options).find("expected auto, s, ms, us, ns or iso"), std::string::npos);
}

TEST(Number, IsReadAsTheStandardLibraryDoes) {
    const auto parsed = [](const std::string& text) {
        const std::string padded = text + std::string(16, '\0');
        double value = 0;
        const auto kind = detail::parse_number(std::string_view(padded).substr(0, text.size()), value);
        return kind == detail::NumberKind::unreadable ? std::string("unreadable")
               : kind == detail::NumberKind::missing  ? std::string("missing")
                                                      : std::to_string(value);
    };
    EXPECT_EQ(parsed("12.5"), "12.500000");
    EXPECT_EQ(parsed("-0.25"), "-0.250000");
    EXPECT_EQ(parsed(".5"), "0.500000");
    EXPECT_EQ(parsed("5."), "5.000000");
    EXPECT_EQ(parsed("1e3"), "1000.000000");
    EXPECT_EQ(parsed("00012"), "12.000000");
    EXPECT_EQ(parsed("12345678901234567890"), "12345678901234567168.000000");
    for (const char* missing : {"", "NA", "nan", "NaN", "null", "NULL"})
        EXPECT_EQ(parsed(missing), "missing");
    for (const char* bad : {"0x10", "1_000", "1,5", "+1", " 1", "1 ", "inf", "-inf", "infinity", "1e400", ".",
                            "-", "1.2.3", "--1", "abc", "1e", "nul", "Na"})
        EXPECT_EQ(parsed(bad), "unreadable") << bad;
}

TEST(Number, IsTheNearestDouble) {
    for (const char* text :
         {"0.1", "123456.789012345", "999999999999999", "0.000000000000001", "99.99", "3.3333333333333"}) {
        const std::string padded = std::string(text) + std::string(16, '\0');
        double fast = 0;
        ASSERT_EQ(detail::parse_number(std::string_view(padded).substr(0, std::string(text).size()), fast),
                  detail::NumberKind::number);
        EXPECT_EQ(fast, std::strtod(text, nullptr)) << text;
    }
}

}  // namespace
}  // namespace funnel::ingest
