// SPDX-License-Identifier: MIT
// Inputs: packed, marked, split and misnamed files that must count the same, and files that cannot be used.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/small_shop.hpp"
#include "support/compress.hpp"

namespace funnel::cli_test {
namespace {

json figures(const std::vector<std::string>& paths) {
    std::vector<std::string> args = {"metrics", "--json"};
    args.insert(args.end(), paths.begin(), paths.end());
    const ToolResult result = run_tool(args);
    EXPECT_EQ(result.code, 0) << result.err;
    if (result.code != 0) return nullptr;
    json all = result.json();
    all.at("log").erase("files");
    return all;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
        text.replace(at, from.size(), to);
    }
    return text;
}

TEST(CliInput, TheSameLogInOtherClothesCountsTheSame) {
    const TemporaryFolder folder;
    const std::string text = small_shop();
    const json plain = figures({folder.write("plain.csv", text)});
    const std::string half = text.substr(0, 333), rest = text.substr(333);
    const std::vector<std::pair<std::string, std::string>> clothes = {
        {"log.csv.gz", support::gzip(text)},
        {"no_suffix", support::gzip(text)},
        {"members.csv.gz", support::gzip(half) + support::gzip(rest)},
        {"log.csv.zst", support::zstd(text)},
        {"plain_called.gz", text},
        {"mark.csv", "\xEF\xBB\xBF" + text},
        {"quoted_mark.csv", "\xEF\xBB\xBF" + replaced(text, "event_time", "\"event_time\"")},
        {"crlf.csv", replaced(text, "\n", "\r\n")},
        {"no_end.csv", text.substr(0, text.size() - 1)},
        {"blank_lines.csv", replaced(text, "\n", "\n\n")},
        {"odd 'name' %s \xC3\xBC.csv", text},
    };
    for (const auto& [name, bytes] : clothes) {
        EXPECT_EQ(figures({folder.write(name, bytes)}), plain) << name;
    }
}

TEST(CliInput, SeveralFilesAreOneLog) {
    const TemporaryFolder folder;
    const json plain = figures({folder.write("all.csv", small_shop())});
    const std::string rows(kRows);
    const std::size_t cut = rows.find("2024-03-02");
    const std::string first = folder.write("1.csv", std::string(kHeader) + rows.substr(0, cut));
    const std::string second =
        folder.write("2.csv.gz", support::gzip(std::string(kHeader) + rows.substr(cut)));
    EXPECT_EQ(figures({first, second}), plain);
    EXPECT_EQ(figures({second, first}).at("metrics"), plain.at("metrics"));
}

TEST(CliInput, ColumnsMayComeInAnyOrderAndWithExtras) {
    const TemporaryFolder folder;
    const json log = figures({folder.write("log.csv",
                                           "note,user_id,event_type,event_time\n"
                                           "\"a, b\"\"c\nd\",7,view,2024-03-01T10:00:00Z\n"
                                           ",007,view,2024-03-01T10:00:01Z\n")});
    EXPECT_EQ(log.at("log").at("users"), 2);
}

TEST(CliInput, IdsAreNeverNumbers) {
    const TemporaryFolder folder;
    std::string text = "event_time,event_type,user_id\n";
    const std::vector<std::string> ids = {"7",
                                          "007",
                                          "7.0",
                                          "9007199254740992",
                                          "9007199254740993",
                                          "1e5",
                                          "1E5",
                                          "NaN",
                                          "null",
                                          "-0",
                                          "0",
                                          "NA",
                                          "u\xCC\x88",
                                          "\xC3\xBC",
                                          " 7",
                                          "1234567890123456789"};
    for (const std::string& id : ids)
        text += "2024-03-01T10:00:00Z,view," + id + "\n";
    EXPECT_EQ(figures({folder.write("log.csv", text)}).at("log").at("users"), ids.size());
}

TEST(CliInput, PresetsAreFoundByTheirColumns) {
    const TemporaryFolder folder;
    const std::vector<std::pair<std::string, std::string>> logs = {
        {"ga-flat",
         "event_time,event_type,user_id,session_id,product_id,price,quantity,list_name,position,transaction_"
         "id,revenue\n"
         "1470040000000,addtocart,01,1,P,9.99,1,,,,\n"},
        {"ga4",
         "event_timestamp,event_name,user_pseudo_id,ga_session_id,item_id\n1470040000000000,add_to_cart,1.2,"
         "1,P\n"},
        {"rees46",
         "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
         "2019-10-01 00:00:00 UTC,cart,1,2,a.b,c,9.99,5,s-1\n"},
        {"retailrocket",
         "timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,addtocart,355908,\n"},
        {"canonical", "event_time,event_type,user_id\n1470040000,cart_add,a\n"}};
    for (const auto& [name, text] : logs) {
        const ToolResult result = run_tool({"metrics", "--json", folder.write("log.csv", text)});
        ASSERT_EQ(result.code, 0) << name << result.err;
        EXPECT_EQ(result.json().at("log").at("schema"), name);
        EXPECT_EQ(result.json().at("log").at("by_event"), (json{{"cart_add", 1}})) << name;
        EXPECT_NE(result.err.find(name), std::string::npos) << "auto names its choice: " << result.err;
    }
}

TEST(CliInput, TaobaoHasNoHeaderAndIsNamedByHand) {
    const TemporaryFolder folder;
    const std::string log =
        folder.write("log.csv", "1,2268318,2520377,pv,1511544070\n1,2268318,2520377,buy,1511544080\n");
    const ToolResult result = run_tool({"metrics", "--json", "--schema", "taobao", log});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.json().at("log").at("rows"), 2);
    EXPECT_EQ(result.json().at("log").at("by_event"), (json{{"view", 1}, {"purchase", 1}}));
    EXPECT_EQ(run_tool({"metrics", log}).code, 3);
}

