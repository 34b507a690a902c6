// SPDX-License-Identifier: MIT
// Parts of the reader that have a plain counterpart to be compared with.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/base/string_table.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/kernel/cpu_level.hpp"
#include "ingest/csv/fast_hash.hpp"
#include "ingest/csv/id_table.hpp"
#include "ingest/csv/scan.hpp"
#include "ingest/log/duplicates.hpp"
#include "ingest/log/row_store.hpp"
#include "ingest/source/ordered_pipeline.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {
namespace {

TEST(FastHash, IsHashBytes) {
    const std::string text =
        "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" + std::string(64, '~');
    for (std::size_t n = 0; n <= 62; ++n) {
        const std::string_view part(text.data(), n);
        EXPECT_EQ(fast_hash(part, 5), base::hash_bytes(part, 5)) << n;
        if (n <= 16) {
            EXPECT_EQ(hash_words(load_words(part.data(), n), n), base::hash_bytes(part)) << n;
        }
        EXPECT_EQ(session_key(part), events::session_key(part)) << n;
    }
}

TEST(IdTable, GivesTheCodesOfAStringTable) {
    IdTable ids;
    base::StringTable plain;
    NewIds fresh;
    Rng random(1);
    std::vector<std::string> texts;
    for (int i = 0; i < 50'000; ++i)
        texts.push_back(std::string(random.below(25), 'x') + std::to_string(random.below(5000)) +
                        std::string(16, '\0'));
    std::vector<std::string_view> views;
    for (const std::string& text : texts)
        views.push_back(std::string_view(text).substr(0, text.size() - 16));
    views.emplace_back();
    std::vector<std::uint32_t> codes(views.size());
    ids.intern(
        views.size(), [&](std::size_t i) { return views[i]; }, codes.data(), fresh);
    for (std::size_t i = 0; i + 1 < views.size(); ++i)
        ASSERT_EQ(codes[i], plain.intern(views[i]));
    EXPECT_EQ(codes.back(), kNone);
    ASSERT_EQ(fresh.size(), plain.size());
    ASSERT_GT(plain.size(), 1000u);
    for (std::uint32_t i = 0; i < plain.size(); ++i)
        ASSERT_EQ(fresh.text(i), plain.text(i));
}

TEST(IdTable, SpreadsIdsThatWereMadeToCollide) {
    std::vector<std::string> texts;
    for (std::uint64_t i = 10'000'000; texts.size() < 3000; ++i) {
        const std::string id = std::to_string(i);  // 8 digits, found by themselves
        const std::uint64_t place = base::detail::fold(load8(id.data()) ^ kHashKey0, kHashKey1);
        if (place >> 50 == 0) texts.push_back(id + std::string(16, '\0'));
    }
    IdTable table;
    NewIds fresh;
    for (int round = 0; round < 2; ++round) {
        for (std::uint32_t i = 0; i < texts.size(); ++i)
            ASSERT_EQ(table.intern(std::string_view(texts[i]).substr(0, 8), fresh), i);
    }
    EXPECT_EQ(table.hash_changes(), 1u);
    EXPECT_EQ(fresh.size(), texts.size());
}

TEST(IdTable, FindsLongTextsAfterAChangeOfItsHash) {
    std::vector<std::string> texts;
    for (std::uint64_t i = 0; texts.size() < 1500; ++i) {
        const std::string id = "a longer visitor id " + std::to_string(i);
        const std::uint64_t place =
            base::detail::fold(base::hash_bytes(id) ^ kHashKey0, 0x80000000u ^ kHashKey1);
        if (place >> 52 == 0) texts.push_back(id + std::string(16, '\0'));
    }
    IdTable table;
    NewIds fresh;
    for (int round = 0; round < 2; ++round) {
        for (std::uint32_t i = 0; i < texts.size(); ++i)
            ASSERT_EQ(table.intern(std::string_view(texts[i]).substr(0, texts[i].size() - 16), fresh), i);
    }
    EXPECT_EQ(table.hash_changes(), 1u);
}

class Scan : public ::testing::TestWithParam<const Scans*> {};

INSTANTIATE_TEST_SUITE_P(Runnable, Scan,
                         ::testing::ValuesIn(runnable_scans().begin(), runnable_scans().end()),
                         [](const auto& scan) { return std::to_string(scan.index); });

#if defined(__x86_64__) && !defined(__SSSE3__)
TEST(Scans, AreAsManyAsTheCpuHasLevels) {
    using enum kernel::CpuLevel;
    const kernel::CpuLevel level = kernel::cpu_level();
    EXPECT_EQ(runnable_scans().size(), level == avx512 ? 4U : level == avx2 ? 3U : level == sse4 ? 2U : 1U);
    EXPECT_EQ(&best_scans(), runnable_scans().back());
}
#endif

TEST_P(Scan, FindsEverySeparatorOutsideQuotes) {
    Rng random(2);
    RowIndex index;
    std::size_t rows = 0;
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        const std::size_t size = random.below(300);
        const bool quoted = random.below(2) == 0;
        for (std::size_t i = 0; i < size; ++i)
            text += "ab,\n,x\xC3\"\""[random.below(quoted ? 9 : 7)];
        std::vector<std::uint32_t> separators, row_ends, quotes;
        std::uint32_t quote_count = 0;
        std::size_t open = std::string::npos;
        for (std::uint32_t i = 0; i < text.size(); ++i) {
            quote_count += text[i] == '"';
            if (quote_count % 2 != 0 && text[i] == '\n' && open == std::string::npos) open = i;
            if (quote_count % 2 != 0 || (text[i] != ',' && text[i] != '\n')) continue;
            if (text[i] == '\n') {
                row_ends.push_back(static_cast<std::uint32_t>(separators.size()));
                quotes.push_back(quote_count);
            }
            separators.push_back(i);
        }
        const std::string padded = text + std::string(kPadding, random.below(2) == 0 ? ',' : '"');
        scan_rows(padded.data(), text.size(), ',', quoted, 0, index, *GetParam());
        ASSERT_EQ(index.rows, row_ends.size());
        rows += index.rows;
        for (std::size_t i = 0; i < index.rows; ++i) {
            ASSERT_EQ(index.row_ends[i], row_ends[i]);
            if (quoted) {
                ASSERT_EQ(index.quotes[i], quotes[i]);
            }
        }
        const std::size_t used = row_ends.empty() ? 0 : row_ends.back() + 1;
        for (std::size_t i = 0; i < used; ++i)
            ASSERT_EQ(index.separators()[i], separators[i]);
        ASSERT_EQ(index.high_bytes, text.find('\xC3') != std::string::npos);
        ASSERT_FALSE(index.zero_bytes);
        ASSERT_EQ(find_open_line_end(padded.data(), text.size(), *GetParam()), open);
        ASSERT_EQ(GetParam()->line_ends(text.data(), text.size()),
                  static_cast<std::size_t>(std::ranges::count(text, '\n')));
    }
    EXPECT_GT(rows, 10'000u);
}

TEST_P(Scan, SeesZeros) {
    RowIndex index;
    for (std::size_t at = 0; at < 150; ++at) {
        std::string text(150, 'x');
        text[at] = '\0';
        text += std::string(kPadding, 'x');
        scan_rows(text.data(), 150, ',', false, 0, index, *GetParam());
        EXPECT_TRUE(index.zero_bytes) << at;
    }
}

TEST(Utf8, IsWhatRfc3629Allows) {
    const std::string good[] = {"",
                                "abc",
                                "\xC2\x80",
                                "\xDF\xBF",
                                "\xE0\xA0\x80",
                                "\xED\x9F\xBF",
                                "\xEE\x80\x80",
                                "\xF0\x90\x80\x80",
                                "\xF4\x8F\xBF\xBF",
                                "eight..\xC3\xBC.........\xE2\x82\xAC"};
    for (const std::string& text : good)
        EXPECT_EQ(find_invalid_utf8(text), std::string::npos) << escaped(text);
    const std::pair<std::string, std::size_t> bad[] = {{"\x80", 0},
                                                       {"abc\xC0\xAF", 3},
                                                       {"\xC1\xBF", 0},
                                                       {"\xE0\x9F\xBF", 0},
                                                       {"\xED\xA0\x80", 0},
                                                       {"\xF0\x8F\xBF\xBF", 0},
                                                       {"\xF4\x90\x80\x80", 0},
                                                       {"\xF5\x80\x80\x80", 0},
                                                       {"\xC3", 0},
                                                       {"12345678\xE2\x82", 8},
                                                       {"\xFF", 0},
                                                       {"\xC3\xC3", 0}};
    for (const auto& [text, at] : bad)
        EXPECT_EQ(find_invalid_utf8(text), at) << escaped(text);
}

TEST(Utf8, IsEscapedForATerminal) {
    EXPECT_EQ(escaped("a\tb\r\n\x1B[0m\x7F"), "a\\tb\\r\\n\\x1b[0m\\x7f");
    EXPECT_EQ(escaped("\xC3\xBC\xC2\x9B\xFF"), "\xC3\xBC\\xc2\\x9b\\xff");
    EXPECT_EQ(escaped(std::string(300, 'x')), std::string(200, 'x') + "...");
}

/// A block of rows of `users` users of one part, far enough apart that times of 32 bits need a unit.
LogBlock block_of_one_part(std::uint64_t sequence, std::uint32_t first_user, std::uint32_t users,
                           std::int64_t step) {
    LogBlock block;
    block.sequence = sequence;
    block.new_users.hashes.assign(users, 0);
    for (std::uint32_t row = 0; row < 2 * users; ++row) {
        block.user.push_back(first_user + row / 2);
        block.time.push_back(-7'000'000 + row * step);
        block.kind.push_back(row % 2 == 0 ? events::EventKind::view : events::EventKind::cart_add);
        block.item.push_back(row % 5 == 0 ? kNone : row);
        block.session.push_back(row % 3 == 0 ? 0 : row / 4);
        block.row_hash.push_back(base::hash_bytes(std::to_string(row)));
    }
    return block;
}

TEST(RowStore, GivesBackEveryRowHoweverItIsPacked) {
    // Times that fit as they are, in seconds, and not at all; at last more users than 16 bits count.
    const std::vector<LogBlock> blocks = {
        block_of_one_part(0, 0, 100, 1), block_of_one_part(1, 100, 100, 3'600'000'000),
        block_of_one_part(2, 200, 100, 3'600'000'001), block_of_one_part(3, 300, 70'000, 1),
        block_of_one_part(4, 70'300, 10, 1'000'000)};
    RowStore store(1, 0, 64, "");
    for (const LogBlock& block : blocks)
        store.add(block);
    store.seal();
    ASSERT_EQ(store.users(0, 0).size(), 70'310u);
    EXPECT_EQ(store.users(0, 0)[70'309].rows, 2u);
    std::size_t block = 0, row = 0;
    RowStore::Part(store, 0).for_each_row(
        [&](unsigned, const StoredRow& stored, const std::uint32_t*, const events::OrderLine*) {
            if (row == blocks[block].time.size()) ++block, row = 0;
            const LogBlock& expected = blocks[block];
            ASSERT_EQ(stored.time, expected.time[row]);
            ASSERT_EQ(stored.user, expected.user[row]);
            ASSERT_EQ(stored.item, expected.item[row]);
            ASSERT_EQ(stored.kind, expected.kind[row]);
            ASSERT_EQ(stored.session, expected.session[row]);
            ASSERT_EQ(stored.mark, (expected.row_hash[row] & ~std::uint64_t{63}) |
                                       static_cast<std::uint64_t>(expected.kind[row]));
            ++row;
        });
    EXPECT_EQ(block, 4u);
    EXPECT_EQ(row, 20u);
    EXPECT_EQ(store.facts().first_time, -7'000'000);
}

TEST(OrderedPipeline, GivesNothingMoreToAWorkerThatFailed) {
    std::atomic<bool> stop{false};
    std::array<bool, 2> failed{};
    std::atomic<bool> came_again{false};
    int produced = 0;
    PipelineSteps<int> steps;
    steps.produce = [&](int& item) { return (item = produced++) < 6; };
    steps.work = [&](unsigned worker, int& item) {
        if (failed[worker]) came_again = true;
        if (item == 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
        if (item != 1) return;
        failed[worker] = true;
        throw std::bad_alloc();
    };
    steps.commit = [](int&) {};
    EXPECT_THROW(OrderedPipeline<int>(std::move(steps), 2, stop).run(), std::bad_alloc);
    EXPECT_FALSE(came_again);
}

TEST(Duplicates, AreFoundAmongManyRows) {
    events::EventLog log;
    Rng random(3);
    std::map<std::tuple<std::uint64_t, std::int64_t>, int> seen;
    std::vector<std::uint64_t> expected;
    for (std::uint64_t row = 0; row < 30'000; ++row) {
        const auto hash = base::mix64(random.below(20'000));
        const auto time = static_cast<std::int64_t>(random.below(2));  // equal hash, other row
        log.add({.time = time, .kind = events::EventKind::view, .user = "u"});
        log.row_hash.push_back(hash);
        log.row_hash.resize(log.size());
        log.row_hash.back() = hash;
        if (seen[{hash, time}]++ > 0) expected.push_back(row);
    }
    DuplicateFinder finder;
    BlockMarks marks;
    for (std::size_t row = 0; row < log.size(); row += 1000) {
        marks.fill(std::span(log.row_hash).subspan(row, 1000));
        finder.add(marks);
    }
    EXPECT_EQ(finder.find(log, 1), expected);
    EXPECT_EQ(finder.find(log, 4), expected);
    drop_rows(log, expected);
    EXPECT_EQ(log.size(), seen.size());
}

}  // namespace
}  // namespace funnel::ingest::detail
