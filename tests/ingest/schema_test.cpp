// SPDX-License-Identifier: MIT
// How columns and event names of a log become ours.
#include "funnel/ingest/schema.hpp"

#include "ingest/log_file.hpp"

namespace funnel::ingest {
namespace {

std::string parse_failure(std::string_view json) {
    try {
        static_cast<void>(parse_schema(json, "s.json"));
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::schema);
        return error.what();
    }
    return "";
}

constexpr std::string_view kOnlineRetail =
    R"({"columns":{"time":"InvoiceDate","user":"CustomerID","item":"StockCode",
 "order":"InvoiceNo","price":"UnitPrice","quantity":"Quantity"},
 "header":true,"delimiter":",","time":{"unit":"auto","zone":"Europe/London"},
 "event":{"constant":"purchase","rules":[{"column":"InvoiceNo","prefix":"C","type":"refund"}]},
 "events":{"addtocart":"cart_add"},"ignore_rows":[{"column":"CustomerID","equals":""}],
 "funnel":[["view"],["purchase"]],"numeric":["Quantity"],"categorical":["Country"]})";

TEST(Schema, IsReadFromJson) {
    const Schema schema = parse_schema(kOnlineRetail, "retail.json");
    EXPECT_EQ(schema.name, "retail.json");
    EXPECT_EQ(schema.columns.at("order"), "InvoiceNo");
    EXPECT_EQ(schema.time_zone, "Europe/London");
    EXPECT_EQ(schema.event_constant, "purchase");
    ASSERT_EQ(schema.event_rules.size(), 1u);
    EXPECT_EQ(schema.event_rules[0].type, "refund");
    EXPECT_EQ(schema.ignore_rows[0].equals, "");
    EXPECT_EQ(schema.funnel, (std::vector<std::vector<std::string>>{{"view"}, {"purchase"}}));
    EXPECT_FALSE(schema.funnel_is_default);
    EXPECT_EQ(schema.numeric, std::vector<std::string>{"Quantity"});
}

TEST(Schema, SurvivesAModelFile) {
    std::vector<Schema> schemas = {parse_schema(kOnlineRetail, "retail.json"),
                                   parse_schema(R"({"columns":{"time":3,"user":1,"event":2},"header":false,
                                                    "delimiter":"\t","time":{"unit":"ms"}})",
                                                "n.json"),
                                   parse_schema(R"({"columns":{}})", "empty.json")};
    for (const std::string& name : preset_names())
        schemas.push_back(*preset(name));
    for (const Schema& schema : schemas) {
        const Schema again = parse_schema(to_json(schema), "model");
        EXPECT_EQ(again.name, schema.name);
        EXPECT_EQ(again.columns, schema.columns);
        EXPECT_EQ(again.header, schema.header);
        EXPECT_EQ(again.delimiter, schema.delimiter);
        EXPECT_EQ(again.time_unit, schema.time_unit);
        EXPECT_EQ(again.time_zone, schema.time_zone);
        EXPECT_EQ(again.event_constant, schema.event_constant);
        EXPECT_EQ(again.events, schema.events);
        EXPECT_EQ(again.event_rules.size(), schema.event_rules.size());
        EXPECT_EQ(again.ignore_rows.size(), schema.ignore_rows.size());
        EXPECT_EQ(again.funnel, schema.funnel);
        EXPECT_EQ(again.funnel_is_default, schema.funnel_is_default);
        EXPECT_EQ(again.required, schema.required);
        EXPECT_EQ(to_json(again), to_json(schema));
    }
}

TEST(Schema, NamesTheNearestKey) {
    EXPECT_NE(parse_failure(R"({"colums":{}})").find("got \"colums\"; did you mean \"columns\"?"),
              std::string::npos);
    EXPECT_NE(parse_failure(R"({"columns":{"tme":"t"}})").find("s.json.columns: expected one of time,"),
              std::string::npos);
    EXPECT_NE(parse_failure(R"({"columns":{"tme":"t"}})").find("did you mean \"time\"?"), std::string::npos);
    EXPECT_NE(parse_failure(R"({"columns":{},"events":{"x":"cart-add"}})").find("did you mean \"cart_add\"?"),
              std::string::npos);
    EXPECT_NE(parse_failure(R"({"columns":{},"time":{"unti":"s"}})").find("did you mean \"unit\"?"),
              std::string::npos);
}

