// SPDX-License-Identifier: MIT
// What a call waits in a server: 100 candidates ranked beside a stream of events, and the same while a state
// is saved, a model exchanged, users swept and tables grown.
// Usage: recommender_bench [SECONDS per round] [ROUNDS] [USERS known beforehand] [lines that contain TEXT]
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "funnel/persist/model_file.hpp"
#include "recommender/shop.hpp"

namespace {

using funnel::Recommender;
using Clock = std::chrono::steady_clock;

Clock::duration seconds(double s) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
}
double micros(Clock::duration d) {
    return std::chrono::duration<double, std::micro>(d).count();
}
double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values.empty() ? 0.0 : values[values.size() / 2];
}

/// How often the machine took this thread off its CPU. A call that waits for a lock goes of itself.
long preemptions() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nivcsw;
}

/// The calls of one round, in microseconds: how long each took, also of those alone that no other program
/// interrupted, and how long after it was due it ended.
struct Times {
    std::vector<double> took, undisturbed, after_due;

    void add(const Times& other) {
        took.insert(took.end(), other.took.begin(), other.took.end());
        undisturbed.insert(undisturbed.end(), other.undisturbed.begin(), other.undisturbed.end());
        after_due.insert(after_due.end(), other.after_due.begin(), other.after_due.end());
    }
    void sort() {
        std::ranges::sort(took);
        std::ranges::sort(undisturbed);
        std::ranges::sort(after_due);
    }
    static double at(const std::vector<double>& sorted, double share) {
        if (sorted.empty()) return 0.0;
        return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
    }
};

/// Of every figure the median of the rounds.
void print(const char* what, const std::vector<Times>& rounds, double round_seconds) {
    const auto of = [&](const auto& figure) {
        std::vector<double> values;
        for (const Times& round : rounds)
            values.push_back(figure(round));
        return median(std::move(values));
    };
    const auto at = [&](std::vector<double> Times::*which, double share) {
        return of([&](const Times& round) { return Times::at(round.*which, share); });
    };
    const double per_second = of([](const Times& round) { return static_cast<double>(round.took.size()); });
    std::printf("  %-8s %6.0f/s  p50 %6.1f  p99 %7.1f  p99.9 %7.1f  longest %8.1f us\n", what,
                per_second / round_seconds, at(&Times::took, 0.5), at(&Times::took, 0.99),
                at(&Times::took, 0.999), at(&Times::took, 1.0));
    std::printf("    not interrupted:  p99 %7.1f  p99.9 %7.1f  longest %8.1f us;  due to done: p99 %.1f us\n",
                at(&Times::undisturbed, 0.99), at(&Times::undisturbed, 0.999), at(&Times::undisturbed, 1.0),
                at(&Times::after_due, 0.99));
}

/// Calls call(i) `per_second` times a second until `end` (0: as often as it can).
Times paced(double per_second, Clock::time_point end, const std::function<void(std::size_t)>& call) {
    Times times;
    const auto start = Clock::now();
    for (std::size_t i = 0;; ++i) {
        auto due = Clock::now();
        if (per_second > 0) {
            due = start + seconds(static_cast<double>(i) / per_second);
            std::this_thread::sleep_until(due);
        }
        const long before = preemptions();
        const auto begin = Clock::now();
        if (begin >= end) return times;
        call(i);
        const auto done = Clock::now();
        times.took.push_back(micros(done - begin));
        if (preemptions() == before) times.undisturbed.push_back(micros(done - begin));
        times.after_due.push_back(micros(done - due));
    }
}

/// What is measured: requests and events a second (0: at full speed, none), and what goes on besides.
struct Line {
    const char* name;
    int readers = 2;
    double requests = 10'000, events = 5'000;
    bool new_users = false;
    std::size_t max_users = 5'000'000;
    std::function<void(Recommender&)> besides = {};
};

class Bench {
 public:
    Bench(double seconds_per_round, int rounds, std::size_t users)
        : seconds_(seconds_per_round), rounds_(rounds), shop_(600, 20, 17) {
        funnel::Bundle model = shop_.train("impression,click+view,cart_add,purchase", 64);
        now_ = shop_.past.back().time;
        for (std::size_t i = 0; i < users; ++i) {  // others who were here
            const std::string user = "other " + std::to_string(i);
            for (const auto kind : {funnel::EventKind::impression, funnel::EventKind::click}) {
                now_ += 1000;
                model.history->observe(
                    {.time = now_, .kind = kind, .user = user, .item = shop_.items[i % shop_.items.size()]});
            }
        }
        funnel::persist::save_model(path_, model);
        std::printf("%zu users, %.0f MB of a model file\n", users,
                    static_cast<double>(std::filesystem::file_size(path_)) / 1e6);
        for (std::size_t i = 0; i < 100; ++i)
            items_.push_back({.id = shop_.items[i % shop_.items.size()]});
    }
    ~Bench() { std::filesystem::remove(path_); }
    [[nodiscard]] const std::string& path() const { return path_; }

