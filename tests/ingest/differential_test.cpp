// SPDX-License-Identifier: MIT
// The fast reader against the plain one on texts that are hard on readers, over block sizes and threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/random.hpp"
#include "ingest/log/tuned_read.hpp"
#include "ingest/reference_reader.hpp"
#include "support/csv.hpp"
#include "support/effort.hpp"
#include "support/temporary_folder.hpp"

namespace funnel::ingest {
namespace {

constexpr std::string_view kHeader = "event_time,event_type,user_id,item_id,price\n";

const reference::Options kReference;

class TextMaker {
 public:
    explicit TextMaker(std::uint64_t seed) : random_(seed) {}

    /// Rows, most of them right, some of them broken at random places.
    std::string text() {
        std::string out;
        const std::uint64_t rows = random_.below(40), quoting = random_.below(4);
        for (std::uint64_t i = 0; i < rows; ++i) {
            std::string row = this->row(quoting);
            if (random_.below(6) == 0) damage(row);
            out += row;
            out += one_of({"\n", "\n", "\n", "\r\n", "\n\n", "\r\n\r\n"});
        }
        if (random_.below(3) == 0 && !out.empty()) out.pop_back();
        return out;
    }

 private:
    std::string one_of(std::initializer_list<std::string_view> texts) {
        return std::string(texts.begin()[random_.below(texts.size())]);
    }
    std::string field(std::string value, std::uint64_t quoting) {
        if (quoting == 0 || random_.below(quoting + 1) != 0) {
            if (value.find_first_of(",\"\n\r") == std::string::npos) return value;
        }
        std::string out = "\"";
        for (const char c : value) {
            if (c == '"') out += c;
            out += c;
        }
        return out + '"';
    }
    std::string row(std::uint64_t quoting) {
        std::string time =
            one_of({"2016-10-01T06:59:58Z", "2016-10-01 06:59:58 UTC", "2016-10-01T06:59:58.5+01:00",
                    "1969-12-31 23:59:59.9999999", "9999-12-31T23:59:59Z"});
        if (random_.below(30) == 0) time = one_of({"", "2016-02-30T00:00:00Z", "2016-10-01T06:59:60Z", "x"});
        std::string item =
            one_of({"1", "007", "", "\xC3\xBC", "u\xCC\x88", "a-long-item-name-of-many-letters"});
        if (quoting > 0)
            item += one_of({"", "", "", ",", "\"", "\n", "\r\n", "\n\n", "x\ny", "\"\"", " ", "\r"});
        return field(time, quoting) + ',' + field(one_of({"view", "click", "signup"}), quoting) + ',' +
               field(one_of({"u1", "u2", "user-with-a-long-name-42", "\xE2\x82\xAC"}), quoting) + ',' +
               field(item, quoting) + ',' + field(one_of({"", "NA", "12.5", "-3", ".5", "1e3"}), quoting);
    }
    void damage(std::string& row) {
        const auto at = random_.below(row.size() + 1);
        switch (random_.below(5)) {
            case 0:
                row.erase(at, 1 + random_.below(3));
                break;
            case 1:
                row.insert(at, one_of({"\"", "\"\"", ",", "\n", "\r", "\xFF", "\xC3", "\xED\xA0\x80"}));
                break;
            case 2:
                row.insert(at, std::string(1, '\0'));
                break;
            case 3:
                row.insert(at, std::string(random_.below(120), 'x'));
                break;
            default:
                row = row.substr(0, at);
        }
    }

