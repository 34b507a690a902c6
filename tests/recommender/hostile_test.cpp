// SPDX-License-Identifier: MIT
// What no host should send, and some do: ids of a megabyte, numbers that are none, clocks that jump, empty
// lists. Nothing of it crashes, throws, or leaves a score that is no probability.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "funnel/persist/model_file.hpp"
#include "funnel/recommender.hpp"
#include "recommender/shop.hpp"
#include "support/temporary_folder.hpp"

namespace funnel::recommender_test {
namespace {

using Ranked = Recommender::Ranked;
using Taken = Recommender::Taken;
using Time = Recommender::Time;

constexpr Time kFirst = std::numeric_limits<Time>::min(), kLast = std::numeric_limits<Time>::max();

class HostileHostTest : public testing::Test {
 protected:
    static const Shop& shop() {
        static const Shop shop;
        return shop;
    }
    static const std::string& path() {
        static const support::TemporaryFolder folder;
        static const std::string path = [] {
            std::string name = folder.path("model");
            persist::save_model(name, shop().train());
            return name;
        }();
        return path;
    }
    static Time today() { return shop().past.back().time; }
    static std::vector<Recommender::Item> some_items(std::size_t n = 5) {
        std::vector<Recommender::Item> items;
        for (std::size_t i = 0; i < n; ++i)
            items.push_back({.id = shop().items[i % shop().items.size()]});
        return items;
    }
    /// An answer to every item, each a probability.
    static void expect_answer(const Recommender::Scratch& scratch, std::size_t items) {
        EXPECT_EQ(scratch.order().size(), items);
        EXPECT_EQ(scratch.scores().size(), items);
        for (const float p : scratch.all_scores())
            EXPECT_TRUE(p >= 0.0F && p <= 1.0F) << p;
    }
};

TEST_F(HostileHostTest, MaySendIdsOfAMegabyte) {
    Recommender recommender = Recommender::load(path(), {.reorder = 0});
    const std::string huge(1'000'000, 'x');
    const Recommender::Event good{.time = today(), .kind = "click", .user = "u", .item = "i"};
    std::string_view Recommender::Event::*const texts[] = {
        &Recommender::Event::user,     &Recommender::Event::item,  &Recommender::Event::session,
        &Recommender::Event::category, &Recommender::Event::brand, &Recommender::Event::list};
    for (const auto text : texts) {
        Recommender::Event event = good;
        event.*text = huge;
        EXPECT_EQ(recommender.observe(event, today()), Taken::too_long);
    }
    Recommender::Event event = good;
    event.kind = huge;
    EXPECT_EQ(recommender.observe(event, today()), Taken::unknown_kind);
    event = good;
    event.event_id = huge;  // of this a hash is kept
    EXPECT_EQ(recommender.observe(event, today()), Taken::yes);
    EXPECT_EQ(recommender.observe(event, today()), Taken::duplicate);
    recommender.flush(today());
    EXPECT_EQ(recommender.statistics().in_use, 1U);

    Recommender::Scratch scratch;
    std::vector<Recommender::Item> items = some_items();
    items.push_back({.id = huge, .category = huge, .brand = huge, .list = huge});
    Recommender::Candidates candidates(items);
    const Recommender::Request request{.now = today(), .user = huge, .session = huge, .list = huge};
    EXPECT_EQ(recommender.rank(request, items, "click", scratch), Ranked::yes);
    expect_answer(scratch, 6);
    EXPECT_EQ(recommender.rank(request, candidates, "click", scratch), Ranked::yes);
    expect_answer(scratch, 6);
    EXPECT_EQ(recommender.rank(request, items, huge, scratch), Ranked::unknown_target);
    EXPECT_TRUE(scratch.order().empty() && scratch.scores().empty() && scratch.all_scores().empty())
        << "no answer of an earlier call is left";
}

TEST_F(HostileHostTest, MaySendNumbersThatAreNone) {
    using Limits = std::numeric_limits<double>;
    Recommender recommender = Recommender::load(path(), {.reorder = 0});
    const double numbers[] = {Limits::quiet_NaN(),
                              Limits::infinity(),
                              -Limits::infinity(),
                              Limits::max(),
                              Limits::lowest(),
                              Limits::min(),
                              -1.0,
                              0.0};
    Time now = today();
    for (const double position : numbers) {
        for (const double price : numbers) {
            for (const char* kind : {"impression", "click", "cart_add", "purchase"}) {
                const Recommender::Event event{.time = ++now,
                                               .kind = kind,
                                               .user = shop().users[0],
                                               .item = shop().items[0],
                                               .list = "l",
                                               .position = position,
                                               .price = price};
                ASSERT_EQ(recommender.observe(event, now), Taken::yes);
            }
        }
    }
    recommender.flush(now);
    EXPECT_EQ(recommender.statistics().in_use, 4U * 64U);
    std::vector<Recommender::Item> items;
    for (const double position : numbers) {
        for (const double price : numbers)
            items.push_back({.id = shop().items[0], .list = "l", .position = position, .price = price});
    }
    Recommender::Scratch scratch;
    for (const std::string& user : {shop().users[0], shop().users[1], std::string("new")}) {
        ASSERT_EQ(recommender.rank({.now = now, .user = user}, items, "purchase", scratch), Ranked::yes);
        expect_answer(scratch, 64);
        ASSERT_EQ(recommender.score({.now = now, .user = user}, items[9], scratch), Ranked::yes);
        expect_answer(scratch, 1);
    }
    const support::TemporaryFolder folder;
    recommender.save_state(folder.path("state"));
    EXPECT_EQ(Recommender::load(path(), {.state = folder.path("state")}).statistics().watermark, now);
}

TEST_F(HostileHostTest, MayAskForNothingOrForMoreThanThereIs) {
    const Recommender recommender = Recommender::load(path());
    Recommender::Scratch scratch;
    const Recommender::Request request{.now = today(), .user = "u"};
    Recommender::Candidates none(std::span<const Recommender::Item>{});
    EXPECT_EQ(none.size(), 0U);
    EXPECT_EQ(recommender.rank(request, {}, "click", scratch), Ranked::yes);
    expect_answer(scratch, 0);
    EXPECT_EQ(recommender.top(request, none, "click", 3, scratch), Ranked::yes);
    expect_answer(scratch, 0);
    const std::vector<Recommender::Item> items = some_items(3);
    EXPECT_EQ(recommender.top(request, items, "click", 1000, scratch), Ranked::yes);
    expect_answer(scratch, 3);
    EXPECT_EQ(recommender.top(request, items, "click", 0, scratch), Ranked::yes);
    EXPECT_TRUE(scratch.order().empty());
    EXPECT_EQ(scratch.scores().size(), 3U);
    EXPECT_EQ(recommender.top(request, items, "", 2, scratch), Ranked::unknown_target);
    EXPECT_EQ(recommender.score(request, {}, scratch), Ranked::yes) << "an item without an id";
    expect_answer(scratch, 1);
    EXPECT_EQ(recommender.rank({}, items, "click", scratch), Ranked::yes) << "nobody, in 1970";
    expect_answer(scratch, 3);
    const std::vector<Recommender::Item> same(1000, items[0]);
    EXPECT_EQ(recommender.rank(request, same, "click", scratch), Ranked::yes);
    EXPECT_TRUE(std::ranges::is_sorted(scratch.order())) << "equal ones in the order given";
    expect_answer(scratch, 1000);
    EXPECT_EQ(recommender.rank(request, some_items(100'000), "click", scratch), Ranked::yes);
    EXPECT_EQ(scratch.order().size(), 100'000U);
}

TEST_F(HostileHostTest, MayGiveFewerPlacesThanEvents) {
    Recommender recommender = Recommender::load(path(), {.reorder = 0});
    const Recommender::Event good{.time = today(), .kind = "click", .user = "u", .item = "i"};
    Recommender::Event bad = good;
    bad.kind = {};
    const std::vector<Recommender::Event> events{good, bad, good, good};
    std::vector<Taken> answers(2, Taken::failed);
    EXPECT_EQ(recommender.observe(events, today(), answers), 3U);
    EXPECT_EQ(answers, (std::vector{Taken::yes, Taken::unknown_kind}));
    EXPECT_EQ(recommender.observe({}, today(), answers), 0U);
    EXPECT_EQ(recommender.observe(events, today()), 3U);
}

TEST_F(HostileHostTest, MayHaveAClockThatJumps) {
    Recommender recommender = Recommender::load(path(), {.reorder = Recommender::kSecond});
    constexpr Time kHour = 3600 * Recommender::kSecond;
    const auto at = [](Time time) {
        return Recommender::Event{.time = time, .kind = "click", .user = "u", .item = "i"};
    };
    const Time now = today() + kHour;
    EXPECT_EQ(recommender.observe(at(now), now), Taken::yes);
    recommender.flush(now + Recommender::kSecond);
    EXPECT_EQ(recommender.observe(at(now - kHour / 2), now - kHour / 2), Taken::late)
        << "back by half an hour";
    EXPECT_EQ(recommender.observe(at(now), now - kHour), Taken::ahead);
    EXPECT_EQ(recommender.observe(at(now + 1), now + 1), Taken::yes) << "where it was again";
    EXPECT_EQ(recommender.observe(at(now), kFirst), Taken::ahead);
    EXPECT_EQ(recommender.observe(at(kFirst), kFirst), Taken::late);
    EXPECT_EQ(recommender.observe(at(kLast), now), Taken::ahead);
    recommender.flush(kFirst);
    EXPECT_EQ(recommender.statistics().in_use, 1U);
    EXPECT_EQ(recommender.statistics().waiting, 1U);

    Recommender::Scratch scratch;
    const std::vector<Recommender::Item> items = some_items();
    ASSERT_EQ(recommender.rank({.now = now, .user = "u"}, items, "click", scratch), Ranked::yes);
    const std::vector<float> then(scratch.scores().begin(), scratch.scores().end());
    for (const Time earlier : {now - kHour, Time{0}, Time{-1}, kFirst + 1, kFirst}) {
        ASSERT_EQ(recommender.rank({.now = earlier, .user = "u"}, items, "click", scratch), Ranked::yes);
        EXPECT_TRUE(std::ranges::equal(scratch.scores(), then)) << "as at the last event: " << earlier;
    }
    for (const Time later : {now + 1000 * 24 * kHour, kLast - 1, kLast}) {
        ASSERT_EQ(recommender.rank({.now = later, .user = "u"}, items, "click", scratch), Ranked::yes);
        expect_answer(scratch, items.size());
    }
    recommender.flush(kLast);
    EXPECT_EQ(recommender.statistics().in_use, 2U) << "a later time in a request lets events out";
}

TEST_F(HostileHostTest, MayBelieveInTheEndOfTime) {
    Recommender recommender = Recommender::load(path());
    const auto at = [](Time time, const char* kind) {
        return Recommender::Event{.time = time, .kind = kind, .user = "u", .item = "i"};
    };
    for (const char* kind : {"impression", "click", "purchase"})
        EXPECT_EQ(recommender.observe(at(kLast, kind), kLast), Taken::yes);
    recommender.flush(kLast);
    EXPECT_EQ(recommender.statistics().in_use, 3U);
    EXPECT_EQ(recommender.statistics().watermark, kLast);
    EXPECT_EQ(recommender.observe(at(today(), "click"), today()), Taken::late) << "until the end of time";
    Recommender::Scratch scratch;
    for (const Time now : {kFirst, today(), kLast}) {
        ASSERT_EQ(recommender.rank({.now = now, .user = "u"}, some_items(), "click", scratch), Ranked::yes);
        expect_answer(scratch, 5);
    }
}

TEST_F(HostileHostTest, MayShowJunkItemsFasterThanTheyAnswer) {
    Recommender recommender = Recommender::load(path(), {.reorder = 0, .max_users = 300, .max_items = 400});
    Time now = today();
    for (int i = 0; i < 5'000; ++i) {  // all within the hours in which an exposure waits for its answer
        const std::string junk = "junk" + std::to_string(i);
        ++now;
        const Recommender::Event event{.time = now, .kind = "impression", .user = junk, .item = junk};
        ASSERT_EQ(recommender.observe(event, now), Taken::yes);
    }
    recommender.flush(now);
    EXPECT_LE(recommender.statistics().items, 401U);
    EXPECT_LE(recommender.statistics().users, 301U);
    now += 30LL * 24 * 3600 * Recommender::kSecond;  // those that are left enter their rates
    const Recommender::Event event{.time = now, .kind = "click", .user = "u", .item = "i"};
    ASSERT_EQ(recommender.observe(event, now), Taken::yes);
    recommender.flush(now);
    Recommender::Scratch scratch;
    ASSERT_EQ(recommender.rank({.now = now, .user = "u"}, some_items(), "click", scratch), Ranked::yes);
    expect_answer(scratch, 5);
    EXPECT_FALSE(recommender.statistics().failed);
}

TEST_F(HostileHostTest, MayEndWithEventsInTheQueueAndMoveWhatItHas) {
    ASSERT_GE(shop().future.size(), 500U);
    for (int round = 0; round < 20; ++round) {
        std::optional<Recommender> first = Recommender::load(path(), {.reorder = 0});
        for (std::size_t i = 0; i < 500; ++i)
            ASSERT_EQ(first->observe(shop().future[i].told(), shop().future[i].time), Taken::yes);
        Recommender second = std::move(*first);
        first.reset();
        EXPECT_EQ(second.statistics().taken, 500U);
        if (round % 2 == 0) second = Recommender::load(path());  // ends the other one
    }
}

TEST_F(HostileHostTest, MayMixScratchesAndCandidatesOfTwoRecommenders) {
    const support::TemporaryFolder folder;
    persist::save_model(folder.path("wide"), shop().train("impression,click+view,cart_add,purchase", 24));
    const Recommender narrow = Recommender::load(path()), wide = Recommender::load(folder.path("wide"));
    const std::vector<Recommender::Item> items = some_items(7);
    Recommender::Candidates shared(items);
    Recommender::Scratch scratch;
    const Recommender::Request request{.now = today(), .user = shop().users[3]};
    for (int round = 0; round < 3; ++round) {
        for (const Recommender* each : {&narrow, &wide}) {
            Recommender::Scratch own;
            ASSERT_EQ(each->rank(request, items, "purchase", own), Ranked::yes);
            ASSERT_EQ(each->rank(request, shared, "purchase", scratch), Ranked::yes);
            EXPECT_TRUE(std::ranges::equal(scratch.all_scores(), own.all_scores()));
            EXPECT_TRUE(std::ranges::equal(scratch.order(), own.order()));
            EXPECT_EQ(scratch.target_names().size(), each->targets().size());
        }
    }
}

TEST_F(HostileHostTest, MayExchangeModelsThatAreNoneWhileEventsCome) {
    ASSERT_GE(shop().future.size(), 500U);
    Recommender recommender = Recommender::load(path(), {.reorder = 0});
    std::thread events([&] {
        for (std::size_t i = 0; i < 500; ++i)
            EXPECT_EQ(recommender.observe(shop().future[i].told(), shop().future[i].time), Taken::yes);
    });
    const std::string junk(100'000, 'x');
    for (int i = 0; i < 20; ++i) {
        EXPECT_THROW((void)recommender.swap_model_bytes({}), Error);
        EXPECT_THROW((void)recommender.swap_model_bytes(junk), Error);
        EXPECT_THROW((void)recommender.save_state("/no/such/folder/state"), Error);
    }
    events.join();
    recommender.flush(shop().future[499].time);
    EXPECT_EQ(recommender.statistics().in_use, 500U);
    EXPECT_EQ(recommender.statistics().swaps, 0U);
    EXPECT_THROW((void)Recommender::from_bytes(junk), Error);
}

TEST_F(HostileHostTest, MayKeepAnOldState) {
    const support::TemporaryFolder folder;
    const std::string state = folder.path("state");
    persist::save_state(state, history::History(persist::load_model(path()).history->options()));
    try {
        (void)Recommender::load(path(), {.state = state});
        ADD_FAILURE() << "what the model knows would be forgotten in silence";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::schema);
        EXPECT_NE(std::string(error.what()).find("allow_older_state"), std::string::npos);
    }
    EXPECT_EQ(Recommender::load(path(), {.state = state, .allow_older_state = true}).statistics().users, 0U);
}

}  // namespace
}  // namespace funnel::recommender_test
