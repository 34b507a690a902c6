// SPDX-License-Identifier: MIT
// `metrics`: every figure of a log that is small enough to count by hand, and the keys that scripts rely on.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/measured.hpp"
#include "cli/names.hpp"
#include "cli/small_shop.hpp"
#include "support/compress.hpp"

namespace funnel::cli_test {
namespace {

std::set<std::string> keys(const json& object) {
    std::set<std::string> names;
    for (const auto& [key, value] : object.items())
        names.insert(key);
    return names;
}

void expect_rate(const json& metrics, const std::string& name, double numerator, double denominator) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(metrics.contains(name));
    const json& rate = metrics.at(name);
    EXPECT_EQ(rate.at("numerator"), numerator);
    EXPECT_EQ(rate.at("denominator"), denominator);
    ASSERT_TRUE(rate.at("value").is_number()) << rate;
    EXPECT_NEAR(rate.at("value").get<double>(), numerator / denominator, 1e-12);
    EXPECT_TRUE(rate.at("reason").is_null());
    for (const char* end : {"low", "high"})
        EXPECT_TRUE(rate.contains(end)) << end;
}

void expect_undefined(const json& metrics, const std::string& name) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(metrics.contains(name));
    EXPECT_TRUE(metrics.at(name).at("value").is_null()) << metrics.at(name);
    ASSERT_TRUE(metrics.at(name).at("reason").is_string()) << metrics.at(name);
    EXPECT_FALSE(metrics.at(name).at("reason").get<std::string>().empty());
}

TEST(CliMetrics, CountsTheSmallShopByHand) {
    const ToolResult result = metrics(small_shop());
    ASSERT_EQ(result.code, 0) << result.err;
    const json all = result.json();
    const json& m = all.at("metrics");
    expect_count(m, "pv", 3);
    expect_count(m, "uv", 3);
    expect_count(m, "page_views", 1);
    expect_count(m, "orders", 2);
    expect_count(m, "revenue", 25);
    expect_count(m, "average_order_value", 12.5);
    expect_count(m, "dwell_median_s", 60);  // 60, 20 and 1800 s
    expect_rate(m, "pv_per_uv", 3, 3);
    expect_rate(m, "pv_per_viewer", 3, 3);
    expect_rate(m, "ctr", 1, 3);
    expect_rate(m, "ctr_raw", 1, 3);
    expect_rate(m, "ctr_followed", 1, 3);
    expect_rate(m, "click_user_rate", 1, 3);
    expect_rate(m, "conversion_user", 2, 3);
    expect_rate(m, "conversion_session", 2, 4);
    expect_rate(m, "cart_abandon_session", 1, 2);
    expect_rate(m, "cart_abandon_user_item_naive", 1, 2);
    expect_rate(m, "repeat_purchase_period", 0, 2);
    expect_undefined(m, "cvr_post_click");  // the log is shorter than the window of 7 days
    expect_undefined(m, "cart_abandon_user_item");
    EXPECT_EQ(m.at("cart_abandon_user_item").at("reason"), "no_mature_pairs");
}

TEST(CliMetrics, AShorterWindowMakesClicksAndCartsMature) {
    const json all = metrics(small_shop(), {"--window", "1d"}).json();
    expect_rate(all.at("metrics"), "cvr_post_click", 1, 1);
    expect_rate(all.at("metrics"), "cart_abandon_user_item", 0, 1);
    EXPECT_EQ(all.at("funnel").at("window_seconds"), 86400);
}

TEST(CliMetrics, JsonHasTheKeysOfTheContract) {
    const json all = metrics(small_shop(), {"--by", "day"}).json();
    EXPECT_EQ(keys(all), (std::set<std::string>{"schema_version", "log", "metrics", "funnel", "breakdown",
                                                "warnings", "notes"}));
    EXPECT_EQ(all.at("schema_version"), 2);
    EXPECT_EQ(keys(all.at("log")),
              (std::set<std::string>{
                  "files",    "schema", "rows",    "accepted",   "rejected", "rejected_by_reason",
                  "ignored",  "events", "after",   "ahead",      "behind",   "outside",
                  "period",   "where",  "fitting", "duplicates", "users",    "items",
                  "sessions", "from",   "to",      "by_event"}));
    const json& funnel = all.at("funnel");
    EXPECT_EQ(keys(funnel), (std::set<std::string>{"entity", "window_seconds", "left_out", "steps",
                                                   "censoring", "one_point_more"}));
    EXPECT_EQ(funnel.at("steps").size(), 4u);
    for (const json& step : funnel.at("steps")) {
        EXPECT_EQ(keys(step),
                  (std::set<std::string>{"name", "reached", "step_rate", "overall_rate", "lost", "step_low",
                                         "step_high", "overall_low", "overall_high"}));
    }
    EXPECT_EQ(all.at("breakdown").size(), 3u);
    for (const json& part : all.at("breakdown")) {
        for (const char* key : {"by", "key", "metrics"})
            EXPECT_TRUE(part.contains(key)) << key;
    }
}

