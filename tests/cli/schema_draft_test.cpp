// SPDX-License-Identifier: MIT
// funnel-train schema: what it writes can be used as it is, and what it is unsure of is said.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"
#include "support/tool.hpp"

namespace funnel {
namespace {

using nlohmann::json;
using support::run_tool;
using support::ToolResult;

class SchemaDraft : public testing::Test {
 protected:
    json draft(const std::string& path) {
        const ToolResult result = run_tool({"schema", path});
        EXPECT_EQ(result.code, 0) << result.err;
        said_ = result.err;
        return result.code == 0 ? result.json() : json();
    }
    json draft_of(const std::string& text) { return draft(folder_.write("log", text)); }
    /// metrics of the log with its draft, unedited.
    json used(const std::string& path) {
        const std::string schema = folder_.write("draft.json", draft(path).dump());
        const ToolResult result = run_tool({"metrics", "--json", path, "--schema", schema});
        EXPECT_EQ(result.code, 0) << path << ": " << result.err;
        return result.code == 0 ? result.json() : json();
    }
    json used_text(const std::string& text) { return used(folder_.write("log", text)); }

    support::TemporaryFolder folder_;
    std::string said_;
};

TEST_F(SchemaDraft, NamesThePresetThatFits) {
    EXPECT_EQ(draft_of("event_time,event_type,user_id\n2024-01-01,view,u\n"),
              json({{"preset", "canonical"}}));
    EXPECT_EQ(draft_of("1,2,3,pv,1511544070\n1,2,3,buy,1511544071\n"), json({{"preset", "taobao"}}));
    EXPECT_EQ(draft(FUNNEL_TEST_DIR "/data/json/segment.jsonl"), json({{"preset", "segment"}}));
    EXPECT_EQ(draft(FUNNEL_TEST_DIR "/data/json/woocommerce_orders.jsonl"),
              json({{"preset", "woocommerce-orders"}}));
}

TEST_F(SchemaDraft, FindsColumnsByNameAndEventsByMeaning) {
    const std::string text =
        "Timestamp;customerId;Action;productSku;unit_price\n"
        "13.04.2024 10:00;c1;Product Viewed;A;1.234,50\n14.04.2024 11:00;c1;Add to cart;A;1.234,50\n"
        "14.04.2024 11:05;c1;Order Completed;A;1.234,50\n15.04.2024 11:05;c2;wibble;B;3,00\n";
    const json schema = draft_of(text);
    EXPECT_EQ(schema.at("delimiter"), ";");
    EXPECT_EQ(schema.at("columns"), json({{"time", "Timestamp"},
                                          {"user", "customerId"},
                                          {"event", "Action"},
                                          {"item", "productSku"},
                                          {"price", "unit_price"}}));
    EXPECT_EQ(schema.at("time").at("format"), "%d.%m.%Y %H:%M");
    EXPECT_EQ(schema.at("decimal"), ",");
    EXPECT_EQ(
        schema.at("events"),
        json({{"Product Viewed", "view"}, {"Add to cart", "cart_add"}, {"Order Completed", "purchase"}}));
    EXPECT_NE(said_.find("wibble"), std::string::npos) << said_;
    const json all = used_text(text);
    EXPECT_EQ(all.at("log").at("accepted"), 4);
    EXPECT_EQ(all.at("metrics").at("revenue").at("value"), 1234.5);
}

TEST_F(SchemaDraft, SaysWhenDayAndMonthMayBeSwapped) {
    EXPECT_EQ(draft_of("date,user,event\n01/02/2024,u,view\n03/04/2024,u,view\n").at("time").at("format"),
              "%d/%m/%Y");
    EXPECT_NE(said_.find("%m/%d/%Y"), std::string::npos) << said_;
    EXPECT_EQ(draft_of("date,user,event\n01/02/2024,u,view\n03/14/2024,u,view\n").at("time").at("format"),
              "%m/%d/%Y");
    EXPECT_EQ(said_.find("the form may be"), std::string::npos) << said_;
    EXPECT_EQ(draft_of("day,user,event\n20240102,u,view\n").at("time").at("format"), "%Y%m%d");
}

TEST_F(SchemaDraft, ALogOfPurchasesAndFlagsBecomeEvents) {
    const json orders = used_text(
        "InvoiceNo,InvoiceDate,CustomerID,StockCode,Quantity,UnitPrice\n536365,2010-12-01 "
        "08:26:00,17850.0,A,6,2.5\n"
        "C536366,2010-12-01 09:00:00,17850.0,A,-1,2.5\n536367,2010-12-02 09:00:00,,A,1,2.5\n");
    EXPECT_EQ(orders.at("log").at("by_event"), json({{"purchase", 1}, {"refund", 1}}));
    EXPECT_EQ(orders.at("log").at("ignored"), 1);
    const json shown = used_text(
        "timestamp,item_id,position,click,user_feature_0\n2019-11-24 00:00:00,1,1,0,x\n2019-11-24 "
        "00:00:01,2,2,1,y\n");
    EXPECT_EQ(shown.at("log").at("by_event"), json({{"impression", 2}, {"click", 1}}));
    EXPECT_NE(said_.find("user_feature_0"), std::string::npos) << said_;
}

TEST_F(SchemaDraft, JsonLinesGivePathsAndTheListOfProducts) {
    const std::string text =
        R"({"ts":"2024-01-01T00:00:00Z","who":{"user_id":"u1"},"what":{"event_name":"view_item"},"cart":{"items":[{"sku":"a","price":2}]}})"
        "\n"
        R"({"ts":"2024-01-01T01:00:00Z","who":{"user_id":"u1"},"what":{"event_name":"purchase"},"cart":{"items":[{"sku":"a","price":2},{"sku":"b","price":3}]}})"
        "\n";
    const json schema = draft_of(text);
    EXPECT_EQ(schema.at("explode"), "cart.items");
    EXPECT_EQ(schema.at("columns"), json({{"time", "ts"},
                                          {"user", "who.user_id"},
                                          {"event", "what.event_name"},
                                          {"item", "cart.items.sku"},
                                          {"price", "cart.items.price"}}));
    const json all = used_text(text);
    EXPECT_EQ(all.at("log").at("by_event"), json({{"view", 1}, {"purchase", 2}}));
}

TEST_F(SchemaDraft, WhatIsNoLogIsRefused) {
    for (const char* text : {"a,b\n1,2\n", "", "x\n", "{\"a\":1}\n", "time,x\n2024-01-01,1\n"}) {
        const ToolResult result = run_tool({"schema", folder_.write("log", text)});
        EXPECT_EQ(result.code, 3) << text;
        EXPECT_TRUE(result.one_error_line()) << result.err;
    }
    EXPECT_EQ(run_tool({"schema", folder_.path("none")}).code, 5);
}

TEST_F(SchemaDraft, IsUsableOnRealLogs) {
    const char* const folder = std::getenv("FUNNEL_REAL_DATA");
    if (folder == nullptr) GTEST_SKIP() << "FUNNEL_REAL_DATA is not set";
    const std::string root = std::string(folder) + '/';
    for (const char* name :
         {"retailrocket/events_2015-06_part1.csv", "taobao_userbehavior/UserBehavior_part1.csv",
          "rees46_multicategory/2019-Oct_part1.csv", "open_bandit/bts_men.csv.gz",
          "uci_online_retail/online_retail_2010-12_2011-08.csv.gz",
          "ga4_merch_store/view_sessions_2020-11-01_2021-01-15.csv.gz"}) {
        const json all = used(root + name);
        if (all.is_null()) continue;
        EXPECT_GT(all.at("log").at("accepted").get<int>(), 5000) << name;
    }
}

TEST_F(SchemaDraft, ColumnsThatAreLeftOutAreNamed) {
    static_cast<void>(
        draft_of("Timestamp,customerId,Action,weather,mood\n2024-04-13,c1,Product Viewed,wet,9\n"
                 "2024-04-14,c2,Add to cart,dry,8\n"));
    EXPECT_NE(said_.find("2 columns left out: weather, mood"), std::string::npos) << said_;
    static_cast<void>(draft_of("Timestamp,customerId,Action\n2024-04-13,c1,Product Viewed\n"));
    EXPECT_EQ(said_.find("left out"), std::string::npos) << said_;
}

}  // namespace
}  // namespace funnel
