// SPDX-License-Identifier: MIT
// What `metrics` can be asked beyond its defaults, on logs that are counted by hand.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/small_shop.hpp"

namespace funnel::cli_test {
namespace {

ToolResult measured(const std::string& text, std::vector<std::string> options, bool as_json = true) {
    const TemporaryFolder folder;
    options.insert(options.begin(), {"metrics", folder.write("log.csv", text)});
    if (as_json) options.emplace_back("--json");
    return run_tool(options);
}

std::vector<int> reached(const std::vector<std::string>& options) {
    const ToolResult result = measured(small_shop(), options);
    EXPECT_EQ(result.code, 0) << result.err;
    std::vector<int> out;
    const json all = result.json();
    for (const json& step : all.at("funnel").at("steps"))
        out.push_back(step.at("reached"));
    return out;
}

using Reached = std::vector<int>;

TEST(CliMetricsOptions, RulesOfTheFunnel) {
    // a views, carts and buys i1; b views and carts i2; c views i1 and buys i2.
    const std::string funnel = "view,cart_add,purchase";
    EXPECT_EQ(reached({"--funnel", funnel}), (Reached{3, 2, 1}));
    EXPECT_EQ(reached({"--funnel", "view,cart_add?,purchase"}), (Reached{3, 2, 2}));
    EXPECT_EQ(reached({"--funnel", "view,purchase", "--hold", "item"}), (Reached{3, 1}));
    EXPECT_EQ(reached({"--funnel", "view,purchase", "--order", "strict"}), (Reached{3, 1}));  // c
    EXPECT_EQ(reached({"--funnel", "cart_add,view", "--order", "any"}), (Reached{3, 2}));
    EXPECT_EQ(reached({"--funnel", "view,purchase", "--exclude", "cart_add"}), (Reached{3, 1}));
    EXPECT_EQ(reached({"--funnel", funnel, "--step-window", "cart=30s"}), (Reached{3, 1, 0}));
    EXPECT_EQ(reached({"--funnel", funnel, "--open"}), (Reached{3, 2, 2}));
    EXPECT_EQ(reached({"--funnel", funnel, "--first-entry", "--strict-increase"}), (Reached{3, 2, 1}));
    EXPECT_EQ(reached({"--funnel", "view", "--count", "entries", "--window", "0"}), (Reached{3}));
    EXPECT_EQ(reached({"--funnel", "view,view", "--semantics", "clickhouse"}), (Reached{3, 3}));
    const json all = measured(small_shop(), {"--funnel", "view,cart_add?", "--first-entry"}).json();
    EXPECT_EQ(all.at("funnel").at("rules"), (json{"first entry only", "cart may be skipped"}));
}

TEST(CliMetricsOptions, TimesAndValues) {
    const json all = measured(small_shop(), {"--funnel", "view,cart_add,purchase", "--timing"}).json();
    const json& steps = all.at("funnel").at("steps");
    EXPECT_EQ(steps[1].at("seconds_from_entry").at("median"), 40);  // 60 and 20
    EXPECT_EQ(steps[2].at("seconds_from_step_before").at("median"), 240);
    EXPECT_EQ(steps[0].at("value"), 25);
    EXPECT_EQ(steps[1].at("value_per_entity"), 10);
}

TEST(CliMetricsOptions, WrongValuesAreWrongUsage) {
    const std::vector<std::vector<std::string>> wrong = {{"--funnel", "view?,purchase"},
                                                         {"--order", "random"},
                                                         {"--exclude", "nonsense"},
                                                         {"--exclude", "purchase"},
                                                         {"--step-window", "cart"},
                                                         {"--step-window", "impression=1h"},
                                                         {"--retention", "1,x"},
                                                         {"--repeat-within", "3"},
                                                         {"--bot-rule", "events>9"},
                                                         {"--bot-rule", "events_per_min>0"},
                                                         {"--warmup", "x"},
                                                         {"--experiment"},
                                                         {"--differences"},
                                                         {"--control", "a"},
                                                         {"--per", "exposure", "--first-entry"},
                                                         {"--json", "--csv"},
                                                         {"--markdown", "--csv"},
                                                         {"--emit-sql", "oracle"},
                                                         {"--semantics", "clickhouse", "--timing"}};
    for (const auto& options : wrong) {
        const ToolResult result = measured(small_shop(), options, false);
        EXPECT_EQ(result.code, 2) << options.back() << result.err;
        EXPECT_TRUE(result.out.empty());
    }
}

TEST(CliMetricsOptions, MoreMetricsWhenAskedFor) {
    const json all = measured(small_shop(), {"--all", "--repeat-within", "1d,2d"}).json().at("metrics");
    for (const char* name : {"ctr_exposure", "retention_d1", "retention_d7", "retention_unbounded_d30",
                             "repeat_purchase_within_1d", "repeat_purchase_within_2d"})
        EXPECT_TRUE(all.contains(name)) << name;
    EXPECT_EQ(all.at("retention_d1").at("denominator"), 1);  // a: the second of March is over
    const json plain = measured(small_shop(), {}).json().at("metrics");
    for (const char* name : {"ctr_exposure", "retention_d1", "net_orders"})
        EXPECT_FALSE(plain.contains(name)) << name;
    for (const char* name : {"cart_to_view_rate", "cart_abandon_cart", "returning_customer_rate",
                             "repeat_item_rate", "repeat_category_rate", "repeat_purchase_within_30d"})
        EXPECT_TRUE(plain.contains(name)) << name;
}

TEST(CliMetricsOptions, AliasesBotsAndOrdersWrittenTwice) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop());
    const std::string aliases = folder.write("aliases.csv", "alias,user_id\nb,a\nnobody,c\n");
    EXPECT_EQ(
        run_tool({"metrics", log, "--json", "--aliases", aliases}).json().at("metrics").at("uv").at("value"),
        2);
    EXPECT_EQ(run_tool({"metrics", log, "--aliases", folder.write("bad.csv", "x,y\n1,2\n")}).code, 3);
    const json bots = run_tool({"metrics", log, "--json", "--bot-rule", "events_per_min>2"}).json();
    EXPECT_EQ(bots.at("without_bots").at("users"), 2);  // a and b have three rows and more in a minute
    EXPECT_EQ(bots.at("without_bots").at("metrics").at("uv").at("value"), 1);
    EXPECT_EQ(bots.at("metrics").at("uv").at("value"), 3);
    const std::string twice = small_shop() + "2024-03-03T09:30:05Z,purchase,c,i2,s4,o2,5,1\n";
    const auto revenue = [&](const std::string& dedup) {
        return measured(twice, {"--dedup", dedup}).json().at("metrics").at("revenue").at("value");
    };
    EXPECT_EQ(revenue("none"), 30);
    EXPECT_EQ(revenue("orders"), 25);
}

