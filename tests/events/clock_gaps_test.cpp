// SPDX-License-Identifier: MIT
#include "funnel/events/clock_gaps.hpp"

#include <gtest/gtest.h>

#include "funnel/base/random.hpp"

namespace funnel::events {
namespace {

using base::kDay;
using base::kHour;
using base::kMinute;

/// A day of a shop: a row every minute, by user 0 to 99 in turn.
std::vector<std::int64_t> day(std::int64_t begin = 0) {
    std::vector<std::int64_t> times;
    for (std::int64_t minute = 0; minute < 1440; ++minute)
        times.push_back(begin + minute * kMinute);
    return times;
}

/// times[i] is of user i % users.
ClockCut cut_of(const std::vector<std::int64_t>& times, std::size_t users = 100, std::uint64_t known = 0) {
    TimeSpans spans;
    spans.add(times);
    const ClockGaps gaps = find_clock_gaps(spans.sorted(), known);
    UsersBehind behind(gaps);
    for (std::size_t user = 0; user < std::min(users, times.size()); ++user) {
        std::int64_t first = times[user], last = first;
        for (std::size_t i = user; i < times.size(); i += users) {
            first = std::min(first, times[i]);
            last = std::max(last, times[i]);
        }
        behind.add_user(first, last);
    }
    return behind.cut();
}

TEST(ClockGaps, OneRowAheadIsLeftOut) {
    std::vector<std::int64_t> times = day();
    EXPECT_TRUE(cut_of(times).all());
    const std::int64_t last = times.back();
    for (const std::int64_t ahead : {6 * kHour + 1, 18 * kHour, 27000 * kDay}) {
        times.push_back(last + ahead);
        EXPECT_EQ(cut_of(times).last, last) << ahead;
        EXPECT_EQ(cut_of(times).first, ClockCut{}.first);
        times.pop_back();
    }
    times.push_back(last + 6 * kHour);
    EXPECT_TRUE(cut_of(times).all());
}

TEST(ClockGaps, OneRowOf1970AndOneOf2099AreBothLeftOut) {
    std::vector<std::int64_t> times = day(20000 * kDay);
    times.push_back(0);
    EXPECT_EQ(cut_of(times).first, 20000 * kDay);
    times.push_back(47000 * kDay);
    EXPECT_EQ(cut_of(times).first, 20000 * kDay);
    EXPECT_EQ(cut_of(times).last, 20000 * kDay + 1439 * kMinute);
}

TEST(ClockGaps, AGapCountsAgainstThoseBeforeIt) {
    std::vector<std::int64_t> times = day();
    const auto more = day(kDay + 5 * kHour);  // a night of 5 hours and a minute before
    times.insert(times.end(), more.begin(), more.end());
    times.push_back(times.back() + 3 * (5 * kHour + kMinute));
    EXPECT_TRUE(cut_of(times).all());
    times.back() += 1;
    EXPECT_FALSE(cut_of(times).all());
    // What an earlier log knows of gaps counts too.
    EXPECT_TRUE(cut_of(times, 100, 6 * kHour).all());
}

TEST(ClockGaps, ManyRowsOrManyUsersAreNoClock) {
    std::vector<std::int64_t> times = day();
    for (int i = 0; i < 14; ++i)
        times.push_back(5 * kDay + i);  // 14 of 1,454 rows, of 14 of 100 users
    EXPECT_TRUE(cut_of(times).all());
    EXPECT_FALSE(cut_of(times, 1).all());  // of one user
    for (int i = 0; i < 2; ++i)
        times.push_back(5 * kDay + 14 + i);  // more than 1 % of the rows
    EXPECT_TRUE(cut_of(times, 1).all());
    TimeSpans spans;
    spans.add(times);
    const ClockGaps gaps = find_clock_gaps(spans.sorted(), 0);
    ASSERT_EQ(gaps.wide.size(), 1u);
    EXPECT_EQ(gaps.wide[0].rows_after, 16u);
}

TEST(ClockGaps, FollowExactlyFromSpansOfAnyOrderAndDivision) {
    Rng random(7);
    for (int round = 0; round < 200; ++round) {
        std::vector<std::int64_t> times;
        const std::int64_t reach = round % 2 == 0 ? 40 * kDay : std::int64_t{1} << 61;
        for (std::size_t i = 0; i < 60; ++i)
            times.push_back(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(reach))) -
                            reach / 2);
        TimeSpans whole, a, b;
        whole.add(times);
        a.add(std::span(times).first(17));
        b.add(std::span(times).subspan(17));
        a += b;
        const auto spans = whole.sorted(), joined = a.sorted();
        std::ranges::sort(times);
        std::uint64_t longest = 0;
        for (std::size_t i = 1; i < times.size(); ++i)
            longest = std::max(longest, elapsed(times[i - 1], times[i]));
        EXPECT_EQ(longest_gap(spans, {}), longest);
        ASSERT_EQ(spans.size(), joined.size());
        ASSERT_FALSE(spans.empty());
        for (std::size_t i = 0; i < spans.size(); ++i) {
            EXPECT_EQ(spans[i].first, joined[i].first);
            EXPECT_EQ(spans[i].last, joined[i].last);
            EXPECT_EQ(spans[i].rows, joined[i].rows);
        }
    }
}

TEST(ClockGaps, OfNoRowAndOfOne) {
    EXPECT_TRUE(cut_of({}).all());
    EXPECT_TRUE(cut_of({5}).all());
}

}  // namespace
}  // namespace funnel::events
