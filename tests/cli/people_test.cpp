// SPDX-License-Identifier: MIT
// `people`: rows, cuts, consent, nights.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/names.hpp"

namespace funnel::cli_test {
namespace {

// u1 leaves a cart of 70 on 1 March, u2 one of 20, u3 buys what was in the cart; u4 comes by on the 5th.
std::string carts() {
    return "event_time,event_type,user_id,item_id,order_id,price,revenue\n"
           "2024-03-01T10:00:00Z,view,u1,a,,40,\n"
           "2024-03-01T10:01:00Z,cart_add,u1,a,,40,\n"
           "2024-03-01T10:02:00Z,cart_add,u1,b,,30,\n"
           "2024-03-01T11:00:00Z,cart_add,u2,c,,20,\n"
           "2024-03-01T12:00:00Z,cart_add,u3,a,,40,\n"
           "2024-03-01T12:05:00Z,purchase,u3,a,o1,40,40\n"
           "2024-03-05T09:00:00Z,page_view,u4,,,,\n";
}

TEST(CliPeople, WhoAbandonedACartWorthMoreThan50) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", carts()), out = folder.path("mail.csv");
    const ToolResult result = run_tool({"people", log, "--group", "abandoned_cart", "--since", "2024-03-02",
                                        "--until", "2024-03-03", "--min-value", "50", "-o", out});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(read_file(out),
              "user_id,since,last_event,items,value,step\n"
              "u1,2024-03-02T10:02:00Z,2024-03-01T10:02:00Z,b a,70,cart\n");
}

TEST(CliPeople, NobodyWithoutConsentIsNamed) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", carts()),
                      only = folder.write("only.csv", "user_id\nu2\nu9\n");
    const ToolResult result = run_tool({"people", log, "--group", "abandoned_cart", "--only", only, "--csv"});
    ASSERT_EQ(result.code, 0) << result.err;
    const Csv csv = parse_csv(result.out);
    ASSERT_EQ(csv.rows.size(), 1u);
    EXPECT_EQ(csv.at(0, "user_id"), "u2");
}

TEST(CliPeople, AConsentListMayComeFromASpreadsheet) {
    const TemporaryFolder folder;
    const std::string log = folder.write(
        "log.csv",
        carts() + "2024-03-01T11:00:00Z,cart_add,\"u,5\",c,,20,\n2024-03-01T11:00:00Z,cart_add,a,c,,20,\n");
    const auto named = [&](const std::string& list) {
        const ToolResult result = run_tool({"people", log, "--group", "abandoned_cart", "--csv", "--bad-rows",
                                            "skip", "--only", folder.write("only.csv", list)});
        EXPECT_EQ(result.code, 0) << result.err;
        return parse_csv(result.out).values("user_id");
    };
    EXPECT_EQ(named("\xEF\xBB\xBFu2\r\nu9\r\n"), Words{"u2"});
    EXPECT_EQ(named("id,name\n\"u,5\",\"Ann \"\"A\"\"\"\n"), Words{"u,5"});
    EXPECT_EQ(named("a;b\n"), Words{});  // the id is "a;b"
    const ToolResult none = run_tool(
        {"people", log, "--group", "abandoned_cart", "--only", folder.write("other.csv", "x\n"), "--strict"});
    EXPECT_EQ(none.code, 4);
    EXPECT_NE(none.err.find("--only: no id of"), std::string::npos) << none.err;
}

TEST(CliPeople, TimesInTheTextAreLocal) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", carts());
    const ToolResult text =
        run_tool({"people", log, "--group", "abandoned_cart", "--tz", "America/Los_Angeles"});
    EXPECT_NE(text.out.find("since (America/Los_Angeles)"), std::string::npos) << text.out;
    EXPECT_NE(text.out.find("2024-03-02T02:02"), std::string::npos) << text.out;
}

