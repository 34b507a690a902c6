// SPDX-License-Identifier: MIT
#include "funnel/events/visit.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace funnel::events {
namespace {

using base::kMinute;

std::vector<std::uint32_t> visits(VisitSplitter& splitter,
                                  const std::vector<std::pair<std::int64_t, std::uint64_t>>& rows) {
    std::vector<std::uint32_t> out;
    splitter.start_user();
    for (const auto& [minute, session] : rows)
        out.push_back(splitter.visit(minute * kMinute, session));
    return out;
}

TEST(VisitSplitter, StartsANewVisitAfterThirtyMinutesOfSilence) {
    VisitSplitter splitter;
    EXPECT_EQ(visits(splitter, {{0, 0}, {29, 0}, {59, 0}, {88, 0}}),
              (std::vector<std::uint32_t>{0, 0, 1, 1}));
    EXPECT_EQ(splitter.count(), 2u);
}

TEST(VisitSplitter, KeepsAGivenVisitTogetherOverAnySilence) {
    VisitSplitter splitter;
    EXPECT_EQ(visits(splitter, {{0, 7}, {1, 8}, {600, 7}}), (std::vector<std::uint32_t>{0, 1, 0}));
}

TEST(VisitSplitter, SplitsRowsWithoutAnIdAmongThemselves) {
    VisitSplitter splitter;
    // The row at 20 min belongs to a given visit and does not fill the silence from 0 to 40.
    EXPECT_EQ(visits(splitter, {{0, 0}, {20, 7}, {40, 0}, {50, 7}}),
              (std::vector<std::uint32_t>{0, 1, 2, 1}));
}

TEST(VisitSplitter, ForgetsTheUserBefore) {
    VisitSplitter splitter;
    EXPECT_EQ(visits(splitter, {{0, 7}, {1, 0}}), (std::vector<std::uint32_t>{0, 1}));
    EXPECT_EQ(visits(splitter, {{2, 0}, {3, 7}}), (std::vector<std::uint32_t>{0, 1}));
}

TEST(VisitSplitter, FindsThousandsOfInterleavedVisits) {
    VisitSplitter splitter;
    splitter.start_user();
    for (std::uint64_t round = 0; round < 3; ++round) {
        for (std::uint32_t session = 0; session < 5000; ++session) {
            ASSERT_EQ(splitter.visit(static_cast<std::int64_t>(round), session + 1), session);
        }
    }
    EXPECT_EQ(splitter.count(), 5000u);
}

TEST(Window, IsInclusiveAtBothEndsAndNeverOverflows) {
    constexpr auto kFirst = std::numeric_limits<std::int64_t>::min();
    constexpr auto kLast = std::numeric_limits<std::int64_t>::max();
    EXPECT_TRUE(within(5, 5, 0));
    EXPECT_TRUE(within(5, 15, 10));
    EXPECT_FALSE(within(5, 16, 10));
    EXPECT_FALSE(within(kFirst, kLast, kLast));
    EXPECT_TRUE(mature(5, 10, 15));
    EXPECT_FALSE(mature(6, 10, 15));
    EXPECT_FALSE(mature(16, 0, 15));
    EXPECT_TRUE(mature(kFirst, kLast, kLast));
}

}  // namespace
}  // namespace funnel::events
