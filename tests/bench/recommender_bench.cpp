// SPDX-License-Identifier: MIT
// What a request waits in a server: 100 candidates ranked beside a stream of events, and the same while a
// state is saved, a model exchanged, users swept and tables grown. Usage: recommender_bench [SECONDS per
// line]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

#include "funnel/persist/model_file.hpp"
#include "recommender/shop.hpp"

namespace {

using namespace std::chrono_literals;
using funnel::Recommender;
using Clock = std::chrono::steady_clock;

double micros(Clock::duration d) {
    return std::chrono::duration<double, std::micro>(d).count();
}

struct Times {
    std::vector<double> each;
    void line(const char* what, double seconds) {
        std::ranges::sort(each);
        const auto at = [&](double share) {
            return each.empty()
                       ? 0.0
                       : each[static_cast<std::size_t>(share * static_cast<double>(each.size() - 1))];
        };
        std::printf("  %-10s %8.0f/s   p50 %7.1f us   p99 %8.1f us   max %9.1f us\n", what,
                    static_cast<double>(each.size()) / seconds, at(0.5), at(0.99), at(1.0));
    }
};

/// Does call() `per_second` times a second until `end` (0: as often as it can) and notes how long each took.
Times paced(double per_second, Clock::time_point end, const std::function<void(std::size_t)>& call) {
    Times times;
    const auto start = Clock::now();
    for (std::size_t i = 0;; ++i) {
        if (per_second > 0) {
            const auto due = start + std::chrono::duration_cast<Clock::duration>(
                                         std::chrono::duration<double>(static_cast<double>(i) / per_second));
            if (due >= end) return times;
            std::this_thread::sleep_until(due);
        }
        const auto begin = Clock::now();
        if (begin >= end) return times;
        call(i);
        times.each.push_back(micros(Clock::now() - begin));
    }
}

class Bench {
 public:
    explicit Bench(double seconds) : seconds_(seconds), shop_(600, 20, 17) {
        funnel::persist::save_model(path_, shop_.train("impression,click+view,cart_add,purchase", 64));
        for (std::size_t i = 0; i < 100; ++i)
            items_.push_back({.id = shop_.items[i % shop_.items.size()]});
        now_ = shop_.past.back().time;
    }
    ~Bench() { std::filesystem::remove(path_); }

    /// requests: a second in all, 0: at full speed. besides: what else goes on, once.
    void line(const char* name, int readers, double requests, double events, bool new_ids,
              const std::function<void(Recommender&)>& besides = {}) {
        Recommender recommender =
            Recommender::load(path_, {.reorder = 0, .max_users = new_ids ? 20'000U : 5'000'000U});
        std::vector<Times> times(static_cast<std::size_t>(readers));
        Times observed;
        const auto end = Clock::now() +
                         std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds_));
        const std::uint64_t before = recommender.statistics().in_use;
        {
            std::vector<std::jthread> threads;
            for (int t = 0; t < readers; ++t) {
                threads.emplace_back([&, t] { read(recommender, requests / readers, end, t, times); });
            }
            if (events > 0) {
                threads.emplace_back([&] {
                    observed = paced(events, end, [&](std::size_t i) { observe(recommender, i, new_ids); });
                });
            }
            if (besides) {
                std::this_thread::sleep_for(std::chrono::duration<double>(seconds_ / 4));
                besides(recommender);
            }
        }
        const double in_use = static_cast<double>(recommender.statistics().in_use - before);
        Times all;
        for (const Times& one : times)
            all.each.insert(all.each.end(), one.each.begin(), one.each.end());
        std::printf("%s\n", name);
        all.line("requests", seconds_);
        observed.line("events", seconds_);
        std::printf("  in use     %8.0f/s   of %.0f taken\n", in_use / seconds_,
                    static_cast<double>(recommender.statistics().taken));
    }
    [[nodiscard]] const std::string& path() const { return path_; }

 private:
    void read(Recommender& recommender, double per_second, Clock::time_point end, int t,
              std::vector<Times>& times) {
        Recommender::Scratch scratch;
        Recommender::Candidates candidates(items_);
        times[static_cast<std::size_t>(t)] = paced(per_second, end, [&](std::size_t i) {
            const auto user = (i * 7 + static_cast<std::size_t>(t)) % shop_.users.size();
            const Recommender::Request request{.now = now_, .user = shop_.users[user]};
            if (recommender.rank(request, candidates, "purchase", scratch) != Recommender::Ranked::yes)
                std::abort();
        });
    }
    void observe(Recommender& recommender, std::size_t i, bool new_ids) {
        Recommender::Event event = shop_.future[i % shop_.future.size()].told();
        const std::string id = "new" + std::to_string(i);
        if (new_ids) event.user = id;
        event.time = now_ + static_cast<std::int64_t>(i);
        (void)recommender.observe(event, event.time);
    }

    double seconds_;
    funnel::recommender_test::Shop shop_;
    std::string path_ = (std::filesystem::temp_directory_path() / "recommender_bench.funnel").string();
    std::vector<Recommender::Item> items_;
    std::int64_t now_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
    Bench bench(count > 1 ? std::atof(arguments[1]) : 5.0);
    bench.line("2 readers, 10,000 requests/s, no events", 2, 10'000, 0, false);
    bench.line("2 readers, 10,000 requests/s, 5,000 events/s", 2, 10'000, 5'000, false);
    bench.line("4 readers at full speed, no events", 4, 0, 0, false);
    bench.line("4 readers at full speed, 5,000 events/s", 4, 0, 5'000, false);
    bench.line(
        "2 readers, 10,000 requests/s, 5,000 events/s of new users, tables grow, 20,000 users are kept", 2,
        10'000, 5'000, true);
    bench.line("2 readers, 10,000 requests/s, 5,000 events/s, a state is saved", 2, 10'000, 5'000, false,
               [&](Recommender& r) { r.save_state(bench.path() + ".state"); });
    bench.line("2 readers, 10,000 requests/s, 5,000 events/s, the model is exchanged", 2, 10'000, 5'000,
               false, [&](Recommender& r) { (void)r.swap_model(bench.path()); });
    std::filesystem::remove(bench.path() + ".state");
}
