// SPDX-License-Identifier: MIT
// Logs whose rows are not one event each, as it is: lists of columns, amounts, missing words, filled fields,
// rows of several events, totals of orders.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "funnel/ingest/log_parts.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "ingest/log_file.hpp"
#include "ingest/source/tuning.hpp"
#include "support/compress.hpp"

namespace funnel::ingest {
namespace {

using Texts = std::vector<std::string>;

class RowShapes : public LogFile {
 protected:
    [[nodiscard]] ReadOptions with_schema(const std::string& json) const {
        ReadOptions options;
        options.schema = write(json, "schema.json");
        return options;
    }
    /// "type user order revenue" of every event.
    [[nodiscard]] static Texts events(const EventLog& log) {
        Texts all;
        for (std::size_t row = 0; row < log.size(); ++row) {
            const Event event = log.event(row);
            std::string text(events::kKindNames[static_cast<std::size_t>(event.kind)]);
            text += ' ' + std::string(event.user) + ' ' + std::string(event.order) + ' ';
            if (!std::isnan(event.revenue)) text += std::to_string(std::llround(event.revenue * 100));
            all.push_back(text);
        }
        return all;
    }
    [[nodiscard]] Texts events_of(const std::string& text, const std::string& schema) const {
        return events(read(text, with_schema(schema)).log);
    }
};

TEST_F(RowShapes, AnEventWithoutAnAmountOfItsOwnIsWorthPriceTimesQuantity) {
    const std::string text =
        "t,u,o,p,q,back\n"
        "2024-01-01,a,o1,10,3,4\n"
        "2024-01-01,a,o2,2.5,,\n"
        "2024-01-01,a,o3,0.1,3,\n";
    const auto of = [&](const std::string& columns) {
        return events_of(text, R"({"columns":{"time":"t","user":"u","order":"o",)" + columns +
                                   R"(},"rows":[{"event":"purchase"},
            {"event":"refund","when":{"column":"back","above":0},"revenue":"back"}]})");
    };
    EXPECT_EQ(of(R"("price":"p","quantity":"q")"),
              (Texts{"purchase a o1 3000", "refund a o1 400", "purchase a o2 ", "purchase a o3 30"}));
    EXPECT_EQ(of(R"("price":"p")"),
              (Texts{"purchase a o1 1000", "refund a o1 400", "purchase a o2 250", "purchase a o3 10"}));
}

TEST_F(RowShapes, TheFirstFilledColumnCountsAndIdsAreKeptApart) {
    const std::string text =
        "t,e,user_id,anonymous_id,c1,c2\n"
        "2024-01-01,view,10,a,,shoes\n"
        "2024-01-01,view,,10,hats,x\n"
        "2024-01-01,view,,,,\n";
    const std::string schema =
        R"({"columns":{"time":"t","event":"e","user":["user_id","anonymous_id"],"category":["c1","c2"]}})";
    EXPECT_NE(failure(text, with_schema(schema)).find("log.csv:4: column user_id: expected a user"),
              std::string::npos);
    ReadOptions options = with_schema(schema);
    options.columns.text_if_mapped = true;
    const ReadResult result = read_skipping(text, options);
    EXPECT_EQ(result.report.rejected, 1u);
    EXPECT_EQ(result.log.event(0).user, "10");
    EXPECT_EQ(result.log.event(1).user, "anonymous_id:10");
    EXPECT_EQ(result.log.event(0).category, "shoes");
    EXPECT_EQ(result.log.event(1).category, "hats");
}

TEST_F(RowShapes, DateAndClockAreOneTime) {
    const ReadOptions options = with_schema(
        R"({"columns":{"time":["day","clock"],"event":"e","user":"u"},"time":{"format":"%d/%m/%Y %H:%M"}})");
    EXPECT_EQ(read("day,clock,e,u\n01/02/2024,08:30,view,a\n", options).log.time.at(0),
              *parse_iso_time("2024-02-01T08:30:00Z"));
    const std::string what = failure("day,clock,e,u\n01/02/2024,,view,a\n", options);
    EXPECT_NE(
        what.find("log.csv:2: column day: expected a time in the form %d/%m/%Y %H:%M, got \"01/02/2024\""),
        std::string::npos)
        << what;
    const ReadOptions iso = with_schema(R"({"columns":{"time":["day","clock"],"event":"e","user":"u"}})");
    EXPECT_EQ(read("day,clock,e,u\n2024-02-01,08:30,view,a\n2024-02-02,,view,a\n", iso).log.time.at(1),
              *parse_iso_time("2024-02-02T00:00:00Z"));
}

