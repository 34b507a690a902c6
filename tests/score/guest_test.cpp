// SPDX-License-Identifier: MIT
// The library as a guest in somebody's process: one Scorer for many threads, no allocation and no exception
// once warm, and nothing of the host's that it touches: output, locale, signals, threads.
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "funnel/ingest/read_log.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/metrics/measure.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/score/scorer.hpp"
#include "funnel/simulate/shopper_model.hpp"
#include "funnel/train/train_on_log.hpp"
#include "support/temporary_folder.hpp"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // g++ 12 inlines only one of each pair below
#endif

namespace {
std::atomic<std::size_t> allocations{0};
}

// The thread sanitizer has allocators of its own that cannot be replaced; there nothing is counted.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FUNNEL_TEST_KEEPS_ALLOCATOR
#endif
#endif
#ifndef FUNNEL_TEST_KEEPS_ALLOCATOR
void* operator new(std::size_t size) {
    ++allocations;
    if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
    throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t align) {
    ++allocations;
    const auto to = static_cast<std::size_t>(align);
    if (void* p = std::aligned_alloc(to, (size + to) / to * to)) return p;
    throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++allocations;
    return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
    std::free(p);
}
#endif

namespace funnel::score {
namespace {

const EventLog& shop_log() {
    static const EventLog log = [] {
        EventLog events;
        simulate::ShopperModel({.users = 60, .days = 16}).run([&](const Event& event) { events.add(event); });
        return events;
    }();
    return log;
}

/// The i-th item of the log.
std::string item(std::uint32_t i) {
    return std::string(shop_log().items.text(i));
}

Bundle trained() {
    const EventLog& log = shop_log();
    train::LogModelOptions options;
    options.task.funnel = Funnel::parse("impression,click,purchase");
    options.examples.targets = {"click", "purchase"};
    options.examples.horizons = {30 * base::kMinute, base::kDay};
    options.model.training.hidden = {8};
    options.model.training.epochs = 1;
    return train::train_on_log(log, options, kernel::best());
}

const Bundle& model() {
    static const Bundle bundle = trained();
    return bundle;
}

Event shown(const char* user, const char* item) {
    return {.time = model().history->watermark() + 1,
            .kind = EventKind::impression,
            .user = user,
            .item = item,
            .session = "s"};
}

TEST(SharedScorer, GivesEightThreadsTheSameScores) {
    const Scorer scorer(model(), kernel::best());
    const char* users[] = {"u1", "u2", "u3", "nobody"};
    const auto score_all = [&] {
        Scorer::Workspace workspace;
        std::vector<float> p(scorer.targets()), all;
        for (int round = 0; round < 50; ++round) {
            for (const char* user : users) {
                scorer.score(*model().history, shown(user, item(7).c_str()), p, workspace);
                all.insert(all.end(), p.begin(), p.end());
            }
        }
        return all;
    };
    const std::vector<float> expected = score_all();
    ASSERT_EQ(expected.size(), 50 * 4 * scorer.targets());
    ASSERT_GT(scorer.targets(), 0u);
    std::vector<std::vector<float>> got(8);
    {
        std::vector<std::jthread> threads;
        for (auto& result : got)
            threads.emplace_back([&] { result = score_all(); });
    }
    for (const auto& result : got)
        EXPECT_EQ(result, expected);
}

TEST(Scorer, ScoresManyItemsLikeEachOfThem) {
    ASSERT_GE(shop_log().items.size(), 140U);
    Bundle bundle = model();
    for (const std::size_t members : {1U, 2U}) {
        bundle.nets.resize(1, bundle.nets.front());
        if (members == 2) {
            bundle.nets.push_back(bundle.nets.front());
            bundle.nets.back().bias(0)[0] += 0.5F;
        }
        const Scorer scorer(bundle, kernel::best());
        const std::size_t targets = scorer.targets();
        ASSERT_GT(targets, 0u);
        std::vector<Event> items;
        std::vector<std::string> names;
        for (std::uint32_t i = 0; i < 150; ++i)  // more than a block of rows
            names.push_back(i < 140 ? item(i) : "unknown");
        for (const std::string& name : names)
            items.push_back(shown("u1", name.c_str()));
        std::vector<float> many(items.size() * targets), one(targets);
        Scorer::Workspace workspace;
        for (const char* user : {"u1", "u2", "nobody"}) {
            scorer.score_items(*bundle.history, shown(user, ""), items, many, workspace);
            for (std::size_t i = 0; i < items.size(); ++i) {
                scorer.score(*bundle.history, shown(user, names[i].c_str()), one, workspace);
                for (std::size_t k = 0; k < targets; ++k)
                    ASSERT_NEAR(many[i * targets + k], one[k], 1e-6F) << user << ' ' << names[i];
            }
        }
    }
}

TEST(Scorer, RanksByProbabilityThenByPlace) {
    const Scorer scorer(model(), kernel::best());
    const std::size_t targets = scorer.targets();
    std::vector<Event> items;
    std::vector<std::string> names{"unknown", "another unknown"};
    for (const std::uint32_t i : {3U, 1U, 3U, 2U, 1U, 5U, 4U, 3U})
        names.push_back(item(i));
    for (const std::string& name : names)
        items.push_back(shown("u1", name.c_str()));
    std::vector<float> p(items.size() * targets);
    std::vector<std::uint32_t> order(items.size());
    Scorer::Workspace workspace;
    ASSERT_GT(targets, 0u);
    for (std::size_t target = 0; target < targets; ++target) {
        scorer.rank(*model().history, shown("u1", ""), items, target, order, p, workspace);
        std::vector<std::uint32_t> expected(items.size());
        std::iota(expected.begin(), expected.end(), 0U);
        std::ranges::stable_sort(expected, [&](std::uint32_t a, std::uint32_t b) {
            return p[a * targets + target] > p[b * targets + target];
        });
        EXPECT_EQ(order, expected);
        EXPECT_NE(p[order.front() * targets + target], p[order.back() * targets + target]);
    }
}

TEST(WarmScorer, NeitherAllocatesNorThrows) {
    const Scorer scorer(model(), kernel::best());
    Scorer::Workspace workspace;
    std::vector<float> p(12 * scorer.targets());
    std::vector<std::uint32_t> order(12);
    const std::string known = item(1), other = item(2);
    std::vector<Event> items{shown("u1", known.c_str()), shown("u1", other.c_str()),
                             shown("u1", "never seen")};
    items.resize(12, items.back());  // so many that the user's share of the net is computed apart
    const auto use = [&] {
        scorer.score(*model().history, shown("u1", known.c_str()), std::span(p).first(scorer.targets()),
                     workspace);
        scorer.score(*model().history,
                     shown("a user never seen, with a long name", "an item never seen either"),
                     std::span(p).first(scorer.targets()), workspace);
        for (const std::size_t n : {12U, 7U, 3U, 2U, 1U, 12U}) {
            scorer.rank(*model().history, shown("u1", ""), std::span(items).first(n), 0,
                        std::span(order).first(n), std::span(p).first(n * scorer.targets()), workspace);
        }
    };
    const auto warm = [&] { scorer.rank(*model().history, shown("u1", ""), items, 0, order, p, workspace); };
    warm();
    const std::size_t before = allocations;
    EXPECT_NO_THROW(use());
    EXPECT_EQ(allocations, before);
}

/// What the process says while it lives, and the number of its threads.
class Host {
 public:
    Host() : saved_out_(dup(STDOUT_FILENO)), saved_err_(dup(STDERR_FILENO)) {
        std::fflush(nullptr);
        FILE* file = std::fopen(folder_.path("said").c_str(), "w");
        dup2(fileno(file), STDOUT_FILENO);
        dup2(fileno(file), STDERR_FILENO);
        std::fclose(file);
    }
    ~Host() { hear(); }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    std::string hear() {
        if (saved_out_ < 0) return {};
        std::fflush(nullptr);
        dup2(saved_out_, STDOUT_FILENO);
        dup2(saved_err_, STDERR_FILENO);
        close(std::exchange(saved_out_, -1));
        close(std::exchange(saved_err_, -1));
        return folder_.read("said");
    }
    [[nodiscard]] static std::ptrdiff_t threads() {
        return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
    }
    /// The kernel takes a thread from its list a moment after it was joined.
    [[nodiscard]] static bool comes_back_to(std::ptrdiff_t count) {
        for (int i = 0; i < 500 && threads() != count; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return threads() == count;
    }

 private:
    support::TemporaryFolder folder_;
    int saved_out_, saved_err_;
};

TEST(Guest, LeavesTheHostAsItWas) {
    (void)model();
    std::setlocale(LC_ALL, "");  // what the host has chosen, whatever it is
    const std::string locale = std::setlocale(LC_ALL, nullptr);
    const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGSEGV, SIGABRT, SIGFPE, SIGXFSZ, SIGCHLD};
    struct sigaction before[std::size(signals)], after{};
    for (std::size_t i = 0; i < std::size(signals); ++i)
        sigaction(signals[i], nullptr, &before[i]);
    std::thread([] {
    }).join();  // with the first thread the thread sanitizer starts one of its own, which stays
    const std::ptrdiff_t threads = Host::threads();
    const support::TemporaryFolder folder;
    Host host;

