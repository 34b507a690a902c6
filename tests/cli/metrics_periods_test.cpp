// SPDX-License-Identifier: MIT
// `metrics` of a part of a log: periods and segments; and what it says of logs that it can make little of.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "cli/measured.hpp"
#include "cli/names.hpp"
#include "cli/small_shop.hpp"

namespace funnel::cli_test {
namespace {

TEST(CliMetrics, WarnsOfALogWithoutItemsAndOfTypesThatAreAlmostOurs) {
    support::TemporaryFolder folder;
    std::string text = small_shop();
    text.replace(text.find("item_id"), 7, "itemid");
    const ToolResult without = run_tool({"metrics", folder.write("a.csv", text)});
    EXPECT_NE(without.out.find("no row has an item"), std::string::npos) << without.out;
    EXPECT_EQ(run_tool({"metrics", folder.write("b.csv", small_shop())}).out.find("no row has an item"),
              std::string::npos);

    text = small_shop();
    for (std::size_t at; (at = text.find(",view,")) != std::string::npos;)
        text.replace(at, 6, ",View,");
    const ToolResult alike = run_tool({"metrics", folder.write("c.csv", text)});
    EXPECT_NE(alike.err.find("View (3 rows)"), std::string::npos) << alike.err;

    text = std::string(kHeader) + "2024-03-01T10:00:00Z,signup,a,i1,s1,,10,\n";
    const ToolResult foreign = run_tool({"metrics", folder.write("d.csv", text)});
    EXPECT_NE(foreign.out.find("no event is of a type that metrics know"), std::string::npos) << foreign.out;
}

TEST(CliMetrics, ByDayCutsAtTheBorderOfTheZone) {
    const auto days = [](const std::vector<std::string>& options) {
        std::map<std::string, double> pv;
        const json all = metrics(small_shop(), options).json();
        for (const json& part : all.at("breakdown")) {
            EXPECT_EQ(part.at("by"), "day");
            pv[part.at("key")] = part.at("metrics").at("pv").at("value");
        }
        return pv;
    };
    EXPECT_EQ(days({"--by", "day"}),
              (std::map<std::string, double>{{"2024-03-01", 1}, {"2024-03-02", 1}, {"2024-03-03", 1}}));
    // Auckland is 13 hours ahead in March: 10:00 and 11:00 UTC are late evening or the next day.
    const auto auckland = days({"--by", "day", "--tz", "Pacific/Auckland"});
    EXPECT_EQ(auckland,
              (std::map<std::string, double>{{"2024-03-01", 1}, {"2024-03-02", 1}, {"2024-03-03", 1}}));
    // Kiritimati is 14 hours ahead: everything at or after 10:00 UTC belongs to the next day.
    const auto kiritimati = days({"--by", "day", "--tz", "Pacific/Kiritimati"});
    EXPECT_EQ(kiritimati, (std::map<std::string, double>{{"2024-03-02", 1}, {"2024-03-03", 2}}));
}

TEST(CliMetrics, ByMayRepeatAndTakesColumns) {
    const std::string text =
        "event_time,event_type,user_id,item_id,brand\n"
        "2024-03-01T10:00:00Z,view,a,i1,zeta\n2024-03-01T10:01:00Z,view,a,i2,alpha\n"
        "2024-03-01T10:02:00Z,view,b,i3,\n2024-03-01T10:03:00Z,view,b,i2,alpha\n";
    const json parts = metrics(text, {"--by", "brand", "--by", "week"}).json().at("breakdown");
    std::vector<json> brands, weeks;
    for (const json& part : parts)
        (part.at("by") == "brand" ? brands : weeks).push_back(part);
    ASSERT_EQ(brands.size(), 3u);
    EXPECT_EQ(brands[0].at("key"), "alpha");
    EXPECT_EQ(brands[0].at("metrics").at("pv").at("value"), 2);
    EXPECT_EQ(brands[1].at("key"), "zeta");
    EXPECT_TRUE(brands[2].at("key").is_null());  // a missing value comes last
    ASSERT_EQ(weeks.size(), 1u);
    EXPECT_EQ(weeks[0].at("key"), "2024-W09");
}

TEST(CliMetrics, FromAndToCutTheMetricsButNotTheRows) {
    const json from = metrics(small_shop(), {"--from", "2024-03-02"}).json();
    EXPECT_EQ(from.at("log").at("rows"), 12);
    EXPECT_EQ(from.at("log").at("accepted"), 12);
    EXPECT_EQ(from.at("log").at("outside"), 5);
    expect_count(from.at("metrics"), "pv", 2);
    expect_count(from.at("metrics"), "uv", 2);
    const json to = metrics(small_shop(), {"--to", "2024-03-02"}).json();
    EXPECT_EQ(to.at("log").at("outside"), 7);
    EXPECT_EQ(from.at("log").at("period"), (json{{"from", "2024-03-02T00:00:00Z"}, {"to", nullptr}}));
    EXPECT_EQ(to.at("log").at("period"), (json{{"from", nullptr}, {"to", "2024-03-02T00:00:00Z"}}));
    EXPECT_TRUE(metrics(small_shop(), {}).json().at("log").at("period").is_null());
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop());
    const auto page = [&](std::vector<std::string> options) {
        options.insert(options.begin(), {"metrics", log});
        return run_tool(options).out;
    };
    EXPECT_NE(page({"--from", "2024-03-02"}).find("\nFigures of 2 Mar"), std::string::npos);
    EXPECT_NE(page({"--from", "2024-03-01", "--to", "2024-03-02"}).find("\nFigures of 1 Mar 2024, 1 day\n"),
              std::string::npos);
    EXPECT_NE(page({"--to", "2024-03-01T12:00"}).find(" to 2024-03-01T12:00\n"), std::string::npos);
    EXPECT_EQ(page({}).find("Figures of"), std::string::npos);
}

TEST(CliMetrics, RowsAfterToCompleteWindowsOpenedBefore) {
    // b carts on March 2nd and would buy on the 3rd: the funnel entered before --to sees it.
    const std::string text = small_shop() + "2024-03-03T10:00:00Z,purchase,b,i2,s5,o3,5,1\n";
    const json all = metrics(text, {"--to", "2024-03-03"}).json();
    EXPECT_EQ(all.at("funnel").at("steps")[3].at("reached"), 2);
    expect_count(all.at("metrics"), "orders", 1);
}

// The window of 7 days is over for no entry of a log of 3, whatever is asked for.
TEST(CliMetrics, SaysThatTheLogEndsBeforeTheWindows) {
    const auto notes = [](const std::vector<std::string>& options) {
        return metrics(small_shop(), options).json().at("warnings").dump();
    };
    for (const char* to : {"2024-04-01", "2024-03-03"}) {
        EXPECT_NE(notes({"--to", to}).find("the last steps of the funnel are too low"), std::string::npos);
    }
    EXPECT_NE(notes({}).find("the last steps of the funnel are too low"), std::string::npos) << notes({});
}

}  // namespace
}  // namespace funnel::cli_test
