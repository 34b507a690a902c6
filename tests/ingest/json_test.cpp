// SPDX-License-Identifier: MIT
// JSON lines: paths and lists, what is refused and in which words, and the same log as CSV gives.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "ingest/log_file.hpp"
#include "support/compress.hpp"

namespace funnel::ingest {
namespace {

using Texts = std::vector<std::string>;

class JsonLines : public LogFile {
 protected:
    [[nodiscard]] ReadOptions with_schema(const std::string& json) const {
        ReadOptions options;
        options.schema = write(json, "schema.json");
        return options;
    }
    /// "type user item order revenue category" of every event.
    [[nodiscard]] static Texts events_in(const EventLog& log) {
        Texts all;
        for (std::size_t row = 0; row < log.size(); ++row) {
            const Event event = log.event(row);
            std::string text(events::kKindNames[static_cast<std::size_t>(event.kind)]);
            text += ' ' + std::string(event.user) + ' ' + std::string(event.item) + ' ' +
                    std::string(event.order);
            if (!std::isnan(event.revenue)) text += ' ' + std::to_string(std::llround(event.revenue * 100));
            all.push_back(text);
        }
        return all;
    }
    [[nodiscard]] Texts events_of(const std::string& text, const std::string& schema) const {
        return events_in(read(text, with_schema(schema)).log);
    }
};

const std::string kView = R"({"event_time":"2024-01-01","event_type":"view","user_id":"u1","item_id":"a"})";

/// kView with another member in front.
std::string with_member(const std::string& member) {
    return "{" + member + "," + kView.substr(1) + "\n";
}

TEST_F(JsonLines, AreKnownByTheirFirstByteWhateverTheyArePackedWith) {
    const std::string text = "\n \n" + kView + "\r\n\n" + kView;
    for (const std::string& bytes : {text, "\xEF\xBB\xBF" + text, support::gzip(text), support::zstd(text)}) {
        const ReadResult result = read(bytes);
        EXPECT_EQ(result.report.schema, "canonical");
        EXPECT_EQ(result.report.rows, 2u);
        EXPECT_EQ(events_in(result.log), Texts(2, "view u1 a "));
    }
}

TEST_F(JsonLines, NumbersAreTheTextThatTheyAre) {
    const std::string line =
        R"({"event_time":1704067200,"event_type":"purchase","user_id":12345678901234567890123,)"
        R"("item_id":7.0,"order_id":true,"revenue":"1.5","quantity":2,"price":1e1})";
    const ReadResult result = read(line);
    EXPECT_EQ(events_in(result.log), Texts{"purchase 12345678901234567890123 7.0 true 150"});
    EXPECT_EQ(result.log.time[0], 1'704'067'200'000'000);
    EXPECT_EQ(result.log.order_lines[0].price, 10);
    EXPECT_EQ(result.log.order_lines[0].quantity, 2);
}

TEST_F(JsonLines, EscapesAreTextAndHalfOfAPairIsAReplacementCharacter) {
    const auto user = [&](const std::string& text) {
        return std::string(
            read(R"({"event_time":"2024-01-01","event_type":"view","user_id":")" + text + "\"}")
                .log.event(0)
                .user);
    };
    EXPECT_EQ(user(R"(a\"b\\c\/d)"), "a\"b\\c/d");
    EXPECT_EQ(user(R"(\b\f\n\r\t)"), "\b\f\n\r\t");
    EXPECT_EQ(user(R"(\u00e4\u20AC\ud83d\uDE00!)"), "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80!");
    EXPECT_EQ(user(R"(x\ud83d)"), "x\xEF\xBF\xBD");
    EXPECT_EQ(user(R"(\ude00\ud83d\u0041)"),
              "\xEF\xBF\xBD\xEF\xBF\xBD"
              "A");
}

TEST_F(JsonLines, KeysMayBeWrittenWithEscapesAndInAnyOrder) {
    EXPECT_EQ(events_in(read(R"({"\u0075ser_id":"u","event_type":"view","event_time":"2024-01-01"})").log),
              Texts{"view u  "});
}

TEST_F(JsonLines, NullAndAbsentAndEmptyAreTheSame) {
    const std::string schema =
        R"({"columns":{"time":"t","event":"e","user":["id","anonymous"],"item":"i","category":"c"}})";
    const ReadResult result = read(R"({"t":"2024-01-01","e":"view","id":null,"anonymous":"x","i":"null"})"
                                   "\n"
                                   R"({"t":"2024-01-01","e":"view","id":"","anonymous":"x"})"
                                   "\n"
                                   R"({"t":"2024-01-01","e":"view","anonymous":"x","i":null,"c":null})",
                                   with_schema(schema));
    EXPECT_EQ(events_in(result.log),
              (Texts{"view anonymous:x null ", "view anonymous:x  ", "view anonymous:x  "}));
    EXPECT_TRUE(result.report.warnings.empty());  // "c" is there, be it null
}

TEST_F(JsonLines, PathsLeadIntoObjectsAndChooseElements) {
    const std::string schema =
        R"({"columns":{"time":"at.utc","event":"e","user":"params[key=user].value.text","item":"items[1].id",
            "order":"a.b","category":"tags[0]"}})";
    ReadOptions options = with_schema(schema);
    options.columns.text_if_mapped = true;
    const ReadResult result = read(
        R"({"e":"purchase","at":{"utc":"2024-01-01","local":"x"},"items":[{"id":"i0"},{"id":"i1"},{"id":"i2"}],)"
        R"("params":[{"key":"page","value":{"text":"no"}},{"value":{"text":"u"},"key":"user"}],"a.b":"dots","tags":["red",2]})",
        options);
    EXPECT_EQ(events_in(result.log), Texts{"purchase u i1 dots"});
    const events::TextColumn* const category = result.log.text_column("category");
    ASSERT_NE(category, nullptr);
    EXPECT_EQ(category->values.text(category->code[0]), "red");
}

