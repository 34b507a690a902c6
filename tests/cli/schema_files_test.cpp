// SPDX-License-Identifier: MIT
// Logs as shops have them, with the schema files that read them: every figure by hand.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/names.hpp"

namespace funnel::cli_test {
namespace {

class SchemaFiles : public testing::Test {
 protected:
    [[nodiscard]] ToolResult run(std::vector<std::string> args, const std::string& log,
                                 const std::string& schema = {}) const {
        args.push_back(folder_.write("log.csv", log));
        if (!schema.empty()) args.insert(args.end(), {"--schema", folder_.write("schema.json", schema)});
        return run_tool(args);
    }
    [[nodiscard]] json metrics(const std::string& log, const std::string& schema = {},
                               std::vector<std::string> more = {}) const {
        more.insert(more.begin(), {"metrics", "--json"});
        const ToolResult result = run(more, log, schema);
        EXPECT_EQ(result.code, 0) << result.err;
        return result.code == 0 ? result.json() : json();
    }
    [[nodiscard]] static std::vector<int> reached(const json& all) {
        std::vector<int> steps;
        for (const json& step : all.at("funnel").at("steps"))
            steps.push_back(step.at("reached"));
        return steps;
    }
    TemporaryFolder folder_;
};

double value(const json& all, const char* name) {
    return all.at("metrics").at(name).at("value");
}

constexpr const char* kCoupons =
    "event_time,event_type,user_id,item_id\n"
    "2024-01-01T10:00:00Z,view,u1,A\n2024-01-01T11:00:00Z,coupon,u1,A\n2024-01-01T12:00:00Z,purchase,u1,A\n"
    "2024-01-01T10:00:00Z,view,u2,A\n2024-01-01T11:00:00Z,purchase,u2,A\n2024-01-20T11:00:00Z,view,u3,A\n";

TEST_F(SchemaFiles, AStageMayBeAnEventOfTheLogsOwn) {
    const std::string schema =
        R"({"columns":{"time":"event_time","event":"event_type","user":"user_id","item":"item_id"},
            "funnel":[["view"],["coupon"],["purchase"]]})";
    EXPECT_EQ(reached(metrics(kCoupons, schema)), (std::vector<int>{3, 1, 1}));
    EXPECT_EQ(reached(metrics(kCoupons, {}, {"--funnel", "view,coupon,purchase"})),
              (std::vector<int>{3, 1, 1}));
    const ToolResult features = run({"features"}, kCoupons, schema);
    EXPECT_EQ(features.code, 0) << features.err;
    EXPECT_NE(features.out.find("label_coupon"), std::string::npos);
}

TEST_F(SchemaFiles, DatesWrittenAsDigitsAreRefused) {
    std::string log =
        "event_time,event_type,user_id,item_id,order_id,price\n20240101,view,u1,A,,10\n20240215,purchase,u1,"
        "A,O1,10\n"
        "20240101,view,u2,A,,10\n20240102,purchase,u2,A,O2,10\n20240401,purchase,u2,B,O3,10\n"
        "20240101,cart_add,u3,A,,10\n20240601,view,u3,B,,10\n";
    const ToolResult refused = run({"metrics", "--funnel", "view,purchase"}, log);
    EXPECT_EQ(refused.code, 3);
    EXPECT_NE(refused.err.find("2024-01-01"), std::string::npos) << refused.err;
    EXPECT_NE(refused.err.find("1970-08-23"), std::string::npos) << refused.err;
    const json read =
        metrics(log, R"({"preset":"canonical","time":{"format":"%Y%m%d"}})", {"--funnel", "view,purchase"});
    EXPECT_EQ(reached(read), (std::vector<int>{3, 1}));
    EXPECT_EQ(reached(metrics(log, {}, {"--funnel", "view,purchase", "--time-unit", "s"})),
              (std::vector<int>{3, 2}));
}

