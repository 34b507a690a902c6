// SPDX-License-Identifier: MIT
// `forecast`: formats, keys, what it refuses.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/names.hpp"

namespace funnel::cli_test {
namespace {

/// `weeks` weeks from Monday 1 January 2024: two orders of tea every day, one of cake on Saturdays.
std::string tea_shop(int weeks) {
    std::string log = "event_time,event_type,user_id,item_id,category,order_id,quantity,revenue\n";
    int order = 0;
    for (int day = 0; day < weeks * 7; ++day) {
        const int month = day < 31 ? 1 : day < 60 ? 2 : 3, first = day < 31 ? 0 : day < 60 ? 31 : 60;
        const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
        const std::string date = "2024-" + two(month) + "-" + two(day - first + 1) + "T";
        const auto buy = [&](const std::string& time, const std::string& item, const std::string& amount) {
            log += date + time + "Z,purchase,u" + std::to_string(order % 9) + "," + item + "," +
                   (item == "cake" ? "Sweets" : "Drinks") + ",o" + std::to_string(order) + ",2," + amount +
                   "\n";
            ++order;
        };
        buy("00:30:00", "tea", "4.5");
        buy("23:30:00", "tea", "4.5");
        if (day % 7 == 5) buy("12:00:00", "cake", "20");
    }
    return log;
}

TEST(CliForecast, AWeekOfASteadyShop) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", tea_shop(8));
    const ToolResult text = run_tool({"forecast", log});
    ASSERT_EQ(text.code, 0) << text.err;
    EXPECT_NE(
        text.out.find("Expected in the next 7 days, 2024-02-26 to 2024-03-03 (UTC), from 56 whole days, "
                      "2024-01-01 to 2024-02-25"),
        std::string::npos)
        << text.out;
    EXPECT_NE(text.out.find("2024-03-02  Sat"), std::string::npos) << text.out;
    const json all = json::parse(run_tool({"forecast", log, "--json"}).out);
    EXPECT_EQ(all.at("from"), "2024-02-26");
    EXPECT_EQ(all.at("to"), "2024-03-03");
    const json& orders = all.at("all").at("orders");
    EXPECT_DOUBLE_EQ(orders.at("total").at("value").get<double>(), 15);
    EXPECT_DOUBLE_EQ(orders.at("last").get<double>(), 15);
    EXPECT_DOUBLE_EQ(orders.at("days").at(5).at("value").get<double>(), 3);  // Saturday
    EXPECT_DOUBLE_EQ(orders.at("days").at(5).at("low").get<double>(), 3);
    EXPECT_EQ(orders.at("method"), "last_week");
    EXPECT_DOUBLE_EQ(all.at("all").at("units").at("total").at("value").get<double>(), 30);
    EXPECT_DOUBLE_EQ(all.at("all").at("revenue").at("total").at("value").get<double>(), 14 * 4.5 + 20);
    EXPECT_EQ(all.at("warnings"), json::array());
}

TEST(CliForecast, ARowPerKeyAndDayAsCsv) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", tea_shop(8)), file = folder.path("next.csv");
    ASSERT_EQ(run_tool({"forecast", log, "--by", "category", "--days", "8", "-o", file}).code, 0);
    const Csv csv = parse_csv(read_file(file));
    ASSERT_EQ(csv.rows.size(), 2u * 9u);
    EXPECT_EQ(csv.values("category").front(), "Drinks");
    EXPECT_EQ(csv.values("day")[0], "2024-02-26");
    EXPECT_EQ(csv.values("day")[8], "total");
    EXPECT_EQ(csv.values("orders")[8], "16");
    EXPECT_EQ(csv.values("category")[17], "Sweets");
    EXPECT_EQ(csv.values("orders")[17], "1");
    const ToolResult one = run_tool({"forecast", log, "--by", "category", "--top", "1"});
    EXPECT_NE(one.out.find("The 1 of 2 with the most orders of late"), std::string::npos) << one.out;
}

TEST(CliForecast, WhatWasKnownAtATime) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", tea_shop(8));
    const json known = json::parse(run_tool({"forecast", log, "--as-of", "2024-02-10", "--json"}).out);
    EXPECT_EQ(known.at("from"), "2024-02-10");
    EXPECT_EQ(known.at("past").at("days"), 40);
    const json since =
        json::parse(run_tool({"forecast", log, "--from", "2024-01-20", "--to", "2024-02-20", "--json"}).out);
    EXPECT_EQ(since.at("past").at("from"), "2024-01-20");
    EXPECT_EQ(since.at("past").at("to"), "2024-02-19");
    EXPECT_EQ(since.at("from"), "2024-02-20");
}

TEST(CliForecast, WithoutAmountsRevenueIsUnknown) {
    const TemporaryFolder folder;
    std::string log = "event_time,event_type,user_id\n";
    for (int day = 1; day <= 30; ++day)
        log +=
            "2024-04-" + std::string(day < 10 ? "0" : "") + std::to_string(day) + "T12:00:00Z,purchase,u\n";
    const json all = json::parse(run_tool({"forecast", folder.write("log.csv", log), "--json"}).out);
    EXPECT_EQ(all.at("all").at("revenue"), nullptr);
    EXPECT_EQ(all.at("all").at("revenue_reason"), "no_amounts");
    EXPECT_DOUBLE_EQ(all.at("all").at("orders").at("total").at("value").get<double>(), 7);
}

TEST(CliForecast, RefusesWhatItCannotLearnFrom) {
    const TemporaryFolder folder;
    const ToolResult shorter = run_tool({"forecast", folder.write("short.csv", tea_shop(3))});
    EXPECT_EQ(shorter.code, 3);
    EXPECT_NE(shorter.err.find("expected a log of at least 28 whole days, got 21"), std::string::npos)
        << shorter.err;
    const std::string log = folder.write("log.csv", tea_shop(8));
    using Words = std::vector<std::string>;
    for (const Words& wrong : {Words{"--days", "0"}, Words{"--days", "92"}, Words{"--days", "x"},
                               Words{"--by", "day"}, Words{"--by", "category,brand"}, Words{"--top", "0"},
                               Words{"--funnel", "view,purchase"}, Words{"--csv", "--json"}}) {
        Words words = {"forecast", log};
        words.insert(words.end(), wrong.begin(), wrong.end());
        EXPECT_EQ(run_tool(words).code, 2) << wrong[0];
    }
    EXPECT_EQ(run_tool({"forecast", log, "--by", "colour"}).code, 3);
}

}  // namespace
}  // namespace funnel::cli_test