TEST(CliMetrics, EveryMetricHasValueAndReasonAndOneOfThemIsNull) {
    for (const std::string& text : {small_shop(), std::string(kHeader)}) {
        const json all = metrics(text).json();
        EXPECT_GT(all.at("metrics").size(), 30u);
        for (const auto& [name, metric] : all.at("metrics").items()) {
            ASSERT_TRUE(metric.contains("value") && metric.contains("reason")) << name;
            EXPECT_NE(metric.at("value").is_null(), metric.at("reason").is_null()) << name << metric;
            EXPECT_EQ(metric.contains("numerator"), metric.contains("denominator")) << name;
        }
    }
}

TEST(CliMetrics, LogPartAccountsForEveryRow) {
    const TemporaryFolder folder;
    const std::string path = folder.write("log.csv", small_shop());
    const json log = run_tool({"metrics", path, "--json"}).json().at("log");
    EXPECT_EQ(log.at("files"), json::array({path}));
    EXPECT_EQ(log.at("schema"), "canonical");
    EXPECT_EQ(log.at("rows"), 12);
    EXPECT_EQ(log.at("accepted"), 12);
    EXPECT_EQ(log.at("rejected"), 0);
    EXPECT_EQ(log.at("rejected_by_reason"), json::object());
    EXPECT_EQ(log.at("ignored"), 0);
    EXPECT_EQ(log.at("outside"), 0);
    EXPECT_EQ(log.at("duplicates"), 0);
    EXPECT_EQ(log.at("users"), 3);
    EXPECT_EQ(log.at("items"), 2);
    EXPECT_EQ(log.at("sessions"), 4);
    EXPECT_EQ(log.at("from"), "2024-03-01T10:00:00Z");
    EXPECT_EQ(log.at("to"), "2024-03-03T09:30:00Z");
    EXPECT_EQ(log.at("by_event"), (json{{"impression", 3},
                                        {"click", 1},
                                        {"view", 3},
                                        {"cart_add", 2},
                                        {"page_view", 1},
                                        {"purchase", 2}}));
}

TEST(CliMetrics, FunnelStepsCountUsersInOrder) {
    const json funnel = metrics(small_shop()).json().at("funnel");
    EXPECT_EQ(funnel.at("entity"), "user");
    EXPECT_EQ(funnel.at("window_seconds"), 7 * 86400);
    EXPECT_EQ(funnel.at("left_out"), json::array());
    const json expected = json::array(
        {{{"name", "impression"}, {"reached", 2}, {"step_rate", nullptr}, {"overall_rate", 1.0}, {"lost", 0}},
         {{"name", "click"}, {"reached", 2}, {"step_rate", 1.0}, {"overall_rate", 1.0}, {"lost", 0}},
         {{"name", "cart"}, {"reached", 2}, {"step_rate", 1.0}, {"overall_rate", 1.0}, {"lost", 0}},
         {{"name", "purchase"}, {"reached", 1}, {"step_rate", 0.5}, {"overall_rate", 0.5}, {"lost", 1}}});
    json steps = funnel.at("steps");
    for (json& step : steps) {
        for (const char* interval : {"step_low", "step_high", "overall_low", "overall_high"})
            step.erase(interval);
    }
    EXPECT_EQ(steps, expected);
}

TEST(CliMetrics, FunnelOptionSetsTheStages) {
    const json steps = metrics(small_shop(), {"--funnel", "view,purchase"}).json().at("funnel").at("steps");
    ASSERT_EQ(steps.size(), 2u);
    EXPECT_EQ(steps[0].at("reached"), 3);
    EXPECT_EQ(steps[1].at("reached"), 2);
}

