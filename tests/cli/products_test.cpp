// SPDX-License-Identifier: MIT
// `products`: its columns, order, names, periods; sums are those of `metrics`.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "cli/names.hpp"

namespace funnel::cli_test {
namespace {

// Two weeks: in the first one a sells once, in the second a and b, and one cart with b is left.
std::string two_weeks() {
    return "event_time,event_type,user_id,item_id,category,order_id,revenue,position\n"
           "2024-03-04T10:00:00Z,impression,u1,a,Hats,,,1\n"
           "2024-03-04T10:01:00Z,click,u1,a,Hats,,,\n"
           "2024-03-04T10:02:00Z,cart_add,u1,a,Hats,,,\n"
           "2024-03-04T10:03:00Z,purchase,u1,a,Hats,o1,20,\n"
           "2024-03-12T10:00:00Z,impression,u2,a,Hats,,,1\n"
           "2024-03-12T10:00:00Z,impression,u2,b,\"Socks, long\",,,2\n"
           "2024-03-12T10:02:00Z,cart_add,u2,b,\"Socks, long\",,,\n"
           "2024-03-12T10:03:00Z,purchase,u2,b,\"Socks, long\",o2,5.5,\n"
           "2024-03-12T10:03:00Z,purchase,u2,a,Hats,o2,20,\n"
           "2024-03-13T10:02:00Z,cart_add,u3,b,\"Socks, long\",,,\n"
           "2024-03-30T10:02:00Z,page_view,u3,,,,,\n";
}

TEST(CliProducts, OneRowPerItemAsCsv) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", two_weeks());
    const ToolResult result = run_tool({"products", log, "--csv"});
    ASSERT_EQ(result.code, 0) << result.err;
    const Csv csv = parse_csv(result.out);
    ASSERT_EQ(csv.rows.size(), 2u);
    EXPECT_EQ(csv.at(0, "item"), "a");  // by revenue
    EXPECT_EQ(csv.at(0, "impressions"), "2");
    EXPECT_EQ(csv.at(0, "clicked"), "1");
    EXPECT_EQ(csv.at(0, "orders"), "2");
    EXPECT_EQ(csv.at(0, "buyers"), "2");
    EXPECT_EQ(csv.at(0, "revenue"), "40");
    EXPECT_EQ(csv.at(1, "ripe_carts"), "2");
    EXPECT_EQ(csv.at(1, "abandoned"), "1");
    EXPECT_EQ(csv.at(1, "cart_abandonment"), "0.5");
    EXPECT_EQ(csv.at(1, "revenue"), "5.5");
    EXPECT_EQ(csv.at(1, "observed_over_expected"), "");
}

TEST(CliProducts, SortTopCategoryAndFile) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", two_weeks()), out = folder.path("products.csv");
    const ToolResult result =
        run_tool({"products", log, "--by", "category", "--sort", "carts", "--top", "1", "-o", out});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.out, "");
    const Csv csv = parse_csv(read_file(out));
    ASSERT_EQ(csv.rows.size(), 1u);
    EXPECT_EQ(csv.at(0, "category"), "Socks, long");
}

TEST(CliProducts, NamesComeFromTheItemTable) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", two_weeks()),
                      items = folder.write("items.csv", "item_id,title\na,Green hat\nb,Sock\n");
    const ToolResult result = run_tool({"products", log, "--items", items});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_NE(result.out.find("Green hat"), std::string::npos) << result.out;
    const json all = json::parse(run_tool({"products", log, "--items", items, "--json"}).out);
    EXPECT_EQ(all.at("products").at(0).at("key"), "a");
    EXPECT_EQ(all.at("products").at(0).at("name"), "Green hat");
}