TEST_F(JsonLines, OfElementsThatFitTheFirstCounts) {
    const std::string schema = R"({"columns":{"time":"t","event":"e","user":"u","item":"p[k=a].v"}})";
    const std::string head = R"({"t":"2024-01-01","e":"view","u":"x","p":)";
    EXPECT_EQ(events_of(head + R"([{"k":"b","v":"0"},{"k":"a","v":"first"},{"v":"second","k":"a"}]})" + "\n" +
                            head + R"([{"k":"a","v":"next line"}]})",
                        schema),
              (Texts{"view x first ", "view x next line "}));
}

TEST_F(JsonLines, ElementsOfOneListAreChosenInOneWay) {
    for (const std::string other : {"p[0].k", "p[t=b].v"}) {
        const std::string what = failure(
            kView,
            with_schema(R"({"columns":{"time":"t","event":"e","user":"u","item":"p[k=a].v","order":")" +
                        other + "\"}}"));
        EXPECT_NE(what.find("by the same key"), std::string::npos) << what;
    }
}

TEST_F(JsonLines, WhatIsNoListIsNotExplodedInSilence) {
    const std::string schema =
        R"({"columns":{"time":"t","event":"e","user":"u","item":"items.id"},"explode":"items"})";
    const auto line = [](const std::string& items) {
        return R"({"t":"2024-01-01","e":"view","u":"x","items":)" + items + "}\n";
    };
    for (const std::string odd :
         {R"({"id":"a"})", R"({"1":{"id":"a"},"2":{"id":"b"}})", R"("[{}]")", "7", "true"}) {
        const std::string what = failure(line(odd), with_schema(schema));
        EXPECT_NE(what.find("expected a list to explode"), std::string::npos) << odd << ": " << what;
    }
    const std::string nested = failure(line(R"([[{"id":"a"},{"id":"b"}]])"), with_schema(schema));
    EXPECT_NE(nested.find("no list inside the exploded list"), std::string::npos) << nested;
    // No list, an empty one and lists inside of the elements are what they were.
    EXPECT_EQ(events_of(line("null") + line("[]") + line(R"([{"id":"a","tags":[1,[2]]}])"), schema),
              (Texts{"view x  ", "view x  ", "view x a "}));
}

TEST_F(JsonLines, NulIsBadHoweverItIsWritten) {
    const std::string what =
        failure(kView + "\n" + R"({"event_time":"2024-01-01","event_type":"view","user_id":"a\u0000b"})");
    EXPECT_NE(what.find("text without NUL"), std::string::npos) << what;
}

TEST_F(JsonLines, ExplodeMakesAnEventOfEachElement) {
    const std::string schema =
        R"({"columns":{"time":"t","event":"e","user":"u","item":"order.lines.sku","order":"order.id",
            "revenue":"order.lines.total"},"explode":"order.lines","events":{"bought":"purchase"}})";
    const std::string text =
        R"({"t":"2024-01-01","e":"bought","u":"a","order":{"lines":[{"sku":"x","total":1},{"sku":"y","total":2.5}],"id":"o"}})"
        "\n"
        R"({"t":"2024-01-02","e":"view","u":"a","order":{"lines":[]}})"
        "\n"
        R"({"t":"2024-01-03","e":"view","u":"b"})"
        "\n";
    const ReadResult result = read(text, with_schema(schema));
    EXPECT_EQ(events_in(result.log),
              (Texts{"purchase a x o 100", "purchase a y o 250", "view a  ", "view b  "}));
    EXPECT_EQ(result.report.rows, 3u);
    EXPECT_EQ(result.report.accepted, 3u);
    EXPECT_EQ(result.report.events, 4u);
    // An element that is no object is the value of the list's own path.
    EXPECT_EQ(events_of(R"({"t":"2024-01-01","e":"view","u":"a","seen":["p","q",3]})",
                        R"({"columns":{"time":"t","event":"e","user":"u","item":"seen"},"explode":"seen"})"),
              (Texts{"view a p ", "view a q ", "view a 3 "}));
}