TEST(CliMetrics, AStageMayBeAnEventNameOfTheLogsOwn) {
    const std::string text =
        "event_time,event_type,user_id\n"
        "2024-03-01T10:00:00Z,signup,a\n2024-03-01T11:00:00Z,trial,a\n2024-03-02T11:00:00Z,paid,a\n"
        "2024-03-01T10:00:00Z,signup,b\n2024-03-01T12:00:00Z,paid,b\n";
    const json all = metrics(text, {"--funnel", "signup,trial,paid"}).json();
    const json& steps = all.at("funnel").at("steps");
    ASSERT_EQ(steps.size(), 3u);
    EXPECT_EQ(steps[0].at("name"), "signup");
    EXPECT_EQ(steps[0].at("reached"), 2);
    EXPECT_EQ(steps[1].at("reached"), 1);
    EXPECT_EQ(steps[2].at("reached"), 1);
    EXPECT_EQ(all.at("log").at("by_event"), (json{{"signup", 2}, {"trial", 1}, {"paid", 2}}));
}

TEST(CliMetrics, DefaultFunnelLeavesOutStagesWithoutEventsAndSaysSo) {
    const std::string text =
        "event_time,event_type,user_id\n2024-03-01T10:00:00Z,view,a\n2024-03-01T11:00:00Z,purchase,a\n";
    const ToolResult result = metrics(text);
    const json funnel = result.json().at("funnel");
    EXPECT_EQ(funnel.at("left_out"), (json{"impression", "cart"}));
    ASSERT_EQ(funnel.at("steps").size(), 2u);
    EXPECT_EQ(funnel.at("steps")[0].at("name"), "view");
    EXPECT_NE(result.err.find("impression"), std::string::npos) << result.err;
}

TEST(CliMetrics, PerCountsOtherEntities) {
    for (const std::string entity : {"user", "session", "user-item", "exposure"}) {
        const ToolResult result = metrics(small_shop(), {"--per", entity, "--window", "1d"});
        ASSERT_EQ(result.code, 0) << entity << result.err;
        const json funnel = result.json().at("funnel");
        EXPECT_EQ(funnel.at("entity"), entity);
    }
    const json pairs = metrics(small_shop(), {"--per", "user-item"}).json().at("funnel").at("steps");
    EXPECT_EQ(pairs[0].at("reached"), 3);  // (a, i1), (b, i1), (b, i2)
    EXPECT_EQ(pairs[1].at("reached"), 2);
    EXPECT_EQ(pairs[3].at("reached"), 1);
}

TEST(CliMetrics, AHeaderOnlyLogIsCountedAsNothingAndUndefined) {
    const ToolResult result = metrics(std::string(kHeader));
    ASSERT_EQ(result.code, 0) << result.err;
    const json all = result.json();
    EXPECT_EQ(all.at("log").at("rows"), 0);
    EXPECT_TRUE(all.at("log").at("from").is_null());
    expect_count(all.at("metrics"), "pv", 0);
    expect_count(all.at("metrics"), "uv", 0);
    expect_count(all.at("metrics"), "orders", 0);
    for (const char* name :
         {"ctr", "conversion_user", "conversion_session", "cart_abandon_session", "repeat_purchase_period",
          "pv_per_uv", "average_order_value", "revenue_per_user", "revenue_per_visit", "dwell_median_s"}) {
        expect_undefined(all.at("metrics"), name);
    }
    EXPECT_EQ(result.out.find("nan"), std::string::npos);
}

TEST(CliMetrics, NoImpressionsMakeTheClickRateUndefinedNotZero) {
    const std::string text = "event_time,event_type,user_id\n2024-03-01T10:00:00Z,view,a\n";
    const json m = metrics(text).json().at("metrics");
    expect_undefined(m, "ctr");
    EXPECT_EQ(m.at("ctr").at("reason"), "no_impressions");
}

TEST(CliMetrics, ExactDuplicatesAreCountedAndDroppedOnRequest) {
    const std::string text = std::string(kHeader) + std::string(kRows) + std::string(kRows);
    const json kept = metrics(text).json();
    EXPECT_EQ(kept.at("log").at("duplicates"), 12);
    expect_count(kept.at("metrics"), "pv", 6);
    const json dropped = metrics(text, {"--dedup", "exact"}).json();
    EXPECT_EQ(dropped.at("log").at("duplicates"), 12);
    expect_count(dropped.at("metrics"), "pv", 3);
    expect_count(dropped.at("metrics"), "revenue", 25);
}

