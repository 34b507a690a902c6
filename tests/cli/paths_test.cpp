// SPDX-License-Identifier: MIT
// `paths`: rows, keys, cuts, formats.
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "cli/names.hpp"

namespace funnel::cli_test {
namespace {

// u1 buys after a view and a cart on a phone; u2 and u3 view and leave; u3 comes back a week later, sees a
// page and nothing else. The order of u1 has no device of its own.
std::string four_visits() {
    return "event_time,event_type,user_id,item_id,order_id,revenue,device\n"
           "2024-03-04T10:00:00Z,view,u1,a,,,mobile\n"
           "2024-03-04T10:01:00Z,page_view,u1,,,,mobile\n"
           "2024-03-04T10:02:00Z,view,u1,b,,,mobile\n"
           "2024-03-04T10:03:00Z,cart_add,u1,b,,,mobile\n"
           "2024-03-04T10:04:00Z,purchase,u1,b,o1,20.5,\n"
           "2024-03-04T11:00:00Z,view,u2,a,,,desktop\n"
           "2024-03-05T11:00:00Z,view,u3,a,,,desktop\n"
           "2024-03-12T11:00:00Z,page_view,u3,,,,\n";
}

TEST(CliPaths, OneRowPerPathAsCsv) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", four_visits());
    const ToolResult result = run_tool({"paths", log, "--csv"});
    ASSERT_EQ(result.code, 0) << result.err;
    const Csv csv = parse_csv(result.out);
    ASSERT_EQ(csv.values("path"), (Words{"view", "", "view > cart > purchase"}));
    EXPECT_EQ(csv.values("visits"), (Words{"2", "1", "1"}));
    EXPECT_EQ(csv.values("share"), (Words{"0.5", "0.25", "0.25"}));
    EXPECT_EQ(csv.values("bought"), (Words{"0", "0", "1"}));
    EXPECT_EQ(csv.values("conversion"), (Words{"0", "0", "1"}));
    EXPECT_EQ(csv.values("orders"), (Words{"0", "0", "1"}));
    EXPECT_EQ(csv.values("revenue"), (Words{"0", "0", "20.5"}));
}

TEST(CliPaths, SayWhichPeriodTheyAreOf) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", four_visits());
    for (const std::string command : {"paths", "products"}) {
        const auto text = [&](const std::vector<std::string>& period) {
            std::vector<std::string> words = {command, log};
            words.insert(words.end(), period.begin(), period.end());
            return run_tool(words).out;
        };
        EXPECT_TRUE(text({"--from", "2024-03-04", "--to", "2024-03-06"})
                        .starts_with("Figures of 4 Mar to 5 Mar 2024, 2 days\n\n"));
        EXPECT_TRUE(text({"--from", "2024-03-04T10:00:00Z", "--to", "2024-03-06"})
                        .starts_with("Figures of 2024-03-04T10:00 to 2024-03-06T00:00\n"));
        EXPECT_EQ(text({}).find("Figures of"), std::string::npos);
        const json asked = json::parse(text({"--from", "2024-03-04", "--json"}));
        EXPECT_EQ(asked.at("period").at("from"), "2024-03-04T00:00:00Z");
        EXPECT_EQ(asked.at("period").at("to"), nullptr);
        EXPECT_EQ(json::parse(text({"--json"})).at("period"), nullptr);
    }
}