TEST_F(JsonLines, OneBadElementMakesTheWholeLineBadAndIgnoredOnesAreLeftOut) {
    const std::string schema =
        R"({"columns":{"time":"t","event":"e","user":"u","item":"l.i","revenue":"l.r"},"explode":"l",
            "ignore_rows":[{"column":"l.i","equals":"shipping"}]})";
    const std::string text =
        R"({"t":"2024-01-01","e":"purchase","u":"a","l":[{"i":"x","r":1},{"i":"y","r":"one"}]})"
        "\n"
        R"({"t":"2024-01-01","e":"purchase","u":"a","l":[{"i":"x","r":1},{"i":"shipping","r":5}]})"
        "\n"
        R"({"t":"2024-01-01","e":"purchase","u":"a","l":[{"i":"shipping","r":5}]})"
        "\n";
    const ReadResult result = read_skipping(text, with_schema(schema));
    EXPECT_EQ(events_in(result.log), Texts{"purchase a x  100"});
    EXPECT_EQ(result.report.rejected, 1u);
    EXPECT_EQ(result.report.ignored, 1u);
    EXPECT_EQ(result.report.accepted, 1u);
    EXPECT_EQ(
        failure(text, with_schema(schema)),
        "log.csv:1: column l.r: expected a number such as 12.5, or nothing, got \"one\"; correct the line, "
        "or skip such rows with --bad-rows skip");
}

TEST_F(JsonLines, RowsOfASchemaComeOfEachElement) {
    const std::string schema =
        R"({"columns":{"time":"t","user":"u","item":"l.i","order":"o","revenue":"l.r"},"explode":"l",
            "rows":[{"event":"purchase"},{"event":"refund","when":{"column":"l.back","above":0},"revenue":"l.back"}]})";
    EXPECT_EQ(
        events_of(R"({"t":"2024-01-01","u":"a","o":1,"l":[{"i":"x","r":3},{"i":"y","r":4,"back":1.5}]})",
                  schema),
        (Texts{"purchase a x 1 300", "purchase a y 1 400", "refund a y 1 150"}));
}

TEST_F(JsonLines, ABadLineIsOneClearLine) {
    const auto is = [&](const std::string& line, const std::string& message) {
        EXPECT_EQ(failure(kView + '\n' + line + '\n' + kView), "log.csv:2: " + message);
        EXPECT_EQ(code_, ErrorCode::parse);
    };
    const std::string skip = "; correct the line, or skip such rows with --bad-rows skip";
    is("[1]", "expected a JSON object, which begins with { at byte 1 of the line, got \"[1]\"" + skip);
    is("{\"a\":1}}", "expected nothing behind the object at byte 8 of the line, got \"}\"" + skip);
    is("{\"a\":1,}", "expected a key in quotes at byte 8 of the line, got \"}\"" + skip);
    is("{\"a\" 1}", "expected \":\" behind the key at byte 6 of the line, got \"1}\"" + skip);
    is("{\"a\":1 \"b\":2}", "expected \",\" or \"}\" at byte 8 of the line, got \"\"b\":2}\"" + skip);
    is("{\"a\":[1 2]}", "expected \",\" or \"]\" at byte 9 of the line, got \"2]}\"" + skip);
    is("{\"a\":tru}",
       "expected a value: a text in quotes, a number, true, false, null, an object or a list at byte 6 of "
       "the line, "
       "got \"tru}\"" +
           skip);
    is("{\"a\":\"\\q\"}",
       "expected an escape of JSON such as \\n or \\u00e4 at byte 7 of the line, got \"\\q\"}\"" + skip);
    is("{\"user_id\":\"a\",\"user_id\":\"b\"}", "expected each key once, got \"user_id\" twice" + skip);
    is("{\"event_time\":\"2024-01-01\",\"event_type\":\"view\",\"user_id\":[1,2]}",
       "column user_id: expected a text or a number, got a list; name a place in it, as in items[0].id, or "
       "explode it, "
       "or skip such rows with --bad-rows skip");
    is("{\"a\":\"\xFF\"}", "expected UTF-8 at byte 7 of the record, got \"\\xff\"" + skip);
}

TEST_F(JsonLines, ALineThatWasCutSaysSo) {
    for (const std::size_t size : {kView.size() - 1, kView.size() - 2, kView.size() - 10, std::size_t{1}}) {
        const std::string message = failure(kView + '\n' + kView.substr(0, size));
        EXPECT_TRUE(message.starts_with("log.csv:2: expected ")) << message;
        EXPECT_NE(message.find("write each object on one line"), std::string::npos) << message;
    }
}