    const std::string path = folder.path("m");
    persist::save_model(path, trained());
    (void)persist::load_model(path);
    const std::string log =
        folder.write("log.csv", "event_time,event_type,user_id\n1709287200,view,a\nsoon,view,b\n");
    ingest::ReadOptions options;
    options.threads = 4;
    EXPECT_THROW((void)ingest::read_log(std::vector{log}, options), Error);
    options.rows.bad_rows = ingest::BadRows::skip;
    options.rows.max_bad = {.count = 1};
    const auto read = ingest::read_log(std::vector{log}, options);
    EXPECT_EQ(read.report.accepted, 1u);
    EXPECT_THROW((void)persist::load_model(log), Error);
    EXPECT_THROW(persist::save_model(folder.path("none/m"), model()), Error);

    EXPECT_EQ(host.hear(), "");
    EXPECT_EQ(std::setlocale(LC_ALL, nullptr), locale);
    EXPECT_TRUE(Host::comes_back_to(threads)) << Host::threads() << " threads, " << threads << " before";
    for (std::size_t i = 0; i < std::size(signals); ++i) {
        sigaction(signals[i], nullptr, &after);
        EXPECT_EQ(after.sa_handler, before[i].sa_handler) << signals[i];
    }
}

}  // namespace
}  // namespace funnel::score
