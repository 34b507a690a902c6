// SPDX-License-Identifier: MIT
#include "funnel/dataset/examples.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "history/log_builder.hpp"

namespace funnel::dataset::test {

using namespace history::test;

namespace {

constexpr std::int64_t kStart = 17'000 * kDay;
constexpr std::uint8_t kUnknown = base::kUnknownLabel;

/// Rows as (minutes, kind, user, item, session).
EventLog small_log(
    std::initializer_list<std::tuple<int, const char*, const char*, const char*, const char*>> rows) {
    EventLog log;
    for (const auto& [minutes, kind, user, item, session] : rows) {
        log.add({.time = kStart + minutes * kMinute,
                 .kind = *events::parse_kind(kind),
                 .user = user,
                 .item = item,
                 .session = session});
    }
    return log;
}

ExampleOptions hours(std::initializer_list<int> horizons) {
    ExampleOptions options;
    options.burn_in = 0;
    for (const int h : horizons)
        options.horizons.push_back(h * kHour);
    return options;
}

TEST(Examples, TakeTheFirstExposureOfAnItemInAVisit) {
    const EventLog log = small_log({{0, "impression", "anna", "hat", "a"},
                                    {1, "impression", "anna", "hat", "a"},
                                    {2, "impression", "anna", "sock", "a"},
                                    {3, "impression", "anna", "hat", "b"},
                                    {4, "impression", "anna", "hat", "a"},
                                    {5, "impression", "bert", "hat", "a"},
                                    {6, "impression", "bert", "", "a"},
                                    {7, "view", "bert", "hat", "a"}});
    const Funnel funnel = Funnel::parse("impression,click");
    EXPECT_EQ(build_examples(log, funnel, hours({1})).rows, (std::vector<std::uint64_t>{0, 2, 3, 5}));
    ExampleOptions options = hours({1});
    options.mode = events::ExampleMode::every;
    EXPECT_EQ(build_examples(log, funnel, options).rows, (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5}));
    options.mode = events::ExampleMode::visit;
    EXPECT_EQ(build_examples(log, funnel, options).rows, (std::vector<std::uint64_t>{0, 3, 5}));
}

TEST(Examples, LabelAStageByItselfOrALaterOne) {
    // click within 1 h, cart within 2 h, purchase within 2 h
    const EventLog log = small_log({{0, "impression", "anna", "hat", "a"},
                                    {0, "impression", "anna", "sock", "a"},
                                    {0, "impression", "anna", "shoe", "a"},
                                    {60, "click", "anna", "hat", "a"},      // exactly the horizon
                                    {61, "click", "anna", "sock", "a"},     // too late
                                    {30, "purchase", "anna", "shoe", "a"},  // without click and cart
                                    {90, "cart_add", "anna", "sock", "a"},
                                    {500, "page_view", "bert", "", "b"}});
    const ExampleList list =
        build_examples(log, Funnel::parse("impression,click,cart_add,purchase"), hours({1, 2, 2}));
    ASSERT_EQ(list.rows, (std::vector<std::uint64_t>{0, 1, 2}));
    EXPECT_EQ(list.labels, (std::vector<std::uint8_t>{1, 0, 0, 0, 1, 0, 1, 1, 1}));
    EXPECT_EQ(list.targets, (std::vector<std::string>{"click", "cart", "purchase"}));
}

TEST(Examples, MaskPositivesAndNegativesOfAnOpenWindowAlike) {
    const EventLog log = small_log({{0, "impression", "anna", "hat", "a"},
                                    {1, "impression", "bert", "hat", "b"},
                                    {2, "impression", "carl", "hat", "c"},
                                    {2, "click", "carl", "hat", "c"},
                                    {61, "page_view", "bert", "", "b"}});
    const ExampleList list = build_examples(log, Funnel::parse("impression,click"), hours({1}));
    EXPECT_EQ(list.labels, (std::vector<std::uint8_t>{0, 0, kUnknown}));
    EXPECT_EQ(list.end, kStart + 61 * kMinute);
}

TEST(Examples, CountTheSameTimeAsAfter) {
    const EventLog log = small_log({{0, "click", "anna", "hat", "a"},
                                    {0, "impression", "anna", "hat", "a"},
                                    {0, "click", "anna", "sock", "a"},
                                    {1, "impression", "anna", "sock", "a"},
                                    {90, "page_view", "anna", "", "a"}});
    const ExampleList list = build_examples(log, Funnel::parse("impression,click"), hours({1}));
    EXPECT_EQ(list.labels, (std::vector<std::uint8_t>{1, 0}));
}

TEST(Examples, NeedAnotherEventWhereAStageRepeatsTheFirst) {
    const EventLog log = small_log({{0, "purchase", "anna", "hat", "a"},
                                    {0, "purchase", "anna", "sock", "a"},
                                    {0, "purchase", "anna", "sock", "a"},
                                    {100, "purchase", "anna", "hat", "b"},
                                    {200, "purchase", "bert", "hat", "c"}});
    ExampleOptions options = hours({1});
    options.mode = events::ExampleMode::every;
    const ExampleList list = build_examples(log, Funnel::parse("purchase,purchase"), options);
    EXPECT_EQ(list.labels, (std::vector<std::uint8_t>{0, 1, 1, 0, kUnknown}));
    EXPECT_EQ(list.targets, std::vector<std::string>{"purchase_2"});
}

TEST(Examples, LabelVisitsOnAnyItemUntilTheyAreOver) {
    const EventLog log = small_log({{0, "view", "anna", "hat", "a"},
                                    {200, "purchase", "anna", "sock", "a"},
                                    {0, "view", "bert", "hat", "b"},
                                    {201, "purchase", "bert", "hat", "c"},
                                    {220, "view", "carl", "hat", "d"},
                                    {230, "page_view", "dora", "", "e"}});
    ExampleOptions options = hours({1});
    options.mode = events::ExampleMode::visit;
    options.horizons = {events::kVisitHorizon};
    const ExampleList list = build_examples(log, Funnel::parse("view,purchase"), options);
    ASSERT_EQ(list.rows, (std::vector<std::uint64_t>{0, 2, 4}));
    EXPECT_EQ(list.labels, (std::vector<std::uint8_t>{1, 0, kUnknown}));
}

TEST(Examples, LeaveOutTheBurnIn) {
    EventLog log;
    for (int hour = 0; hour <= 100; ++hour) {
        log.add({.time = kStart + hour * kHour,
                 .kind = EventKind::impression,
                 .user = "anna",
                 .item = "hat",
                 .session = std::to_string(hour)});
    }
    ExampleOptions options;
    options.horizons = {10 * kHour};
    EXPECT_EQ(build_examples(log, Funnel::parse("impression,click"), options).rows.front(), 10u);
    options.horizons = {50 * kHour};  // at most 20 % of the span
    EXPECT_EQ(build_examples(log, Funnel::parse("impression,click"), options).rows.front(), 20u);
    options.burn_in = 3 * kHour;
    EXPECT_EQ(build_examples(log, Funnel::parse("impression,click"), options).rows.front(), 3u);
    options.from = kStart + 40 * kHour;
    EXPECT_EQ(build_examples(log, Funnel::parse("impression,click"), options).rows.front(), 40u);
}

TEST(Examples, RefuseUnknownTargetsAndBadHorizons) {
    const EventLog log = small_log({{0, "impression", "anna", "hat", "a"}});
    const Funnel funnel = Funnel::parse("impression,click,purchase");
    ExampleOptions options;
    options.targets = {"cart"};
    EXPECT_THROW(static_cast<void>(build_examples(log, funnel, options)), Error);
    options.targets = {"purchase", "click"};
    EXPECT_THROW(static_cast<void>(build_examples(log, funnel, options)), Error);
    options.targets = {"click"};
    options.horizons = {events::kVisitHorizon};
    EXPECT_THROW(static_cast<void>(build_examples(log, funnel, options)), Error);
    options.horizons = {kHour, kHour};
    EXPECT_THROW(static_cast<void>(build_examples(log, funnel, options)), Error);
    EXPECT_THROW(static_cast<void>(build_examples(log, Funnel::parse("impression"), {})), Error);
}

TEST(Examples, ChainHeadsWhileHorizonsDoNotGrow) {
    using Heads = std::vector<std::uint32_t>;
    EXPECT_EQ(chains({30 * kMinute, 7 * kDay, 7 * kDay}), (Heads{0, 1}));
    EXPECT_EQ(chains({kDay, kDay, kHour}), (Heads{0}));
    EXPECT_EQ(chains({kHour, kDay, kHour, kDay}), (Heads{0, 1, 3}));
    EXPECT_EQ(chains({events::kVisitHorizon, events::kVisitHorizon}), (Heads{0}));
    EXPECT_EQ(chains({}), Heads{});
}

/// Labels and first exposures by reading the whole log for every row.
TEST(Examples, AgreeWithBruteForceOnRandomLogs) {
    const Funnel funnel = Funnel::parse("impression,click+view,cart_add,purchase");
    const std::vector<std::int64_t> horizons = {30 * kMinute, 5 * kHour, 3 * kHour};
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        const EventLog log = random_log({.seed = seed, .events = 500, .sessions = seed % 2 == 0});
        ExampleOptions options;
        options.horizons = horizons;
        options.burn_in = 0;
        options.threads = 2;
        const ExampleList list = build_examples(log, funnel, options);
        std::map<std::uint32_t, std::pair<std::int64_t, std::int64_t>>
            free;  // user: last, begin of gap visit
        std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint64_t, std::int64_t>> seen;
        std::set<std::uint64_t> rows;
        for (const std::uint64_t row : log.time_order()) {
            auto [last, begin] = free.contains(log.user[row]) ? free[log.user[row]]
                                                              : std::pair{history::kNever, history::kNever};
            if (log.session[row] == 0) {
                if (last == history::kNever || log.time[row] - last >= 30 * kMinute) begin = log.time[row];
                free[log.user[row]] = {log.time[row], begin};
            }
            if (log.kind[row] != EventKind::impression) continue;
            const std::int64_t visit = log.session[row] == 0 ? begin : 0;
            if (seen.insert({log.user[row], log.item[row], log.session[row], visit}).second) rows.insert(row);
        }
        ASSERT_EQ(list.rows, std::vector<std::uint64_t>(rows.begin(), rows.end()));
        ASSERT_GT(list.size(), 30u);
        for (std::size_t i = 0; i < list.size(); ++i) {
            const std::uint64_t row = list.rows[i];
            for (std::size_t k = 0; k < 3; ++k) {
                bool positive = false;
                for (std::size_t other = 0; other < log.size(); ++other) {
                    if (log.user[other] != log.user[row] || log.item[other] != log.item[row]) continue;
                    const std::int64_t wait = log.time[other] - log.time[row];
                    bool stage = false;
                    for (std::size_t j = k + 1; j < 4; ++j) {
                        stage |= (funnel.stages[j].kinds & events::kind_bit(log.kind[other])) != 0;
                    }
                    positive |= stage && wait >= 0 && wait <= horizons[k];
                }
                const bool known = log.time[row] + horizons[k] <= log.last_time();
                EXPECT_EQ(list.labels[i * 3 + k], known ? (positive ? 1 : 0) : kUnknown);
            }
        }
    }
}