TEST(CliPaths, TheKeyOfAVisitIsThatOfItsFirstRow) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", four_visits());
    const json all = json::parse(run_tool({"paths", log, "--by", "device", "--length", "2", "--json"}).out);
    EXPECT_EQ(all.at("by"), "device");
    EXPECT_EQ(all.at("visits"), 4);
    EXPECT_EQ(all.at("rows"), 3);
    ASSERT_EQ(all.at("paths").size(), 3u);
    EXPECT_EQ(all.at("paths").at(0).at("key"), "desktop");
    EXPECT_EQ(all.at("paths").at(0).at("share"), 1);
    EXPECT_EQ(all.at("paths").at(1).at("key"), "mobile");
    EXPECT_EQ(all.at("paths").at(1).at("steps"), json({"view", "cart"}));
    EXPECT_EQ(all.at("paths").at(1).at("longer"), 1);
    EXPECT_EQ(all.at("paths").at(1).at("revenue"), 20.5);
    EXPECT_EQ(all.at("paths").at(2).at("key"), nullptr);
    const json nested =
        json::parse(run_tool({"paths", log, "--by", "day,device", "--top", "1", "--json"}).out);
    ASSERT_EQ(nested.at("paths").size(), 4u);
    EXPECT_EQ(nested.at("paths").at(0).at("key"), json({"2024-03-04", "desktop"}));
}

TEST(CliPaths, TypesConditionPeriodAndFile) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", four_visits()), out = folder.path("paths.csv");
    const ToolResult result = run_tool({"paths", log, "--steps", "types", "--where", "device=mobile",
                                        "--from", "2024-03-04", "--to", "2024-03-05", "-o", out});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.out, "");
    const Csv csv = parse_csv(read_file(out));
    EXPECT_EQ(csv.values("path"), Words{"view > page_view > view > cart_add > purchase"});
    const ToolResult later = run_tool({"paths", log, "--from", "2024-03-20"});
    EXPECT_EQ(later.code, 0);
    EXPECT_NE(later.err.find("no visit begins in the period"), std::string::npos) << later.err;
}

TEST(CliPaths, OfALogWithoutAmountsHaveNoRevenue) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv",
                                         "event_time,event_type,user_id\n"
                                         "2024-03-04T10:00:00Z,view,u1\n2024-03-04T10:01:00Z,purchase,u1\n");
    const json all = json::parse(run_tool({"paths", log, "--json"}).out);
    EXPECT_EQ(all.at("revenue_reason"), "no_amounts");
    EXPECT_EQ(all.at("paths").at(0).at("revenue"), nullptr);
    EXPECT_EQ(run_tool({"paths", log}).out.find("revenue"), std::string::npos);
}

TEST(CliPaths, NoLineIsWiderThanATerminal) {
    const TemporaryFolder folder;
    std::string rows = "event_time,event_type,user_id,order_id,revenue\n";
    for (int user = 0; user < 1500; ++user) {
        for (int minute = 10; minute < 20; ++minute) {
            const bool last = minute == 19;
            rows += "2024-03-04T10:" + std::to_string(minute) + ":00Z," +
                    (last              ? "purchase"
                     : minute % 2 == 0 ? "cart_remove"
                                       : "a_long_name_of_an_event_of_the_log_s_own") +
                    ",u" + std::to_string(user) + (last ? ",o1,1234567.89\n" : ",,\n");
        }
    }
    const ToolResult result = run_tool({"paths", folder.write("log.csv", rows), "--length", "8", "--funnel",
                                        "cart_remove,a_long_name_of_an_event_of_the_log_s_own,purchase"});
    ASSERT_EQ(result.code, 0) << result.err;
    std::istringstream lines(result.out);
    std::size_t seen = 0;
    for (std::string line; std::getline(lines, line); ++seen)
        EXPECT_LE(line.size(), 80u) << line;
    EXPECT_GT(seen, 6u);
}

TEST(CliPaths, RefuseWhatMakesNoSense) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", four_visits());
    for (const Words& wrong : {Words{"--length", "9"}, Words{"--length", "0"}, Words{"--steps", "items"},
                               Words{"--csv", "--json"}, Words{"--touch", "first"}, Words{"-o", log}}) {
        Words args = {"paths", log};
        args.insert(args.end(), wrong.begin(), wrong.end());
        EXPECT_EQ(run_tool(args).code, 2) << wrong.front();
    }
}

TEST(CliPaths, NoPathsAtAllCannotBeWanted) {
    const TemporaryFolder folder;
    EXPECT_EQ(run_tool({"paths", folder.write("log.csv", four_visits()), "--top", "0"}).code, 2);
}

}  // namespace
}  // namespace funnel::cli_test
