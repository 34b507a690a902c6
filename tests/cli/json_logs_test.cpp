// SPDX-License-Identifier: MIT
// Logs as JSON lines: the presets on samples in the shape in which the exports come, from file to model.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "support/compress.hpp"
#include "support/temporary_folder.hpp"
#include "support/tool.hpp"

namespace funnel {
namespace {

using nlohmann::json;
using support::run_tool;
using support::ToolResult;

const std::string kSamples = FUNNEL_TEST_DIR "/data/json/";

json metrics_of(const std::string& path, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"metrics", "--json", path});
    const ToolResult result = run_tool(more);
    EXPECT_EQ(result.code, 0) << result.err;
    return result.code == 0 ? result.json() : json();
}

const json& value_of(const json& all, const char* name) {
    return all.at("metrics").at(name).at("value");
}

/// What every sample says of itself: counted by hand.
void expect_log(const json& all, const char* schema, int rows, int ignored, int events, int users,
                const json& by_event) {
    const json& log = all.at("log");
    EXPECT_EQ(log.at("schema"), schema);
    EXPECT_EQ(log.at("rows"), rows);
    EXPECT_EQ(log.at("ignored"), ignored);
    EXPECT_EQ(log.at("rejected"), 0);
    EXPECT_EQ(log.at("events"), events);
    EXPECT_EQ(log.at("users"), users);
    EXPECT_EQ(log.at("by_event"), by_event);
}

TEST(JsonLogs, Segment) {
    const json all = metrics_of(kSamples + "segment.jsonl");
    expect_log(all, "segment", 15, 0, 20, 4,
               {{"page_view", 2},
                {"impression", 5},
                {"click", 1},
                {"view", 3},
                {"cart_add", 2},
                {"cart_remove", 1},
                {"identify", 1},
                {"checkout", 2},
                {"purchase", 2},
                {"refund", 1}});
    EXPECT_EQ(value_of(all, "revenue"), 42.0);
    EXPECT_EQ(value_of(all, "net_revenue"), 22.5);
    EXPECT_EQ(value_of(all, "orders"), 1);
    EXPECT_EQ(value_of(all, "pv"), 3);
    EXPECT_EQ(value_of(all, "conversion_user"), 0.25);  // of three browsers and a server
    EXPECT_EQ(value_of(all, "ctr"), 0.2);
}

TEST(JsonLogs, Snowplow) {
    const json all = metrics_of(kSamples + "snowplow.jsonl");
    expect_log(all, "snowplow", 14, 1, 17, 3,
               {{"page_view", 1},
                {"page_ping", 1},
                {"impression", 5},
                {"click", 1},
                {"view", 3},
                {"cart_add", 2},
                {"cart_remove", 1},
                {"checkout", 1},
                {"purchase", 2}});
    EXPECT_EQ(all.at("log").at("sessions"), 3);
    EXPECT_EQ(value_of(all, "revenue"), 52.5);
    EXPECT_EQ(value_of(all, "orders"), 1);
    EXPECT_NEAR(value_of(all, "conversion_user").get<double>(), 1.0 / 3, 1e-12);
}

TEST(JsonLogs, GoogleAnalytics4) {
    const json all = metrics_of(kSamples + "ga4.jsonl");
    expect_log(all, "ga4-json", 14, 1, 17, 3,
               {{"session_start", 1},
                {"page_view", 1},
                {"impression", 5},
                {"click", 1},
                {"view", 3},
                {"cart_add", 2},
                {"cart_remove", 1},
                {"checkout", 1},
                {"purchase", 2}});
    EXPECT_EQ(all.at("log").at("from"), "2024-03-01T09:00:00Z");
    EXPECT_EQ(all.at("log").at("sessions"), 3);
    EXPECT_EQ(value_of(all, "revenue"), 53.0);
    EXPECT_EQ(value_of(all, "orders"), 1);
    const json by = metrics_of(kSamples + "ga4.jsonl", {"--by", "category"});
    std::vector<std::string> keys;
    for (const json& part : by.at("breakdown"))
        keys.push_back(part.at("key").is_null() ? "" : part.at("key").get<std::string>());
    EXPECT_EQ(keys, (std::vector<std::string>{"Apparel", "Drinkware", ""}));
}