TEST_F(RowShapes, AmountsAreReadAsTheShopWritesThem) {
    const std::string schema =
        R"({"columns":{"time":"t","event":"e","user":"u","revenue":"r"},"decimal":",","thousands":"."})";
    EXPECT_EQ(events_of("t,e,u,r\n2024-01-01,purchase,a,\"1.234,50 €\"\n2024-01-01,purchase,a,\"-0,90\"\n"
                        "2024-01-01,purchase,a,\n2024-01-01,purchase,a,NA\n",
                        schema),
              (Texts{"purchase a  123450", "purchase a  -90", "purchase a  ", "purchase a  "}));
    // A decimal point where there is none is no number, and is shown as it stands in the file.
    const std::string what = failure("t,e,u,r\n2024-01-01,purchase,a,12.5\n", with_schema(schema));
    EXPECT_NE(
        what.find("log.csv:2: column r: expected an amount with the decimal mark \",\", or nothing, got "
                  "\"12.5\""),
        std::string::npos)
        << what;
    ReadOptions wished = with_schema(R"({"columns":{"time":"t","event":"e","user":"u"},"decimal":","})");
    wished.columns.numbers = {"weight"};
    EXPECT_EQ(
        read("t,e,u,weight\n2024-01-01,view,a,\"1,5\"\n", wished).log.number_column("weight")->value.at(0),
        1.5f);
}

TEST_F(RowShapes, MissingWordsAreEmptyFields) {
    const std::string schema =
        R"({"columns":{"time":"t","event":"e","user":["u","v"],"revenue":"r","order":"o"},"missing":["\\N","None"]})";
    EXPECT_EQ(events_of("t,e,u,v,r,o\n2024-01-01,purchase,None,b,\\N,None\n", schema),
              (Texts{"purchase v:b  "}));
    EXPECT_NE(failure("t,e,u,v,r,o\n2024-01-01,purchase,None,\\N,1,1\n", with_schema(schema))
                  .find("expected a user"),
              std::string::npos);
}

TEST_F(RowShapes, AnEmptyFieldTakesTheValueOfTheRowBeforeOfItsOrder) {
    const std::string schema =
        R"({"columns":{"time":"paid","user":"mail","order":"name","revenue":"r"},"event":{"constant":"purchase"},
            "fill":{"by":"order","columns":["paid","mail"]}})";
    const std::string header = "name,mail,paid,r,note\n";
    const std::string text = header +
                             "#1,a,2024-01-01,1,\"two\nlines\"\n"
                             "#1,,,2,\"more, of\nthem\"\n"
                             "#1,,,3,\n"
                             "#2,b,2024-01-02,4,\n"
                             "#2,c,,5,\n";
    const Texts expected = {"purchase a #1 100", "purchase a #1 200", "purchase a #1 300",
                            "purchase b #2 400", "purchase c #2 500"};
    EXPECT_EQ(events_of(text, schema), expected);
    for (const std::size_t block : {1u, 16u, 40u, 100u}) {
        for (const unsigned threads : {1u, 3u}) {
            ReadOptions options = with_schema(schema);
            options.threads = threads;
            detail::Tuning tuning;
            tuning.block_bytes = block;
            tuning.window_bytes = 16;
            const std::string path = write(support::gzip(text), "log.csv.gz");
            EXPECT_EQ(events(detail::read_log(std::vector{path}, options, tuning).log), expected) << block;
        }
    }
    // Another order, and another file, has nothing to give.
    EXPECT_NE(
        failure(header + "#1,a,2024-01-01,1,\n#3,,,2,\n", with_schema(schema)).find("log.csv:3: column paid"),
        std::string::npos);
    const std::string first = write(header + "#1,a,2024-01-01,1,\n", "1.csv"),
                      second = write(header + "#1,,,2,\n", "2.csv");
    EXPECT_THROW(static_cast<void>(read_log(std::vector{first, second}, with_schema(schema))), Error);
}

