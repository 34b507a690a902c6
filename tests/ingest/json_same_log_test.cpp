// SPDX-License-Identifier: MIT
// JSON lines against CSV of the same log, and against other parsers of JSON, on random and damaged lines.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/random.hpp"
#include "ingest/json/json_text.hpp"
#include "ingest/log_file.hpp"
#include "ingest/source/utf8_scan.hpp"
#include "support/csv.hpp"
#include "support/effort.hpp"

namespace funnel::ingest {
namespace {

class SameLog : public LogFile {};

/// One log written both ways, in as many forms as the formats allow.
class TwoWays {
 public:
    explicit TwoWays(std::uint64_t seed) : random_(seed) {}

    void make() {
        csv =
            "event_time,event_type,user_id,item_id,session_id,order_id,price,quantity,revenue,category,list,"
            "position\n";
        const std::uint64_t rows = 1 + random_.below(60);
        for (std::uint64_t i = 0; i < rows; ++i)
            add_row();
    }

    std::string csv, json;

 private:
    std::string one_of(std::initializer_list<std::string_view> texts) {
        return std::string(texts.begin()[random_.below(texts.size())]);
    }
    static std::string csv_field(const std::string& value) {
        std::string out = "\"";
        for (const char c : value)
            out += c == '"' ? "\"\"" : std::string(1, c);
        return out + '"';
    }
    std::string json_string(const std::string& value) {
        std::string out = "\"";
        for (const char c : value) {
            const bool must = c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
            if (must || (static_cast<unsigned char>(c) < 0x80 && random_.below(20) == 0)) {
                constexpr char kDigits[] = "0123456789aBcDeF";
                out += "\\u00";
                out += kDigits[c >> 4 & 15];
                out += kDigits[c & 15];
            } else {
                out += c;
            }
        }
        return out + '"';
    }
    std::string blank() { return one_of({"", "", "", "", " ", "\t", "  "}); }
    void add_row() {
        const std::string type =
            one_of({"view", "click", "cart_add", "purchase", "refund", "signup", "impression"});
        std::vector<std::pair<std::string, std::string>> fields = {
            {"event_time", "2024-01-" + std::to_string(10 + random_.below(15)) + "T0" +
                               std::to_string(random_.below(10)) + ":00:00Z"},
            {"event_type", type},
            {"user_id", one_of({"u1", "u2", "\xC3\xBC", "a \"b\", c", "9007199254740993", "-0"})},
            {"item_id", one_of({"1", "007", "", "null", "a\\b", "x\ty", "a-long-item-name-of-many-letters"})},
            {"session_id", one_of({"s1", "s2", ""})},
            {"order_id", one_of({"o1", "o2", ""})},
            {"price", one_of({"", "NA", "12.5", "-3", "0.5", "1e3"})},
            {"quantity", one_of({"", "1", "2"})},
            {"revenue", one_of({"", "10", "0.07"})},
            {"category", one_of({"", "shoes", "\xE2\x82\xAC"})},
            {"list", one_of({"", "top"})},
            {"position", one_of({"", "1", "2"})}};
        if (random_.below(12) == 0) fields[random_.below(3)].second.clear();
        if (random_.below(15) == 0) fields[6].second = "much";
        for (std::size_t i = 0; i < fields.size(); ++i)
            csv += (i == 0 ? "" : ",") + csv_field(fields[i].second);
        csv += '\n';
        // Any order of keys, and members that nobody asked for.
        for (std::size_t i = fields.size(); i > 1; --i)
            std::swap(fields[i - 1], fields[random_.below(i)]);
        json += '{' + blank();
        bool first = true;
        for (const auto& [key, value] : fields) {
            if (value.empty() && random_.below(3) == 0 && !json.empty() && lines_ > 0) continue;
            if (!std::exchange(first, false)) json += ',' + blank();
            if (random_.below(10) == 0)
                json += one_of(
                    {"\"x\":{\"user_id\":1,\"y\":[{},[],null]},", "\"n\":-0.5e-3,", "\"\\u0061\":\"\\\\\","});
            const bool number = detail::is_json_number(value) && random_.below(2) == 0;
            json += json_string(key) + blank() + ':' + blank();
            json += value.empty() && random_.below(2) == 0 ? "null" : number ? value : json_string(value);
        }
        json += blank() + '}' + one_of({"\n", "\n", "\r\n", " \n", "\n\n"});
        ++lines_;
    }