/// What cannot be used: exit `code`, one line that contains `part`, nothing on standard output.
void expect_unusable(const std::vector<std::string>& args, int code, const std::string& part) {
    SCOPED_TRACE(part);
    const ToolResult result = run_tool(args);
    EXPECT_EQ(result.code, code) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(result.one_error_line()) << result.err;
    EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
}

TEST(CliInput, FilesThatAreNoLogAreRefusedBySayingWhatTheyAre) {
    const TemporaryFolder folder;
    const auto refuse = [&](const std::string& bytes, const std::string& part) {
        expect_unusable({"metrics", folder.write("log.csv", bytes)}, 3, part);
    };
    refuse("", "empty");
    refuse(support::gzip(""), "empty");
    refuse("when,who,what\n1,2,3\n", "event_time");
    refuse("event_time,event_type,user_id,user_id\n1,view,a,b\n", "user_id");
    refuse("event_time,event_type, User_ID \n1,view,a\n", "User_ID");
    refuse(std::string("\xFF\xFE"
                       "e\0v\0e\0n\0t\0",
                       12),
           "UTF-16");
    refuse(std::string("e\0v\0e\0n\0t\0_\0t\0i\0m\0e\0,\0", 22), "UTF-16");
    refuse(std::string("PK\x03\x04\x14\0\x08\0", 8), "zip");
    refuse("PAR1\x15\x04\x15\x10\x15\x14", "Parquet");
    refuse("<!DOCTYPE html>\n<html><body>404</body></html>\n", "HTML");
}

TEST(CliInput, DamagedGzipGivesNoFigures) {
    const TemporaryFolder folder;
    const std::string whole = support::gzip(small_shop());
    for (const std::size_t cut : {std::size_t{5}, std::size_t{15}, whole.size() / 2, whole.size() - 9,
                                  whole.size() - 4, whole.size() - 1}) {
        const ToolResult result = run_tool({"metrics", folder.write("log.csv.gz", whole.substr(0, cut))});
        EXPECT_EQ(result.code, 3) << cut << result.err;
        EXPECT_EQ(result.out, "") << cut;
        EXPECT_TRUE(result.one_error_line()) << result.err;
    }
    for (const std::size_t at : {whole.size() - 8, whole.size() - 4}) {  // checksum, length
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        EXPECT_EQ(run_tool({"metrics", folder.write("log.csv.gz", changed)}).code, 3);
    }
}

TEST(CliInput, MissingFilesAndFoldersCannotBeRead) {
    const TemporaryFolder folder;
    expect_unusable({"metrics", folder.path("none.csv")}, 5, "none.csv");
    expect_unusable({"metrics", folder.path()}, 5, folder.path());
    expect_unusable({"metrics", folder.path("a\nb.csv")}, 5, "a\\nb.csv");
}

TEST(CliInput, TheBadOneOfSeveralFilesIsNamed) {
    const TemporaryFolder folder;
    const std::string good = folder.write("good.csv", small_shop());
    expect_unusable({"metrics", good, folder.write("bad.csv", "when,who\n1,2\n")}, 3, "bad.csv");
    expect_unusable(
        {"metrics", good,
         folder.write("ga4.csv", "event_timestamp,event_name,user_pseudo_id,ga_session_id,item_id\n")},
        3, "ga4.csv");
}

TEST(CliInput, TheSameFileTwiceIsWarnedAbout) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop());
    const ToolResult result = run_tool({"metrics", "--json", log, log});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_NE(result.err.find("warning"), std::string::npos) << result.err;
    EXPECT_EQ(result.json().at("log").at("duplicates"), 12);
}

TEST(CliInput, SchemaFilesNameTheNearestKeyWhenOneIsUnknown) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop());
    const auto refuse = [&](const std::string& schema, const std::string& part) {
        expect_unusable({"metrics", log, "--schema", folder.write("schema.json", schema)}, 3, part);
    };
    refuse(R"({"colums":{"time":"event_time"}})", "columns");
    refuse(R"({"columns":{"tme":"event_time","user":"user_id"}})", "time");
    refuse(R"({"columns":{"time":"event_time",)", "schema.json");
    refuse(R"({"columns":{"time":"when","user":"user_id","event":"event_type"}})", "when");
    expect_unusable({"metrics", log, "--schema", "shopify"}, 2, "shopify");
}

TEST(CliInput, DelimitersAreOneCharacter) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", "t;u;e\n2024-03-01;a;view\n");
    const std::string head = R"({"columns":{"time":"t","user":"u","event":"e"},"delimiter":)";
    const auto run = [&](const std::string& delimiter) {
        return run_tool(
            {"metrics", "--json", log, "--schema", folder.write("s.json", head + delimiter + "}")});
    };
    const ToolResult good = run("\";\"");
    ASSERT_EQ(good.code, 0) << good.err;
    EXPECT_EQ(good.json().at("log").at("accepted"), 1);
    for (const char* bad : {"\";;\"", "\"\\\"\"", "\"\\n\"", "\"\""})
        EXPECT_EQ(run(bad).code, 3) << bad;
}

}  // namespace
}  // namespace funnel::cli_test