TEST(CliMetricsOptions, FiguresWithoutBotsInEveryFormat) {
    // Of a, b and c the rule names a and b: c views i1 once and buys i2 for 5.
    const auto with = [](const std::string& rule, const std::vector<std::string>& format) {
        std::vector<std::string> options = {"--bot-rule", rule};
        options.insert(options.end(), format.begin(), format.end());
        return measured(small_shop(), options, false).out;
    };
    const std::string text = with("events_per_min>2", {}), csv = with("events_per_min>2", {"--csv"});
    EXPECT_NE(text.find("\nWithout bots\n  The bot rule names 2 of 3 users."), std::string::npos) << text;
    const std::string markdown = with("events_per_min>2", {"--markdown"});
    EXPECT_NE(markdown.find("\n| revenue | 25.00 | 5.00 |"), std::string::npos) << markdown;
    EXPECT_NE(markdown.find("\n| conversion_user | 66.67 % | 100.00 % | 1 of 1 |"), std::string::npos);
    for (const char* line : {"\n,,uv,3,", "\nwithout_bots,,bots,2,", "\nwithout_bots,,uv,1,",
                             "\nwithout_bots,,revenue,5,", "\nwithout_bots,,conversion_user,1,1,1,"})
        EXPECT_NE(csv.find(line), std::string::npos) << line << csv;
    EXPECT_NE(with("events_per_min>9", {}).find("names none of the 3 users"), std::string::npos);
    EXPECT_EQ(measured(small_shop(), {}, false).out.find("Without bots"), std::string::npos);
}