    Rng random_;
};

struct Outcome {
    std::vector<reference::Row> rows;
    std::vector<reference::Reject> rejects;
    std::map<std::string, std::uint64_t> reasons;  ///< empty if no row was accepted
};

/// What the log keeps of an event name.
reference::Result with_kinds(reference::Result result) {
    for (reference::Row& row : result.rows) {
        if (row.event != "signup" && !events::parse_kind(row.event)) row.event = "other";
    }
    return result;
}

std::string lines(const std::vector<reference::Reject>& rejects) {
    std::string all;
    for (const auto& reject : rejects)
        all += std::to_string(reject.line) + ' ' + reject.reason + '\n';
    return all;
}

std::map<std::string, std::uint64_t> reasons(const std::vector<reference::Reject>& rejects) {
    std::map<std::string, std::uint64_t> counts;
    for (const auto& reject : rejects)
        ++counts[reject.reason];
    return counts;
}

/// with_lines: through a rejects file, which costs a sync of the disk; else only the reasons are known.
Outcome read_fast(const support::TemporaryFolder& folder, const std::string& path,
                  const detail::Tuning& tuning, unsigned threads, bool with_lines) {
    ReadOptions options;
    options.rows.bad_rows = BadRows::skip;
    options.rows.max_bad = {.count = 1'000'000};
    if (with_lines) options.rows.rejects_path = folder.path("rejects.csv");
    options.rows.max_line = kReference.max_line;
    options.threads = threads;
    options.custom_kinds = {"signup"};
    Outcome outcome;
    try {
        const ReadResult result = detail::read_log(std::vector{path}, options, tuning);
        EXPECT_EQ(result.report.rows, result.report.accepted + result.report.rejected);
        outcome.reasons = result.report.rejected_by_reason;
        for (std::size_t i = 0; i < result.log.size(); ++i) {
            const Event event = result.log.event(i);
            const std::string kind =
                event.kind >= EventKind::custom_first
                    ? "signup"
                    : std::string(events::kKindNames[static_cast<std::size_t>(event.kind)]);
            outcome.rows.push_back({event.time, kind, std::string(event.user), std::string(event.item)});
        }
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("at least one usable row"), std::string::npos)
            << error.what();
    }
    if (!with_lines) return outcome;
    const support::Csv rejects = support::parse_csv(folder.read("rejects.csv"));
    for (std::size_t i = 0; i < rejects.rows.size(); ++i)
        outcome.rejects.push_back({std::stoull(rejects.at(i, "line")), rejects.at(i, "reason")});
    return outcome;
}

TEST(Differential, AgreesWithThePlainReaderAtEveryBlockSizeAndThreadCount) {
    const support::TemporaryFolder folder;
    const std::size_t blocks[] = {1, 7, 64, 200, 1000, 1u << 19}, windows[] = {1, 10, 64, 150, 1u << 15};
    const std::uint64_t texts = support::cases(3000), lines_every = 30;
    Rng random(7);
    std::size_t rows = 0, rejects = 0;
    for (std::uint64_t seed = 0; seed < texts; ++seed) {
        const std::string text = TextMaker(seed).text();
        const std::string path = folder.write("log.csv", std::string(kHeader) + text);
        const reference::Result expected = with_kinds(reference::read(text, kReference));
        for (int run = 0; run < 3; ++run) {
            const detail::Tuning tuning{.block_bytes = blocks[random.below(6)],
                                        .window_bytes = windows[random.below(5)]};
            const unsigned threads = run == 0 ? 1 : 3;
            const bool with_lines = run == 0 && seed % lines_every == 0;
            const Outcome got = read_fast(folder, path, tuning, threads, with_lines);
            if (with_lines) {
                rejects += got.rejects.size();
                ASSERT_EQ(lines(got.rejects), lines(expected.rejects)) << "seed " << seed;
            }
            if (!got.rows.empty()) {
                ASSERT_EQ(got.reasons, reasons(expected.rejects)) << "seed " << seed;
            }
            ASSERT_TRUE(got.rows == expected.rows) << "seed " << seed << " block " << tuning.block_bytes;
            rows += got.rows.size();
        }
    }
    EXPECT_GT(rows, texts);
    EXPECT_GT(rejects, 0u);
}

TEST(Differential, NamesTheFirstBadRowInFileOrderWhateverTheThreads) {
    int good = 0, bad = 0;
    const support::TemporaryFolder folder;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const std::string text = TextMaker(seed).text();
        const std::string path = folder.write("log.csv", std::string(kHeader) + text);
        const reference::Result expected = reference::read(text, kReference);
        for (const unsigned threads : {1u, 4u}) {
            ReadOptions options;
            options.rows.max_line = kReference.max_line;
            options.threads = threads;
            const detail::Tuning tuning{.block_bytes = 50, .window_bytes = 30};
            try {
                static_cast<void>(detail::read_log(std::vector{path}, options, tuning));
                ASSERT_TRUE(expected.rejects.empty()) << "seed " << seed;
                ++good;
            } catch (const Error& error) {
                ASSERT_FALSE(expected.rejects.empty()) << "seed " << seed << ": " << error.what();
                const std::string where = path + ':' + std::to_string(expected.rejects.front().line) + ": ";
                ASSERT_TRUE(std::string(error.what()).starts_with(where))
                    << "seed " << seed << ": " << error.what();
                ++bad;
            }
        }
    }
    EXPECT_GT(good, 0);
    EXPECT_GT(bad, 0);
}

}  // namespace
}  // namespace funnel::ingest
