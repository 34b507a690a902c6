// SPDX-License-Identifier: MIT
// A log in parts is the log: against read_log, under every limit and number of threads.
#include "funnel/ingest/log_parts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "log_file.hpp"

namespace funnel::ingest {
namespace {

using Row = std::tuple<std::int64_t, int, std::string, std::string, std::uint64_t, std::string, std::string,
                       double, double>;

Row row_of(const EventLog& log, std::size_t row) {
    const Event event = log.event(row);
    const double revenue = event.revenue == event.revenue ? event.revenue : -1;
    const double price = event.price == event.price ? event.price : -1;
    return {event.time,
            static_cast<int>(event.kind),
            std::string(event.user),
            std::string(event.item),
            log.session[row],
            std::string(event.order),
            std::string(event.brand),
            revenue,
            price};
}

/// Rows of each user in the order of the log.
void append_rows(const EventLog& log, std::map<std::string, std::vector<Row>>& into) {
    for (std::size_t row = 0; row < log.size(); ++row)
        into[std::string(log.users.text(log.user[row]))].push_back(row_of(log, row));
}

constexpr detail::Tuning kTiny{
    .block_bytes = 400, .window_bytes = 128, .input_bytes = 64, .chunk_rows = 2, .loaded_rows = 40};

class Parts : public LogFile {
 protected:
    Parts() {
        options_.columns.row_hash = true;
        options_.columns.price = true;
        options_.columns.text = {"brand"};
    }

    /// A log of heavy and light users with orders, quotes, missing values and repeated rows. Times are whole
    /// seconds, with an even seed some of them not.
    [[nodiscard]] std::string random_log(unsigned seed, int rows) const {
        std::mt19937 random(seed);
        const auto below = [&](unsigned n) { return std::to_string(random() % n); };
        std::string text = "event_time,event_type,user_id,item_id,session_id,order_id,brand,price,revenue\n";
        std::string line;
        for (int i = 0; i < rows; ++i) {
            if (line.empty() || random() % 20 != 0) {
                const bool bought = random() % 4 == 0;
                line = "2024-01-0" + std::to_string(1 + random() % 9) + "T00:00:1" + below(10) +
                       (seed % 2 == 0 && random() % 9 == 0 ? ".25Z," : "Z,") +
                       (bought              ? "purchase"
                        : random() % 2 != 0 ? "view"
                                            : "impression") +
                       ",u" + below(random() % 8 == 0 ? 3 : 60) + "," +
                       (random() % 9 != 0 ? "i" + below(20) : "") + ",s" + below(5) + "," +
                       (bought ? "o" + below(30) : "") + "," +
                       (random() % 3 != 0 ? "\"b," + below(4) + "\"" : "") + "," + below(90) + "," +
                       (bought && random() % 3 != 0 ? below(900) : "") + "\n";
            }
            text += line;
        }
        return text;
    }

    [[nodiscard]] LogParts parts(const std::string& path, unsigned threads, std::uint64_t memory = 0) const {
        ReadOptions options = options_;
        options.threads = threads;
        return detail::read_log_parts(std::vector{path}, options, {.memory = memory, .temp = temp_.path()},
                                      kTiny);
    }