TEST(JsonLogs, WooCommerceOrders) {
    const json all = metrics_of(kSamples + "woocommerce_orders.jsonl");
    expect_log(all, "woocommerce-orders", 5, 1, 8, 3, {{"purchase", 6}, {"refund", 2}});
    EXPECT_EQ(value_of(all, "revenue"), 73.0);
    EXPECT_EQ(value_of(all, "orders"), 4);
    EXPECT_EQ(value_of(all, "net_revenue"), 39.5);  // 1.00 and 0.50 of one order, 32.00 of another
    EXPECT_EQ(value_of(all, "net_orders"), 3);      // all of the other came back
    EXPECT_EQ(value_of(all, "refund_rows"), 2);
    EXPECT_EQ(value_of(all, "refund_rows_unmatched"), 0);
    const json by = metrics_of(kSamples + "woocommerce_orders.jsonl", {"--by", "item"});
    std::map<std::string, double> revenue;
    for (const json& part : by.at("breakdown"))
        if (part.at("key").is_string()) revenue[part.at("key")] = value_of(part, "revenue").get<double>();
    EXPECT_EQ(revenue, (std::map<std::string, double>{{"22", 24.0}, {"31", 40.0}, {"93", 9.0}}));
    EXPECT_EQ(all.at("warnings").dump().find("path_not_found"), std::string::npos) << all.at("warnings");
}

TEST(JsonLogs, AListOfOrdersAsTheInterfaceGivesItSaysHowToMakeLines) {
    const support::TemporaryFolder folder;
    const ToolResult result = run_tool({"metrics", folder.write("orders.json", "[{\"id\":1}]")});
    EXPECT_EQ(result.code, 3);
    EXPECT_NE(result.err.find("jq -c '.[]'"), std::string::npos) << result.err;
}

/// Copies of a sample, each with users of its own and some days later; in every third one nobody buys.
std::string many_of(const std::string& sample, const std::string& id, const char* purchase) {
    const std::string text = support::read_file(kSamples + sample);
    std::string out;
    for (int copy = 0; copy < 240; ++copy) {
        std::string lines = std::regex_replace(text, std::regex(id), "$&" + std::to_string(copy));
        for (const int day : {2, 1}) {
            const std::string from = "2024-03-0" + std::to_string(day), to = std::to_string(day + copy % 20);
            lines =
                std::regex_replace(lines, std::regex(from), "2024-03-" + (to.size() == 1 ? "0" + to : to));
        }
        std::size_t at = 0;
        while (at < lines.size()) {
            const std::size_t end = lines.find('\n', at) + 1;
            std::string line = lines.substr(at, end - at);
            at = end;
            if (copy % 3 == 0 && line.find(purchase) != std::string::npos) continue;
            const std::size_t stamp = line.find("\"event_timestamp\":\"");
            if (stamp != std::string::npos) {
                const auto time = std::stoll(line.substr(stamp + 19)) + (copy % 20) * 86'400'000'000ll;
                line.replace(stamp + 19, 16, std::to_string(time));
            }
            out += line;
        }
    }
    return out;
}

void expect_model(const std::string& log, const std::vector<std::string>& more = {}) {
    const support::TemporaryFolder folder;
    const std::string path = folder.write("log.jsonl.gz", support::gzip(log)), model = folder.path("m");
    std::vector<std::string> args = {"train", path,       "-o", model,   "--horizon",
                                     "1d",    "--epochs", "2",  "--json"};
    args.insert(args.end(), more.begin(), more.end());
    const ToolResult trained = run_tool(args);
    ASSERT_EQ(trained.code, 0) << trained.err;
    EXPECT_GT(trained.json().at("examples").get<int>(), 200);
    const ToolResult scores = run_tool({"score", "-m", model, path, "--history", "none"});
    ASSERT_EQ(scores.code, 0) << scores.err;
    EXPECT_GT(std::ranges::count(scores.out, '\n'), 200);
}

TEST(JsonLogs, EveryPresetGivesAModel) {
    expect_model(many_of("segment.jsonl", "anon-[abc]", "Order Completed"));
    expect_model(many_of("snowplow.jsonl", "duid-[abc]", "\"transaction\""));
    expect_model(many_of("ga4.jsonl", "\"user_pseudo_id\":\"100", "\"purchase\""));
}

}  // namespace
}  // namespace funnel
