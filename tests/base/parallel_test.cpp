// SPDX-License-Identifier: MIT
#include "funnel/base/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace funnel::base {
namespace {

TEST(ForEachTask, RunsEveryTaskOnce) {
    for (const unsigned threads : {0u, 1u, 2u, 4u, 9u}) {
        for (const std::size_t tasks : {0u, 1u, 2u, 3u, 1000u}) {
            std::vector<int> runs(tasks);  // not atomic: two threads on one task would be a race
            for_each_task(tasks, threads, [&](std::size_t i) { ++runs[i]; });
            EXPECT_EQ(runs, std::vector<int>(tasks, 1));
        }
    }
}

TEST(ForEachTask, RethrowsTheErrorOfTheSmallestTask) {
    for (const unsigned threads : {1u, 2u, 4u}) {
        for (int repeat = 0; repeat < 50; ++repeat) {
            try {
                for_each_task(100, threads, [](std::size_t i) {
                    if (i >= 10) throw std::runtime_error(std::to_string(i));
                });
                FAIL();
            } catch (const std::runtime_error& error) {
                EXPECT_STREQ(error.what(), "10");
            }
        }
    }
}

TEST(ForEachTask, BeginsNoTaskAfterAnError) {
    std::atomic<int> runs{0};
    EXPECT_THROW(for_each_task(1'000'000, 4,
                               [&](std::size_t) {
                                   ++runs;
                                   throw std::runtime_error("stop");
                               }),
                 std::runtime_error);
    EXPECT_LE(runs.load(), 4);
}

TEST(ForEachTask, ResultsOfTasksAreSeenAfterwards) {
    std::vector<double> sums(64);
    for_each_task(sums.size(), 4, [&](std::size_t i) {
        for (std::size_t k = 0; k < 1000; ++k)
            sums[i] += static_cast<double>(i * k);
    });
    for (std::size_t i = 0; i < sums.size(); ++i)
        EXPECT_EQ(sums[i], static_cast<double>(i * 499'500));
}

}  // namespace
}  // namespace funnel::base
