// SPDX-License-Identifier: MIT
#include "funnel/events/recent_rows.hpp"

#include <gtest/gtest.h>

#include <string>

namespace funnel::events {
namespace {

using base::kDay;
using base::kHour;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();

Event view(std::int64_t time, const char* item) {
    return {.time = time, .kind = EventKind::view, .user = "u", .item = item};
}

EventLog log_of(std::initializer_list<Event> events) {
    EventLog log;
    for (const Event& event : events)
        log.add(event);
    return log;
}

TEST(RecentRows, TellsLateFromObservedAndFromTooOldToSay) {
    const std::int64_t end = 20 * kDay;
    RecentRows recent;
    recent.observe(log_of({view(1 * kDay, "old"), view(end - kHour, "seen"), view(end, "last")}), kNever);
    const LateRows rows = recent.count_late(
        log_of({view(1 * kDay, "old"), view(end - kHour, "seen"), view(end - kHour, "new"),
                view(end - 3 * kDay, "edge"), view(end - 3 * kDay - 1, "older"), view(end + 1, "next")}),
        end);
    EXPECT_EQ(rows.already_observed, 1u);
    EXPECT_EQ(rows.late, 2u) << "new, and edge: memory reaches back three days";
    EXPECT_EQ(rows.late_or_observed, 2u);
    EXPECT_EQ(rows.all(), 5u) << "the row after the watermark is none of them";
}

TEST(RecentRows, OfDailyStepsAreThoseOfOneRun) {
    const EventLog first = log_of({view(2 * kDay, "a"), view(2 * kDay + 5, "b"), view(3 * kDay, "a")}),
                   second = log_of({view(3 * kDay, "a"), view(3 * kDay + 1, "c"), view(6 * kDay, "a")});
    EventLog both = log_of({});
    both.append(second);  // in another order
    both.append(first);
    RecentRows steps, once;
    steps.observe(first, kNever);
    steps.observe(second, 3 * kDay);
    EventLog all = log_of({view(6 * kDay, "a"), view(3 * kDay + 1, "c"), view(3 * kDay, "a"),
                           view(2 * kDay + 5, "b"), view(2 * kDay, "a")});
    once.observe(all, kNever);
    EXPECT_TRUE(steps == once);
}

TEST(RecentRows, AreHeldByWhatTheySay) {
    RecentRows recent;
    const Event shown{.time = kDay, .kind = EventKind::impression, .user = "u", .item = "i", .list = "home"};
    recent.observe(log_of({shown}), kNever);
    Event elsewhere = shown, priced = shown;
    elsewhere.list = "search";
    priced.price = 5;  // a side table may say so
    EXPECT_EQ(recent.count_late(log_of({shown}), kDay).already_observed, 1u);
    EXPECT_EQ(recent.count_late(log_of({priced}), kDay).already_observed, 1u);
    EXPECT_EQ(recent.count_late(log_of({elsewhere}), kDay).late, 1u);
}

TEST(RecentRows, SurviveARoundTripAndRefuseDamage) {
    RecentRows recent;
    recent.observe(log_of({view(-5 * kHour, "a"), view(-kHour / 2, "b"), view(kHour, "c")}), kNever);
    base::ByteWriter out;
    recent.write(out);
    std::vector<char> bytes = out.take();
    base::ByteReader in(bytes);
    EXPECT_TRUE(RecentRows::read(in) == recent);
    bytes[16] = 'X';  // the first hour is later than the second now
    bytes[23] = 'X';
    base::ByteReader damaged(bytes);
    EXPECT_THROW((void)RecentRows::read(damaged), Error);
}

TEST(RecentRows, WithoutMemoryKnowTheLatestHourAlone) {
    RecentRows recent;
    recent.observe(log_of({view(kDay, "a"), view(2 * kDay, "b")}), kNever, 0);
    EXPECT_EQ(recent.known_since(), 2 * kDay);
    EXPECT_EQ(recent.count_late(log_of({view(kDay, "a")}), 2 * kDay).late_or_observed, 1u);
}

}  // namespace
}  // namespace funnel::events