TEST(CliMetricsOptions, CategoriesThatWereNotReadAreNotCalledNotBought) {
    const std::string log =
        "event_time,event_type,user_id,item_id,order_id,category\n"
        "2024-03-01T09:00:00Z,view,a,i1,,shoes\n"
        "2024-03-01T10:00:00Z,purchase,a,i1,o1,shoes\n2024-03-02T10:00:00Z,purchase,a,i2,o2,shoes\n"
        "2024-03-01T10:00:00Z,purchase,b,i3,o3,hats\n";
    const auto rate = [](const std::string& text, const std::vector<std::string>& options) {
        return measured(text, options).json().at("metrics").at("repeat_category_rate");
    };
    EXPECT_EQ(rate(log, {}).at("reason"), "category_not_read");
    EXPECT_EQ(rate(log, {}).at("interval_reason"), "not_computed");
    const std::vector<std::vector<std::string>> readings = {{"--all"}, {"--by", "category"}};
    for (const auto& options : readings) {
        const json read = rate(log, options);
        EXPECT_EQ(read.at("numerator"), 1);  // a, shoes
        EXPECT_EQ(read.at("denominator"), 2);
        EXPECT_TRUE(read.at("reason").is_null());
    }
    EXPECT_EQ(rate(small_shop(), {"--all"}).at("reason"), "category_not_read") << "the log has none";
    EXPECT_NE(measured(log, {"--csv"}, false).out.find("\n,,repeat_category_rate,,0,0,,,category_not_read\n"),
              std::string::npos);
    EXPECT_NE(measured(log, {"--retention", "1"}, false).out.find("category_not_read"), std::string::npos);
}

TEST(CliMetricsOptions, AnotherLogAndSegmentsBesideTheNumbers) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop());
    const std::string other =
        folder.write("other.csv", std::string(kHeader) + "2024-03-01T10:00:00Z,view,z,i1,s,,1,\n");
    const json compared = run_tool({"metrics", log, "--json", "--compare", other}).json().at("compare");
    EXPECT_EQ(compared.at("rows"), 1);
    const json& conversion = compared.at("differences").at("conversion_user");
    EXPECT_NEAR(conversion.at("difference").get<double>(), 2.0 / 3, 1e-12);
    EXPECT_EQ(conversion.at("method"), "newcombe");
    EXPECT_TRUE(compared.at("differences").contains("funnel_purchase"));
    const json by = run_tool({"metrics", log, "--json", "--by", "day", "--differences"}).json();
    EXPECT_NEAR(by.at("breakdown")[0].at("differences").at("conversion_user").at("difference").get<double>(),
                1.0 - 2.0 / 3, 1e-12);
    EXPECT_NE(run_tool({"metrics", log, "--compare", other}).out.find("Compared with"), std::string::npos);
    EXPECT_NE(run_tool({"metrics", log, "--compare", other, "--markdown"}).out.find("## Compared with"),
              std::string::npos);
}