TEST_F(RowShapes, ARowMayBeSeveralEventsOrNone) {
    const std::string schema = R"({"columns":{"time":"seen","user":"u","order":"o","revenue":"total"},
        "rows":[{"event":"view"},
                {"event":"purchase","when":{"column":"bought","filled":true},"time":"bought"},
                {"event":"refund","when":[{"column":"back","above":0},{"column":"state","equals":"ok"}],
                 "time":"bought","revenue":"back"}]})";
    const std::string header = "seen,bought,u,o,total,back,state\n";
    const ReadResult result = read(header +
                                       "2024-01-01,,a,,,,\n"
                                       "2024-01-01,2024-01-02,b,1,50,20,ok\n"
                                       "2024-01-01,2024-01-02,c,2,50,20,no\n",
                                   with_schema(schema));
    EXPECT_EQ(events(result.log), (Texts{"view a  ", "view b  ", "purchase b 1 5000", "refund b 1 2000",
                                         "view c  ", "purchase c 2 5000"}));
    EXPECT_EQ(result.report.rows, 3u);
    EXPECT_EQ(result.report.accepted, 3u);
    EXPECT_EQ(result.report.events, 6u);
    EXPECT_EQ(result.log.time.at(2), *parse_iso_time("2024-01-02T00:00:00Z"));
    EXPECT_EQ(result.report.by_event.at("purchase"), 2u);
}

TEST_F(RowShapes, ARowIsBadIfOneOfItsEventsIs) {
    const std::string schema = R"({"columns":{"time":"t","user":"u"},
        "rows":[{"event":"view","when":{"column":"k","prefix":"v"}},
                {"event":"purchase","when":{"column":"k","equals":"vp"},"time":"p"}]})";
    const ReadResult result = read_skipping(
        "t,u,k,p\n2024-01-01,a,v,\n2024-01-01,a,vp,x\n2024-01-01,a,other,\n"
        "2024-01-01,a,vp,2024-01-02\n",
        with_schema(schema));
    EXPECT_EQ(result.report.rows, 4u);
    EXPECT_EQ(result.report.accepted, 2u);
    EXPECT_EQ(result.report.rejected, 1u);
    EXPECT_EQ(result.report.ignored, 1u) << "no event comes of it";
    EXPECT_EQ(result.report.events, 3u);
    const std::string what = failure("t,u,k,p\n2024-01-01,a,vp,x\n", with_schema(schema));
    EXPECT_NE(what.find("log.csv:2: column p: expected a time"), std::string::npos) << what;
}

// A refund of "5,00" in a log with decimal points is no refund of nothing.
TEST_F(RowShapes, ARowIsBadIfAConditionAsksForANumberAndItIsNone) {
    const std::string schema = R"({"columns":{"time":"t","user":"u","revenue":"total","order":"o"},
        "rows":[{"event":"purchase"},{"event":"refund","when":{"column":"back","above":0},"revenue":"back"}]})";
    const std::string text =
        "t,u,o,total,back\n2024-01-01,a,1,10,5\n2024-01-01,a,2,10,\n2024-01-01,a,3,10,NA\n2024-01-01,a,4,10,"
        "0\n";
    EXPECT_EQ(events_of(text, schema), (Texts{"purchase a 1 1000", "refund a 1 500", "purchase a 2 1000",
                                              "purchase a 3 1000", "purchase a 4 1000"}));
    for (const std::string back : {"\"5,00\"", "\"1,005.00\"", "$5", "abc"}) {
        const std::string what =
            failure("t,u,o,total,back\n2024-01-01,a,1,10," + back + "\n", with_schema(schema));
        EXPECT_NE(what.find("log.csv:2: column back: expected a number"), std::string::npos) << what;
    }
    const ReadResult result = read_skipping(text + "2024-01-01,a,5,10,five\n", with_schema(schema));
    EXPECT_EQ(result.report.rejected, 1u);
    EXPECT_EQ(result.report.accepted, 4u);
}

TEST_F(RowShapes, EventsOfOneRowAreNoCopies) {
    ReadOptions options = with_schema(R"({"columns":{"time":"t","user":"u"},
        "rows":[{"event":"view"},{"event":"view"},{"event":"purchase"}]})");
    options.columns.row_hash = true;
    EXPECT_EQ(read("t,u\n2024-01-01,a\n", options).report.duplicates, 0u);
    EXPECT_EQ(read("t,u\n2024-01-01,a\n2024-01-01,a\n", options).report.duplicates, 3u);
}

