// SPDX-License-Identifier: MIT
// Who waits for whom: the writer not for readers that never pause, requests and events not for a state that
// is written. The milliseconds are in recommender_bench; what is tested here holds on a busy machine too.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
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

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class WaitingTest : public testing::Test {
 protected:
    static const Shop& shop() {
        static const Shop shop;
        return shop;
    }
    WaitingTest() { persist::save_model(folder_.path("model"), shop().train()); }

    /// Begin and end of one request after the other until `done`.
    static std::vector<std::pair<Clock::time_point, Clock::time_point>> ask(const Recommender& recommender,
                                                                            const std::atomic<bool>& done) {
        std::vector<std::pair<Clock::time_point, Clock::time_point>> times;
        Recommender::Scratch scratch;
        std::vector<Recommender::Item> items;
        for (std::size_t i = 0; i < 20; ++i)
            items.push_back({.id = shop().items[i]});
        Recommender::Candidates candidates(items);
        while (!done) {
            const auto begin = Clock::now();
            EXPECT_EQ(recommender.rank({.now = 0, .user = shop().users[times.size() % 20]}, candidates,
                                       "click", scratch),
                      Recommender::Ranked::yes);
            times.emplace_back(begin, Clock::now());
        }
        return times;
    }

    support::TemporaryFolder folder_;
};

TEST_F(WaitingTest, TheWriterGetsItsEventsInBesideReadersThatNeverPause) {
    Recommender recommender = Recommender::load(folder_.path("model"), {.reorder = 0});
    std::atomic<bool> done{false};
    std::vector<std::jthread> readers;
    for (int t = 0; t < 4; ++t)
        readers.emplace_back([&] { (void)ask(recommender, done); });
#ifdef FUNNEL_SANITIZED
    const std::size_t n = 200;
#else
    const std::size_t n = 2'000;
#endif
    const std::int64_t now = shop().past.back().time;
    const auto start = Clock::now();
    for (std::size_t i = 0; i < n; ++i) {
        std::this_thread::sleep_until(start + i * 200us);  // 5,000 events/s
        const Recommender::Event event{.time = now + static_cast<std::int64_t>(i),
                                       .kind = "click",
                                       .user = shop().users[i % shop().users.size()],
                                       .item = shop().items[i % shop().items.size()]};
        EXPECT_EQ(recommender.observe(event, event.time), Recommender::Taken::yes);
    }
    const auto all_offered = Clock::now();
    while (recommender.statistics().in_use < n && Clock::now() < all_offered + 60s)
        std::this_thread::sleep_for(1ms);
    EXPECT_EQ(recommender.statistics().in_use, n) << "behind a lock that readers share it would be a few";
    done = true;
}

TEST_F(WaitingTest, RequestsAndEventsGoOnWhileAStateIsWritten) {
    Recommender recommender = Recommender::load(folder_.path("model"), {.reorder = 0});
#ifdef FUNNEL_SANITIZED
    const int users = 3'000;
#else
    const int users = 60'000;
#endif
    std::int64_t now = shop().past.back().time;
    const auto click = [&](const std::string& user) {
        ++now;
        return recommender.observe({.time = now, .kind = "click", .user = user, .item = shop().items[0]},
                                   now);
    };
    for (int i = 0; i < users; ++i)
        ASSERT_EQ(click("user " + std::to_string(i)), Recommender::Taken::yes);
    recommender.flush(now);
    std::atomic<bool> done{false};
    std::vector<std::pair<Clock::time_point, Clock::time_point>> asked, told, saved;
    {
        std::jthread reader([&] { asked = ask(recommender, done); });
        std::jthread host([&] {
            while (!done) {
                const auto begin = Clock::now();
                EXPECT_EQ(click("u"), Recommender::Taken::yes);
                told.emplace_back(begin, Clock::now());
                std::this_thread::sleep_for(1ms);
            }
        });
        for (int i = 0; i < 5; ++i) {
            const auto begin = Clock::now();
            recommender.save_state(folder_.path("state"));
            saved.emplace_back(begin, Clock::now());
        }
        done = true;
    }
    const auto inside = [&](const auto& calls) {
        std::size_t count = 0;
        for (const auto& [begin, end] : calls) {
            for (const auto& [from, to] : saved)
                count += begin > from && end < to;
        }
        return count;
    };
    EXPECT_GT(inside(asked), 0U) << "requests that began and ended while a state was written";
    EXPECT_GT(inside(told), 0U) << "events";
}

}  // namespace
}  // namespace funnel::recommender_test