TEST_F(JsonLines, DeepNestingIsABadLineWhoeverLooksAtIt) {
    const auto nested = [](std::size_t levels) {
        return with_member("\"deep\":" + std::string(levels, '[') + std::string(levels, ']'));
    };
    EXPECT_EQ(read(nested(63)).log.size(), 1u);
    EXPECT_NE(failure(nested(64)).find("at most 64 levels"), std::string::npos);
    EXPECT_NE(failure(nested(300'000)).find("at most 64 levels"), std::string::npos);
    const std::string objects = [] {
        std::string text;
        for (int i = 0; i < 100'000; ++i)
            text += "{\"a\":";
        return text + '1' + std::string(100'000, '}');
    }();
    EXPECT_NE(failure(with_member("\"deep\":" + objects)).find("at most 64 levels"), std::string::npos);
}

TEST_F(JsonLines, ALineThatIsTooLongLosesItselfOnly) {
    const std::string text =
        kView + '\n' + with_member("\"x\":\"" + std::string(5000, 'x') + '"') + kView + '\n';
    ReadOptions options;
    options.rows.max_line = 1000;
    options.rows.bad_rows = BadRows::skip;
    options.rows.max_bad = {.count = 10};
    for (const std::size_t block : {1u, 100u, 100'000u}) {
        const ReadResult result = detail::read_log(std::vector{write(text)}, options, {.block_bytes = block});
        EXPECT_EQ(result.log.size(), 2u);
        EXPECT_EQ(result.report.rejected_by_reason, (std::map<std::string, std::uint64_t>{{"too_long", 1}}));
    }
}

TEST_F(JsonLines, WhatIsNoJsonLinesIsRefusedByName) {
    const auto is_refused = [&](const std::string& text, const std::string& words) {
        const std::string message = failure(text);
        EXPECT_NE(message.find(words), std::string::npos) << message;
    };
    is_refused("[\n" + kView + "\n]\n", "jq -c '.[]'");
    is_refused("{\n  \"event_time\": \"2024-01-01\"\n}\n", "log.csv:1: expected a key in quotes");
    is_refused("{\"data\":{\"rows\":[{\"id\":1}]}}", "data.rows.id");
    is_refused("", "the file is empty");
}

TEST_F(JsonLines, APathThatNoLineHasIsNamed) {
    EXPECT_EQ(
        failure(kView,
                with_schema(R"({"columns":{"time":"event_time","event":"event_type","user":"userId"}})")),
        "log.csv: column userId (user): expected it in one of the first lines, got "
        "\"event_time,event_type,item_id,user_id\"; did the log mean \"user_id\"? map the path with --schema "
        "FILE.json");
    const ReadResult result =
        read(kView,
             with_schema(
                 R"({"columns":{"time":"event_time","event":"event_type","user":"user_id","item":"sku"}})"));
    ASSERT_EQ(result.report.warnings.size(), 1u);
    EXPECT_EQ(result.report.warnings[0].code, "path_not_found");
    EXPECT_EQ(
        failure(kView, with_schema(R"({"columns":{"time":"event_time","event":"event_type","user":"a[b"}})"))
            .find("schema: expected a path"),
        0u);
}

TEST_F(JsonLines, SchemasOfTheOtherKindAreRefused) {
    ReadOptions taobao;
    taobao.schema = "taobao";
    EXPECT_NE(failure(kView, taobao).find("expected CSV"), std::string::npos);
    const std::string schema =
        R"({"columns":{"time":"t","event":"e","user":"u","item":"l.i"},"explode":"l"})";
    EXPECT_NE(failure("t,e,u,l.i\n2024-01-01,view,a,b\n", with_schema(schema)).find("expected JSON lines"),
              std::string::npos);
}

TEST_F(JsonLines, AFileOfEachKindIsOneLog) {
    const std::string csv = write("event_time,event_type,user_id,item_id\n2024-01-02,view,u2,b\n", "a.csv");
    const ReadResult result = read_log(std::vector{csv, write(kView, "b.json")}, {});
    EXPECT_EQ(events_in(result.log), (Texts{"view u2 b ", "view u1 a "}));
}

TEST_F(JsonLines, EqualLinesAreDuplicatesAndElementsOfOneAreNot) {
    ReadOptions options =
        with_schema(R"({"columns":{"time":"t","event":"e","user":"u","item":"l"},"explode":"l"})");
    options.columns.row_hash = true;
    const std::string line = R"({"t":"2024-01-01","e":"view","u":"a","l":["x","x"]})";
    EXPECT_EQ(read(line + '\n', options).report.duplicates, 0u);
    EXPECT_EQ(read(line + "\n" + line + "\r\n", options).report.duplicates, 2u);
}

}  // namespace
}  // namespace funnel::ingest
