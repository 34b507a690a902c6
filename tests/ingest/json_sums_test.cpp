// SPDX-License-Identifier: MIT
// JSON lines: amounts of a list that add up ("[+]"), and what stands once for a line ("once").
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ingest/log_file.hpp"

namespace funnel::ingest {
namespace {

class JsonSums : public LogFile {
 protected:
    [[nodiscard]] ReadOptions with_schema(const std::string& json) const {
        ReadOptions options;
        options.schema = write(json, "schema.json");
        return options;
    }
};

const char* const kRefunds = R"({"columns":{"time":"t","user":"u","item":"l.i","order":"o","revenue":"l.m"},
    "explode":"l","rows":[{"event":"purchase"},
    {"event":"refund","once":true,"when":{"column":"back[+].m","filled":true},"revenue":"back[+].m"}]})";

TEST_F(JsonSums, AmountsOfAListAddUpAndStandOnceForTheLine) {
    const ReadResult result =
        read(R"({"t":"2024-01-01","u":"a","o":1,"l":[{"i":"x","m":5},{"i":"y","m":6}],)"
             R"("back":[{"m":"NA"},{"m":"-0.10"},{"m":"-0.20"},{"m":null},{"n":1},{"m":-7}]})"
             "\n"
             R"({"t":"2024-01-02","u":"a","o":2,"l":[{"i":"x","m":5},{"i":"y","m":6}],"back":[]})"
             "\n"
             R"({"t":"2024-01-03","u":"a","o":3,"l":[],"back":[{"m":-1}]})"
             "\n",
             with_schema(kRefunds));
    std::vector<std::string> events;
    for (std::size_t row = 0; row < result.log.size(); ++row) {
        const Event event = result.log.event(row);
        events.push_back(std::string(event.kind == EventKind::refund ? "refund" : "purchase") + ' ' +
                         std::string(event.item) + ' ' + std::string(event.order) + ' ' +
                         std::to_string(event.revenue).substr(0, 5));
    }
    std::ranges::sort(events);
    EXPECT_EQ(events, (std::vector<std::string>{"purchase  3 nan", "purchase x 1 5.000", "purchase x 2 5.000",
                                                "purchase y 1 6.000", "purchase y 2 6.000", "refund  1 -7.30",
                                                "refund  3 -1.00"}));
}

TEST_F(JsonSums, AnAmountOfAListThatIsNoNumberMakesABadRow) {
    const std::string message =
        failure(R"({"t":"2024-01-01","u":"a","o":1,"l":[{"i":"x","m":5}],"back":[{"m":"-1"},{"m":"much"}]})"
                "\n",
                with_schema(kRefunds));
    EXPECT_NE(message.find("log.csv:1: column back[+].m: expected a number such as 12.5, or "
                           "nothing, got \"much\""),
              std::string::npos)
        << message;
}

TEST_F(JsonSums, AmountsOfAListAddUpAsTheSchemaWritesThem) {
    const auto revenue = [&](const std::string& marks, const std::string& amounts) {
        std::string list;
        for (std::size_t begin = 0; begin < amounts.size();) {
            const std::size_t end = std::min(amounts.find('|', begin), amounts.size());
            list += (list.empty() ? R"({"m":")" : R"(,{"m":")") + amounts.substr(begin, end - begin) + "\"}";
            begin = end + 1;
        }
        const std::string schema =
            R"({"columns":{"time":"t","user":"u","revenue":"l[+].m"},"event":{"constant":"purchase"})" +
            marks + "}";
        const ReadResult result =
            read(R"({"t":"2024-01-01","u":"a","l":[)" + list + "]}\n", with_schema(schema));
        return result.log.event(0).revenue;
    };
    const std::string comma = R"(,"decimal":",")", german = R"(,"decimal":",","thousands":".")";
    EXPECT_EQ(revenue(comma, "12,50|7,50"), 20);
    EXPECT_EQ(revenue(comma, "10,00|5,00|5,25"), 20.25);
    EXPECT_EQ(revenue(german, "1.000|2.000,5"), 3000.5);
    EXPECT_EQ(revenue(german, "12,25|0,125"), 12.375);
    EXPECT_EQ(revenue(R"(,"thousands":",")", "$1,000.10|$2,000.20|$0.30"), 3000.6);
    EXPECT_EQ(revenue(R"(,"missing":["-"])", "-|6|7"), 13);
    EXPECT_EQ(revenue(R"(,"missing":["-"])", "6|-"), 6);
    EXPECT_EQ(revenue("", "0.1|0.2|0.3"), 0.6);
    EXPECT_EQ(revenue("", "4e-7|4e-7"), 8e-7);
    EXPECT_EQ(revenue("", "0.0000004|0.0000004"), 8e-7);
}

TEST_F(JsonSums, WhatStandsOnceForALineHangsOnItsFirstElementThatCounts) {
    const std::string schema =
        std::string(kRefunds).insert(1, R"("ignore_rows":[{"column":"l.i","equals":"x"}],)");
    for (const char* items : {R"({"i":"x","m":5},{"i":"y","m":6})", R"({"i":"y","m":6},{"i":"x","m":5})"}) {
        const ReadResult result = read(R"({"t":"2024-01-01","u":"a","o":1,"l":[)" + std::string(items) +
                                           R"(],"back":[{"m":-3}]})"
                                           "\n",
                                       with_schema(schema));
        ASSERT_EQ(result.log.size(), 2u) << items;
        EXPECT_EQ(result.log.event(1).kind, EventKind::refund) << items;
        EXPECT_EQ(result.log.event(1).revenue, -3) << items;
    }
    const ReadResult none = read(R"({"t":"2024-01-01","u":"a","o":1,"l":[{"i":"x","m":5}],"back":[{"m":-3}]})"
                                 "\n"
                                 R"({"t":"2024-01-02","u":"a","o":2,"l":[{"i":"y","m":5}]})"
                                 "\n",
                                 with_schema(schema));
    EXPECT_EQ(none.log.size(), 1u);
}

}  // namespace
}  // namespace funnel::ingest