TEST(CliMetrics, WarnsOfExactDuplicatesAboveOneInAThousand) {
    // Of 2,000 rows 1 or 2 that repeat another are 0.05 % and 0.1 %; 3 are more.
    const auto warned = [](int rows, int repeated) {
        std::string text(kHeader);
        for (int i = 0; i < rows; ++i) {
            const int second = i < repeated ? rows - 1 : i;
            text += "2024-03-01T" + std::to_string(10 + second / 3600) + ":" +
                    std::to_string(100 + second / 60 % 60).substr(1) + ":" +
                    std::to_string(100 + second % 60).substr(1) + "Z,view,a,i1,s1,,,\n";
        }
        const json result = metrics(text).json();
        EXPECT_EQ(result.at("log").at("duplicates"), repeated);
        return result.at("warnings").dump().find("--dedup exact") != std::string::npos;
    };
    EXPECT_FALSE(warned(2000, 1));
    EXPECT_FALSE(warned(2000, 2));
    EXPECT_TRUE(warned(2000, 3));
}

TEST(CliMetrics, OrderOfRowsNeverMatters) {
    const support::Csv csv = support::parse_csv(small_shop());
    std::string reversed(kHeader);
    for (auto row = csv.rows.rbegin(); row != csv.rows.rend(); ++row) {
        for (std::size_t k = 0; k < row->size(); ++k)
            reversed += (k > 0 ? "," : "") + (*row)[k];
        reversed += '\n';
    }
    const json plain = metrics(small_shop(), {"--by", "day"}).json();
    const json turned = metrics(reversed, {"--by", "day"}).json();
    for (const char* part : {"metrics", "funnel", "breakdown"})
        EXPECT_EQ(plain.at(part), turned.at(part)) << part;
}

TEST(CliMetrics, ThreadsDoNotChangeAByte) {
    const TemporaryFolder folder;
    const std::string path = folder.write("log.csv", small_shop());
    const ToolResult one = run_tool({"metrics", path, "--json", "--by", "day", "--threads", "1"});
    const ToolResult two = run_tool({"metrics", path, "--json", "--by", "day", "--threads", "2"});
    ASSERT_EQ(one.code, 0) << one.err;
    EXPECT_EQ(one.out, two.out);
}

TEST(CliMetrics, AMemoryLimitChangesNoByteAndLeavesNoFile) {
    static const char* const kinds[] = {"impression", "view", "view", "cart_add", "purchase"};
    std::string text(kHeader);
    for (int i = 0; i < 30'000; ++i) {
        const std::string minute = std::to_string(10 + i / 3000), second = std::to_string(10 + i % 50);
        text += "2024-03-01T10:" + minute + ":" + second + "Z," + kinds[i % 7 % 5] + ",u" +
                std::to_string(i * 7919LL % 1009) + ",i" + std::to_string(i % 201) + ",,,3,1\n";
    }
    const TemporaryFolder folder, temp;
    const std::string log = folder.write("log.csv", text);
    const ToolResult free = run_tool({"metrics", log, "--json", "--threads", "2"});
    const ToolResult tight =
        run_tool({"metrics", log, "--json", "--threads", "2", "--memory", "600KiB", "--temp", temp.path()});
    ASSERT_EQ(tight.code, 0) << tight.err;
    EXPECT_EQ(tight.out, free.out);
    EXPECT_TRUE(temp.names().empty());
    // So little that not even the ids fit; and a limit that must go to a folder that is not there.
    const ToolResult too_tight = run_tool({"metrics", log, "--memory", "10KiB", "--temp", temp.path()});
    EXPECT_EQ(too_tight.code, 5);
    EXPECT_TRUE(too_tight.out.empty());
    EXPECT_EQ(run_tool({"metrics", log, "--memory", "600KiB", "--temp", temp.path("none")}).code, 5);
    EXPECT_TRUE(temp.names().empty());
}

TEST(CliMetrics, TextReportNamesTheFiguresAndSaysWhatIsUndefined) {
    const TemporaryFolder folder;
    const ToolResult result = run_tool({"metrics", folder.write("log.csv", small_shop()), "--all"});
    ASSERT_EQ(result.code, 0) << result.err;
    for (const char* text :
         {"pv", "conversion_user", "cart_abandon_session", "impression", "purchase", "n/a"}) {
        EXPECT_NE(result.out.find(text), std::string::npos) << text << "\n" << result.out;
    }
}

TEST(CliMetrics, CsvHasOneRowPerMetricAndLeavesUndefinedValuesEmpty) {
    const TemporaryFolder folder;
    const ToolResult result = run_tool({"metrics", folder.write("log.csv", small_shop()), "--csv"});
    ASSERT_EQ(result.code, 0) << result.err;
    const support::Csv csv = support::parse_csv(result.out);
    EXPECT_FALSE(csv.rows.empty());
    EXPECT_EQ(result.out.find("nan"), std::string::npos);
}

}  // namespace
}  // namespace funnel::cli_test