TEST(CliMetricsOptions, WhatIsComparedIsInTheCsvAsInTheJson) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop());
    const std::string other =
        folder.write("other.csv", std::string(kHeader) + "2024-03-01T10:00:00Z,view,z,i1,s,,1,\n");
    const std::vector<std::string> words = {"metrics", log,   "--compare",    other,
                                            "--by",    "day", "--differences"};
    const auto with = [&](const char* format) {
        std::vector<std::string> args = words;
        args.emplace_back(format);
        return run_tool(args);
    };
    const support::Csv csv = support::parse_csv(with("--csv").out);
    const json all = with("--json").json();
    std::map<std::string, const json*> differences_of = {{other, &all.at("compare").at("differences")}};
    for (const json& part : all.at("breakdown"))
        differences_of[part.at("key").get<std::string>()] = &part.at("differences");
    std::map<std::string, std::size_t> lines;
    const auto expect_same = [&](const std::string& cell, const json& value) {
        EXPECT_EQ(cell.empty() ? json(nullptr) : json::parse(cell), value) << cell;
    };
    for (std::size_t i = 0; i < csv.rows.size(); ++i) {
        const std::string& by = csv.at(i, "by");
        ++lines[by];
        const bool lift = by.ends_with(" lift");
        if (!by.ends_with(" difference") && !lift) continue;
        EXPECT_EQ(by.starts_with("compare"), csv.at(i, "key") == other);
        const json& of = differences_of.at(csv.at(i, "key"))->at(csv.at(i, "metric"));
        expect_same(csv.at(i, "value"), of.at(lift ? "lift" : "difference"));
        expect_same(csv.at(i, "low"), of.at(lift ? "lift_low" : "low"));
        expect_same(csv.at(i, "high"), of.at(lift ? "lift_high" : "high"));
    }
    EXPECT_EQ(lines["compare"], lines[""]) << "the figures of the other log";
    EXPECT_EQ(lines["compare difference"], all.at("compare").at("differences").size());
    EXPECT_EQ(lines["compare lift"], lines["compare difference"]);
    EXPECT_GT(lines["compare difference"], 0u);
    EXPECT_GT(lines["day difference"], 0u);
    EXPECT_EQ(lines["day difference"],
              all.at("breakdown").size() * all.at("breakdown")[0].at("differences").size());
}

TEST(CliMetricsOptions, AnExperiment) {
    std::string text = "event_time,event_type,user_id,variant\n";
    for (int u = 0; u < 100; ++u) {
        const std::string user = "u" + std::to_string(u);
        text += "2024-03-01T10:00:00Z,view," + user + "," + (u % 2 == 0 ? "new" : "old") + "\n";
        if (u % 4 == 0 || u % 10 == 1) text += "2024-03-01T10:01:00Z,purchase," + user + ",\n";
    }
    text += "2024-03-01T10:00:00Z,view,both,new\n2024-03-01T10:00:00Z,view,both,old\n";
    const json all =
        measured(text, {"--by", "variant", "--experiment", "--control", "old"}).json().at("experiment");
    EXPECT_EQ(all.at("control"), "old");
    EXPECT_EQ(all.at("users_in_several"), 1);
    ASSERT_EQ(all.at("arms").size(), 2u);
    const json& conversion = all.at("arms")[0].at("differences").at("conversion_user");
    EXPECT_NEAR(conversion.at("difference").get<double>(), 25.0 / 50 - 10.0 / 50, 1e-12);
    EXPECT_NEAR(conversion.at("lift").get<double>(), 1.5, 1e-12);
    EXPECT_EQ(all.at("sample_ratio_p"), 1);
}

TEST(CliMetricsOptions, DisagreementsWithClickHouseHaveTheirRule) {
    const json all = measured(small_shop(), {"--funnel", "view,view", "--explain-difference"}).json();
    ASSERT_EQ(all.at("explain_difference").size(), 3u);
    EXPECT_EQ(all.at("explain_difference")[0],
              (json{{"user", "a"}, {"ours", 1}, {"clickhouse", 2}, {"rule", "one row serves two steps"}}));
}

TEST(CliMetricsOptions, MarkdownAndSql) {
    const ToolResult text = measured(small_shop(), {"--markdown", "--by", "day", "--all"}, false);
    EXPECT_EQ(text.code, 0) << text.err;
    EXPECT_NE(text.out.find("## Metrics\n\n|  | value |"), std::string::npos) << text.out;
    EXPECT_NE(text.out.find("| pv | 3 |"), std::string::npos);
    EXPECT_NE(text.out.find("\n| --- | ---: |"), std::string::npos);
    EXPECT_NE(text.out.find("|\n\nEach figure is defined under its name in docs/metrics.md.\n\n#"),
              std::string::npos);
    const ToolResult sql = run_tool({"metrics", "--emit-sql", "duckdb", "--funnel", "view,purchase"});
    EXPECT_EQ(sql.code, 0) << sql.err;
    EXPECT_NE(sql.out.find("'conversion_user' AS metric"), std::string::npos);
    EXPECT_EQ(run_tool({"metrics", "--emit-sql", "clickhouse", "--funnel", "view,view"}).code, 2);
}