TEST(CliPeople, WhatTheLogCannotKnowIsSaid) {
    const TemporaryFolder folder;
    const std::string log = folder.write(
        "log.csv", "event_time,event_type,user_id,item_id\n2024-03-01,cart_add,u,a\n2024-03-05,view,u2,b\n");
    for (const Words& more :
         {Words{"--group", "abandoned_checkout"}, Words{"--group", "abandoned_cart", "--min-value", "5"}}) {
        Words words = {"people", log, "--strict"};
        words.insert(words.end(), more.begin(), more.end());
        EXPECT_EQ(run_tool(words).code, 4) << more.back();
    }
}

TEST(CliPeople, TextAndJsonSayHowMany) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", carts());
    const ToolResult text = run_tool({"people", log, "--group", "abandoned_cart", "--limit", "1"});
    EXPECT_NE(text.out.find("abandoned cart: 2 people"), std::string::npos) << text.out;
    const json all = json::parse(run_tool({"people", log, "--group", "first_order", "--json"}).out);
    EXPECT_EQ(all.at("people"), 1);
    EXPECT_EQ(all.at("rows").at(0).at("user_id"), "u3");
    EXPECT_EQ(all.at("rows").at(0).at("value"), 40);
    EXPECT_EQ(all.at("rows").at(0).at("step"), "purchase");
}

TEST(CliPeople, WrongWordsAreRefused) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", carts());
    EXPECT_EQ(run_tool({"people", log}).code, 2);
    EXPECT_EQ(run_tool({"people", log, "--group", "rich"}).code, 2);
    EXPECT_EQ(run_tool({"people", log, "--group", "lapsed", "--lapse", "90"}).code, 2);
    EXPECT_EQ(run_tool({"people", log, "--group", "lapsed", "--min-value", "much"}).code, 2);
    EXPECT_EQ(
        run_tool({"people", log, "--group", "lapsed", "--since", "2024-03-02", "--until", "2024-03-01"}).code,
        2);
    EXPECT_EQ(run_tool({"people", log, "--group", "lapsed", "--from", "2024-03-02"}).code, 2);
    EXPECT_EQ(run_tool({"people", log, "--group", "lapsed", "--only", folder.path("none")}).code, 5);
}

TEST(CliPeople, AGroupThatNobodyCanBeInIsSaid) {
    const TemporaryFolder folder;
    const std::string log = folder.write(
        "log.csv",
        "event_time,event_type,user_id,item_id\n2024-03-01,impression,u,a\n2024-03-05,click,u2,b\n");
    for (const auto& [group, code] :
         std::vector<std::pair<std::string, std::string>>{{"abandoned_cart", "no_carts"},
                                                          {"abandoned_checkout", "no_checkouts"},
                                                          {"viewed_not_bought", "no_views"},
                                                          {"first_order", "no_purchases"},
                                                          {"repeat_buyer", "no_purchases"},
                                                          {"lapsed", "no_purchases"}}) {
        const json all = json::parse(run_tool({"people", log, "--group", group, "--json"}).out);
        ASSERT_EQ(all.at("warnings").size(), 1u) << group;
        EXPECT_EQ(all.at("warnings").at(0).at("code"), code) << group;
    }
    const std::string full = folder.write("full.csv", carts());
    for (const char* group : {"abandoned_cart", "viewed_not_bought", "first_order", "lapsed"})
        EXPECT_EQ(run_tool({"people", full, "--group", group}).err.find("nobody can"), std::string::npos)
            << group;
}

TEST(CliPeople, AnEmptyConsentListAndNoRowsAreSaid) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", carts()), only = folder.write("only.csv", "");
    const ToolResult none = run_tool({"people", log, "--group", "abandoned_cart", "--only", only});
    EXPECT_EQ(none.code, 0);
    EXPECT_NE(none.err.find("only.csv holds no id, so nobody is named"), std::string::npos) << none.err;
    EXPECT_EQ(run_tool({"people", log, "--group", "abandoned_cart", "--limit", "0"}).code, 2);
}

}  // namespace
}  // namespace funnel::cli_test