TEST(Examples, AreTheSameInDailySteps) {
    const Funnel funnel = Funnel::parse("impression,click+view,cart_add,purchase");
    for (const auto mode :
         {events::ExampleMode::first, events::ExampleMode::visit, events::ExampleMode::every}) {
        for (const std::int64_t lag : {std::int64_t{0}, 20 * kHour}) {
            const EventLog log = random_log({.seed = 31, .events = 1500, .users = 5, .span = 6 * kDay});
            ExampleOptions options;
            options.mode = mode;
            options.burn_in = 0;
            const ExampleList whole = build_examples(log, funnel, options);
            history::HistoryOptions history_options;
            history_options.lag = lag;
            history_options.examples = mode;
            history::History history(history_options);
            std::vector<std::int64_t> times;
            for (std::int64_t day = log.time.front(); day <= log.last_time(); day += kDay) {
                // Yesterday's rows come again: they are known and left out.
                const EventLog today = part(log, day - kDay, day + kDay);
                const ExampleList list = build_examples(today, funnel, options, &history);
                EXPECT_EQ(list.already_observed, part(log, day - kDay, day).size());
                for (const std::uint64_t row : list.rows)
                    times.push_back(today.time[row]);
                for (const std::uint64_t row : today.time_order()) {
                    if (today.time[row] >= day) history.observe(today.event(row), today.session[row]);
                }
            }
            std::vector<std::int64_t> expected;
            for (const std::uint64_t row : whole.rows)
                expected.push_back(log.time[row]);
            EXPECT_EQ(times, expected) << static_cast<int>(mode) << " " << lag;
        }
    }
}

}  // namespace
}  // namespace funnel::dataset::test
