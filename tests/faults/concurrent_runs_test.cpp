// SPDX-License-Identifier: MIT
// Several runs at once: on one model, on one output, and one that reads what another replaces.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "faults/commands.hpp"
#include "support/effort.hpp"

namespace funnel::faults {
namespace {

using support::Process;

TEST(ConcurrentRuns, FourTrainingsOnOnePathLeaveOneWholeModel) {
    const auto& m = SmallModels::shared();
    std::set<std::string> possible;
    const auto command = [&](const std::string& out, int seed) {
        Words words = program(m.train_table(out));
        words.insert(words.end(), {"--seed", std::to_string(seed)});
        return words;
    };
    for (int seed = 1; seed <= 4; ++seed) {
        const Target alone;
        ASSERT_EQ(support::run_process(command(alone.path(), seed)).code, 0);
        possible.insert(alone.bytes());
    }
    ASSERT_EQ(possible.size(), 4u);
    for (int round = 0; round < support::effort(3, 50); ++round) {
        const Target target;
        std::vector<std::unique_ptr<Process>> running;
        for (int seed = 1; seed <= 4; ++seed)
            running.push_back(std::make_unique<Process>(command(target.path(), seed)));
        for (const auto& process : running)
            EXPECT_EQ(process->wait().code, 0);
        EXPECT_TRUE(possible.contains(target.bytes()));
        EXPECT_TRUE(target.is_tidy());
    }
}

TEST(ConcurrentRuns, TwoScoringsIntoOneFileLeaveOneWholeFile) {
    const Command score = writing_commands()[1];
    const Target alone;
    ASSERT_EQ(support::run_process(score.words(alone.path())).code, 0);
    for (int round = 0; round < support::effort(5, 100); ++round) {
        const Target target;
        Process first(score.words(target.path())), second(score.words(target.path()));
        EXPECT_EQ(first.wait().code, 0);
        EXPECT_EQ(second.wait().code, 0);
        EXPECT_EQ(target.bytes(), alone.bytes());
        EXPECT_TRUE(target.is_tidy());
    }
}

TEST(ConcurrentRuns, ScoresBelongToOneModelWhileItIsReplaced) {
    const auto& m = SmallModels::shared();
    const support::TemporaryFolder folder;
    const std::string one = support::read_file(m.of_table), model = folder.write("model", one);
    Words other_seed = program(m.train_table(folder.path("other")));
    other_seed.insert(other_seed.end(), {"--seed", "2"});
    ASSERT_EQ(support::run_process(other_seed).code, 0);
    const Words command = program({"score", "-m", model, m.table, "-q"});
    const auto scores_of = [&](const std::string& bytes) {
        folder.write("model", bytes);
        return support::run_process(command).out;
    };
    const std::string two = folder.read("other"), scores_one = scores_of(one), scores_two = scores_of(two);
    ASSERT_NE(scores_one, scores_two);
    std::atomic<bool> done{false};
    std::thread replacing([&] {
        for (int i = 0; !done; ++i) {
            folder.write("next", i % 2 == 0 ? one : two);
            std::filesystem::rename(folder.path("next"), model);
        }
    });
    for (int i = 0; i < support::effort(15, 300); ++i) {
        const auto result = support::run_process(command);
        EXPECT_EQ(result.code, 0) << result.err;
        EXPECT_TRUE(result.out == scores_one || result.out == scores_two);
    }
    done = true;
    replacing.join();
}

}  // namespace
}  // namespace funnel::faults