TEST(CliProducts, ThePeriodBeforeStandsBeside) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", two_weeks());
    const ToolResult result = run_tool(
        {"products", log, "--from", "2024-03-11", "--to", "2024-03-18", "--compare", "previous", "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    const json all = json::parse(result.out);
    const json& a = all.at("products").at(0);
    EXPECT_EQ(a.at("key"), "a");
    EXPECT_EQ(a.at("revenue"), 20);
    EXPECT_EQ(a.at("before").at("revenue"), 20);
    EXPECT_EQ(a.at("before").at("clicked"), 1);
    const json& b = all.at("products").at(1);
    EXPECT_EQ(b.at("before"), nullptr);
    const ToolResult without = run_tool({"products", log, "--compare", "previous"});
    EXPECT_EQ(without.code, 2) << without.err;
}

TEST(CliProducts, NoLineIsWiderThanATerminal) {
    const TemporaryFolder folder;
    std::string rows = two_weeks();
    for (int i = 0; i < 12; ++i) {
        const std::string item = "an item with a long name " + std::to_string(i);
        for (int shown = 0; shown < 300; ++shown)
            rows += "2024-03-12T11:00:00Z,impression,u9," + item + ",Hats,,,1\n";
        rows += "2024-03-12T12:00:00Z,purchase,u9," + item + ",Hats,o9,1234567.89,\n";
    }
    const ToolResult result = run_tool({"products", folder.write("log.csv", rows), "--bad-rows", "skip"});
    ASSERT_EQ(result.code, 0) << result.err;
    std::istringstream lines(result.out);
    std::size_t seen = 0;
    for (std::string line; std::getline(lines, line); ++seen)
        EXPECT_LE(line.size(), 80u) << line;
    EXPECT_GT(seen, 12u);
}

TEST(CliProducts, WhatSoldOnlyBeforeIsShownToo) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", two_weeks());
    const ToolResult result = run_tool({"products", log, "--from", "2024-03-18", "--to", "2024-03-25",
                                        "--sort", "orders", "--compare", "previous", "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    const json all = json::parse(result.out);
    ASSERT_EQ(all.at("products").size(), 2u);
    for (const json& product : all.at("products")) {
        EXPECT_EQ(product.at("orders"), 0);
        EXPECT_EQ(product.at("before").at("orders"), 1);
    }
}

TEST(CliProducts, RowsThatWereWrittenTwiceAreSaidAndMayBeDropped) {
    const TemporaryFolder folder;
    std::string twice = two_weeks();
    twice += twice.substr(twice.find('\n') + 1);
    const std::string log = folder.write("log.csv", twice);
    const json doubled = json::parse(run_tool({"products", log, "--json"}).out);
    EXPECT_EQ(doubled.at("products").at(0).at("revenue"), 80);
    EXPECT_NE(doubled.at("warnings").dump().find("duplicate_rows"), std::string::npos)
        << doubled.at("warnings");
    const json once = json::parse(run_tool({"products", log, "--dedup", "exact", "--json"}).out);
    EXPECT_EQ(once.at("products").at(0).at("revenue"), 40);
    EXPECT_EQ(once.at("warnings").dump().find("duplicate_rows"), std::string::npos);
}

TEST(CliProducts, WrongWordsAreRefused) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", two_weeks());
    EXPECT_EQ(run_tool({"products", log, "--sort", "colour"}).code, 2);
    EXPECT_EQ(run_tool({"products", log, "--by", "colour"}).code, 3);
    EXPECT_EQ(run_tool({"products", log, "-o", log}).code, 2);
    EXPECT_EQ(run_tool({"products", log, "--csv", "--json"}).code, 2);
}

TEST(CliProducts, AColumnThatNobodyHasIsSoughtInTheTablesToo) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", two_weeks()),
                      items = folder.write("items.csv", "item_id,colour\na,red\nb,blue\n");
    for (const std::string command : {"products", "metrics"}) {
        const ToolResult result = run_tool({command, log, "--items", items, "--by", "Colour"});
        EXPECT_EQ(result.code, 3);
        EXPECT_NE(result.err.find("expected it in the header or in a table beside the log"),
                  std::string::npos)
            << result.err;
        EXPECT_NE(result.err.find("\"item_id,colour\"; is \"colour\" meant?"), std::string::npos)
            << result.err;
    }
    const ToolResult empty = run_tool(
        {"products", log, "--items", folder.write("none.csv", "item_id,colour\n"), "--by", "colour"});
    EXPECT_EQ(empty.code, 3);
    EXPECT_NE(empty.err.find("none.csv: no rows under the header"), std::string::npos) << empty.err;
}

TEST(CliProducts, TimesAndSeveralColumnsAreForMetrics) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", two_weeks());
    for (const std::string by : {"day", "hour", "item,category"}) {
        const ToolResult result = run_tool({"products", log, "--by", by});
        EXPECT_EQ(result.code, 2) << by;
        EXPECT_NE(result.err.find("--by: expected item or one column, got \"" + by + "\""), std::string::npos)
            << result.err;
    }
    EXPECT_EQ(run_tool({"products", log, "--top", "0"}).code, 2);
    EXPECT_EQ(run_tool({"products", log, "--top", "1"}).code, 0);
}

}  // namespace
}  // namespace funnel::cli_test
