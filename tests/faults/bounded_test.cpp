// SPDX-License-Identifier: MIT
// Input that never ends a line, never closes a quote, or unpacks to gigabytes: an error soon, in little
// memory. Streamed through a pipe, so that the size of the input costs no disk.
#include <gtest/gtest.h>

#include <string>

#include "cli/small_shop.hpp"
#include "faults/streams.hpp"
#include "support/compress.hpp"
#include "support/effort.hpp"

namespace funnel::faults {
namespace {

/// `piece` over and over: 64 MiB in every run, 1 GiB in a long one.
void repeat(const Write& write, const std::string& piece, std::size_t unpacked) {
    const std::size_t bytes = static_cast<std::size_t>(support::effort(64, 1024)) * kMiB;
    for (std::size_t done = 0; done < bytes; done += unpacked) {
        if (!write(piece)) return;
    }
}

void expect_bounded(const support::ProcessResult& result, std::size_t most_mib) {
    EXPECT_FALSE(result.died);
    EXPECT_LT(result.peak, most_mib * kMiB);
}

const Words kSkip = {"--bad-rows", "skip", "--max-bad", "100%"};

TEST(Bounded, ALineWithoutEnd) {
    for (const char* text : {"x", ",", "\"", "\"\"", "\xC3\xBC"}) {
        for (const std::string& before : {std::string(), cli_test::small_shop()}) {
            const std::string piece = many(text, kMiB);
            const auto result = run_on_stream({}, [&](const Write& write) {
                write(before);
                repeat(write, piece, kMiB);
            });
            EXPECT_EQ(result.code, 3) << text << result.err;
            EXPECT_NE(result.err.find("1048576 bytes"), std::string::npos) << result.err.substr(0, 300);
            EXPECT_LT(result.cpu, 5);
            expect_bounded(result, 100);
        }
    }
}

TEST(Bounded, ALineWithoutEndIsSkippedWhole) {
    const std::string piece = many("x", kMiB);
    const auto result = run_on_stream(kSkip, [&](const Write& write) {
        write(cli_test::small_shop());
        repeat(write, piece, kMiB);
        write("\n" + std::string(cli_test::kRows));
    });
    ASSERT_EQ(result.code, 0) << result.err;
    const auto log = nlohmann::json::parse(result.out).at("log");
    EXPECT_EQ(log.at("rows"), 25);
    EXPECT_EQ(log.at("rejected"), 1);
    expect_bounded(result, 100);
}

TEST(Bounded, AQuoteThatNeverCloses) {
    const std::string rows = many(cli_test::kRows, kMiB);
    const auto result = run_on_stream({}, [&](const Write& write) {
        write(cli_test::small_shop() + "2024-03-01T10:00:00Z,view,\"a,i1,s1,,1,\n");
        repeat(write, rows, kMiB);
    });
    EXPECT_EQ(result.code, 3);
    EXPECT_NE(result.err.find(":14: "), std::string::npos)
        << "where it opened: " << result.err.substr(0, 300);
    expect_bounded(result, 200);
}

TEST(Bounded, AQuoteThatOpensInEveryLine) {
    const std::string rows = many("2024-03-01T10:00:00Z,view,\"a,i1,s1,,1,\n", kMiB);
    const auto result = run_on_stream(kSkip, [&](const Write& write) {
        write(cli_test::small_shop());
        repeat(write, rows, 8 * kMiB);
    });
    EXPECT_EQ(result.code, 0) << result.err;
    expect_bounded(result, 100);
}

TEST(Bounded, PackedGigabytesOfOneLine) {
    const std::string piece = support::gzip(many("x", 16 * kMiB));
    const auto result = run_on_stream({}, [&](const Write& write) {
        write(support::gzip(cli_test::small_shop()));
        repeat(write, piece, 16 * kMiB);
    });
    EXPECT_EQ(result.code, 3) << result.err;
    EXPECT_LT(result.cpu, 5);
    expect_bounded(result, 100);
}

TEST(Bounded, PackedGigabytesOfShortLines) {
    for (const char* line : {"\n", "x\n"}) {  // blank lines are no rows; the others are bad ones
        const std::string piece = support::gzip(many(line, 16 * kMiB));
        const auto result = run_on_stream(kSkip, [&](const Write& write) {
            write(support::gzip(cli_test::small_shop()));
            repeat(write, piece, 16 * kMiB);
        });
        EXPECT_EQ(result.code, 0) << result.err;
        expect_bounded(result, 100);
    }
}

}  // namespace
}  // namespace funnel::faults