    ReadOptions options_;
    support::TemporaryFolder temp_;
};

TEST_F(Parts, TogetherAreTheLog) {
    for (const unsigned seed : {1u, 2u, 3u}) {
        const std::string path = write(random_log(seed, 700));
        const ReadResult whole = read_log(std::vector{path}, options_);
        std::map<std::string, std::vector<Row>> expected;
        append_rows(whole.log, expected);
        for (const unsigned threads : {1u, 2u}) {
            for (const std::uint64_t memory : {std::uint64_t{0}, std::uint64_t{40'000}}) {
                const LogParts log = parts(path, threads, memory);
                ASSERT_GT(log.size(), 3u);
                std::map<std::string, std::vector<Row>> rows;
                std::uint64_t duplicates = 0;
                EventLog part;
                for (std::size_t i = 0; i < log.size(); ++i) {
                    duplicates += log.load(i, part);
                    EXPECT_TRUE(std::ranges::is_sorted(part.user));
                    append_rows(part, rows);
                }
                EXPECT_EQ(rows, expected);
                EXPECT_EQ(duplicates, whole.report.duplicates);
                EXPECT_EQ(log.outline().rows, whole.log.size());
                EXPECT_EQ(log.outline().items, whole.log.items.size());
                EXPECT_EQ(log.report().by_event, whole.report.by_event);
                EXPECT_EQ(log.outline().spilled_bytes > 0, memory > 0);
            }
        }
    }
}

TEST_F(Parts, AreTheSameAtAnyNumberOfThreadsAndUnderAnyLimit) {
    const std::string path = write(random_log(4, 700));
    const LogParts one = parts(path, 1);
    for (const unsigned threads : {1u, 2u, 5u}) {
        const std::uint64_t memory = threads < 3 ? 40'000 : 0;
        const LogParts other = parts(path, threads, memory);
        EXPECT_EQ(other.outline().spilled_bytes > 0, memory > 0);
        EventLog a, b;
        std::vector<Row> rows_a, rows_b;
        const auto all = [](const LogParts& log, EventLog& part) {
            std::vector<Row> rows;
            for (std::size_t i = 0; i < log.size(); ++i) {
                static_cast<void>(log.load(i, part));
                for (std::size_t row = 0; row < part.size(); ++row)
                    rows.push_back(row_of(part, row));
            }
            return rows;
        };
        EXPECT_EQ(all(one, a), all(other, b));
    }
}

TEST_F(Parts, LeaveOutDuplicatesWhenAsked) {
    const std::string path = write(random_log(5, 400));
    options_.drop_duplicates = true;
    const ReadResult whole = read_log(std::vector{path}, options_);
    std::map<std::string, std::vector<Row>> expected, rows;
    append_rows(whole.log, expected);
    const LogParts log = parts(path, 2);
    std::uint64_t duplicates = 0;
    EventLog part;
    for (std::size_t i = 0; i < log.size(); ++i) {
        duplicates += log.load(i, part);
        append_rows(part, rows);
    }
    EXPECT_GT(duplicates, 0u);
    EXPECT_EQ(duplicates, whole.report.duplicates);
    EXPECT_EQ(rows, expected);
}

TEST_F(Parts, TellWhatOnlyTheWholeLogKnows) {
    const std::string path = write(
        "event_time,event_type,user_id,item_id,order_id\n"
        "2024-01-02,purchase,ann,i,shared\n2024-01-01,view,bob,i,\n2024-01-03,purchase,bob,i,shared\n"
        "2024-01-03,purchase,bob,j,own\n");
    options_.columns = {};
    const LogParts log = parts(path, 1);
    EXPECT_EQ(log.outline().shared_order_ids, 1u);
    EXPECT_EQ(log.outline().first_time, 1'704'067'200'000'000);
    EXPECT_EQ(log.outline().last_time, 1'704'240'000'000'000);
    EXPECT_EQ(log.outline().kinds, events::kind_bit(EventKind::view) | events::kind_bit(EventKind::purchase));
    EXPECT_FALSE(log.outline().has_sessions);
}

TEST_F(Parts, LeaveNothingInTheTemporaryFolder) {
    const std::string path = write(random_log(6, 700));
    const auto is_empty = [&] { return std::filesystem::is_empty(temp_.path()); };
    {
        const LogParts log = parts(path, 2, 40'000);
        EXPECT_GT(log.outline().spilled_bytes, 0u);
        EXPECT_TRUE(is_empty());
    }
    const std::string bad = write(random_log(6, 700) + "no time,view,u,,,,,,\n", "bad.csv");
    EXPECT_THROW(static_cast<void>(parts(bad, 2, 40'000)), Error);
    EXPECT_TRUE(is_empty());
}

TEST_F(Parts, SayWhatIsWrongWithTheLimitOrTheFolder) {
    const std::string path = write(random_log(7, 700));
    const std::string one_user =
        write("event_time,event_type,user_id,brand,price\n" + repeated("2024-01-02,view,ann,b,1\n", 600),
              "one.csv");
    const auto failure_with = [&](const std::string& log,
                                  const PartsOptions& where) -> std::pair<ErrorCode, std::string> {
        try {
            static_cast<void>(detail::read_log_parts(std::vector{log}, options_, where, kTiny));
        } catch (const Error& error) {
            return {error.code(), error.what()};
        }
        return {ErrorCode::internal, "none"};
    };
    const auto [ids, about_ids] = failure_with(path, {.memory = 1000, .temp = temp_.path()});
    EXPECT_EQ(ids, ErrorCode::memory);
    EXPECT_NE(about_ids.find("users"), std::string::npos) << about_ids;
    const auto [rows, about_rows] = failure_with(one_user, {.memory = 22'000, .temp = temp_.path()});
    EXPECT_EQ(rows, ErrorCode::memory);
    EXPECT_NE(about_rows.find("part"), std::string::npos) << about_rows;
    const auto [folder, about_folder] = failure_with(path, {.memory = 40'000, .temp = temp_.path("none")});
    EXPECT_EQ(folder, ErrorCode::io);
    EXPECT_NE(about_folder.find("/none"), std::string::npos) << about_folder;
}

}  // namespace
}  // namespace funnel::ingest