TEST_F(RowShapes, ATotalOnEachLineCountsOncePerOrder) {
    const std::string header = "t,u,o,r\n", lines =
                                                "2024-01-01,a,1,\n2024-01-01,a,1,40\n2024-01-01,a,1,40\n"
                                                "2024-01-01,b,1,7\n2024-01-01,a,2,10\n2024-01-01,a,,5\n"
                                                "2024-01-01,a,,5\n";
    const std::string total =
        R"({"columns":{"time":"t","user":"u","order":"o","order_revenue":"r"},"event":{"constant":"purchase"}})";
    const Texts expected = {"purchase a 1 0",    "purchase a 1 4000", "purchase a 1 0", "purchase b 1 700",
                            "purchase a 2 1000", "purchase a  500",   "purchase a  500"};
    const ReadResult result = read(header + lines, with_schema(total));
    EXPECT_EQ(events(result.log), expected);
    EXPECT_TRUE(result.log.order_totals);
    const LogParts parts = read_log_parts(std::vector{write(header + lines)}, with_schema(total));
    double sum = 0;
    std::size_t seen = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        EventLog part;
        parts.load(i, part);
        for (const auto& line : part.order_lines) {
            sum += line.revenue;
            ++seen;
        }
    }
    EXPECT_EQ(seen, 7u);
    EXPECT_EQ(sum, 40 + 7 + 10 + 5 + 5);
    EXPECT_TRUE(parts.outline().order_totals);
}

TEST_F(RowShapes, AmountsThatLookLikeTotalsAreNoted) {
    const auto notes = [&](const std::string& lines, const char* role) {
        const ReadResult result =
            read("t,u,o,r\n" + lines,
                 with_schema(std::string(R"({"columns":{"time":"t","user":"u","order":"o",")") + role +
                             R"(":"r"},"event":{"constant":"purchase"}})"));
        return std::pair(result.report.notes.size(), result.report.warnings.size());
    };
    const auto line = [](const char* order, const char* amount) {
        return std::string("2024-01-01,a,") + order + ',' + amount + '\n';
    };
    const std::string equal =
        line("1", "40") + line("1", "40") + line("2", "15") + line("2", "15") + line("3", "9");
    EXPECT_EQ(notes(equal, "revenue"), std::pair(std::size_t{1}, std::size_t{0}));
    EXPECT_EQ(notes(equal, "order_revenue"), std::pair(std::size_t{0}, std::size_t{0}));
    EXPECT_EQ(notes(equal + line("4", "1") + line("4", "2"), "revenue"),
              std::pair(std::size_t{0}, std::size_t{0}));
    EXPECT_EQ(notes(equal + line("4", "1") + line("4", "2"), "order_revenue"),
              std::pair(std::size_t{0}, std::size_t{1}));
    EXPECT_EQ(notes(line("1", "40") + line("1", "40"), "revenue"), std::pair(std::size_t{0}, std::size_t{0}));
}

TEST_F(RowShapes, TheStagesOfASchemasFunnelAreKnownToTheReader) {
    const std::string json =
        R"({"columns":{"time":"t","event":"e","user":"u"},"funnel":[["view"],["coupon"],["purchase"]]})";
    const std::string text = "t,e,u\n2024-01-01,coupon,a\n";
    EXPECT_EQ(read(text, with_schema(json)).log.kind.at(0), EventKind::custom_first);
    EXPECT_EQ(read(text, with_schema(json)).log.custom_kinds, (Texts{"coupon"}));
    const LogParts parts = read_log_parts(std::vector{write(text)}, with_schema(json));
    EventLog part;
    parts.load(0, part);
    EXPECT_EQ(part.kind.at(0), EventKind::custom_first);
    ReadOptions chosen = with_schema(json);
    chosen.custom_kinds = Texts{};
    EXPECT_EQ(read(text, chosen).log.kind.at(0), EventKind::other);
}

