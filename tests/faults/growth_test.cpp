// SPDX-License-Identifier: MIT
// Large logs: memory within what is given, time that grows with the rows, counts beyond 32 bits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "faults/streams.hpp"
#include "funnel/base/hash.hpp"
#include "support/compress.hpp"
#include "support/effort.hpp"

namespace funnel::faults {
namespace {

using nlohmann::json;

constexpr const char* kHeader = "event_time,event_type,user_id,item_id\n";

struct Shape {
    std::uint64_t rows = 0, users = 1;
};

/// Views and a few purchases, a second apart, of random users.
void write_log(const Write& write, const Shape& shape) {
    std::string piece = kHeader;
    for (std::uint64_t i = 0; i < shape.rows; ++i) {
        const std::uint64_t draw = base::mix64(i);
        piece += std::to_string(1'700'000'000 + i) + (draw % 50 == 0 ? ",purchase,u" : ",view,u") +
                 std::to_string(draw / 50 % shape.users) + ",i" + std::to_string(draw % 997) + '\n';
        if (piece.size() < kMiB && i + 1 < shape.rows) continue;
        if (!write(piece)) return;
        piece.clear();
    }
}

support::ProcessResult metrics_of(const Shape& shape, const Words& options = {}) {
    return run_on_stream(options, [&](const Write& write) { write_log(write, shape); });
}

double cpu_seconds_of(const Shape& shape) {
    const auto result = metrics_of(shape);
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(json::parse(result.out).at("log").at("rows"), shape.rows);
    return result.cpu;
}

/// Linear work keeps within `factor` as soon as the machine leaves it alone in one round; quadratic work
/// never does.
void expect_at_most(double factor, const Shape& hard, const Shape& plain) {
    double least_hard = 1e9, least_plain = 1e9;
    for (int round = 0; round < 8 && !testing::Test::HasFailure(); ++round) {
        least_hard = std::min(least_hard, cpu_seconds_of(hard));
        least_plain = std::min(least_plain, cpu_seconds_of(plain));
        if (least_hard <= factor * least_plain) return;
    }
    ADD_FAILURE() << least_hard << " s of CPU, more than " << factor << " times " << least_plain;
}

TEST(Growth, MetricsStayWithinTheMemoryTheyAreGiven) {
    const auto rows = static_cast<std::uint64_t>(support::effort(2, 20)) * 1'000'000;
    for (const std::size_t memory : {std::size_t{32}, std::size_t{64}}) {
        const auto result = metrics_of({rows, 20'000}, {"--memory", std::to_string(memory) + "MiB"});
        ASSERT_EQ(result.code, 0) << result.err;
        EXPECT_EQ(json::parse(result.out).at("log").at("rows"), rows);
        EXPECT_LT(result.peak, (memory + 64) * kMiB);
    }
}

TEST(Growth, AsManyUsersAsRowsCostAtMostFiveTimesTheTime) {
    const auto rows = static_cast<std::uint64_t>(support::effort(1, 10)) * 1'000'000;
    expect_at_most(5, {rows, std::uint64_t{1} << 40}, {rows, 1000});
}

TEST(Growth, FourTimesTheEventsOfOneUserCostAtMostTenTimesTheTime) {
    const auto rows = static_cast<std::uint64_t>(support::effort(1, 10)) * 250'000;
    expect_at_most(10, {4 * rows, 1}, {rows, 1});
}

// Rows of one letter are bad ones, but rows; they come packed, 8 Mi at a time.
TEST(Growth, MoreThanTwoToThe31RowsAndTwoToThe32BytesAreCountedRight) {
    if (support::effort(0, 1) == 0) GTEST_SKIP() << "minutes: with FUNNEL_LONG_TESTS";
    constexpr std::uint64_t kPieces = 260, kRows = 8 * kMiB;
    static_assert(kPieces * kRows > std::uint64_t{1} << 31);
    const std::string piece = support::gzip(many("x\n", 2 * kRows));
    const Words skip = {"--bad-rows", "skip", "--max-bad", "100%"};
    const auto result = run_on_stream(skip, [&](const Write& write) {
        write(support::gzip(std::string(kHeader) + "1700000000,view,a,i\n"));
        for (std::uint64_t i = 0; i < kPieces && write(piece); ++i) {
        }
        write(support::gzip("1700000001,view,b,i\n"));
    });
    ASSERT_EQ(result.code, 0) << result.err;
    const json log = json::parse(result.out).at("log");
    EXPECT_EQ(log.at("rows"), kPieces * kRows + 2);
    EXPECT_EQ(log.at("rejected"), kPieces * kRows);
    EXPECT_EQ(log.at("accepted"), 2);
    EXPECT_LT(result.peak, 100 * kMiB);
}

}  // namespace
}  // namespace funnel::faults
