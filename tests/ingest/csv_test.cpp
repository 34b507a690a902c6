// SPDX-License-Identifier: MIT
// What a well-formed CSV log is, and what a bad row is and does.
#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>

#include "ingest/log_file.hpp"
#include "support/csv.hpp"

namespace funnel::ingest {
namespace {

using Csv = LogFile;
using BadRow = LogFile;

const std::string kFields = "event_time,event_type,user_id,item_id,price\n";
const std::string kGood = "2016-10-01T06:59:58Z,view,u1,i1,9.99\n";
const std::vector<std::string> kTwo = {"u1 i1", "u2 i2"};

TEST_F(Csv, ReadsTheSameRowsWhateverTheLineEnds) {
    const std::string header = "event_time,event_type,user_id,item_id", one = "1700000001,view,u1,i1",
                      two = "1700000002,view,u2,i2";
    for (const std::string& text :
         {header + "\n" + one + "\n" + two + "\n", header + "\r\n" + one + "\r\n" + two + "\r\n",
          header + "\r\n" + one + "\n" + two + "\r\n", header + "\n" + one + "\n" + two,
          header + "\n" + one + "\n" + two + "\r", "\xEF\xBB\xBF" + header + "\n" + one + "\n" + two,
          "\n\r\n" + header + "\n\n" + one + "\n\r\n\n" + two + "\n\n"}) {
        const ReadResult result = read(text);
        EXPECT_EQ(users_and_items(result), kTwo) << text;
        EXPECT_EQ(result.report.rows, 2u);
    }
}

TEST_F(Csv, TakesQuotesOffAndKeepsWhatIsInside) {
    const ReadResult result = read(
        "\xEF\xBB\xBF\"event_time\",\"event_type\",user_id,item_id\n"
        "\"1700000001\",view,\"a,\"\"b\"\"\nc\",\"\"\n"
        "1700000002,\"view\",\"=1+1\",\" x \"\n");
    EXPECT_EQ(users_and_items(result), (std::vector<std::string>{"a,\"b\"\nc ", "=1+1  x "}));
}

TEST_F(Csv, TakesColumnsInAnyOrderAndOthersBesides) {
    const ReadResult result =
        read("item_id,extra,user_id,event_type,more,event_time\ni1,x,u1,view,\"y,z\",1700000005\n");
    EXPECT_EQ(users_and_items(result), std::vector<std::string>{"u1 i1"});
    EXPECT_EQ(result.log.time.front(), 1700000005'000000);
}

TEST_F(Csv, KeepsIdsAsTheyAre) {
    const std::vector<std::string> ids = {"7",
                                          "007",
                                          "7.0",
                                          "9007199254740992",
                                          "9007199254740993",
                                          "1e5",
                                          "NaN",
                                          "null",
                                          "-0",
                                          "\xC3\xBC",
                                          "u\xCC\x88",
                                          " 7",
                                          "1234567890123456789",
                                          "0123456789012345678",
                                          "a-text-longer-than-sixteen-bytes"};
    std::string text = "event_time,event_type,user_id,item_id\n";
    for (const std::string& id : ids)
        text += "1700000001,view," + id + "," + id + "\n";
    for (const unsigned threads : {1u, 3u}) {
        const ReadResult result = detail::read_log(std::vector{write(text)}, with_threads(threads),
                                                   {.block_bytes = 20, .window_bytes = 8});
        ASSERT_EQ(result.log.users.size(), ids.size());
        for (std::uint32_t i = 0; i < ids.size(); ++i) {
            EXPECT_EQ(result.log.users.text(i), ids[i]);  // codes in order of first appearance
            EXPECT_EQ(result.log.items.text(result.log.item[i]), ids[i]);
        }
    }
}

TEST_F(Csv, HasNoEventsInAHeaderAlone) {
    const ReadResult result = read(kFields);
    EXPECT_EQ(result.report.rows, 0u);
    EXPECT_TRUE(result.log.empty());
    EXPECT_TRUE(result.log.has_price);
}

TEST_F(Csv, RefusesAnEmptyFile) {
    for (const char* text : {"", "\n", "\xEF\xBB\xBF", "\r\n\r\n"}) {
        EXPECT_EQ(failure(text), "log.csv: the file is empty; expected a header and rows");
        EXPECT_EQ(code_, ErrorCode::parse);
    }
    EXPECT_EQ(failure_of("/dev/null"), "/dev/null: the file is empty; expected a header and rows");
}

TEST_F(Csv, RefusesLoneCarriageReturnsAsLineEnds) {
    EXPECT_NE(failure("event_time,event_type,user_id\r1,view,u\r2,view,u\r").find("LF or CRLF"),
              std::string::npos);
}

TEST_F(Csv, SplitsAtTheDelimiterOfTheSchema) {
    ReadOptions options;
    options.schema = write(R"({"columns":{"time":"t","user":"u","event":"e"},"delimiter":"\t"})", "tab.json");
    EXPECT_EQ(users_and_items(read("t\te\tu\n1700000001\tview\ta,b\n", options)),
              std::vector<std::string>{"a,b "});
}

TEST_F(BadRow, IsNamedWithItsPhysicalLineAndColumn) {
    const std::string quoted = "1700000001,view,\"u\n\n1\",i,\n";  // three lines
    EXPECT_EQ(failure("event_time,event_type,user_id,item_id,price\n" + quoted + "\n" +
                      "1700000001,view,u,i,abc\n"),
              "log.csv:6: column price: expected a number such as 12.5, or nothing, got \"abc\"; correct the "
              "line, or "
              "skip such rows with --bad-rows skip");
    EXPECT_EQ(code_, ErrorCode::parse);
    EXPECT_TRUE(failure(kFields + repeated(kGood, 200'000) + "x,view,u,i,\n")
                    .starts_with("log.csv:200002: column event_time: "));
}

TEST_F(BadRow, HasOneReason) {
    const std::pair<std::string, std::string> cases[] = {
        {"2016-10-01T06:59:58Z,view,u1,i1\n", "field_count"},
        {"2016-10-01T06:59:58Z,view,u1,i1,1,2\n", "field_count"},
        {"   \n", "field_count"},
        {"2016-10-01T06:59:58Z,view,\"u1\"x,i1,1\n", "bad_quote"},
        {"2016-10-01T06:59:58Z,view,u\"1,i1,1\n", "bad_quote"},
        {"2016-10-01T06:59:58Z,view,\"u1,i1,1\n", "unclosed_quote"},
        {std::string("2016-10-01T06:59:58Z,view,u\0,i1,1\n", 34), "nul"},
        {"2016-10-01T06:59:58Z,view,\xFF,i1,1\n", "utf8"},
        {"2016-10-01T06:59:58Z,view,\xC0\xAF,i1,1\n", "utf8"},
        {"2016-10-01T06:59:58Z,view,\xED\xA0\x80,i1,1\n", "utf8"},
        {"soon,view,u1,i1,1\n", "time"},
        {",view,u1,i1,1\n", "time"},
        {"2016-10-01T06:59:58Z,view,,i1,1\n", "empty_user"},
        {"2016-10-01T06:59:58Z,,u1,i1,1\n", "empty_event"},
        {"2016-10-01T06:59:58Z,view,u1,i1,1.2.3\n", "number"},
        {"2016-10-01T06:59:58Z,view,u1,i1," + std::string(300, '1') + "\n", "too_long"},
    };
    ReadOptions options;
    options.rows.max_line = 200;
    for (const auto& [row, reason] : cases) {
        const ReadResult result = read_skipping(kFields + kGood + row + kGood, options);
        const std::map<std::string, std::uint64_t> one = {{reason, 1}};
        EXPECT_EQ(result.report.rejected_by_reason, one) << row;
        EXPECT_EQ(result.report.accepted, 2u) << row;
        EXPECT_EQ(result.report.rows, 3u) << row;
        EXPECT_TRUE(failure(kFields + kGood + row + kGood, options).starts_with("log.csv:3: ")) << row;
    }
}

TEST_F(BadRow, LetsReadingGoOnAtTheNextPhysicalLine) {
    const ReadResult result =
        read_skipping(kFields + "2016-10-01T06:59:58Z,view,\"u1,i1,1\n" + repeated(kGood, 5));
    EXPECT_EQ(result.report.accepted, 5u);
    EXPECT_EQ(result.report.rejected, 1u);
}

TEST_F(BadRow, IsOneThatIsTooLongHoweverLittleOfItIsRead) {
    ReadOptions options;
    options.rows.max_line = 1000;
    const std::string head = "2016-10-01T06:59:58Z,view,u1,", tail = ",1\n";
    const std::string fits = head + std::string(1000 - head.size() - tail.size() + 1, 'x') + tail;
    EXPECT_EQ(read_skipping(kFields + fits, options).report.accepted, 1u);
    for (const std::size_t more : {1u, 2u, 3u, 100u, 5'000'000u}) {
        const std::string over = head + std::string(1000 - head.size() - tail.size() + 1 + more, 'x') + tail;
        const ReadResult result = read_skipping(kFields + kGood + over + kGood, options);
        EXPECT_EQ(result.report.rejected_by_reason.at("too_long"), 1u);
        EXPECT_EQ(result.report.accepted, 2u);
    }
}

TEST_F(BadRow, MayHoldALargeFieldWhenTheLimitIsRaised) {
    ReadOptions options;
    options.rows.max_line = 20u << 20;
    const std::string field(16u << 20, 'x');
    for (const char* quote : {"", "\""}) {
        const ReadResult result =
            read(kFields + "1700000001,view,u1," + quote + field + quote + ",1\n1700000001,view,u2,i,1\n",
                 options);
        ASSERT_EQ(result.log.size(), 2u);
        EXPECT_EQ(result.log.items.text(0), field);
    }
}

TEST_F(BadRow, CostsLinearTimeWhereverQuotesAreOpened) {
    // Each opener runs to the next one; a reader that looks ahead to the limit from each would need hours.
    const std::string text =
        kFields + repeated("1700000001,view,u,\"i,1\n" + repeated("1700000001,view,u,i,1\n", 50), 4000);
    const ReadResult result = read_skipping(text);
    EXPECT_EQ(result.report.rows, 204'000u);
    EXPECT_EQ(result.report.rejected, 4000u);
}

TEST_F(BadRow, IsWrittenToTheRejectsFile) {
    ReadOptions options;
    options.rows.rejects_path = folder_.path("rejects.csv");
    const std::string text = kFields + kGood + "soon,view,\"a,b\",i,1\n" + kGood + "1700000001,view\n";
    static_cast<void>(read_skipping(text, options));
    const support::Csv rejects = support::parse_csv(folder_.read("rejects.csv"));
    EXPECT_EQ(rejects.header, (std::vector<std::string>{"file", "line", "column", "reason", "text"}));
    const std::vector<std::vector<std::string>> rows = {
        {folder_.path("log.csv"), "3", "event_time", "time", "soon,view,\"a,b\",i,1"},
        {folder_.path("log.csv"), "5", "", "field_count", "1700000001,view"}};
    EXPECT_EQ(rejects.rows, rows);
}

TEST_F(BadRow, IsSkippedUpToALimit) {
    ReadOptions options;
    options.rows.bad_rows = BadRows::skip;
    options.rows.rejects_path = folder_.path("rejects.csv");
    const std::string bad = "soon,view,u,i,1\n";
    EXPECT_EQ(failure(kFields + repeated(kGood, 99) + bad, options), "");  // 1 % is allowed
    EXPECT_NE(failure(kFields + repeated(kGood, 98) + bad, options).find("got 1 of 99 (time 1)"),
              std::string::npos);
    EXPECT_EQ(support::parse_csv(folder_.read("rejects.csv")).rows.size(), 1u);  // written all the same
    options.rows.max_bad = {.count = 2};
    EXPECT_EQ(failure(kFields + kGood + bad + bad, options), "");
    EXPECT_NE(failure(kFields + kGood + bad + bad + bad, options)
                  .find("at most 2 bad rows (--max-bad), got 3 of 4"),
              std::string::npos);
    options.rows.max_bad = {.count = 100};
    EXPECT_NE(failure(kFields + bad + bad, options).find("at least one usable row"), std::string::npos);
}

TEST_F(BadRow, IsShownWithControlCharactersEscapedAndCut) {
    const std::string what = failure(kFields + "\x1B[31m" + std::string(500, 'x') + ",view,u,i,1\n");
    EXPECT_NE(what.find("\\x1b[31mxxx"), std::string::npos);
    EXPECT_EQ(what.find('\x1B'), std::string::npos);
    EXPECT_LT(what.size(), 400u);
}

TEST_F(BadRow, IsAnInfiniteLineToo) {
    EXPECT_NE(failure_of("/dev/zero").find("a record of at most 1048576 bytes"), std::string::npos);
}

TEST_F(Csv, RefusesAColumnThatIsThereTwice) {
    EXPECT_EQ(failure("event_time,event_type,user_id,user_id\n1700000001,view,x,y\n"),
              "log.csv: column user_id: expected it once in the header, got it twice; rename or drop one");
    EXPECT_EQ(code_, ErrorCode::schema);
}

TEST_F(Csv, RefusesTooManyColumns) {
    std::string header = "event_time,event_type,user_id";
    for (int i = 0; i < 9997; ++i)
        header += ",c" + std::to_string(i);
    EXPECT_EQ(read(header + "\n").report.rows, 0u);
    EXPECT_NE(failure(header + ",x\n").find("at most 10000 columns, got 10001"), std::string::npos);
}

TEST_F(Csv, WarnsOfAFileGivenTwice) {
    const std::string path = write(kFields + kGood), other = folder_.path() + "/./log.csv";
    const ReadResult result = read_log(std::vector{path, other}, {});
    EXPECT_EQ(result.report.rows, 2u);
    ASSERT_EQ(result.report.warnings.size(), 1u);
    EXPECT_NE(result.report.warnings.front().message.find("given twice"), std::string::npos);
}

TEST_F(Csv, JoinsFilesWithColumnsInDifferentOrders) {
    const std::string a = write("event_time,event_type,user_id,item_id\n1700000001,view,u1,i1\n", "a.csv");
    const std::string b =
        write("item_id,user_id,event_type,event_time,category\n\"i1\",u1,view,1700000001,\n", "b.csv");
    const std::string c = write("user_id,item_id,event_type,event_time\nu1,i1,view,1700000001\n", "c.csv");
    ReadOptions options;
    options.columns.row_hash = true;
    const ReadResult result = read_log(std::vector{a, b, c}, options);
    EXPECT_EQ(result.log.users.size(), 1u);
    EXPECT_EQ(result.report.duplicates, 1u);  // c has the fields of a; b has one field more
}

TEST_F(Csv, NamesTheFileThatDoesNotFit) {
    const std::string a = write(kFields + kGood, "a.csv"),
                      b = write("timestamp,visitorid,event,itemid\n", "b.csv");
    try {
        static_cast<void>(read_log(std::vector{a, b}, {}));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::schema);
        EXPECT_NE(std::string(error.what()).find("b.csv: column event_"), std::string::npos) << error.what();
    }
}

TEST_F(Csv, CountsAndDropsRowsThatAreEqualInEveryField) {
    const std::string text = kFields + kGood + "2016-10-01T06:59:58Z,view,u1,i1,9.98\n" + kGood +
                             "2016-10-01T06:59:58Z,purchase,\"u1\",i1,9.99\n" +
                             "\"2016-10-01T06:59:58Z\",view,\"u1\",i1,\"9.99\"\n" +
                             "2016-10-01T06:59:58Z,purchase,u1,i1,9.99\n" +
                             "2016-10-01T06:59:59Z,purchase,u2,i1,1\n";
    ReadOptions options;
    options.columns.row_hash = true;
    EXPECT_EQ(read(text, options).report.duplicates, 3u);
    options.drop_duplicates = true;
    const ReadResult result = read(text, options);
    EXPECT_EQ(result.report.accepted, 7u);
    EXPECT_EQ(result.log.size(), 4u);
    ASSERT_EQ(result.log.order_lines.size(), 2u);
    EXPECT_EQ(result.log.order_lines[0].row, 2u);
    EXPECT_EQ(result.log.order_lines[1].row, 3u);
    EXPECT_EQ(result.log.order_lines[1].price, 1.0);
}

TEST_F(Csv, CanBeCancelledFromTheObserver) {
    ReadOptions options;
    options.progress = [](const base::Progress& progress) {
        EXPECT_EQ(progress.job, "reading");
        throw Error(ErrorCode::cancelled, "enough");
    };
    EXPECT_EQ(failure(kFields + kGood, options), "enough");
}

}  // namespace
}  // namespace funnel::ingest
