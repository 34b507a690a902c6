// SPDX-License-Identifier: MIT
// Bad rows: each kind once, with its message, its exit code and nothing left behind; skipping with limits
// and a rejects file.
#include <gtest/gtest.h>

#include <ostream>
#include <regex>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/small_shop.hpp"

namespace funnel::cli_test {
namespace {

/// One bad row behind two good ones (the header is line 1, so it starts on line 4).
struct BadRow {
    const char* name;
    std::string text;
    std::string column;    ///< "" if the row as a whole is bad
    std::string expected;  ///< in the message, between "expected " and ", got"
    std::string got;       ///< as shown
};

void PrintTo(const BadRow& row, std::ostream* out) {
    *out << row.name;
}

const std::string kGoodRows =
    "2024-03-01T10:00:00Z,view,a,i1,s1,,10,1\n"
    "2024-03-01T10:01:00Z,view,b,i1,s2,,10,1\n";

std::vector<BadRow> bad_rows() {
    return {
        {"TooFewFields", "2024-03-01T10:02:00Z,view,a\n", "", "8 fields", ""},
        {"TooManyFields", "2024-03-01T10:02:00Z,view,a,i1,s1,,10,1,9\n", "", "8 fields", ""},
        {"TextAfterAClosingQuote", "2024-03-01T10:02:00Z,view,a,\"i\"1,s1,,10,1\n", "item_id", "quotes", ""},
        {"BareQuote", "2024-03-01T10:02:00Z,view,a,i\"1,s1,,10,1\n", "item_id", "quotes", ""},
        {"Nul", std::string("2024-03-01T10:02:00Z,view,a,i\0001,s1,,10,1\n", 41), "item_id", "NUL", "\\x00"},
        {"InvalidUtf8", "2024-03-01T10:02:00Z,view,a,i\xFF,s1,,10,1\n", "item_id", "UTF-8", "\\xff"},
        {"QuoteNeverClosed", "2024-03-01T10:02:00Z,view,a,\"i1,s1,,10,1\n", "item_id", "a closing quote", ""},
        {"EmptyTime", ",view,a,i1,s1,,10,1\n", "event_time", "", ""},
        {"UnreadableTime", "soon,view,a,i1,s1,,10,1\n", "event_time", "", "soon"},
        {"NoSuchDay", "2024-02-30T10:00:00Z,view,a,i1,s1,,10,1\n", "event_time", "", "2024-02-30T10:00:00Z"},
        {"TimeOfAnotherKind", "1709287320,view,a,i1,s1,,10,1\n", "event_time", "", "1709287320"},
        {"EmptyUser", "2024-03-01T10:02:00Z,view,,i1,s1,,10,1\n", "user_id", "", ""},
        {"EmptyEvent", "2024-03-01T10:02:00Z,,a,i1,s1,,10,1\n", "event_type", "", ""},
        {"UnreadablePrice", "2024-03-01T10:02:00Z,purchase,a,i1,s1,o1,ten,1\n", "price", "number", "ten"},
        {"HexPrice", "2024-03-01T10:02:00Z,purchase,a,i1,s1,o1,0x10,1\n", "price", "number", "0x10"},
        {"PlusQuantity", "2024-03-01T10:02:00Z,purchase,a,i1,s1,o1,10,+1\n", "quantity", "number", "+1"},
    };
}

class CliBadRow : public testing::TestWithParam<BadRow> {};

TEST_P(CliBadRow, EndsTheRunNamingFileLineAndColumn) {
    const BadRow& bad = GetParam();
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", std::string(kHeader) + kGoodRows + bad.text);
    for (const std::vector<std::string>& args :
         {std::vector<std::string>{"metrics", log, "--json"},
          std::vector<std::string>{"train", log, "-o", folder.path("m.funnel")},
          std::vector<std::string>{"features", log, "-o", folder.path("f.csv"), "--threads", "2"}}) {
        const ToolResult result = run_tool(args);
        EXPECT_EQ(result.code, 3) << result.err;
        EXPECT_EQ(result.out, "");
        EXPECT_TRUE(result.one_error_line()) << result.err;
        std::string start = "funnel-train: " + log + ":4: ";
        if (!bad.column.empty()) start += "column " + bad.column + ": ";
        EXPECT_TRUE(result.err.starts_with(start + "expected ")) << result.err;
        const std::string rest = result.err.substr(std::min(result.err.size(), start.size()));
        static const std::regex form("expected [^\"]+, got \".*\"(, which has [0-9]+)?; .+\n");
        EXPECT_TRUE(std::regex_match(rest, form)) << result.err;
        EXPECT_NE(rest.substr(0, rest.find(", got")).find(bad.expected), std::string::npos) << result.err;
        if (!bad.got.empty()) {
            EXPECT_NE(rest.find("got \"" + bad.got + "\""), std::string::npos) << result.err;
        }
        EXPECT_EQ(folder.names(), std::vector<std::string>{"log.csv"});
    }
}

TEST_P(CliBadRow, IsSkippedOnRequestAndListedOnce) {
    const BadRow& bad = GetParam();
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", std::string(kHeader) + kGoodRows + bad.text + kGoodRows);
    const std::string rejects = folder.path("rejects.csv");
    for (const char* threads : {"1", "2"}) {
        const ToolResult result = run_tool({"metrics", log, "--json", "--bad-rows", "skip", "--max-bad", "1",
                                            "--rejects", rejects, "--threads", threads});
        ASSERT_EQ(result.code, 0) << result.err;
        const json report = result.json().at("log");
        EXPECT_EQ(report.at("rows"), 5);
        EXPECT_EQ(report.at("accepted"), 4);
        EXPECT_EQ(report.at("rejected"), 1);
        ASSERT_EQ(report.at("rejected_by_reason").size(), 1u);
        EXPECT_EQ(report.at("rejected_by_reason").front(), 1);
        const support::Csv listed = support::parse_csv(support::read_file(rejects));
        EXPECT_EQ(listed.header, (std::vector<std::string>{"file", "line", "column", "reason", "text"}));
        ASSERT_EQ(listed.rows.size(), 1u);
        EXPECT_EQ(listed.at(0, "file"), log);
        EXPECT_EQ(listed.at(0, "line"), "4");
        EXPECT_EQ(listed.at(0, "column"), bad.column);
        EXPECT_TRUE(report.at("rejected_by_reason").contains(listed.at(0, "reason")));
    }
}

INSTANTIATE_TEST_SUITE_P(Each, CliBadRow, testing::ValuesIn(bad_rows()),
                         [](const testing::TestParamInfo<BadRow>& row) {
                             return std::string(row.param.name);
                         });

TEST(CliBadRows, ARecordOverTheLimitIsBadAndNamesTheOption) {
    const TemporaryFolder folder;
    const std::string log =
        folder.write("log.csv", std::string(kHeader) + kGoodRows + "2024-03-01T10:02:00Z,view," +
                                    std::string(500, 'x') + ",i1,s1,,10,1\n" + kGoodRows);
    const ToolResult result = run_tool({"metrics", log, "--max-line", "200"});
    EXPECT_EQ(result.code, 3);
    EXPECT_TRUE(result.err.starts_with("funnel-train: " + log + ":4: expected ")) << result.err;
    EXPECT_NE(result.err.find("--max-line"), std::string::npos) << result.err;
    EXPECT_LT(result.err.size(), 1000u) << "data in messages are cut";
    const ToolResult skipped =
        run_tool({"metrics", log, "--max-line", "200", "--bad-rows", "skip", "--max-bad", "1", "--json"});
    ASSERT_EQ(skipped.code, 0) << skipped.err;
    EXPECT_EQ(skipped.json().at("log").at("accepted"), 4);
    EXPECT_EQ(run_tool({"metrics", log}).code, 0);
}

TEST(CliBadRows, TheLineIsThePhysicalOneWhereTheRecordStarts) {
    const TemporaryFolder folder;
    const std::string log = folder.write(
        "log.csv", std::string(kHeader) + "2024-03-01T10:00:00Z,view,a,\"i\n1\n\",s1,,10,1\r\n\n" +
                       "soon,view,a,i1,s1,,10,1\n");
    const ToolResult result = run_tool({"metrics", log});
    EXPECT_EQ(result.code, 3);
    EXPECT_TRUE(result.err.starts_with("funnel-train: " + log + ":6: column event_time: ")) << result.err;
}

TEST(CliBadRows, TheLineIsRightBehindManyGoodRows) {
    std::string text = "event_time,event_type,user_id\n", quoted = "2024-03-01T10:00:00Z,view,\"a\nb\"\n";
    for (int i = 0; i < 200'000; ++i)
        text += "2024-03-01T10:00:00Z,view,u\n";
    for (int i = 0; i < 1000; ++i)
        text += quoted;
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", text + "soon,view,u\n");
    for (const char* threads : {"1", "2"}) {
        const ToolResult result = run_tool({"metrics", log, "--threads", threads});
        EXPECT_EQ(result.code, 3);
        EXPECT_TRUE(result.err.starts_with("funnel-train: " + log + ":202002: column event_time: "))
            << result.err;
    }
}

TEST(CliBadRows, AnOpenQuoteLosesOnlyItsOwnLine) {
    const TemporaryFolder folder;
    const std::string log = folder.write(
        "log.csv", std::string(kHeader) + "2024-03-01T10:02:00Z,view,a,\"i1,s1,,10,1\n" + kGoodRows);
    const ToolResult result = run_tool({"metrics", log, "--json", "--bad-rows", "skip", "--max-bad", "1"});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.json().at("log").at("accepted"), 2);
    EXPECT_EQ(result.json().at("log").at("rows"), 3);
}

TEST(CliBadRows, AMagnitudeThatChangesIsABadRow) {
    const TemporaryFolder folder;
    const std::string log =
        folder.write("log.csv", "event_time,event_type,user_id\n1709287200,view,a\n1709287200000,view,b\n");
    const ToolResult result = run_tool({"metrics", log});
    EXPECT_EQ(result.code, 3);
    EXPECT_TRUE(result.err.starts_with("funnel-train: " + log + ":3: column event_time: expected "))
        << result.err;
}

TEST(CliBadRows, MissingNumbersAreNotBad) {
    const TemporaryFolder folder;
    std::string text(kHeader);
    for (const char* price : {"", "NA", "nan", "null"}) {
        text += std::string("2024-03-01T10:00:00Z,purchase,a,i1,s1,o1,") + price + ",1\n";
    }
    const ToolResult result = run_tool({"metrics", folder.write("log.csv", text), "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.json().at("log").at("accepted"), 4);
}

/// 1,000 rows of which the first `bad` have no readable time.
std::string log_with_bad_rows(int bad) {
    std::string text = "event_time,event_type,user_id\n";
    for (int i = 0; i < 1000; ++i)
        text += i < bad ? "soon,view,u\n" : "2024-03-01T10:00:00Z,view,u\n";
    return text;
}

TEST(CliBadRows, MoreThanTheLimitEndsTheRun) {
    const TemporaryFolder folder;
    const auto code = [&](int bad, const std::vector<std::string>& more) {
        std::vector<std::string> args = {"metrics", folder.write("log.csv", log_with_bad_rows(bad)),
                                         "--bad-rows", "skip"};
        args.insert(args.end(), more.begin(), more.end());
        return run_tool(args).code;
    };
    EXPECT_EQ(code(10, {}), 0);  // 1 % by default, inclusive
    EXPECT_EQ(code(11, {}), 3);
    EXPECT_EQ(code(11, {"--max-bad", "2%"}), 0);
    EXPECT_EQ(code(11, {"--max-bad", "11"}), 0);
    EXPECT_EQ(code(11, {"--max-bad", "10"}), 3);
    EXPECT_EQ(code(1, {"--max-bad", "0"}), 3);
}

TEST(CliBadRows, ARejectsFileWithoutSkippingIsSaidToBeMissing) {
    const TemporaryFolder folder;
    const ToolResult result =
        run_tool({"metrics", folder.write("log.csv", small_shop()), "--rejects", folder.path("rejects.csv")});
    EXPECT_EQ(result.code, 0);
    EXPECT_NE(result.err.find("--bad-rows skip"), std::string::npos) << result.err;
    EXPECT_EQ(folder.names(), std::vector<std::string>{"log.csv"});
}

TEST(CliBadRows, NoneAcceptedIsUnusableEvenWhenAllMayBeSkipped) {
    const TemporaryFolder folder;
    const ToolResult result = run_tool({"metrics", folder.write("log.csv", log_with_bad_rows(1000)),
                                        "--bad-rows", "skip", "--max-bad", "100%", "--json"});
    EXPECT_EQ(result.code, 3);
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(result.one_error_line()) << result.err;
}

TEST(CliBadRows, ControlCharactersAreEscapedInMessages) {
    const TemporaryFolder folder;
    const std::string log =
        folder.write("log.csv", std::string(kHeader) + "\x1b[31msoon\a,view,a,i1,s1,,10,1\n");
    const ToolResult result = run_tool({"metrics", log});
    EXPECT_EQ(result.code, 3);
    EXPECT_NE(result.err.find("soon"), std::string::npos) << result.err;
    for (const char c : result.err)
        EXPECT_TRUE(c == '\n' || (c >= 0x20 && c != 0x7F)) << result.err;
}

TEST(CliBadRows, IgnoredRowsAreCountedApart) {
    const TemporaryFolder folder;
    const std::string log = folder.write("shop.csv",
                                         "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
                                         "1,A,2,2011-01-05 08:00:00,3.5,17\n"
                                         "C2,A,-2,2011-01-06 08:00:00,3.5,17\n"
                                         "3,B,1,2011-01-07 08:00:00,1.25,\n");
    const std::string schema = folder.write(
        "retail.json",
        R"({"columns":{"time":"InvoiceDate","user":"CustomerID","item":"StockCode","order":"InvoiceNo",)"
        R"("price":"UnitPrice","quantity":"Quantity"},"time":{"zone":"Europe/London"},)"
        R"("event":{"constant":"purchase","rules":[{"column":"InvoiceNo","prefix":"C","type":"refund"}]},)"
        R"("ignore_rows":[{"column":"CustomerID","equals":""}]})");
    const ToolResult result = run_tool({"metrics", log, "--schema", schema, "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    const json report = result.json().at("log");
    EXPECT_EQ(report.at("rows"), 3);
    EXPECT_EQ(report.at("accepted"), 2);
    EXPECT_EQ(report.at("ignored"), 1);
    EXPECT_EQ(report.at("by_event"), (json{{"purchase", 1}, {"refund", 1}}));
    EXPECT_EQ(result.json().at("metrics").at("revenue").at("value"), 7);
}

}  // namespace
}  // namespace funnel::cli_test
