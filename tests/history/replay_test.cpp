// SPDX-License-Identifier: MIT
// Events come back whole from a log, and any time is safe: what a host may observe.
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "funnel/history/log_coder.hpp"
#include "history/log_builder.hpp"

namespace funnel::history {
namespace {

using test::bytes_of;
using test::for_each_random_event;
using test::RandomLogOptions;

TEST(EventOfALog, IsObservedAsTheOriginal) {
    std::size_t events = 0, with_visit = 0;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        for (const bool sessions : {true, false}) {
            History original, replayed, coded;
            EventLog log, copy;
            for_each_random_event({.seed = seed, .sessions = sessions}, [&](const Event& event) {
                original.observe(event);
                log.add(event);
            });
            LogCoder coder(log, coded);
            for (std::size_t row = 0; row < log.size(); ++row) {
                replayed.observe(log.event(row));
                copy.add(log.event(row));
                coder.observe(row);
                with_visit += log.session[row] != 0;
            }
            events += log.size();
            EXPECT_EQ(bytes_of(replayed), bytes_of(original)) << seed;
            EXPECT_EQ(bytes_of(coded), bytes_of(original)) << seed;
            EXPECT_EQ(copy.session, log.session);
        }
    }
    EXPECT_GT(events, 5000U);
    EXPECT_GT(with_visit, 1000U);
}

TEST(EventOfALog, IsAContextLikeTheOriginal) {
    History history;
    EventLog log;
    std::size_t rows = 0;
    for_each_random_event({.seed = 9}, [&](const Event& event) {
        log.add(event);
        const test::Row original(history, event), given_back(history, log.event(log.size() - 1));
        ASSERT_FALSE(original.numeric().empty());
        for (std::size_t i = 0; i < original.numeric().size(); ++i) {
            const float a = original.numeric()[i], b = given_back.numeric()[i];
            EXPECT_TRUE(a == b || (std::isnan(a) && std::isnan(b))) << history.spec().numeric[i].name;
        }
        EXPECT_EQ(original.categorical(), given_back.categorical());
        EXPECT_EQ(history.known(event).user, history.known(log.event(log.size() - 1)).user);
        history.observe(event);
        ++rows;
    });
    EXPECT_EQ(rows, 600U);
}

// Under the undefined behaviour sanitizer this finds every sum of times that does not fit.
TEST(TimesAtTheEndsOf64Bits, AreObservedAndAskedFor) {
    constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min(),
                           kLast = std::numeric_limits<std::int64_t>::max();
    constexpr EventKind kKinds[] = {EventKind::impression, EventKind::click, EventKind::cart_add,
                                    EventKind::purchase};
    const std::int64_t times[] = {kFirst + 1, kFirst + 2, -base::kDay, 0,         base::kDay,
                                  kLast - 1,  kLast - 1,  kLast,       kLast - 0, kLast};
    HistoryOptions late;
    late.lag = base::kHour;
    History history, lagged(late);
    std::size_t rows = 0;
    for (const std::int64_t time : times) {
        for (const EventKind kind : kKinds) {
            const Event event{.time = time,
                              .kind = kind,
                              .user = "u",
                              .item = "i",
                              .session = time > 0 ? "s" : "",
                              .category = "c",
                              .list = "l",
                              .position = 1,
                              .price = 2};
            history.observe(event);
            lagged.observe(event);
            for (const std::int64_t asked : {kFirst, kFirst + 1, std::int64_t{0}, kLast}) {
                Event context = event;
                context.time = asked;
                for (const History* each : {&history, &lagged}) {
                    const test::Row row(*each, context);
                    ASSERT_FALSE(row.numeric().empty());
                    for (const float value : row.numeric())
                        EXPECT_FALSE(std::isinf(value));
                    ++rows;
                }
            }
        }
    }
    EXPECT_EQ(rows, std::size(times) * std::size(kKinds) * 8);
    EXPECT_THROW(history.observe({.time = kFirst, .user = "u"}), Error);
    EXPECT_THROW(History().observe({.time = kFirst, .user = "u"}), Error);
}

TEST(RoomForRows, MustHaveTheirSize) {
    const History history;
    const std::size_t d = history.spec().numeric.size(), c = history.spec().categorical.size();
    const auto code = [&](std::size_t numbers, std::size_t texts, std::size_t items) {
        std::vector<float> numeric(numbers);
        std::vector<std::string_view> categorical(texts);
        const std::vector<Event> shown(items);
        try {
            if (items == 0) {
                history.features({.user = "u"}, numeric, categorical);
            } else {
                history.features_for_items({.user = "u"}, shown, numeric, categorical);
            }
        } catch (const Error& error) {
            return std::optional(error.code());
        }
        return std::optional<ErrorCode>();
    };
    EXPECT_EQ(code(d, c, 0), std::nullopt);
    EXPECT_EQ(code(3 * d, 3 * c, 3), std::nullopt);
    for (const std::size_t items : {0U, 3U}) {
        const std::size_t n = std::max<std::size_t>(items, 1);
        EXPECT_EQ(code(n * d - 1, n * c, items), ErrorCode::shape);
        EXPECT_EQ(code(n * d + 1, n * c, items), ErrorCode::shape);
        EXPECT_EQ(code(n * d, n * c - 1, items), ErrorCode::shape);
        EXPECT_EQ(code(0, 0, items), ErrorCode::shape);
    }
}

}  // namespace
}  // namespace funnel::history