constexpr const char* kShopify =
    "Name,Email,Financial Status,Paid at,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Cancelled at,Refunded Amount\n"
    "#1001,a@example.org,paid,2026-05-01 10:00:00+0200,EUR,100.90,100.90,2026-05-01 09:59:00 +0200,1,Tea "
    "100,62.95,,0.00\n"
    "#1001,a@example.org,,,,,,2026-05-01 09:59:00 +0200,1,Tea 50,37.95,,\n"
    "#1002,b@example.org,refunded,2026-05-02 10:00:00+0200,EUR,50.00,50.00,2026-05-02 09:59:00 "
    "+0200,1,Cup,20.00,,50.00\n"
    "#1002,b@example.org,,,,,,2026-05-02 09:59:00 +0200,1,Pot,30.00,,\n"
    "#1003,a@example.org,paid,2026-06-11 10:00:00+0200,EUR,20.00,20.00,2026-06-11 09:59:00 "
    "+0200,1,Cup,20.00,,0.00\n"
    "#1004,c@example.org,voided,,EUR,9.00,9.00,2026-06-12 09:59:00 +0200,1,Cup,9.00,,0.00\n"
    "#1005,,paid,,EUR,1.00,1.00,2026-06-12 10:59:00 +0200,1,Card,1.00,,0.00\n";

TEST_F(SchemaFiles, ShopifysExportOfOrders) {
    const json all = metrics(kShopify);
    EXPECT_EQ(all.at("log").at("schema"), "shopify-orders");
    EXPECT_EQ(all.at("log").at("rows"), 7);
    EXPECT_EQ(all.at("log").at("accepted"), 6);
    EXPECT_EQ(all.at("log").at("ignored"), 1);
    EXPECT_EQ(all.at("log").at("events"), 7);
    EXPECT_EQ(value(all, "revenue"), 171.90);
    EXPECT_EQ(value(all, "net_revenue"), 121.90);
    EXPECT_EQ(value(all, "orders"), 4);
    EXPECT_EQ(value(all, "net_orders"), 3);
    EXPECT_EQ(all.at("log").at("users"), 3);
    const json by = metrics(kShopify, {}, {"--by", "item"});
    ASSERT_FALSE(by.at("breakdown").empty());
    EXPECT_TRUE(by.at("breakdown").at(0).at("metrics").at("revenue").at("value").is_null());
    EXPECT_EQ(by.at("breakdown").at(0).at("metrics").at("revenue").at("reason"), "order_total_only");
}

TEST_F(SchemaFiles, ATill) {
    const json all = metrics(
        ",date,time,ticket,article,Quantity,unit_price\n0,02/01/2021,08:38,5040.0,ROLL,1.0,\"0,90 €\"\n"
        "1,02/01/2021,08:38,5040.0,CROISSANT,3.0,\"1,20 €\"\n4,02/01/2021,09:14,5041.0,CROISSANT,2.0,\"1,20 "
        "€\"\n"
        "5,02/01/2021,09:14,5041.0,LOAF,1.0,\"1,15 €\"\n8,02/01/2021,09:25,5042.0,LONG LOAF,5.0,\"1,20 €\"\n"
        "11,02/01/2021,09:31,5043.0,ROLL,-1.0,\"0,90 €\"\n",
        R"({"columns": {"time": ["date", "time"], "user": "ticket", "order": "ticket", "item": "article",
                        "price": "unit_price", "quantity": "Quantity"},
            "time": {"format": "%d/%m/%Y %H:%M"}, "decimal": ",",
            "event": {"constant": "purchase", "rules": [{"column": "Quantity", "prefix": "-", "type": "refund"}]},
            "funnel": [["purchase"]]})");
    EXPECT_EQ(value(all, "orders"), 3);
    EXPECT_DOUBLE_EQ(value(all, "revenue"), 14.05);
    EXPECT_DOUBLE_EQ(value(all, "net_revenue"), 13.15);
}

