// SPDX-License-Identifier: MIT
#include "funnel/train/detail/worker_team.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

namespace funnel::train {
namespace {

TEST(WorkerTeam, DoesEveryTaskOfEveryJobOnce) {
    WorkerTeam team(4);
    EXPECT_EQ(team.size(), 4U);
    for (std::size_t job = 0; job < 2000; ++job) {
        std::vector<int> done(job % 9, 0);
        team.run(done.size(), [&](std::size_t i, std::size_t worker) {
            EXPECT_LT(worker, 4U);
            ++done[i];
        });
        EXPECT_EQ(done, std::vector<int>(job % 9, 1));
    }
}

TEST(WorkerTeam, SeesTheResultsOfTheJobBefore) {
    WorkerTeam team(3);
    std::vector<std::size_t> values(64, 0);
    std::atomic<std::size_t> seen{0};
    for (std::size_t job = 1; job <= 500; ++job) {
        team.run(64, [&](std::size_t i, std::size_t) {
            // Written by whichever worker had the neighbour in the job before.
            values[i] = values[i] + 1;
        });
        team.run(64, [&](std::size_t i, std::size_t) {
            EXPECT_EQ(values[63 - i], job);
            ++seen;
        });
    }
    EXPECT_EQ(seen, 500U * 64U);
}

TEST(WorkerTeam, RethrowsTheExceptionOfTheSmallestTask) {
    WorkerTeam team(3);
    for (int round = 0; round < 50; ++round) {
        try {
            team.run(20, [](std::size_t i, std::size_t) {
                if (i % 5 == 3) throw std::runtime_error(std::to_string(i));
            });
            FAIL();
        } catch (const std::runtime_error& error) {
            EXPECT_STREQ(error.what(), "3");
        }
    }
    std::atomic<int> sum{0};
    team.run(10, [&](std::size_t, std::size_t) { ++sum; });
    EXPECT_EQ(sum, 10);
}

TEST(WorkerTeam, OfOneRunsOnTheCaller) {
    for (const unsigned threads : {0U, 1U}) {
        WorkerTeam team(threads);
        const auto caller = std::this_thread::get_id();
        std::atomic<int> ran{0};
        team.run(3, [&](std::size_t, std::size_t) {
            EXPECT_EQ(std::this_thread::get_id(), caller);
            ++ran;
        });
        EXPECT_EQ(ran, 3);
    }
}

}  // namespace
}  // namespace funnel::train
