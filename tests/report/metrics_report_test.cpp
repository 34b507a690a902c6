// SPDX-License-Identifier: MIT
// What scripts and people see of the metrics of a small log.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "funnel/metrics/measure.hpp"
#include "funnel/report/metrics_json.hpp"
#include "funnel/report/metrics_text.hpp"

namespace funnel::report {
namespace {

using Json = nlohmann::ordered_json;
using enum EventKind;

EventLog small_log() {
    EventLog log;
    log.add({.time = 0, .kind = view, .user = "u1", .item = "i1", .category = "a,\"b\""});
    log.add({.time = 500'000, .kind = cart_add, .user = "u1", .item = "i1"});
    log.add({.time = 2'000'000, .kind = purchase, .user = "u1", .item = "i1", .order = "o1", .price = 19.99});
    log.add({.time = 3'000'000, .kind = view, .user = "u2", .item = "i2", .category = "\x1b[2J"});
    return log;
}

metrics::MetricsResult small_result(const EventLog& log) {
    metrics::MetricsOptions options{.funnel = Funnel::parse("view,cart_add,purchase")};
    options.left_out = {"impression"};
    options.by = {"category"};
    return metrics::measure(log, options);
}

std::vector<std::string> keys(const Json& json) {
    std::vector<std::string> out;
    for (const auto& [key, value] : json.items())
        out.push_back(key);
    return out;
}

using Keys = std::vector<std::string>;

TEST(MetricsJson, HasTheKeysOfTheContractInTheirOrder) {
    const EventLog log = small_log();
    const auto result = small_result(log);
    const std::string text = to_json(result, summarize(log, result));
    EXPECT_EQ(text.back(), '\n');
    const Json json = Json::parse(text);
    EXPECT_EQ(keys(json),
              (Keys{"schema_version", "log", "metrics", "funnel", "breakdown", "warnings", "notes"}));
    EXPECT_EQ(json["schema_version"], 2);
    EXPECT_EQ(keys(json["log"]),
              (Keys{"files",    "schema", "rows",    "accepted",   "rejected", "rejected_by_reason",
                    "ignored",  "events", "after",   "ahead",      "behind",   "outside",
                    "period",   "where",  "fitting", "duplicates", "users",    "items",
                    "sessions", "from",   "to",      "by_event"}));
    EXPECT_EQ(keys(json["funnel"]),
              (Keys{"entity", "window_seconds", "left_out", "steps", "censoring", "one_point_more"}));
    EXPECT_EQ(keys(json["funnel"]["steps"][0]),
              (Keys{"name", "reached", "step_rate", "overall_rate", "lost", "step_low", "step_high",
                    "overall_low", "overall_high"}));
    EXPECT_EQ(keys(json["metrics"]["conversion_user"]),
              (Keys{"value", "numerator", "denominator", "low", "high", "method", "reason"}));
    for (const char* name : {"pv",
                             "uv",
                             "pv_per_uv",
                             "pv_per_viewer",
                             "page_views",
                             "ctr",
                             "ctr_raw",
                             "ctr_followed",
                             "click_user_rate",
                             "conversion_user",
                             "conversion_session",
                             "cvr_post_click",
                             "cart_abandon_session",
                             "cart_abandon_user_item",
                             "cart_abandon_user_item_naive",
                             "repeat_purchase_period",
                             "orders",
                             "revenue",
                             "average_order_value",
                             "dwell_median_s"}) {
        ASSERT_TRUE(json["metrics"].contains(name)) << name;
        EXPECT_TRUE(json["metrics"][name].contains("value")) << name;
        EXPECT_TRUE(json["metrics"][name].contains("reason")) << name;
    }
}

TEST(MetricsJson, SaysWhatTheLogSays) {
    const EventLog log = small_log();
    const auto result = small_result(log);
    const Json json = Json::parse(to_json(result, summarize(log, result)));
    EXPECT_EQ(json["log"]["users"], 2);
    EXPECT_EQ(json["log"]["from"], "1970-01-01T00:00:00Z");
    EXPECT_EQ(json["log"]["to"], "1970-01-01T00:00:03Z");
    EXPECT_EQ(json["log"]["by_event"], (Json{{"cart_add", 1}, {"purchase", 1}, {"view", 2}}));
    EXPECT_TRUE(json["log"]["duplicates"].is_null());
    EXPECT_EQ(json["metrics"]["pv"]["value"].dump(), "2");
    EXPECT_EQ(json["metrics"]["revenue"]["value"].dump(), "19.99");
    EXPECT_EQ(json["metrics"]["conversion_user"]["value"].dump(), "0.5");
    EXPECT_TRUE(json["metrics"]["ctr"]["value"].is_null());
    EXPECT_EQ(json["metrics"]["ctr"]["reason"], "no_impressions");
    EXPECT_TRUE(json["metrics"]["pv"]["reason"].is_null());
    EXPECT_EQ(json["funnel"]["window_seconds"], 604800);
    EXPECT_EQ(json["funnel"]["left_out"], Json({"impression"}));
    const Json& steps = json["funnel"]["steps"];
    EXPECT_TRUE(steps[0]["step_rate"].is_null());
    EXPECT_EQ(steps[0]["overall_rate"], 1);
    EXPECT_EQ(steps[0]["lost"], 0);
    EXPECT_EQ(steps[1]["name"], "cart");
    EXPECT_EQ(steps[1]["step_rate"], 0.5);
    ASSERT_EQ(json["breakdown"].size(), 3u);
    EXPECT_EQ(json["breakdown"][1]["key"], "a,\"b\"");
    EXPECT_TRUE(json["breakdown"][2]["key"].is_null());
}

TEST(MetricsJson, OfAnEmptyLogIsFullOfNulls) {
    const EventLog log;
    const auto result = metrics::measure(log, {.funnel = Funnel::parse("view,purchase")});
    const Json json = Json::parse(to_json(result, summarize(log, result)));
    EXPECT_TRUE(json["log"]["from"].is_null());
    EXPECT_EQ(json["metrics"]["pv"]["value"], 0);
    EXPECT_TRUE(json["metrics"]["conversion_user"]["value"].is_null());
    EXPECT_TRUE(json["funnel"]["steps"][0]["overall_rate"].is_null());
}

TEST(MetricsJson, ReplacesBytesThatAreNotUtf8) {
    EventLog log;
    log.add({.time = 0, .kind = view, .user = "u", .category = "\xFF"});
    metrics::MetricsOptions options{.funnel = Funnel::parse("view")};
    options.by = {"category"};
    const auto result = metrics::measure(log, options);
    EXPECT_EQ(Json::parse(to_json(result, summarize(log, result)))["breakdown"][0]["key"], "\xEF\xBF\xBD");
}

TEST(LogSummary, TakesItsCountsFromTheReadReport) {
    EventLog log = small_log();
    log.row_hash.assign(log.size(), 1);
    ingest::ReadReport report;
    report.files = {"a.csv"};
    report.rows = 9;
    report.accepted = 4;
    report.rejected = 3;
    report.ignored = 2;
    report.duplicates = 3;
    report.by_event = {{"Detail", 2}};
    const LogSummary summary = summarize(log, small_result(log), report);
    EXPECT_EQ(summary.rows, summary.accepted + summary.rejected + summary.ignored);
    EXPECT_EQ(summary.duplicates, 3);
    EXPECT_EQ(summary.by_event.at("Detail"), 2);
}

TEST(MetricsCsv, QuotesKeysAndLeavesTheUndefinedEmpty) {
    const std::string csv = to_csv(small_result(small_log()));
    EXPECT_TRUE(csv.starts_with("by,key,metric,value,numerator,denominator,low,high,reason\n,,pv,2,,,,,\n"))
        << csv;
    EXPECT_NE(csv.find("\n,,ctr,,0,0,,,no_impressions\n"), std::string::npos);
    EXPECT_NE(csv.find("\ncategory,\"a,\"\"b\"\"\",pv,1,,,,,\n"), std::string::npos);
    EXPECT_NE(csv.find("\ncategory,,pv,0,,,,,\n"), std::string::npos);
    EXPECT_NE(csv.find("\n,,funnel_purchase,1,,,,,\n"), std::string::npos);
}

TEST(MetricsText, ShowsTheNumbersAndTheFunnel) {
    const EventLog log = small_log();
    const auto result = small_result(log);
    const std::string text = to_text(result, summarize(log, result), {.bar_width = 4});
    EXPECT_NE(text.find("4 read, 4 accepted, 0 rejected, 0 ignored"), std::string::npos) << text;
    EXPECT_NE(text.find("Funnel per user, window 7d"), std::string::npos);
    EXPECT_NE(text.find("████\n"), std::string::npos);
    EXPECT_NE(text.find("██\n"), std::string::npos);
    EXPECT_NE(text.find("left out, without any event: impression"), std::string::npos);
    EXPECT_NE(text.find("n/a"), std::string::npos);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);  // the key that would clear the screen is escaped
    EXPECT_NE(text.find("\\x1B[2J"), std::string::npos);
}

TEST(MetricsText, ColoursOnlyWhenAsked) {
    const EventLog log = small_log();
    const auto result = small_result(log);
    std::string text = to_text(result, summarize(log, result), {.color = true});
    EXPECT_NE(text.find("\x1b[1mMetrics\x1b[0m"), std::string::npos);
    // Without its colours it is the same text.
    for (std::size_t at; (at = text.find('\x1b')) != std::string::npos;)
        text.erase(at, text.find('m', at) + 1 - at);
    EXPECT_EQ(text, to_text(result, summarize(log, result)));
}

/// A human who views, carts and buys for 10 in 3 rows, and a robot who views 4 times, within a minute.
metrics::MetricsResult with_bot_rule(std::int64_t most_rows, EventLog& log) {
    log.add({.time = 0, .kind = view, .user = "human", .item = "i1"});
    log.add({.time = 1, .kind = cart_add, .user = "human", .item = "i1"});
    log.add({.time = 2, .kind = purchase, .user = "human", .item = "i1", .order = "o1", .price = 10});
    for (std::int64_t i = 0; i < 4; ++i)
        log.add({.time = i, .kind = view, .user = "robot", .item = "i2"});
    metrics::MetricsOptions options{.funnel = Funnel::parse("view,cart_add,purchase")};
    options.bot_events_per_minute = most_rows;
    options.by = {"day"};
    return metrics::measure(log, options);
}

/// Runs of spaces as one space.
std::string squeezed(std::string text) {
    const auto both_blank = [](char a, char b) { return a == ' ' && b == ' '; };
    text.erase(std::unique(text.begin(), text.end(), both_blank), text.end());
    return text;
}

/// What stands under "Without bots", up to the next heading.
std::string without_bots_part(const std::string& text) {
    const std::size_t begin = text.find("Without bots\n");
    return begin == std::string::npos ? "" : text.substr(begin, text.find("By day\n", begin) - begin);
}

TEST(WithoutBots, StandsBesideTheFiguresInTheText) {
    EventLog log;
    const auto result = with_bot_rule(3, log);
    const std::string text = to_text(result, summarize(log, result));
    EXPECT_NE(squeezed(text).find("\n pv 5\n"), std::string::npos) << text;  // the headline keeps them
    const std::string part = squeezed(without_bots_part(text));
    // 1 of 1 after Wilson: from 1 / (1 + 1.96 ^ 2) = 20.65 %; 1 of 2 is 50 %.
    for (const char* line :
         {"\n The bot rule names 1 of 2 users. They count in all other figures; here they are left out.\n",
          "\n all users without bots counts 95 % interval\n", "\n pv 5 1\n", "\n uv 2 1\n",
          "\n conversion_user 50.00 % 100.00 % 1 of 1 20.65 % to 100.00 %\n", "\n revenue 10.00 10.00\n",
          "\n ctr n/a n/a 0 of 0 no_impressions\n",
          "\n reached without bots of all without bots 95 % interval\n",
          "\n cart 1 1 50.00 % 100.00 % 20.65 % to 100.00 %\n"}) {
        EXPECT_NE(part.find(line), std::string::npos) << line << part;
    }
    EXPECT_NE(part.find("\n view 2 1 100.00 % 100.00 %"), std::string::npos) << part;
    const std::string small = to_text(small_result(small_log()), summarize(log, result));
    EXPECT_EQ(without_bots_part(small), "") << "there is no rule";
}

TEST(WithoutBots, IsATableInMarkdown) {
    EventLog log;
    const auto result = with_bot_rule(3, log);
    const std::string text = to_text(result, summarize(log, result), {.markdown = true});
    for (const char* lines :
         {"\n## Without bots\n\nThe bot rule names 1 of 2 users. They count in all other figures; here they "
          "are left out.\n\n|  | all users | without bots | counts | 95 % interval |  |\n| --- | ---: |",
          "\n| conversion_user | 50.00 % | 100.00 % | 1 of 1 | 20.65 % to 100.00 % |  |\n",
          "\n\n|  | reached | without bots | of all | without bots | 95 % interval |\n",
          "\n| purchase | 1 | 1 | 50.00 % | 100.00 % | 20.65 % to 100.00 % |\n"}) {
        EXPECT_NE(text.find(lines), std::string::npos) << lines << text;
    }
}

TEST(WithoutBots, SaysSoIfTheRuleNamesNobodyOrAll) {
    EventLog nobody, all;
    const auto none = with_bot_rule(4, nobody), both = with_bot_rule(2, all);
    EXPECT_EQ(none.without_bots->users, 0);
    EXPECT_EQ(both.without_bots->users, 2);
    EXPECT_EQ(without_bots_part(to_text(none, summarize(nobody, none))),
              "Without bots\n  The bot rule names none of the 2 users: without bots all figures are the "
              "same.\n\n");
    EXPECT_EQ(without_bots_part(to_text(both, summarize(all, both))),
              "Without bots\n  The bot rule names all of the 2 users: without bots nothing is left.\n\n");
    EXPECT_NE(to_csv(none).find("\nwithout_bots,,bots,0,,,,,\nwithout_bots,,pv,5,,,,,\n"), std::string::npos);
    EXPECT_NE(to_csv(both).find("\nwithout_bots,,bots,2,,,,,\nwithout_bots,,pv,0,,,,,\n"), std::string::npos);
}

TEST(WithoutBots, IsInTheCsvBetweenTheLogAndItsParts) {
    EventLog log;
    const std::string csv = to_csv(with_bot_rule(3, log));
    const std::size_t begin = csv.find("\nwithout_bots,,bots,1,,,,,\nwithout_bots,,pv,1,,,,,\n");
    ASSERT_NE(begin, std::string::npos) << csv;
    EXPECT_GT(begin, csv.find("\n,,funnel_purchase,1,,,,,\n"));
    EXPECT_LT(begin, csv.find("\nday,1970-01-01,pv,5,"));
    EXPECT_NE(csv.find("\nwithout_bots,,conversion_user,1,1,1,0.2065"), std::string::npos);
    EXPECT_NE(csv.find("\nwithout_bots,,ctr,,0,0,,,no_impressions\n"), std::string::npos);
    EXPECT_NE(csv.find("\nwithout_bots,,funnel_view,1,,,,,\n"), std::string::npos);
    EXPECT_EQ(to_csv(small_result(small_log())).find("without_bots"), std::string::npos);
}

TEST(WithoutBots, SaysInTheJsonHowManyTheyAre) {
    EventLog log;
    const auto result = with_bot_rule(3, log);
    const Json json = Json::parse(to_json(result, summarize(log, result)));
    EXPECT_EQ(keys(json["without_bots"]), (Keys{"users", "metrics", "steps"}));
    EXPECT_EQ(json["without_bots"]["users"], 1);  // the robot
    EXPECT_EQ(json["without_bots"]["metrics"]["pv"]["value"], 1);
    EXPECT_EQ(json["without_bots"]["steps"][2]["overall_rate"], 1);
    EXPECT_EQ(json["metrics"]["ctr"]["interval_reason"], "not_computed");
}

}  // namespace
}  // namespace funnel::report