TEST(Schema, RefusesWhatItCannotMean) {
    for (const char* json :
         {"", "{", "[]", "3", R"({"header":true})", R"({"columns":{"time":3}})",
          R"({"columns":{"time":"x"},"header":false})", R"({"columns":{"time":0},"header":false})",
          R"({"columns":{},"delimiter":",,"})", R"({"columns":{},"delimiter":"\""})",
          R"({"columns":{},"delimiter":"\n"})", R"({"columns":{},"delimiter":""})",
          R"({"columns":{},"time":{"unit":"days"}})", R"({"columns":{},"funnel":[["a"],["a","b"]]})",
          R"({"columns":{},"funnel":[]})", R"({"columns":{},"header":"yes"})",
          R"({"columns":{},"event":{"rules":[{"column":"x","prefix":"C"}]}})"}) {
        EXPECT_NE(parse_failure(json), "") << json;
    }
    EXPECT_NE(parse_failure(std::string(100'000, '[')), "");
}

TEST(Schema, IsAPresetOrAFile) {
    EXPECT_EQ(load_schema("rees46").name, "rees46");
    try {
        static_cast<void>(load_schema("ress46"));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        EXPECT_NE(std::string(error.what()).find("did you mean rees46?"), std::string::npos);
    }
    try {
        static_cast<void>(load_schema("missing/schema.json"));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io);
    }
}

TEST(Schema, IsFoundByTheColumnsOfTheHeader) {
    const auto detected = [](std::vector<std::string> header) {
        const auto schema = detect_schema(header);
        return schema ? schema->name : "none";
    };
    EXPECT_EQ(detected({"event_time", "event_type", "user_id"}), "canonical");
    EXPECT_EQ(detected({"user_id", "x", "event_type", "event_time", "product_id", "user_session"}), "rees46");
    EXPECT_EQ(detected({"event_time", "event_type", "user_id", "session_id", "product_id", "list_name",
                        "transaction_id"}),
              "ga-flat");
    EXPECT_EQ(detected({"event_timestamp", "event_name", "user_pseudo_id", "ga_session_id", "item_id"}),
              "ga4");
    EXPECT_EQ(detected({"timestamp", "visitorid", "event", "itemid", "transactionid"}), "retailrocket");
    EXPECT_EQ(detected({"1", "2", "3", "4", "5"}), "none");
}

using SchemaOfALog = LogFile;

TEST_F(SchemaOfALog, IsRefusedWithTheColumnsFound) {
    const std::string what = failure("event_time,event_type, User_ID \n");
    EXPECT_NE(what.find("got \"event_time,event_type, User_ID \""), std::string::npos) << what;
    EXPECT_NE(what.find("is \" User_ID \" meant to be user_id?"), std::string::npos) << what;
    EXPECT_EQ(code_, ErrorCode::schema);
    ReadOptions options;
    options.schema = "rees46";
    const std::string missing = failure("event_time,event_type,product_id,userid,user_session\n", options);
    EXPECT_NE(missing.find("column user_id (user): expected it in the header"), std::string::npos) << missing;
    EXPECT_NE(missing.find("did the log mean \"userid\"?"), std::string::npos) << missing;
}

TEST_F(SchemaOfALog, MapsEventNames) {
    ReadOptions options;
    options.custom_kinds = {"signup", "trial"};
    const ReadResult result = read(
        "event_time,event_type,user_id\n1700000001,view,a\n1700000002,trial,a\n1700000003,heartbeat,"
        "a\n1700000004,view,a\n1700000005,signup,a\n",
        options);
    const auto custom = [](int k) {
        return static_cast<EventKind>(static_cast<int>(EventKind::custom_first) + k);
    };
    EXPECT_EQ(result.log.kind, (std::vector<EventKind>{EventKind::view, custom(1), EventKind::other,
                                                       EventKind::view, custom(0)}));
    EXPECT_EQ(result.report.by_event, (std::map<std::string, std::uint64_t>{
                                          {"view", 2}, {"trial", 1}, {"heartbeat", 1}, {"signup", 1}}));
    EXPECT_EQ(result.log.custom_kinds, options.custom_kinds);
}

TEST_F(SchemaOfALog, CountsTenThousandNamesOfTheLogsOwn) {
    std::string text = "event_time,event_type,user_id\n";
    for (int i = 0; i < 12'000; ++i)
        text += "1700000001,name" + std::to_string(i) + ",u\n";
    text += "1700000001,name3,u\n1700000001,view,u\n1700000001,name11999,u\n";
    for (const unsigned threads : {1u, 2u}) {
        const ReadResult result = detail::read_log(std::vector{write(text)}, with_threads(threads),
                                                   detail::Tuning{.block_bytes = 5000, .window_bytes = 1000});
        EXPECT_EQ(result.report.by_event.size(), 10'002u);
        EXPECT_EQ(result.report.by_event.at("other"), 2001u);
        EXPECT_EQ(result.report.by_event.at("name3"), 2u);
        EXPECT_EQ(result.report.by_event.at("view"), 1u);
    }
}

TEST_F(SchemaOfALog, KeepsOrderLinesOfPurchasesAndRefunds) {
    ReadOptions options;
    options.schema = write(kOnlineRetail, "retail.json");
    const ReadResult result = read(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,85123A,\"HOLDER, WHITE\",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
        "536366,1,X,6,no time,2.55,,UK\n"
        "C536367,2,Y,-1,2011-08-31 17:45:00,NA,17851.0,UK\n",
        options);
    EXPECT_EQ(result.report.rows, 3u);
    EXPECT_EQ(result.report.ignored, 1u);
    EXPECT_EQ(result.log.kind, (std::vector<EventKind>{EventKind::purchase, EventKind::refund}));
    EXPECT_EQ(result.log.time[1], 1314809100'000000);
    ASSERT_EQ(result.log.order_lines.size(), 2u);
    EXPECT_EQ(result.log.orders.text(result.log.order_lines[0].order), "536365");
    EXPECT_EQ(result.log.order_lines[0].price, 2.55);
    EXPECT_EQ(result.log.order_lines[1].quantity, -1.0);
    EXPECT_TRUE(std::isnan(result.log.order_lines[1].price));
    EXPECT_TRUE(result.log.has_price);
    EXPECT_TRUE(result.log.has_quantity);
    EXPECT_FALSE(result.log.has_revenue);
}

TEST_F(SchemaOfALog, LoadsTheColumnsAskedFor) {
    const std::string text =
        "event_time,event_type,user_id,category,price,device,session_id\n"
        "1700000001,view,u,c1,1.5,mobile,s1\n1700000002,view,u,,NA,,\n";
    ReadOptions options;
    options.columns.price = true;
    options.columns.text = {"device"};
    options.columns.text_if_mapped = true;
    const ReadResult result = read(text, options);
    ASSERT_EQ(result.log.text_columns.size(), 2u);  // brand and list are mapped, but not there
    EXPECT_EQ(result.log.text_column("device")->code, (std::vector<std::uint32_t>{0, base::kNone}));
    EXPECT_EQ(result.log.text_column("category")->values.text(0), "c1");
    ASSERT_NE(result.log.number_column("price"), nullptr);
    EXPECT_EQ(result.log.number_column("price")->value[0], 1.5f);
    EXPECT_TRUE(std::isnan(result.log.number_column("price")->value[1]));
    EXPECT_EQ(result.log.session, (std::vector<std::uint64_t>{events::session_key("s1"), 0}));
    options.columns.numbers = {"device"};
    EXPECT_TRUE(failure(text, options).starts_with("log.csv:2: column device: expected a number"));
    options.columns.numbers = {"colour"};
    EXPECT_NE(failure(text, options).find("column colour"), std::string::npos);
    EXPECT_EQ(code_, ErrorCode::schema);
}

TEST_F(SchemaOfALog, WithoutAHeaderNumbersItsColumns) {
    ReadOptions options;
    options.schema = "taobao";
    const ReadResult result = read("543462,1715,1464116,pv,1511658000\n1,2,3,buy,1511658001\n", options);
    EXPECT_EQ(users_and_items(result), (std::vector<std::string>{"543462 1715", "1 2"}));
    EXPECT_EQ(result.log.time[0], 1511658000'000000);
    EXPECT_EQ(read_skipping("1,2,3\n1,2,3,buy,1511658001\n1,2,3,buy,1511658001,6\n", options).report.accepted,
              1u);
    options.schema = write(R"({"columns":{"time":1,"user":2,"event":3},"header":false})", "n.json");
    EXPECT_EQ(read("1700000001,u,view,more\n1700000002,u,view,more\n", options).report.accepted, 2u);
    EXPECT_NE(failure("1700000001,u\n", options).find("expected 3 fields, got \"1700000001,u\", which has 2"),
              std::string::npos);
}

TEST_F(SchemaOfALog, MayBeGivenWhole) {
    ReadOptions options;
    options.explicit_schema = *preset("canonical");
    options.schema = "no-such-schema";
    EXPECT_EQ(read("event_time,event_type,user_id\n1700000001,view,u\n", options).report.schema, "canonical");
}

}  // namespace
}  // namespace funnel::ingest
