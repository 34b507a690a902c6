// SPDX-License-Identifier: MIT
// The n-th call fails, for every call a file or memory depends on: a clean end, one line, the old file as it
// was.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>

#include "faults/commands.hpp"
#include "funnel/base/random.hpp"
#include "support/effort.hpp"

namespace funnel::faults {
namespace {

using support::ProcessResult;

ProcessResult run_with_fault(const Words& command, const std::string& fault,
                             const std::string& count_file = "/dev/null") {
    return support::run_process(command, {.before_exec = [&] {
                                    setenv("LD_PRELOAD", FUNNEL_SHIM, 1);
                                    setenv("FUNNEL_FAULT", fault.c_str(), 1);
                                    setenv("FUNNEL_FAULT_COUNT", count_file.c_str(), 1);
                                }});
}

/// How often a command makes the call.
long calls_of(const Words& command, const std::string& call) {
    const support::TemporaryFolder folder;
    const ProcessResult result = run_with_fault(command, call + ":0", folder.path("count"));
    EXPECT_EQ(result.code, 0) << result.err;
    return std::stol(folder.read("count"));
}

void expect_clean_end(const ProcessResult& result, const Target& target, const std::string& what) {
    EXPECT_FALSE(result.died) << what << ": " << result.err;
    EXPECT_TRUE(target.is_tidy()) << what;
    if (result.code == 0) return;
    EXPECT_EQ(result.code, 5) << what << ": " << result.err;
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << what << ": " << result.err;
    EXPECT_TRUE(result.err.starts_with("funnel-train: ")) << result.err;
    if (target.is_old()) return;
    // Behind the rename only this is left to fail, and the message says so.
    const bool said = result.err.find("written, but its folder cannot be synced") != std::string::npos ||
                      result.err.find("standard output: cannot write") != std::string::npos;
    EXPECT_TRUE(said) << what << ": " << result.err;
}

/// Every n-th call, or as many of them, spread out, as the effort allows.
void fail_each(const std::string& call, const std::string& error, int effort_here) {
    for (const Command& command : writing_commands()) {
        const Target counted;
        if (std::string(command.name) == "state") continue;  // two files: see below
        const long calls = calls_of(command.words(counted.path()), call);
        ASSERT_GT(calls, 0) << command.name << " " << call;
        const long steps = std::min<long>(calls, effort_here);
        for (long i = 0; i < steps; ++i) {
            const long n = 1 + i * calls / steps;
            const Target target;
            const std::string fault = call + ":" + std::to_string(n) + ":" + error;
            const ProcessResult result = run_with_fault(command.words(target.path()), fault);
            expect_clean_end(result, target, std::string(command.name) + " " + fault);
        }
    }
}

TEST(FailingCall, WriteWithoutSpace) {
    fail_each("write", std::to_string(ENOSPC), support::effort(6, 1000));
}

TEST(FailingCall, WriteOverTheQuota) {
    fail_each("write", std::to_string(EDQUOT) + ":from", support::effort(3, 1000));
}

TEST(FailingCall, Fsync) {
    fail_each("fsync", std::to_string(EIO), support::effort(3, 100));
}

TEST(FailingCall, Rename) {
    fail_each("rename", std::to_string(EACCES), support::effort(3, 100));
}

TEST(FailingCall, ReadInTheMiddle) {
    fail_each("read", std::to_string(EIO), support::effort(6, 1000));
}

/// A model that is read in pieces: whatever part of it was being made sense of, the read is what failed.
TEST(FailingCall, ReadInTheMiddleOfALargeModel) {
    const support::TemporaryFolder folder;
    const std::string model = folder.path("model");
    Words training = program(SmallModels::shared().train_log(model));
    *std::next(std::ranges::find(training, "--hidden")) = "512,256";
    ASSERT_EQ(support::run_process(training).code, 0);
    ASSERT_GT(std::filesystem::file_size(model), 600'000u);
    const Words command = program({"inspect", model, "--json"});
    const long calls = calls_of(command, "read");
    int failed = 0;
    for (long n = 1; n <= calls; ++n) {
        const ProcessResult result = run_with_fault(command, "read:" + std::to_string(n) + ":5");
        if (result.code == 0) continue;  // not of the model
        ++failed;
        EXPECT_EQ(result.code, 5) << n << ": " << result.err;
        EXPECT_NE(result.err.find("cannot read"), std::string::npos) << n << ": " << result.err;
    }
    EXPECT_GT(failed, 1) << "the model is read in pieces";
}

/// metrics of a log that does not fit into its memory: rows go to a file and come back.
struct SpillingRun {
    support::TemporaryFolder folder, temp;
    Words command;
    SpillingRun() {
        const std::string log = folder.path("log.csv");
        const ProcessResult made = support::run_process(
            program({"simulate", "-o", log, "--users", "400", "--days", "20", "--seed", "5", "-q"}));
        EXPECT_EQ(made.code, 0) << made.err;
        command = program(
            {"metrics", log, "--json", "-q", "--threads", "2", "--memory", "600KiB", "--temp", temp.path()});
    }
};

TEST(FailingCall, WriteOrReadOfATemporaryFile) {
    const SpillingRun run;
    for (const std::string call : {"pwrite", "pread"}) {
        const std::string error = std::to_string(call == "pwrite" ? ENOSPC : EIO);
        const long calls = calls_of(run.command, call),
                   steps = std::min<long>(calls, support::effort(6, 1000));
        ASSERT_GT(calls, 3) << call;
        for (long i = 0; i < steps; ++i) {
            const std::string fault = call + ":" + std::to_string(1 + i * calls / steps) + ":" + error;
            const ProcessResult result = run_with_fault(run.command, fault);
            EXPECT_EQ(result.code, 5) << fault << ": " << result.err;
            EXPECT_TRUE(result.out.empty()) << fault;
            EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << fault << ": " << result.err;
            EXPECT_NE(result.err.find("a temporary file cannot be"), std::string::npos) << result.err;
            EXPECT_TRUE(run.temp.names().empty()) << fault;
        }
    }
}

TEST(FailingCall, OpenWithoutADescriptorLeft) {
    fail_each("open", std::to_string(EMFILE) + ":from", support::effort(6, 1000));
}

TEST(FailingCall, AllocationOnce) {
    fail_each("malloc", "12", support::effort(25, 2000));
}

TEST(FailingCall, AllocationFromThereOn) {
    fail_each("malloc", "12:from", support::effort(25, 2000));
}

TEST(FailingCall, StartOfAThread) {
    fail_each("thread", "11", support::effort(3, 100));
}

TEST(FailingCall, StandardOutputIsNotTakenForWritten) {
    const auto& m = SmallModels::shared();
    const Words command = program({"score", "-m", m.of_log, m.log, "-q", "--threads", "1"});
    const long calls = calls_of(command, "write");
    EXPECT_GT(calls, 0);
    for (long n = 1; n <= calls; ++n) {
        const ProcessResult result =
            run_with_fault(command, "write:" + std::to_string(n) + ":" + std::to_string(ENOSPC));
        EXPECT_EQ(result.code, 5) << n << result.err;
    }
}

// What stands on the disk after a loss of power is decided by this order.
TEST(CallOrder, IsWriteSyncRenameSyncOfTheFolder) {
    for (const Command& command : writing_commands()) {
        const Target target;
        const support::TemporaryFolder folder;
        const ProcessResult result =
            support::run_process(command.words(target.path()), {.before_exec = [&] {
                                     setenv("LD_PRELOAD", FUNNEL_SHIM, 1);
                                     setenv("FUNNEL_CALL_ORDER", folder.path("order").c_str(), 1);
                                 }});
        ASSERT_EQ(result.code, 0) << result.err;
        const std::string once = "wsrs", order = folder.read("order");
        EXPECT_TRUE(order.starts_with(std::string(command.name) == "state" ? once + once : once))
            << command.name << ": " << order;
    }
}

TEST(PiecemealCalls, GiveTheSameBytes) {
    for (const Command& command : writing_commands()) {
        const Target whole, pieces;
        ASSERT_EQ(support::run_process(command.words(whole.path())).code, 0);
        const ProcessResult result = run_with_fault(command.words(pieces.path()), "pieces");
        EXPECT_EQ(result.code, 0) << command.name << result.err;
        EXPECT_EQ(pieces.bytes(), whole.bytes()) << command.name;
    }
    const SpillingRun spilling;
    const ProcessResult whole = support::run_process(spilling.command);
    EXPECT_EQ(whole.code, 0) << whole.err;
    EXPECT_EQ(run_with_fault(spilling.command, "pieces").out, whole.out);
}

TEST(Limits, FewDescriptorsWorkOrEndInAnError) {
    for (const Command& command : writing_commands()) {
        int started = 0;
        for (rlim_t most = 3; most <= 10; ++most) {
            const Target target;
            const ProcessResult result =
                support::run_process(command.words(target.path()), {.before_exec = [most] {
                                         const rlimit limit{most, most};
                                         setrlimit(RLIMIT_NOFILE, &limit);
                                     }});
            if (result.code == 127) continue;  // the program itself could not be loaded
            ++started;
            EXPECT_TRUE(result.code == 0 || result.code == 5) << command.name << most << result.err;
        }
        EXPECT_GT(started, 1) << command.name;
    }
}

TEST(Limits, ASmallStackIsEnough) {
    for (const Command& command : writing_commands()) {
        const Target target;
        const ProcessResult result = support::run_process(command.words(target.path()), {.before_exec = [] {
                                                              const rlimit limit{128u << 10, 128u << 10};
                                                              setrlimit(RLIMIT_STACK, &limit);
                                                          }});
        EXPECT_EQ(result.code, 0) << command.name << result.err;
    }
}

}  // namespace
}  // namespace funnel::faults