TEST(CliMetricsOptions, SqlRefusesWhatItCannotSay) {
    const std::vector<std::vector<std::string>> untranslated = {{"--from", "2024-01-01"},
                                                                {"--to", "2024-01-01"},
                                                                {"--per", "session"},
                                                                {"--order", "strict"},
                                                                {"--hold", "item"},
                                                                {"--exclude", "cart_remove"},
                                                                {"--by", "day"},
                                                                {"--dedup", "exact"},
                                                                {"--tz", "Asia/Tokyo"},
                                                                {"--step-window", "cart=1h"},
                                                                {"--first-entry"},
                                                                {"--strict-increase"},
                                                                {"--bot-rule", "events_per_min>9"},
                                                                {"--all"},
                                                                {"--json"},
                                                                {"--schema", "rees46"},
                                                                {"--retention", "1"},
                                                                {"--compare", "other.csv"}};
    for (const auto& options : untranslated) {
        std::vector<std::string> call = {"metrics", "--emit-sql", "duckdb", "--window", "1d"};
        call.insert(call.end(), options.begin(), options.end());
        const ToolResult result = run_tool(call);
        EXPECT_EQ(result.code, 2) << options.front();
        EXPECT_TRUE(result.out.empty()) << options.front();
        EXPECT_NE(result.err.find(options.front()), std::string::npos) << result.err;
    }
    const ToolResult skipped =
        run_tool({"metrics", "--emit-sql", "duckdb", "--funnel", "view,cart_add?,purchase"});
    EXPECT_EQ(skipped.code, 2);
    EXPECT_NE(skipped.err.find("?"), std::string::npos) << skipped.err;
}

// u1 comes on the first day; u2 and u3 a week after the first 28 days, u2 orders the week after that.
std::string ten_weeks_of_three() {
    return "event_time,event_type,user_id,order_id,revenue\n"
           "2024-01-01T10:00:00Z,view,u1,,\n"
           "2024-02-05T10:00:00Z,view,u2,,\n"
           "2024-02-05T10:00:00Z,view,u3,,\n"
           "2024-02-14T10:00:00Z,purchase,u2,o1,30\n"
           "2024-03-01T10:00:00Z,view,u1,,\n";
}

TEST(CliMetricsOptions, CohortsAsJsonCsvAndText) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", ten_weeks_of_three());
    for (const Words& how : {Words{}, Words{"--dedup", "orders"}}) {  // in parts and whole
        Words args = {"metrics", log, "--cohorts", "event", "--json"};
        args.insert(args.end(), how.begin(), how.end());
        const json cohorts = run_tool(args).json().at("cohorts");
        ASSERT_EQ(cohorts.at("rows").size(), 2u);
        EXPECT_EQ(cohorts.at("rows").at(0).at("key"), "already there");
        const json& february = cohorts.at("rows").at(1);
        EXPECT_EQ(february.at("monday"), "2024-02-05");
        EXPECT_EQ(february.at("users"), 2);
        ASSERT_EQ(february.at("weeks").size(), 3u);  // the week of 26 February is not over
        EXPECT_EQ(february.at("weeks").at(1).at("ordering").at("value"), 0.5);
        EXPECT_EQ(february.at("weeks").at(1).at("revenue_per_user"), 15);
    }
    const ToolResult csv = run_tool({"metrics", log, "--cohorts", "event", "--csv"});
    EXPECT_NE(csv.out.find("cohort,2024-W06,revenue_per_user_week_1,15,30,2,,,\n"), std::string::npos)
        << csv.out;
    const ToolResult text = run_tool({"metrics", log, "--cohorts", "order"});
    EXPECT_NE(text.out.find("Users by the week of their first order"), std::string::npos) << text.out;
    EXPECT_NE(text.out.find("2024-W07"), std::string::npos) << text.out;
    EXPECT_EQ(run_tool({"metrics", log, "--cohorts", "month"}).code, 2);
}

}  // namespace
}  // namespace funnel::cli_test
