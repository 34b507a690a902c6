// SPDX-License-Identifier: MIT
// Texts that are written in other ways than RFC 4180, times in other forms, and headers that are not tidy.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "ingest/log/time_format.hpp"
#include "ingest/log_file.hpp"
#include "ingest/source/tuning.hpp"
#include "support/compress.hpp"

namespace funnel::ingest {
namespace {

constexpr std::string_view kFourColumns = "event_time,event_type,user_id,item_id\n";

class Dialect : public LogFile {
 protected:
    [[nodiscard]] ReadOptions with_schema(const std::string& json) const {
        ReadOptions options;
        options.schema = write(json, "schema.json");
        return options;
    }
    [[nodiscard]] static std::vector<std::string> items(const ReadResult& result) {
        std::vector<std::string> all;
        for (std::size_t row = 0; row < result.log.size(); ++row)
            all.emplace_back(result.log.event(row).item);
        return all;
    }
    [[nodiscard]] std::vector<std::string> items_of(const std::string& fields,
                                                    const std::string& keys) const {
        std::string text(kFourColumns);
        std::size_t rows = 0;
        for (std::size_t at = 0; at < fields.size(); ++rows) {
            const std::size_t end = std::min(fields.find('#', at), fields.size());
            text += "2024-01-01,view,u1," + fields.substr(at, end - at) + '\n';
            at = end + 1;
        }
        return items(read(text, with_schema(R"({"preset":"canonical",)" + keys + "}")));
    }
    using Items = std::vector<std::string>;
};

TEST_F(Dialect, AnEscapeKeepsWhatStandsBehindIt) {
    const std::string escape = R"("escape":"\\")";
    EXPECT_EQ(items_of(R"("He said \"hi\""#plain)", escape), (Items{"He said \"hi\"", "plain"}));
    EXPECT_EQ(items_of(R"(a\,b#"x\",y"#"\\"#a\\#"doubled "" too")", escape),
              (Items{"a,b", "x\",y", "\\", "a\\", "doubled \" too"}));
}

TEST_F(Dialect, ALineEndBehindAnEscapeBelongsToTheField) {
    const ReadResult read =
        this->read(std::string(kFourColumns) + "2024-01-01,view,u1,a\\\nb\n2024-01-01,view,u1,\"c\\\nd\"\n",
                   with_schema(R"({"preset":"canonical","escape":"\\"})"));
    EXPECT_EQ(items(read), (Items{"a\nb", "c\nd"}));
    EXPECT_EQ(read.report.rows, 2u);
}

TEST_F(Dialect, AnEscapeAtTheEndOfTheFileIsText) {
    const ReadOptions options = with_schema(R"({"preset":"canonical","escape":"\\"})");
    EXPECT_EQ(items(read(std::string(kFourColumns) + "2024-01-01,view,u1,a\\", options)), (Items{"a\\"}));
    EXPECT_NE(failure(std::string(kFourColumns) + "2024-01-01,view,u1,\"a\\\"", options).find("log.csv:2: "),
              std::string::npos);
    EXPECT_EQ(
        items(read(std::string(kFourColumns) + "2024-01-01,view,u1,\\N\n2024-01-01,view,u1,\\N", options)),
        (Items{"\\N", "\\N"}));
}

TEST_F(Dialect, QuotesMayBeOtherCharactersOrNone) {
    EXPECT_EQ(items_of(R"('a,b'#'it''s'#5" disk)", R"("quote":"'")"), (Items{"a,b", "it's", "5\" disk"}));
    EXPECT_EQ(items_of(R"(5" disk#"a")", R"("quote":"")"), (Items{"5\" disk", "\"a\""}));
}

TEST_F(Dialect, CommentsAndFirstLinesAreNoRows) {
    const ReadResult result =
        read("Report of May\n\"open quote\n#x\n" + std::string(kFourColumns) +
                 "#2024,view\n2024-01-01,view,u1,a\n# \"\n\n2024-01-02,view,u1,#b\n#end",
             with_schema(R"({"preset":"canonical","comment":"#","skip_lines":2})"));
    EXPECT_EQ(items(result), (Items{"a", "#b"}));
    EXPECT_EQ(result.report.rows, 2u);
    ReadOptions options = with_schema(R"({"preset":"canonical","comment":"#","skip_lines":2})");
    EXPECT_EQ(
        failure("a\nb\n" + std::string(kFourColumns) + "# one\n2024-01-01,view,,a\n", options).substr(0, 9),
        "log.csv:5");
}

/// A text in a dialect against the same rows in RFC 4180, over sizes of blocks, threads and packing.
TEST_F(Dialect, AnyTextReadsAsItsTwin) {
    Rng random(11);
    std::size_t compared = 0;
    for (int round = 0; round < 60; ++round) {
        std::string odd(kFourColumns), plain(kFourColumns);
        const auto add = [&](const std::string& value, bool quoted) {
            std::string escaped, doubled;
            for (const char c : value) {
                const bool special = c == '\'' || c == '\\' || (!quoted && (c == ',' || c == '\n'));
                if (special) escaped += '\\';
                escaped += c;
                if (c == '"') doubled += c;
                doubled += c;
            }
            odd += quoted ? '\'' + escaped + '\'' : escaped;
            plain += '"' + doubled + '"';
        };
        for (std::uint64_t row = random.below(30); row > 0; --row) {
            std::string value = "i";
            for (std::uint64_t n = random.below(6); n > 0; --n)
                value += std::string_view("\"',\\\n ab#")[random.below(9)];
            odd += "2024-01-01,view,u1,";
            plain += "2024-01-01,view,u1,";
            add(value, random.below(2) == 0);
            odd += '\n';
            plain += '\n';
            if (random.below(4) == 0) odd += "#'comment\n";
        }
        const auto expected = items(read(plain));
        const std::string packed = write(round % 2 == 0 ? support::gzip(odd) : odd, "odd.csv");
        for (const unsigned threads : {1u, 3u}) {
            ReadOptions options =
                with_schema(R"({"preset":"canonical","escape":"\\","quote":"'","comment":"#"})");
            options.threads = threads;
            detail::Tuning tuning;
            tuning.block_bytes = 1 + random.below(200);
            tuning.window_bytes = 64;
            EXPECT_EQ(items(detail::read_log(std::vector{packed}, options, tuning)), expected) << odd;
            compared += expected.size();
        }
    }
    EXPECT_GT(compared, 500u);
}

TEST_F(Dialect, TheDelimiterIsFoundInTheHeader) {
    for (const char delimiter : {';', '\t', '|'}) {
        std::string text = std::string(kFourColumns) + "2024-01-01,view,u1,A\n";
        std::ranges::replace(text, ',', delimiter);
        const ReadResult result = read(text);
        EXPECT_EQ(result.log.size(), 1u);
        ASSERT_EQ(result.report.notes.size(), 1u) << delimiter;
        EXPECT_NE(result.report.notes[0].find(delimiter == '\t' ? "tabs" : std::string(1, delimiter)),
                  std::string::npos);
        EXPECT_EQ(read(text, with_schema(R"({"preset":"canonical"})")).log.size(), 1u);
        ReadOptions given = with_schema(R"({"preset":"canonical","delimiter":","})");
        EXPECT_NE(failure(text, given), "");
    }
    EXPECT_TRUE(read(std::string(kFourColumns) + "2024-01-01,view,u1,A\n").report.notes.empty());
    EXPECT_NE(failure("time;who;what\n").find("separated by \";\""), std::string::npos);
}

TEST_F(Dialect, ColumnsThatNothingUsesMayLackANameOrShareOne) {
    const std::string rows = "2024-01-01,view,u1,A,,,x,y\n";
    const ReadResult result = read("event_time,event_type,user_id,item_id,,,note,note\n" + rows);
    EXPECT_EQ(result.log.size(), 1u);
    ReadOptions options;
    options.columns.text = {"note"};
    EXPECT_NE(failure("event_time,event_type,user_id,item_id,,,note,note\n" + rows, options)
                  .find("column note: expected it once in the header, got it twice"),
              std::string::npos);
    EXPECT_NE(
        failure("event_time,event_type,user_id,user_id\n2024-01-01,view,u1,u1\n").find("column user_id"),
        std::string::npos);
}

TEST_F(Dialect, IntegersThatCanHardlyBeTimesAreRefused) {
    const auto text = [](const std::string& time) {
        return std::string(kFourColumns) + time + ",view,u1,A\n";
    };
    const std::string what = failure(text("20240101"));
    for (const char* part : {"column event_time", "1970-08-23", "2024-01-01", "%Y%m%d\"", "--time-unit s"})
        EXPECT_NE(what.find(part), std::string::npos) << part << " in " << what;
    EXPECT_NE(failure(text("2024013112")).find("2034-"), std::string::npos);
    for (const char* time :
         {"202401311259", "20240131125958", "5", "4102444800", "631151999", "-1", "19700101"})
        EXPECT_NE(failure(text(time)), "") << time;
    for (const char* time : {"1704067200", "631152000", "4102444799", "1704067200123", "1704067200123456",
                             "1704067200123456789", "2024139912"})
        EXPECT_EQ(failure(text(time)), "") << time;
    for (const char* time : {"20240101", "2024013112", "5"}) {
        ReadOptions options;
        options.time_unit = "s";
        EXPECT_EQ(read(text(time), options).log.time.at(0), std::stoll(time) * 1'000'000);
        EXPECT_EQ(failure(text(time), with_schema(R"({"preset":"canonical","time":{"unit":"s"}})")), "");
    }
}

TEST_F(Dialect, TimesHaveTheFormatThatTheSchemaSays) {
    const auto time_of = [&](const std::string& time, const std::string& keys) {
        return read(std::string(kFourColumns) + "\"" + time + "\",view,u1,A\n",
                    with_schema(R"({"preset":"canonical","time":{)" + keys + "}}"))
            .log.time.at(0);
    };
    const std::int64_t noon = *parse_iso_time("2024-02-29T12:05:06Z");
    EXPECT_EQ(time_of("29/02/2024 12:05:06", R"("format":"%d/%m/%Y %H:%M:%S")"), noon);
    EXPECT_EQ(time_of("Thu, 29 Feb 2024 12:05:06 GMT", R"("format":"%a, %d %b %Y %T %Z")"), noon);
    EXPECT_EQ(time_of("February 29, 2024 at 12:05:06 pm", R"("format":"%B %d, %Y at %I:%M:%S %p")"), noon);
    EXPECT_EQ(time_of("2/29/24 12:05:06.0000019", R"("format":"%m/%d/%y %H:%M:%S.%f")"), noon + 1);
    EXPECT_EQ(time_of("20240229T070506-0500", R"("format":"%Y%m%dT%H%M%S%z")"), noon);
    EXPECT_EQ(time_of("1709208306", R"("format":"%s")"), noon);
    EXPECT_EQ(time_of("2024 060 12:05:06", R"("format":"%Y %j %T")"), noon);
    EXPECT_EQ(time_of("29.02.2024 13:05:06", R"("format":"%d.%m.%Y %H:%M:%S","zone":"Europe/Berlin")"), noon);
    const std::string bad = failure(std::string(kFourColumns) + "31/02/2024,view,u1,A\n",
                                    with_schema(R"({"preset":"canonical","time":{"format":"%d/%m/%Y"}})"));
    EXPECT_NE(
        bad.find("log.csv:2: column event_time: expected a time in the form %d/%m/%Y, got \"31/02/2024\""),
        std::string::npos)
        << bad;
}

TEST_F(Dialect, NumbersThatTouchHaveAllTheirDigits) {
    const auto reads = [&](const std::string& format, const std::string& time) {
        ReadOptions options;
        options.schema =
            write(R"({"columns":{"time":"t","event":"e","user":"u"},"time":{"format":")" + format + "\"}}",
                  "schema.json");
        return failure("t,e,u\n" + time + ",view,u\n", options).empty();
    };
    EXPECT_TRUE(reads("%Y%m%d", "20241101"));
    EXPECT_FALSE(reads("%Y%m%d", "2024111"));  // 1 November, or 11 January
    EXPECT_TRUE(reads("%Y%m%d%H", "2024110109"));
    EXPECT_FALSE(reads("%Y%m%d%H", "202411019"));
    EXPECT_TRUE(reads("%Y%m%d %H%M", "20241101 0905"));
    EXPECT_FALSE(reads("%Y%m%d %H%M", "20241101 905"));
    EXPECT_TRUE(reads("%d/%m/%Y %H:%M", "1/2/2024 9:05"));  // what is between tells them apart
}

TEST_F(Dialect, AColumnThatOneOfTheFilesLacksIsSaid) {
    const std::string with =
                          write("event_time,event_type,user_id,item_id\n2024-01-01,view,u,a\n", "with.csv"),
                      without = write("event_time,event_type,user_id,product_id\n2024-01-02,view,u,b\n",
                                      "without.csv");
    const ReadResult both = read_log(std::vector{with, without}, {});
    ASSERT_EQ(both.report.warnings.size(), 1u);
    EXPECT_EQ(both.report.warnings[0].code, "column_in_some_files");
    EXPECT_NE(both.report.warnings[0].message.find("column item_id"), std::string::npos);
    const std::string more =
        write("event_time,event_type,user_id,item_id\n2024-01-03,view,u,c\n", "more.csv");
    EXPECT_TRUE(read_log(std::vector{with, more}, {}).report.warnings.empty());
}

TEST(TimeFormat, IsCheckedBeforeItIsUsed) {
    for (const char* wrong : {"", "%H:%M", "%d/%m", "%q", "%Y-%m-%d %", "%Y-%m-%d %I:%M", "%Y-%m-%d %H %p"})
        EXPECT_THROW(detail::check_time_format(wrong, "s"), Error) << wrong;
    for (const char* right : {"%F %T", "%s", "%D %R", "%Y%j", "%e %B %Y", "%%%d/%m/%Y"})
        EXPECT_NO_THROW(detail::check_time_format(right, "s")) << right;
    std::int64_t micros = 0;
    bool local = false;
    for (const char* wrong : {"2024-01-01x", "2024-01-", "2024-13-01", "2024-01-01 ", "x2024-01-01", ""})
        EXPECT_FALSE(detail::parse_formatted_time(wrong, "%Y-%m-%d", micros, local)) << wrong;
}

TEST_F(Dialect, OffsetsMayStandBehindABlank) {
    std::string text(kFourColumns);
    for (const char* time :
         {"2026-05-01 10:00:00+0200", "2026-05-01 10:00:00 +0200", "2026-05-01 04:00:00 -0400",
          "2026-05-01 04:00:00 -04:00", "2026-05-01 08:00:00 UTC"})
        text += std::string(time) + ",view,u1,A\n";
    const ReadResult result = read(text);
    ASSERT_EQ(result.log.size(), 5u);
    for (const std::int64_t time : result.log.time)
        EXPECT_EQ(time, *parse_iso_time("2026-05-01T08:00:00Z"));
}

}  // namespace
}  // namespace funnel::ingest
