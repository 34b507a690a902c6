// SPDX-License-Identifier: MIT
// Real logs, read through ingest, against figures that tests/golden/metrics_reference.py computed with
// pandas.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "funnel/ingest/read_log.hpp"
#include "metrics/builder.hpp"

namespace funnel::test {
namespace {

using nlohmann::json;

std::optional<std::string> data_folder() {
    const char* folder = std::getenv("FUNNEL_REAL_DATA");
    return folder == nullptr ? std::nullopt : std::optional<std::string>(folder);
}

json reference(const std::string& name) {
    std::ifstream file(std::string(FUNNEL_TEST_DIR) + "/golden/metrics_real.json");
    return json::parse(file).at(name);
}

void expect_metric(const metrics::Metric& metric, const json& expected) {
    if (expected.is_null()) {
        EXPECT_FALSE(metric.value.has_value()) << metric.name;
    } else if (expected.is_array()) {
        EXPECT_EQ(metric.numerator, expected[0].get<double>()) << metric.name;
        EXPECT_EQ(metric.denominator, expected[1].get<double>()) << metric.name;
    } else {
        EXPECT_EQ(metric.value, expected.get<double>()) << metric.name;
    }
}

/// schema: a preset or the text of a schema file.
void expect_reference(const std::string& name, const std::vector<std::string>& files,
                      const std::string& schema, const std::string& funnel) {
    const auto folder = data_folder();
    if (!folder) GTEST_SKIP() << "FUNNEL_REAL_DATA is not set";
    std::vector<std::string> paths;
    for (const std::string& file : files)
        paths.push_back(*folder + "/" + name + "/" + file);
    ingest::ReadOptions read;
    read.schema = schema;
    const auto schema_file = std::filesystem::temp_directory_path() / ("funnel_schema_" + name + ".json");
    if (schema.starts_with("{")) {
        std::ofstream(schema_file) << schema;
        read.schema = schema_file.string();
    }
    read.threads = 2;
    const EventLog log = ingest::read_log(paths, read).log;
    std::filesystem::remove(schema_file);
    const json expected = reference(name);
    EXPECT_EQ(log.size(), expected.at("rows"));
    EXPECT_EQ(log.items.size(), expected.at("items"));
    std::size_t compared = 0;
    ASSERT_TRUE(expected.at("funnel").contains("user"));
    for (const auto& [entity, steps] : expected.at("funnel").items()) {
        SCOPED_TRACE("funnel per " + entity);
        metrics::MetricsOptions options{.funnel = Funnel::parse(funnel)};
        options.entity = metrics::parse_entity(entity).value();
        options.threads = 2;
        const auto result = metrics::measure(log, options);
        EXPECT_EQ(reached(result.steps), steps.get<std::vector<std::int64_t>>());
        if (entity != "user") continue;
        for (const auto& [metric, value] : expected.items()) {
            if (metric != "funnel" && metric != "rows" && metric != "items") {
                expect_metric(result.metric(metric), value);
                ++compared;
            }
        }
    }
    EXPECT_GT(compared, 5u);
}

TEST(RealLogs, GoogleMerchandiseStoreAgreesWithPandas) {
    expect_reference("google_merch_store_2016", {"events_2016-08.csv.gz", "events_2016-09.csv.gz"}, "ga-flat",
                     "impression,click+view,cart_add,purchase");
}

TEST(RealLogs, RetailRocketAgreesWithPandas) {
    expect_reference("retailrocket", {"events_2015-06_part1.csv"}, "retailrocket", "view,cart_add,purchase");
}

TEST(RealLogs, TaobaoAgreesWithPandas) {
    expect_reference("taobao_userbehavior", {"UserBehavior_part1.csv"}, "taobao", "view,cart_add,purchase");
}

TEST(RealLogs, Rees46AgreesWithPandas) {
    expect_reference("rees46_multicategory", {"2019-Oct_part1.csv"}, "rees46", "view,cart_add,purchase");
}

TEST(RealLogs, OnlineRetailAgreesWithPandas) {
    expect_reference("uci_online_retail", {"online_retail_2010-12_2011-08.csv.gz"}, R"({
        "columns": {"time": "InvoiceDate", "user": "CustomerID", "item": "StockCode", "order": "InvoiceNo",
                    "price": "UnitPrice", "quantity": "Quantity"},
        "time": {"unit": "iso", "zone": "Europe/London"},
        "event": {"constant": "purchase", "rules": [{"column": "InvoiceNo", "prefix": "C", "type": "refund"}]},
        "ignore_rows": [{"column": "CustomerID", "equals": ""}],
        "funnel": [["purchase"]]})",
                     "purchase");
}

}  // namespace
}  // namespace funnel::test
