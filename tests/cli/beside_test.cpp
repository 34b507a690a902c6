// SPDX-License-Identifier: MIT
// Tables beside the log of metrics and report, configuration files, and outputs that are no files.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/small_shop.hpp"

namespace funnel::cli_test {
namespace {

class CliBeside : public testing::Test {
 protected:
    const TemporaryFolder folder_;
    const std::string log_ = folder_.write("log.csv", small_shop());

    [[nodiscard]] json breakdown(const Words& options) const {
        Words args = {"metrics", log_, "--json"};
        args.insert(args.end(), options.begin(), options.end());
        const ToolResult result = run_tool(args);
        EXPECT_EQ(result.code, 0) << result.err;
        json views;
        const json all = result.json();
        for (const json& part : all.at("breakdown"))
            views[part.at("key").is_null() ? "" : part.at("key").get<std::string>()] =
                part.at("metrics").at("pv").at("value");
        return views;
    }
};

// Views of the small shop: a one of i1 in s1, b one of i2 in s2, c one of i1 in s4.
TEST_F(CliBeside, ColumnsOfTablesAreKeysOfABreakdown) {
    const std::string users = folder_.write("users.csv", "user_id,plan\na,gold\nb,free\nc,gold\n"),
                      items = folder_.write("items.csv", "item_id,season\ni1,summer\ni2,winter\n"),
                      sessions =
                          folder_.write("sessions.csv", "session_id,device\ns1,phone\ns2,desk\ns3,desk\n");
    EXPECT_EQ(breakdown({"--users", users, "--by", "plan"}), (json{{"gold", 2}, {"free", 1}}));
    EXPECT_EQ(breakdown({"--items", items, "--by", "season"})["summer"], 2);
    EXPECT_EQ(breakdown({"--items", items, "--by", "items.season"})["winter"], 1);
    EXPECT_EQ(breakdown({"--sessions", sessions, "--by", "device"}),
              (json{{"phone", 1}, {"desk", 1}, {"", 1}}));
}

// Prices of the log are 10 for i1 and 5 for i2, and one row has none.
TEST_F(CliBeside, TheLogsOwnColumnComesBeforeThatOfATableAndIsNotMixedWithIt) {
    const std::string items =
        folder_.write("items.csv", "item_id,price,campaign\ni1,100,table\ni2,200,table\n");
    EXPECT_EQ(breakdown({"--items", items, "--by", "price"}), breakdown({"--by", "price"}));
    const std::string log = folder_.write("campaigns.csv",
                                          "event_time,event_type,user_id,item_id,campaign\n"
                                          "2024-03-01,view,a,i1,log\n2024-03-02,view,b,i2,\n");
    const json all = run_tool({"metrics", log, "--items", items, "--by", "campaign", "--json"}).json();
    json views;
    for (const json& part : all.at("breakdown"))
        views[part.at("key").is_null() ? "(none)" : part.at("key").get<std::string>()] =
            part.at("metrics").at("pv").at("value");
    EXPECT_EQ(views, (json{{"log", 1}, {"(none)", 1}}));
    const ToolResult two =
        run_tool({"metrics", log_, "--items", items, "--users",
                  folder_.write("plans.csv", "user_id,campaign\na,x\nb,y\n"), "--by", "campaign"});
    EXPECT_EQ(two.code, 2);
    EXPECT_NE(two.err.find("write items.campaign or users.campaign"), std::string::npos) << two.err;
    const json chosen = run_tool({"metrics", log_, "--items", items, "--where", "price>50", "--json"}).json();
    EXPECT_EQ(chosen.at("metrics").at("pv").at("value"), 0);
}

TEST_F(CliBeside, TheShareOfIdsThatWereFoundIsSaid) {
    const std::string all = folder_.write("all.csv", "user_id,plan\na,gold\nb,free\nc,gold\n"),
                      few = folder_.write("few.csv", "user_id,plan\na,gold\n"),
                      none = folder_.write("none.csv", "user_id,plan\na.0,gold\n");
    const ToolResult whole = run_tool({"metrics", log_, "--users", all, "--by", "plan"});
    EXPECT_NE(whole.err.find("3 of 3 users of the log are in the table"), std::string::npos) << whole.err;
    const ToolResult some = run_tool({"metrics", log_, "--users", few, "--by", "plan", "--json"});
    EXPECT_NE(some.out.find("few_ids_found"), std::string::npos) << some.err;
    for (const Words& args : {Words{"metrics", log_, "--users", none, "--by", "plan"},
                              Words{"report", log_, "--users", none, "-o", folder_.path("p.html")},
                              Words{"features", log_, "--users", none, "-o", folder_.path("f.csv")}}) {
        const ToolResult result = run_tool(args);
        EXPECT_EQ(result.code, 3) << args.front() << result.err;
        EXPECT_NE(result.err.find("such as \"a\""), std::string::npos) << result.err;
    }
}

TEST_F(CliBeside, APlaceholderForAUserIsAWarning) {
    const std::string log = folder_.write(
        "null.csv",
        small_shop() +
            "2024-03-03T09:10:00Z,view,null,i1,,,10,\n2024-03-03T09:11:00Z,view,(not set),i1,,,,\n");
    const json warnings = run_tool({"metrics", log, "--json"}).json().at("warnings");
    EXPECT_NE(warnings.dump().find("placeholder_user"), std::string::npos) << warnings.dump(1);
    EXPECT_NE(warnings.dump().find("(not set)"), std::string::npos) << warnings.dump(1);
    EXPECT_EQ(run_tool({"metrics", log_, "--json"}).out.find("placeholder_user"), std::string::npos);
}

TEST_F(CliBeside, AMisspeltKeyOfAConfigurationIsNamedWithItsLine) {
    const std::string key = folder_.write("key.toml", "[metrics]\ntz = \"UTC\"\nwindoww = \"14d\"\n");
    const ToolResult wrong = run_tool({"metrics", log_, "--config", key});
    EXPECT_EQ(wrong.code, 2);
    EXPECT_NE(
        wrong.err.find("key.toml:3: expected an option of metrics, got \"windoww\"; did you mean window?"),
        std::string::npos)
        << wrong.err;
    const std::string section = folder_.write("section.toml", "\n[metric]\nwindow = \"14d\"\n");
    const ToolResult unknown = run_tool({"--config", section, "metrics", log_});
    EXPECT_EQ(unknown.code, 2);
    EXPECT_NE(unknown.err.find("section.toml"), std::string::npos) << unknown.err;
    EXPECT_NE(unknown.err.find("did you mean metrics?"), std::string::npos) << unknown.err;
}

TEST_F(CliBeside, StandardOutputByItsNameIsNotReplaced) {
    for (const char* name : {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}) {
        const ToolResult result = run_tool({"features", log_, "-o", name});
        EXPECT_EQ(result.code, 5) << name << result.err;
        EXPECT_NE(result.err.find("leave the option out"), std::string::npos) << result.err;
    }
}

}  // namespace
}  // namespace funnel::cli_test
