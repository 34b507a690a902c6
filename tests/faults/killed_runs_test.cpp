// SPDX-License-Identifier: MIT
// Runs that are killed or asked to end at random moments: the target is the old file or the new one, never
// else.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "faults/commands.hpp"
#include "funnel/base/random.hpp"
#include "support/effort.hpp"

namespace funnel::faults {
namespace {

constexpr int kSignals[] = {SIGTERM, SIGINT, SIGHUP};

using Clock = std::chrono::steady_clock;
using support::Process;
using support::ProcessResult;

struct Whole {
    std::string bytes;
    Clock::duration time;
};

/// What a run that nobody disturbs writes, and how long it takes.
Whole undisturbed(const Command& command) {
    const Target target;
    const auto start = Clock::now();
    const ProcessResult result = support::run_process(command.words(target.path()));
    EXPECT_EQ(result.code, 0) << result.err;
    return {target.bytes(), Clock::now() - start};
}

/// Up to a little more than the time that a run takes.
Clock::duration moment(Rng& random, Clock::duration time) {
    return time * static_cast<int>(random.below(1100)) / 1000;
}

TEST(KilledRun, LeavesTheOldFileOrTheNewOneAndTheNextRunWorks) {
    Rng random(1);
    for (const Command& command : writing_commands()) {
        const Whole whole = undisturbed(command);
        const Target target;
        int old = 0;
        for (int i = 0; i < support::effort(8, 170); ++i) {
            {
                Process process(command.words(target.path()));
                std::this_thread::sleep_for(moment(random, whole.time));
                process.kill(SIGKILL);
                (void)process.wait();
            }
            const std::string bytes = target.bytes();
            EXPECT_TRUE(bytes == kOld || bytes == whole.bytes)
                << command.name << i << ": " << bytes.size() << " bytes";
            old += bytes == kOld;
        }
        EXPECT_EQ(support::run_process(command.words(target.path())).code, 0);
        EXPECT_EQ(target.bytes(), whole.bytes) << command.name;
        if (std::string(command.name) != "state") {
            EXPECT_TRUE(target.is_tidy()) << command.name << ": leftovers of killed runs are removed";
        }
    }
}

TEST(SignalledRun, EndsSoonWithItsCodeAndLeavesNothing) {
    Rng random(2);
    for (const Command& command : writing_commands()) {
        if (std::string(command.name) == "state") continue;  // two files
        const Whole whole = undisturbed(command);
        for (int i = 0; i < support::effort(6, 60); ++i) {
            const int signal = kSignals[i % 3];
            const Target target;
            Process process(command.words(target.path()));
            // Before main begins a signal has its usual effect.
            std::this_thread::sleep_for(std::chrono::milliseconds(15) + moment(random, whole.time));
            const auto start = Clock::now();
            process.kill(signal);
            const ProcessResult result = process.wait();
            EXPECT_LT(Clock::now() - start, std::chrono::seconds(2)) << command.name;
            EXPECT_TRUE(result.code == 0 || result.code == 128 + signal)
                << command.name << result.code << result.err;
            EXPECT_TRUE(target.is_tidy()) << command.name;
            EXPECT_TRUE(target.is_old() || target.bytes() == whole.bytes) << command.name;
        }
    }
}

}  // namespace
}  // namespace funnel::faults
