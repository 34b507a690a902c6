// SPDX-License-Identifier: MIT
// What is asked of a log beyond its whole: --where on its columns and on those of tables beside it.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/small_shop.hpp"

namespace funnel::cli_test {
namespace {

class CliAsking : public testing::Test {
 protected:
    const TemporaryFolder folder_;
    const std::string log_ = folder_.write("log.csv", small_shop());
    const std::string users_ = folder_.write("users.csv", "user_id,plan\na,gold\nb,free\nc,gold\n");

    [[nodiscard]] ToolResult run(Words options, bool as_json = true) const {
        options.insert(options.begin(), {"metrics", log_});
        if (as_json) options.emplace_back("--json");
        return run_tool(options);
    }
    [[nodiscard]] json asked(const Words& options) const {
        const ToolResult result = run(options);
        EXPECT_EQ(result.code, 0) << result.err;
        return result.json();
    }
    /// uv, pv, orders and revenue of the whole.
    [[nodiscard]] std::vector<double> figures(const Words& options) const {
        std::vector<double> out;
        const json all = asked(options);
        for (const char* name : {"uv", "pv", "orders", "revenue"})
            out.push_back(all.at("metrics").at(name).at("value"));
        return out;
    }
};

using Figures = std::vector<double>;

TEST_F(CliAsking, WhereChoosesRowsByColumnsOfTheLogAndOfTables) {
    EXPECT_EQ(figures({"--where", "item=i1"}), (Figures{3, 2, 1, 20}));
    EXPECT_EQ(figures({"--where", "item_id=i2"}), (Figures{2, 1, 1, 5}));
    EXPECT_EQ(figures({"--where", "price<=5"}), (Figures{2, 1, 1, 5}));
    EXPECT_EQ(figures({"--where", "price=10.0 & user!=c"}), (Figures{2, 1, 1, 20}));
    EXPECT_EQ(figures({"--where", "session_id in (s3, s4) | event=click"}), (Figures{2, 1, 1, 5}));
    EXPECT_EQ(figures({"--where", "plan=gold", "--users", users_}), (Figures{2, 2, 2, 25}));
    EXPECT_EQ(figures({"--where", "users.plan!=gold", "--users", users_}), (Figures{1, 1, 0, 0}));
    EXPECT_EQ(figures({"--where", "plan=gold & item=i1", "--users", users_}), (Figures{2, 2, 1, 20}));
    const json log = asked({"--where", "item=i1"}).at("log");
    EXPECT_EQ(log.at("where"), "item=i1");
    EXPECT_EQ(log.at("fitting"), 7);
    EXPECT_EQ(log.at("accepted"), 12);
    EXPECT_TRUE(asked({}).at("log").at("where").is_null());
}

TEST_F(CliAsking, WhereGoesWithEveryOtherQuestion) {
    EXPECT_EQ(figures({"--where", "item=i1", "--from", "2024-03-02"}), (Figures{2, 1, 0, 0}));
    EXPECT_EQ(figures({"--where", "item=i1", "--period", "last-2d"}), (Figures{2, 1, 1, 20}));
    EXPECT_EQ(figures({"--where", "item=i1", "--as-of", "2024-03-02"}), (Figures{1, 1, 1, 20}));
    EXPECT_EQ(figures({"--where", "item=i1", "--memory", "64MiB"}), figures({"--where", "item=i1"}));
    EXPECT_EQ(figures({"--where", "item=i1", "--threads", "3"}), figures({"--where", "item=i1"}));
    const json compared =
        asked({"--where", "item=i1", "--from", "2024-03-02", "--to", "2024-03-03", "--compare", "previous"});
    EXPECT_EQ(compared.at("compare").at("metrics").at("uv").at("value"), 1);  // a, the day before
    EXPECT_EQ(compared.at("compare").at("metrics").at("revenue").at("value"), 20);
    const std::string other = folder_.write("other.csv", small_shop());
    EXPECT_EQ(asked({"--where", "item=i1", "--compare", other})
                  .at("compare")
                  .at("differences")
                  .at("conversion_user")
                  .at("difference"),
              0);
    const json days = asked({"--where", "item=i1", "--by", "day", "--per", "exposure"});
    ASSERT_EQ(days.at("breakdown").size(), 3u);
    EXPECT_EQ(days.at("breakdown")[0].at("metrics").at("revenue").at("value"), 20);
    EXPECT_EQ(days.at("breakdown")[2].at("metrics").at("revenue").at("value"), 0);
    EXPECT_EQ(days.at("funnel").at("steps")[0].at("reached"), 0);  // no exposure is ripe
}

TEST_F(CliAsking, WhereIsSaidInEveryText) {
    for (const Words& options : {Words{}, Words{"--all"}, Words{"--markdown"}}) {
        Words all = {"--where", "item=i1"};
        all.insert(all.end(), options.begin(), options.end());
        EXPECT_NE(run(all, false).out.find("item=i1"), std::string::npos);
    }
    const ToolResult none = run({"--where", "item=I1"});
    EXPECT_EQ(none.code, 0);
    EXPECT_NE(none.out.find("where_fits_nothing"), std::string::npos);
    EXPECT_EQ(run({"--where", "item=I1", "--strict"}).code, 4);
    const std::string page = folder_.path("page.html");
    const ToolResult report =
        run_tool({"report", log_, "--where", "plan=gold", "--users", users_, "-o", page});
    EXPECT_EQ(report.code, 0) << report.err;
    std::stringstream html;
    html << std::ifstream(page).rdbuf();
    EXPECT_NE(html.str().find("only where"), std::string::npos);
    EXPECT_NE(html.str().find("plan=gold"), std::string::npos);
}

TEST_F(CliAsking, ByOfTwoColumnsNests) {
    const json all = asked({"--by", "plan,item", "--users", users_, "--by", "plan"});
    std::map<std::string, double> views;
    for (const json& part : all.at("breakdown"))
        views[part.at("by").get<std::string>() + " " + part.at("key").dump()] =
            part.at("metrics").at("pv").at("value");
    EXPECT_EQ(views, (std::map<std::string, double>{{"plan \"free\"", 1},
                                                    {"plan \"gold\"", 2},
                                                    {"plan,item [\"free\",\"i1\"]", 0},
                                                    {"plan,item [\"free\",\"i2\"]", 1},
                                                    {"plan,item [\"gold\",\"i1\"]", 2},
                                                    {"plan,item [\"gold\",\"i2\"]", 0},
                                                    {"plan,item [\"gold\",null]", 0}}));
    const Words nested = {"--by", "plan,item", "--users", users_};
    EXPECT_NE(run(nested, false).out.find("gold / (missing)"), std::string::npos);
    for (const char* form : {"--all", "--markdown"}) {
        Words words = nested;
        words.emplace_back(form);
        EXPECT_NE(run(words, false).out.find("gold / i1"), std::string::npos) << form;
    }
    Words csv = nested;  // a key that no value can be taken for
    csv.emplace_back("--csv");
    EXPECT_NE(run(csv, false).out.find(R"("[""gold"",null]")"), std::string::npos);
    EXPECT_EQ(run({"--by", "item,"}).code, 2);
    EXPECT_EQ(run({"--by", "item,colour"}).code, 3);
    const std::string page = folder_.path("nested.html");
    const ToolResult report = run_tool({"report", log_, "--by", "plan,item", "--users", users_, "-o", page});
    EXPECT_EQ(report.code, 0) << report.err;
    std::stringstream html;
    html << std::ifstream(page).rdbuf();
    EXPECT_NE(html.str().find("gold / i1"), std::string::npos);
}

TEST_F(CliAsking, PurchasesTakeATouch) {
    const std::string log = folder_.write("lists.csv",
                                          "event_time,event_type,user_id,item_id,list,price\n"
                                          "2024-03-01T10:00:00Z,impression,a,i1,mail,10\n"
                                          "2024-03-02T10:00:00Z,impression,a,i1,home,10\n"
                                          "2024-03-02T10:01:00Z,impression,a,i2,search,10\n"
                                          "2024-03-02T10:02:00Z,purchase,a,i1,,10\n");
    const auto orders = [&](const Words& options) {
        Words args = {"metrics", log, "--json"};
        args.insert(args.end(), options.begin(), options.end());
        const ToolResult result = run_tool(args);
        EXPECT_EQ(result.code, 0) << result.err;
        const json all = result.json();
        json out;
        for (const json& part : all.at("breakdown")) {
            if (part.at("metrics").at("orders").at("value") == 1) out["under"] = part.at("key");
        }
        if (all.contains("touch")) out["touch"] = all.at("touch");
        return out;
    };
    const auto touch = [](const char* rule) {
        return json{{"rule", rule}, {"purchase_rows", {{"list", 1}}}};
    };
    EXPECT_EQ(orders({"--by", "list"}), (json{{"under", "home"}, {"touch", touch("visit")}}));
    EXPECT_EQ(orders({"--by", "list", "--memory", "64MiB"}), orders({"--by", "list"}));
    EXPECT_EQ(orders({"--by", "list", "--touch", "event"}), (json{{"under", nullptr}}));
    EXPECT_EQ(orders({"--by", "list", "--touch", "first"}),
              (json{{"under", "mail"}, {"touch", touch("first")}}));
    EXPECT_EQ(orders({"--by", "list", "--touch", "last:1m"}),
              (json{{"under", "search"}, {"touch", touch("last:1m")}}));
    EXPECT_EQ(orders({"--by", "list,item"}).at("under"), (json{"home", "i1"}));
    EXPECT_EQ(orders({"--where", "list=home", "--by", "day"}).at("under"), "2024-03-02");
    EXPECT_NE(run_tool({"metrics", log, "--by", "list"}).out.find("--touch event"), std::string::npos);
    EXPECT_EQ(run_tool({"metrics", log, "--touch", "first"}).code, 2);
    const ToolResult wrong = run_tool({"metrics", log, "--by", "list", "--touch", "next"});
    EXPECT_EQ(wrong.code, 2);
    EXPECT_NE(wrong.err.find("--touch: expected event, visit, first, last or last:30d, got \"next\""),
              std::string::npos)
        << wrong.err;
}

TEST_F(CliAsking, GatesAreHeldAfterTheResult) {
    const auto state = [&](const std::string& gate, int code, const Words& more = {}) {
        Words options = {"--gate", gate};
        options.insert(options.end(), more.begin(), more.end());
        const ToolResult result = run(options);
        EXPECT_EQ(result.code, code) << gate << result.err;
        const json all = result.json();
        return all.at("gates").at(0).at("state").get<std::string>();
    };
    EXPECT_EQ(state("orders<3", 4), "beyond");
    EXPECT_EQ(state("orders<2", 0), "passed");
    EXPECT_EQ(state("conversion_user<1%", 0), "passed");  // 2 of 3: 20.8 to 93.9 %
    EXPECT_EQ(state("conversion_user<50%", 0), "too_few");
    EXPECT_EQ(state("conversion_user<95%", 4), "beyond");
    EXPECT_EQ(state("funnel_purchase>99%", 0), "passed");
    EXPECT_EQ(state("ctr<1%", 4, {"--where", "item=nothing"}), "undefined");
    EXPECT_EQ(state("conversion_user -99% vs previous", 0, {"--from", "2024-03-02", "--to", "2024-03-03"}),
              "too_few");
    const ToolResult words = run({"--gate", "orders<3", "--gate", "visits<1"}, false);
    EXPECT_EQ(words.code, 4);
    EXPECT_NE(words.out.find("orders<3"), std::string::npos);
    EXPECT_NE(words.out.find("passed"), std::string::npos);
    EXPECT_NE(words.err.find("--gate: expected \"orders<3\" to be false, got 2"), std::string::npos)
        << words.err;
    EXPECT_EQ(run({"--gate", "orders"}).code, 2);
    for (const char* beyond_all : {"conversion_user>2", "cart_abandon_session>80", "funnel_purchase<101%"}) {
        const ToolResult result = run({"--gate", beyond_all});
        EXPECT_EQ(result.code, 2) << beyond_all;
        EXPECT_NE(result.err.find("at most 100%"), std::string::npos) << result.err;
    }
    for (const std::string target : {"cart_abandon_session=80", "nosuch=2"}) {
        const ToolResult result =
            run_tool({"report", log_, "--target", target, "-o", folder_.path("target.html")});
        EXPECT_EQ(result.code, 2) << target;
        EXPECT_NE(result.err.find("--target: "), std::string::npos) << result.err;
        EXPECT_FALSE(std::ifstream(folder_.path("target.html")).good());
    }
    EXPECT_EQ(run({"--gate", "purchases<3"}).code, 2);
    EXPECT_EQ(run({"--gate", "ctr -5% vs previous"}).code, 2);  // no period
    EXPECT_EQ(run({"--gate", "ctr -5% vs previous", "--compare", "year-ago", "--period", "last-1d"}).code, 2);
    EXPECT_EQ(run({"--gate", "orders<3", "--emit-sql", "duckdb"}).code, 2);
}

TEST_F(CliAsking, WhatWhereCannotMeanIsRefused) {
    const auto refused = [&](const Words& options, int code, const std::string& what) {
        const ToolResult result = run(options, false);
        EXPECT_EQ(result.code, code) << result.err;
        EXPECT_NE(result.err.find(what), std::string::npos) << result.err;
    };
    refused({"--where", "item=i1 &"}, 2,
            "--where: expected a column at character 10 of \"item=i1 &\", got its end");
    refused({"--where", "colour=red"}, 3, "colour");
    refused({"--where", "item=i1", "--emit-sql", "duckdb"}, 2, "--where");
    refused({"--where", "item=i1", "--semantics", "clickhouse"}, 2, "--where");
    refused({"--where", "item=i1", "--explain-difference"}, 2, "--where");
}

TEST_F(CliAsking, NoGatePassesOnNoRows) {
    const std::string header = folder_.write("header.csv", std::string(kHeader));
    for (const Words& words : {Words{"metrics", header, "--gate", "orders>1"},
                               Words{"metrics", log_, "--gate", "orders>5", "--as-of", "1999-01-01"},
                               Words{"metrics", log_, "--gate", "orders>9999", "--from", "2030-01-01"},
                               Words{"metrics", log_, "--gate", "orders>9999", "--where", "item=nothing"}}) {
        const ToolResult result = run_tool(words);
        EXPECT_EQ(result.code, 4) << words.back();
        EXPECT_NE(result.err.find("got none (no_rows); there are no rows to judge"), std::string::npos)
            << result.err;
    }
}

TEST_F(CliAsking, ALogOfWhichNothingIsKnownYetIsSaid) {
    const ToolResult result = run({"--as-of", "1999-01-01"});
    EXPECT_EQ(result.code, 0);
    const json warnings = result.json().at("warnings");
    ASSERT_EQ(warnings.size(), 1u) << warnings;
    EXPECT_EQ(warnings[0].at("code"), "no_rows_before_as_of");
    EXPECT_EQ(run({"--as-of", "1999-01-01", "--strict"}).code, 4);
    const std::string some = run({"--as-of", "2024-03-02"}).out;
    EXPECT_EQ(some.find("no_rows_before_as_of"), std::string::npos) << some;
}

TEST_F(CliAsking, AnEmptyZoneIsNone) {
    const ToolResult result = run({"--tz", ""}, false);
    EXPECT_EQ(result.code, 2);
    EXPECT_NE(result.err.find("--tz: expected an IANA time zone"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace funnel::cli_test
