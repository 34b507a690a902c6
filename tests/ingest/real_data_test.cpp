// SPDX-License-Identifier: MIT
// Published logs, with the counts that their README gives. Set FUNNEL_REAL_DATA to their folder.
#include <cstdlib>

#include "ingest/log_file.hpp"

namespace funnel::ingest {
namespace {

using Counts = std::map<std::string, std::uint64_t>;

class RealData : public LogFile {
 protected:
    void SetUp() override {
        const char* const folder = std::getenv("FUNNEL_REAL_DATA");
        if (folder == nullptr) GTEST_SKIP() << "FUNNEL_REAL_DATA is not set";
        data_ = std::string(folder) + '/';
    }
    [[nodiscard]] ReadResult read_data(const std::vector<std::string>& names,
                                       ReadOptions options = {}) const {
        std::vector<std::string> paths;
        for (const std::string& name : names)
            paths.push_back(data_ + name);
        options.columns.row_hash = true;
        options.threads = 2;
        return read_log(paths, options);
    }
    std::string data_;
};

TEST_F(RealData, GoogleMerchandiseStore) {
    const ReadResult result = read_data(
        {"google_merch_store_2016/events_2016-08.csv.gz", "google_merch_store_2016/events_2016-09.csv.gz"});
    EXPECT_EQ(result.report.schema, "ga-flat");
    EXPECT_EQ(result.report.rows, 7'101'529u);
    const Counts counts = {{"page_view", 689'728}, {"impression", 6'095'057}, {"click", 118'320},
                           {"view", 97'353},       {"cart_add", 26'969},      {"cart_remove", 3'349},
                           {"checkout", 56'551},   {"purchase", 14'202}};
    EXPECT_EQ(result.report.by_event, counts);
    EXPECT_EQ(result.log.items.size(), 1'475u);
    EXPECT_EQ(result.log.orders.size(), 2'015u);
    EXPECT_EQ(result.log.order_lines.size(), 14'202u);
    EXPECT_TRUE(result.log.has_revenue && result.log.has_quantity && result.log.has_price);
    EXPECT_NE(result.log.users.find("0423043652415339154"), base::kNone);  // 19 digits, a leading zero
    EXPECT_NE(result.log.items.find("(not set)"), base::kNone);
}

TEST_F(RealData, RetailRocket) {
    const ReadResult result = read_data({"retailrocket/events_2015-06_part1.csv"});
    EXPECT_EQ(result.report.schema, "retailrocket");
    EXPECT_EQ(result.report.by_event, (Counts{{"view", 67'691}, {"cart_add", 1'692}, {"purchase", 617}}));
    EXPECT_EQ(result.log.users.size(), 38'539u);
    EXPECT_EQ(result.log.items.size(), 30'921u);
    EXPECT_EQ(result.report.duplicates, 5u);
}

TEST_F(RealData, Taobao) {
    ReadOptions options;
    options.schema = "taobao";
    const ReadResult result = read_data({"taobao_userbehavior/UserBehavior_part1.csv"}, options);
    EXPECT_EQ(result.report.by_event,
              (Counts{{"view", 68'919}, {"cart_add", 4'224}, {"favorite", 2'365}, {"purchase", 1'699}}));
    EXPECT_EQ(result.log.users.size(), 48'245u);
    EXPECT_EQ(result.log.items.size(), 62'295u);
    EXPECT_EQ(result.report.duplicates, 0u);
    EXPECT_EQ(result.log.last_time(), 1511663678'000000);  // 02:34:38 UTC
}

TEST_F(RealData, Rees46) {
    ReadOptions options;
    options.columns.text = {"category_id"};
    options.columns.text_if_mapped = true;
    options.columns.price = true;
    const ReadResult result = read_data({"rees46_multicategory/2019-Oct_part1.csv"}, options);
    EXPECT_EQ(result.report.schema, "rees46");
    EXPECT_EQ(result.report.by_event, (Counts{{"view", 11'947}, {"cart_add", 113}, {"purchase", 147}}));
    EXPECT_EQ(result.log.users.size(), 3'347u);
    EXPECT_EQ(result.log.items.size(), 4'907u);
    EXPECT_EQ(result.report.duplicates, 4u);
    EXPECT_NE(result.log.text_column("category_id")->values.find("2103807459595387724"), base::kNone);
    EXPECT_EQ(std::ranges::count(result.log.text_column("category")->code, base::kNone), 4'007);
    EXPECT_EQ(std::ranges::count(result.log.text_column("brand")->code, base::kNone), 1'807);
}

TEST_F(RealData, OnlineRetail) {
    ReadOptions options;
    options.schema = write(R"({"columns":{"time":"InvoiceDate","user":"CustomerID","item":"StockCode",
        "order":"InvoiceNo","price":"UnitPrice","quantity":"Quantity"},"time":{"zone":"Europe/London"},
        "event":{"constant":"purchase","rules":[{"column":"InvoiceNo","prefix":"C","type":"refund"}]},
        "ignore_rows":[{"column":"CustomerID","equals":""}]})",
                           "retail.json");
    const ReadResult result = read_data({"uci_online_retail/online_retail_2010-12_2011-08.csv.gz"}, options);
    EXPECT_EQ(result.report.rows, 320'705u);
    EXPECT_EQ(result.report.ignored, 88'652u);
    EXPECT_EQ(result.report.accepted, 320'705u - 88'652u);
    EXPECT_EQ(result.log.users.size(), 3'360u);
    double money = 0;
    std::vector<std::uint32_t> orders, buyers;
    for (const auto& line : result.log.order_lines) {
        if (result.log.kind[line.row] != EventKind::purchase) continue;
        money += line.price * line.quantity;
        orders.push_back(line.order);
        buyers.push_back(result.log.user[line.row]);
    }
    const auto distinct = [](std::vector<std::uint32_t> values) {
        std::ranges::sort(values);
        return std::unique(values.begin(), values.end()) - values.begin();
    };
    EXPECT_EQ(distinct(orders), 11'415);
    EXPECT_EQ(distinct(buyers), 3'317);
    EXPECT_NEAR(money, 5'239'240.56, 0.005);  // pounds; sums of doubles differ in the last pennies' digits
}

}  // namespace
}  // namespace funnel::ingest