TEST_F(SchemaFiles, VisitorsThatAreKnownLater) {
    const std::string schema =
        R"({"columns":{"time":"created_at","user":["user_id","session_id"],"session":"session_id","event":"event_type"},
            "events":{"product":"view","cart":"cart_add"},"funnel":[["view"],["cart_add"],["purchase"]]})";
    const json all = metrics(
        "user_id,session_id,created_at,event_type\n"
        ",s1,2023-01-01 12:00:00+00:00,product\n,s1,2023-01-01 12:03:00+00:00,cart\n"
        "10,s2,2023-01-01 12:01:00+00:00,product\n10,s2,2023-01-01 12:02:00+00:00,cart\n"
        "10,s2,2023-01-01 12:04:00+00:00,purchase\n,s3,2023-01-02 09:00:00+00:00,product\n",
        schema);
    EXPECT_EQ(all.at("log").at("users"), 3);
    EXPECT_EQ(reached(all), (std::vector<int>{3, 2, 1}));
}

TEST_F(SchemaFiles, ASpreadsheetWithSemicolons) {
    const std::string log =
        "event_time;event_type;user_id;item_id;price\n2024-01-01 10:00;view;u1;A;12,50\n"
        "2024-01-01 10:05;purchase;u1;A;1.234,50\n";
    const ToolResult plain = run({"metrics"}, log);
    EXPECT_EQ(plain.code, 3);
    EXPECT_NE(plain.err.find("12,50"), std::string::npos) << plain.err;
    EXPECT_NE(plain.err.find("how amounts are written, here \"decimal\": \",\""), std::string::npos)
        << plain.err;
    const ToolResult result =
        run({"metrics", "--json"}, log, R"({"preset":"canonical","decimal":",","thousands":"."})");
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(value(result.json(), "revenue"), 1234.5);
    EXPECT_NE(result.err.find("separated by \";\""), std::string::npos) << result.err;
}

TEST_F(SchemaFiles, ColumnsWithoutAName) {
    const json all = metrics(
        "event_time,event_type,user_id,item_id,,\n2024-01-01 10:00,view,u1,A,,\n"
        "2024-01-01 10:05,purchase,u1,A,,\n");
    EXPECT_EQ(value(all, "conversion_user"), 1);
}

TEST_F(SchemaFiles, Escapes) {
    const std::string log =
        "event_time,event_type,user_id,item_id,name\n2024-01-01 10:00:00,view,u1,A,\"He said \\\"hi\\\"\"\n"
        "2024-01-01 10:01:00,purchase,u1,A,plain\n";
    EXPECT_EQ(run({"metrics"}, log).code, 3);
    EXPECT_EQ(metrics(log, R"({"preset":"canonical","escape":"\\"})").at("log").at("accepted"), 2);
}

TEST_F(SchemaFiles, TheTotalOfAnOrderOnEachOfItsLines) {
    const std::string log =
        "Order ID,Order Date,Customer,SKU,Qty,Item Price,Order Total\n1001,2024-01-01 "
        "10:00,a,A,1,10.00,40.00\n"
        "1001,2024-01-01 10:00,a,B,3,10.00,40.00\n1002,2024-01-02 10:00,b,A,1,10.00,10.00\n"
        "1003,2024-01-03 10:00,a,C,1,5.00,15.00\n1003,2024-01-03 10:00,a,A,1,10.00,15.00\n";
    const auto schema = [](const char* role) {
        return std::string(
                   R"({"columns":{"time":"Order Date","user":"Customer","order":"Order ID","item":"SKU",")") +
               role +
               R"(":"Order Total","quantity":"Qty"},"event":{"constant":"purchase"},"funnel":[["purchase"]]})";
    };
    const json all = metrics(log, schema("order_revenue"));
    EXPECT_EQ(value(all, "revenue"), 65);
    EXPECT_EQ(value(all, "orders"), 3);
    const ToolResult lines = run({"metrics", "--json"}, log, schema("revenue"));
    EXPECT_EQ(value(lines.json(), "revenue"), 120);
    EXPECT_NE(lines.err.find("order_revenue"), std::string::npos) << lines.err;
    const ToolResult unknown = run({"metrics"}, log, schema("order_revenu"));
    EXPECT_EQ(unknown.code, 3);
    EXPECT_NE(unknown.err.find("did you mean \"order_revenue\"?"), std::string::npos) << unknown.err;
}

}  // namespace
}  // namespace funnel::cli_test