    void run(const Line& line) const {
        std::vector<Times> requests, events;
        std::vector<double> in_use, besides;
        std::uint64_t refused = 0;
        for (int r = 0; r < rounds_; ++r) {
            Recommender recommender = Recommender::load(path_, {.reorder = 0, .max_users = line.max_users});
            Times asked, told;
            const std::uint64_t before = recommender.statistics().in_use;
            const auto end = Clock::now() + seconds(seconds_);
            besides.push_back(round(recommender, line, end, asked, told));
            in_use.push_back(static_cast<double>(recommender.statistics().in_use - before));
            refused += told.took.size() - recommender.statistics().taken;
            asked.sort();
            told.sort();
            requests.push_back(std::move(asked));
            events.push_back(std::move(told));
        }
        std::printf("%s", line.name);
        if (line.besides) std::printf(" (%.0f ms)", median(besides) / 1000);
        std::printf("\n");
        print("requests", requests, seconds_);
        if (line.events > 0) {
            print("events", events, seconds_);
            std::printf("  in use    %7.0f/s, %llu refused\n", median(in_use) / seconds_,
                        static_cast<unsigned long long>(refused));
        }
        std::fflush(stdout);
    }

 private:
    /// How long `besides` took.
    double round(Recommender& recommender, const Line& line, Clock::time_point end, Times& asked,
                 Times& told) const {
        double took = 0;
        std::vector<Times> each(static_cast<std::size_t>(line.readers));
        {
            std::vector<std::jthread> threads;
            for (std::size_t t = 0; t < each.size(); ++t) {
                threads.emplace_back(
                    [&, t] { each[t] = read(recommender, line.requests / line.readers, end, t); });
            }
            if (line.events > 0) {
                threads.emplace_back([&] {
                    told = paced(line.events, end,
                                 [&](std::size_t i) { observe(recommender, i, line.new_users); });
                });
            }
            if (line.besides) {
                std::this_thread::sleep_for(seconds(seconds_ / 4));
                const auto begin = Clock::now();
                line.besides(recommender);
                took = micros(Clock::now() - begin);
            }
        }
        for (const Times& one : each)
            asked.add(one);
        return took;
    }
    Times read(const Recommender& recommender, double per_second, Clock::time_point end,
               std::size_t t) const {
        Recommender::Scratch scratch;
        Recommender::Candidates candidates(items_);
        return paced(per_second, end, [&](std::size_t i) {
            const Recommender::Request request{.now = now_,
                                               .user = shop_.users[(i * 7 + t) % shop_.users.size()]};
            if (recommender.rank(request, candidates, "purchase", scratch) != Recommender::Ranked::yes)
                std::abort();
        });
    }
    void observe(Recommender& recommender, std::size_t i, bool new_users) const {
        Recommender::Event event = shop_.future[i % shop_.future.size()].told();
        const std::string id = "new " + std::to_string(i);
        if (new_users) event.user = id;
        event.time = now_ + static_cast<std::int64_t>(i);
        (void)recommender.observe(event, event.time);
    }

    double seconds_;
    int rounds_;
    funnel::recommender_test::Shop shop_;
    std::string path_ = (std::filesystem::temp_directory_path() / "recommender_bench.funnel").string();
    std::vector<Recommender::Item> items_;
    std::int64_t now_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
    const auto number = [&](int at, double otherwise) {
        return count > at ? std::atof(arguments[at]) : otherwise;
    };
    const auto users = static_cast<std::size_t>(number(3, 0));
    const Bench bench(number(1, 5), static_cast<int>(number(2, 1)), users);
    const std::string state = bench.path() + ".state";
    const Line lines[] = {
        {.name = "requests alone", .events = 0},
        {.name = "requests and events"},
        {.name = "four readers at full speed, no events", .readers = 4, .requests = 0, .events = 0},
        {.name = "four readers at full speed and events", .readers = 4, .requests = 0},
        {.name = "events of new users: tables grow", .new_users = true},
        {.name = "events of new users: old ones are swept", .new_users = true, .max_users = users + 700},
        {.name = "a state is saved", .besides = [&](Recommender& r) { r.save_state(state); }},
        {.name = "the model is exchanged",
         .besides = [&](Recommender& r) { (void)r.swap_model(bench.path()); }},
    };
    for (const Line& line : lines) {
        if (count > 4 && std::string(line.name).find(arguments[4]) == std::string::npos) continue;
        bench.run(line);
    }
    std::filesystem::remove(state);
}