TEST_F(RowShapes, ASchemaMayStartFromAPreset) {
    const Schema schema = parse_schema(R"({"preset":"rees46","columns":{"session":"sid","brand":null},
                                           "events":{"wish":"favorite"}})",
                                       "s");
    EXPECT_EQ(schema.columns.at("session"), "sid");
    EXPECT_FALSE(schema.columns.contains("brand"));
    EXPECT_EQ(schema.events.at("cart"), "cart_add");
    EXPECT_EQ(schema.events.at("wish"), "favorite");
    EXPECT_EQ(schema.funnel, preset("rees46")->funnel);
    // The price stays optional, the session is needed now.
    EXPECT_EQ(
        read("event_time,event_type,product_id,user_id,sid\n2024-01-01,wish,1,2,3\n",
             with_schema(R"({"preset":"rees46","columns":{"session":"sid"},"events":{"wish":"favorite"}})"))
            .log.kind.at(0),
        EventKind::favorite);
    EXPECT_NE(failure("event_time,event_type,product_id,user_id\n2024-01-01,view,1,2\n",
                      with_schema(R"({"preset":"rees46","columns":{"session":"sid"}})"))
                  .find("column sid (session)"),
              std::string::npos);
}

TEST_F(RowShapes, EveryKeySurvivesAModelFile) {
    const std::string json =
        R"({"columns":{"time":["d","c"],"user":["u","v"],"order":"o","order_revenue":"r"},
        "quote":"'","escape":"\\","comment":"#","skip_lines":3,"decimal":",","thousands":".","missing":["-"],
        "time":{"format":"%d.%m.%Y %H:%M","zone":"Europe/Berlin"},"fill":{"by":"order","columns":["d","c"]},
        "rows":[{"event":"purchase"},{"event":"trial","when":{"column":"x","below":2.5},"revenue":"y","time":["a","b"]}],
        "funnel":[["trial"],["purchase"]],"delimiter":";"})";
    const Schema schema = parse_schema(json, "s"), again = parse_schema(to_json(schema), "model");
    EXPECT_EQ(to_json(again), to_json(schema));
    EXPECT_EQ(again.more_columns, schema.more_columns);
    EXPECT_EQ(again.required, schema.required);
    EXPECT_EQ(again.rows.at(1).when.at(0).number, 2.5);
    EXPECT_EQ(again.rows.at(1).columns, schema.rows.at(1).columns);
    EXPECT_EQ(again.fill->columns, schema.fill->columns);
    EXPECT_EQ(again.time_format, schema.time_format);
    EXPECT_TRUE(again.numbers == schema.numbers);
    EXPECT_EQ(again.escape, '\\');
    EXPECT_EQ(again.skip_lines, 3u);
}

TEST(SchemaKeys, AreRefusedWithTheNearestKnownOne) {
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {R"({"columns":{},"decimals":","})", "\"decimal\""},
        {R"({"columns":{},"seperator":","})", "expected one of"},
        {R"({"columns":{"order_revnue":"x"}})", "\"order_revenue\""},
        {R"({"columns":{},"rows":[{"event":"purchse"}]})", "\"purchase\""},
        {R"({"columns":{},"rows":[{"when":{"column":"x","equal":""}}]})", "\"equals\""},
        {R"({"columns":{},"rows":[{"when":{"column":"x"}}]})", "exactly one of"},
        {R"({"columns":{},"rows":[]})", "rows"},
        {R"({"columns":{},"fill":{"by":"order"}})", "columns"},
        {R"({"columns":{},"time":{"formt":""}})", "\"format\""},
        {R"({"columns":{},"time":{"format":"%H"}})", "a year"},
        {R"({"columns":{},"thousands":"x"})", "thousands"},
        {R"({"columns":{},"decimal":";"})", "decimal"},
        {R"({"columns":{},"escape":"ab"})", "one ASCII character"},
        {R"({"columns":{},"quote":"'","delimiter":"'"})", "different characters"},
        {R"({"columns":{"revenue":"a","order_revenue":"b"}})", "remove one"},
        {R"({"columns":{"user":[]}})", "name one"},
        {R"({"preset":"rees"})", "rees46"},
        {R"({"columns":{},"skip_lines":-1})", "whole number"}};
    for (const auto& [json, part] : wrong) {
        try {
            static_cast<void>(parse_schema(json, "s.json"));
            ADD_FAILURE() << json;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::schema);
            EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
                << json << ": " << error.what();
        }
    }
}

}  // namespace
}  // namespace funnel::ingest