    Rng random_;
    std::size_t lines_ = 0;
};

/// All that a log holds, in order.
std::string whole(const ReadResult& result) {
    std::string out;
    const EventLog& log = result.log;
    const auto number = [](double value) {
        return std::isnan(value) ? std::string("-") : std::to_string(value);
    };
    for (std::size_t row = 0; row < log.size(); ++row) {
        const Event event = log.event(row);
        out += std::to_string(event.time) + ' ' + std::to_string(static_cast<int>(event.kind)) + ' ' +
               std::string(event.user) + '|' + std::string(event.item) + '|' + std::string(event.order) +
               '|' + std::to_string(log.session[row]);
        for (const events::TextColumn& column : log.text_columns)
            out +=
                '|' + column.name + '=' +
                (column.code[row] == events::kNone ? "-" : std::string(column.values.text(column.code[row])));
        for (const events::NumberColumn& column : log.number_columns)
            out += '|' + column.name + '=' + number(double{column.value[row]});
        out += '\n';
    }
    for (const events::OrderLine& line : log.order_lines)
        out += std::to_string(line.row) + ' ' + number(line.price) + ' ' + number(line.quantity) + ' ' +
               number(line.revenue) + '\n';
    out += std::to_string(log.has_revenue) + std::to_string(log.has_quantity) + std::to_string(log.has_price);
    const ReadReport& report = result.report;
    out += ' ' + std::to_string(report.rows) + ' ' + std::to_string(report.accepted) + ' ' +
           std::to_string(report.rejected);
    for (const auto& [reason, count] : report.rejected_by_reason)
        out += ' ' + reason + '=' + std::to_string(count);
    for (const auto& [event, count] : report.by_event)
        out += ' ' + event + '=' + std::to_string(count);
    return out;
}

TEST_F(SameLog, JsonLinesAndCsvOfTheSameLogAreTheSameLog) {
    const std::size_t blocks[] = {1, 200, 1000, 1u << 18};
    std::uint64_t rows = 0;
    for (std::uint64_t seed = 0; seed < support::cases(400); ++seed) {
        TwoWays log(seed);
        log.make();
        ReadOptions options;
        options.rows.bad_rows = BadRows::skip;
        options.rows.max_bad = {.count = 1000};
        options.columns.price = options.columns.text_if_mapped = options.columns.position_if_mapped = true;
        options.custom_kinds = {"signup"};
        const auto read_as = [&](const std::string& text, const char* name, std::size_t block,
                                 unsigned threads) {
            options.threads = threads;
            const detail::Tuning tuning{.block_bytes = block, .window_bytes = 64};
            try {
                const ReadResult result = detail::read_log(std::vector{write(text, name)}, options, tuning);
                rows += result.report.accepted;
                return whole(result);
            } catch (const Error& error) {
                const std::string message = error.what();
                EXPECT_NE(message.find("at least one usable row"), std::string::npos) << message;
                return std::string("none");
            }
        };
        const std::string expected = read_as(log.csv, "log.csv", 1u << 18, 1);
        for (const unsigned threads : {1u, 3u})
            ASSERT_EQ(read_as(log.json, "log.json", blocks[(seed + threads) % 4], threads), expected)
                << log.json;
    }
    EXPECT_GT(rows, support::cases(400) * 10);
}

TEST(JsonText, AgreesWithAnotherParserOnDamagedLines) {
    Rng random(11);
    const std::string alphabet = "{}[]\",:\\ue01-+.truefalsn \t";
    std::uint64_t good = 0, bad = 0;
    for (std::uint64_t i = 0; i < support::cases(20'000); ++i) {
        TwoWays log(i % 50);
        log.make();
        std::string line = log.json.substr(0, log.json.find_first_of("\r\n"));
        for (std::uint64_t n = random.below(3); n > 0; --n) {
            const std::size_t at = random.below(line.size());
            switch (random.below(3)) {
                case 0:
                    line[at] = alphabet[random.below(alphabet.size())];
                    break;
                case 1:
                    line.erase(at, 1);
                    break;
                default:
                    line.insert(at, 1, alphabet[random.below(alphabet.size())]);
            }
        }
        bool accepted = true;
        try {
            accepted = !nlohmann::json::parse(line).is_discarded();
        } catch (const nlohmann::json::out_of_range&) {  // 1e999: a number all the same
        } catch (const nlohmann::json::exception&) {
            accepted = false;
        }
        const bool utf8 = detail::find_invalid_utf8(line) == std::string::npos;
        const bool ours = utf8 && !detail::find_json_fault(line);
        // Half of a surrogate pair is an error there, and a replacement character here.
        if (line.find("\\ud") != std::string::npos || line.find("\\uD") != std::string::npos) continue;
        ASSERT_EQ(ours, accepted) << line;
        (ours ? good : bad) += 1;
    }
    EXPECT_GT(good, support::cases(20'000) / 10);
    EXPECT_GT(bad, support::cases(20'000) / 10);
}

TEST_F(SameLog, ABadLineIsBadWhateverTheBlocksAndThreads) {
    Rng random(5);
    const std::string alphabet = "{}[]\",:\\u01-.tn \xFF";
    std::uint64_t some = 0;
    for (std::uint64_t seed = 0; seed < support::cases(150); ++seed) {
        TwoWays log(seed);
        log.make();
        std::string text = log.json;
        for (std::uint64_t n = 1 + random.below(6); n > 0; --n)
            text[random.below(text.size())] = alphabet[random.below(alphabet.size())];
        // What a grammar of JSON alone would say, line by line.
        std::string expected;
        std::uint64_t number = 0;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find('\n', at), text.size());
            std::string line = text.substr(at, end - at);
            at = end + 1;
            ++number;
            if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
            if (line.ends_with('\r')) line.pop_back();
            const bool utf8 = detail::find_invalid_utf8(line) == std::string::npos;
            if (!utf8 || detail::find_json_fault(line))
                expected += std::to_string(number) + (utf8 ? " json\n" : " utf8\n");
        }
        if (!text.starts_with('{')) continue;
        ReadOptions options;
        options.explicit_schema = parse_schema(
            R"({"columns":{"time":"event_time","event":"event_type","user":"user_id"}})", "test");
        options.rows.bad_rows = BadRows::skip;
        options.rows.max_bad = {.count = 1000};
        options.rows.rejects_path = folder_.path("rejects.csv");
        options.threads = 1 + static_cast<unsigned>(seed % 3);
        try {
            static_cast<void>(
                detail::read_log(std::vector{write(text)}, options, {.block_bytes = 1 + seed % 700}));
        } catch (const Error& error) {
            continue;
        }
        const support::Csv rejects = support::parse_csv(folder_.read("rejects.csv"));
        std::string got;
        for (std::size_t i = 0; i < rejects.rows.size(); ++i) {
            const std::string reason = rejects.at(i, "reason");
            if (reason == "json" || reason == "utf8") got += rejects.at(i, "line") + ' ' + reason + '\n';
        }
        ASSERT_EQ(got, expected) << text;
        some += !expected.empty();
    }
    EXPECT_GT(some, 10u);
}

}  // namespace
}  // namespace funnel::ingest
