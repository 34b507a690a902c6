// SPDX-License-Identifier: MIT
// The real executable: signals, pipes, full disks, limits and environments.
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/small_shop.hpp"
#include "support/process.hpp"

namespace funnel::cli_test {
namespace {

using support::Process;
using support::ProcessOptions;
using support::ProcessResult;
using support::run_process;
using support::TemporaryFolder;
using Words = std::vector<std::string>;

Words command(const Words& args) {
    Words all = {FUNNEL_TRAIN};
    all.insert(all.end(), args.begin(), args.end());
    return all;
}

/// `log.rows` of `metrics --json`.
int rows_counted(const ProcessResult& result) {
    return nlohmann::json::parse(result.out).at("log").at("rows");
}

/// Polls until `done`; false after 20 s.
bool wait_for(const std::function<bool()>& done) {
    for (int i = 0; i < 20'000; ++i) {
        if (done()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

/// A pipe; both ends close on destruction.
struct Pipe {
    int fd[2];
    Pipe() {
        if (pipe2(fd, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    }
    ~Pipe() {
        close_end(0);
        close_end(1);
    }
    void close_end(int end) {
        if (fd[end] >= 0) close(fd[end]);
        fd[end] = -1;
    }
    [[nodiscard]] bool is_drained() const {
        int bytes = 0;
        return ioctl(fd[0], FIONREAD, &bytes) == 0 && bytes == 0;
    }
};

void write_all(int fd, const std::string& text) {
    ASSERT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

/// A log that takes a while to write.
Words long_simulation(const std::string& path) {
    return command({"simulate", "-o", path, "--users", "300000", "--days", "60"});
}

TEST(CliProcess, StandardInputIsALogLikeAnyOther) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop());
    const ProcessResult file = run_process(command({"metrics", log}));
    ASSERT_EQ(file.code, 0) << file.err;
    const ProcessResult input = run_process(command({"metrics", "-"}), {.input = log});
    ASSERT_EQ(input.code, 0) << input.err;
    EXPECT_EQ(input.out.substr(input.out.find("visitors")), file.out.substr(file.out.find("visitors")));
}

TEST(CliProcess, InputMayComeByteByByte) {
    Pipe pipe;
    Process process(command({"metrics", "-", "--json"}), {.input_fd = pipe.fd[0]});
    pipe.close_end(0);
    const std::string text = small_shop();
    for (const char c : text)
        ASSERT_EQ(write(pipe.fd[1], &c, 1), 1);
    pipe.close_end(1);
    const ProcessResult result = process.wait();
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(rows_counted(result), 12);
}

TEST(CliProcess, ANamedPipeIsALogToo) {
    const TemporaryFolder folder;
    const std::string fifo = folder.path("fifo");
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    Process process(command({"metrics", fifo, "--json"}));
    const int fd = open(fifo.c_str(), O_WRONLY);
    write_all(fd, small_shop());
    close(fd);
    const ProcessResult result = process.wait();
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(rows_counted(result), 12);
}

TEST(CliProcess, DevNullIsEmptyAndDevZeroEndsAtTheLineLimit) {
    EXPECT_EQ(run_process(command({"metrics", "/dev/null"})).code, 3);
    EXPECT_EQ(run_process(command({"metrics", "/dev/zero"})).code, 3);
}

TEST(CliProcess, AFullOrClosedStandardOutputIsExitFive) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop());
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    for (const int output : {full, -2}) {
        for (const Words& args : {Words{"metrics", log}, Words{"metrics", log, "--json"},
                                  Words{"features", log}, Words{"--help"}}) {
            const ProcessResult result = run_process(command(args), {.output_fd = output});
            EXPECT_EQ(result.code, 5) << output << testing::PrintToString(args) << result.err;
            EXPECT_NE(result.err.find("standard output"), std::string::npos) << result.err;
        }
    }
    close(full);
}

TEST(CliProcess, AClosedStandardOutputNeverLeaksIntoAFile) {
    const TemporaryFolder folder;
    const Words simulate = {"simulate", "--users", "20", "--days", "2", "-o"};
    Words open_run = command(simulate), closed_run = open_run;
    open_run.push_back(folder.path("open.csv"));
    closed_run.push_back(folder.path("closed.csv"));
    ASSERT_EQ(run_process(open_run).code, 0);
    const ProcessResult result = run_process(closed_run, {.output_fd = -2});
    if (result.code == 0) {
        EXPECT_EQ(folder.read("closed.csv"), folder.read("open.csv"));
    } else {
        EXPECT_EQ(result.code, 5) << result.err;
    }
}

TEST(CliProcess, AReaderThatGoesAwayEndsTheRunQuietly) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop());
    Pipe pipe;
    pipe.close_end(0);
    const ProcessResult result = run_process(command({"metrics", log, "-q"}), {.output_fd = pipe.fd[1]});
    EXPECT_EQ(result.code, 141) << result.err;
    EXPECT_EQ(result.err, "");
}

TEST(CliProcess, SignalsWhileReadingEndWithTheirCodeAndLeaveNothing) {
    for (const int signal : {SIGHUP, SIGINT, SIGTERM}) {
        const TemporaryFolder folder;
        const std::string old = folder.write("m.funnel", "the old model");
        Pipe pipe;
        Process process(command({"train", "-", "-o", old}), {.input_fd = pipe.fd[0]});
        write_all(pipe.fd[1], std::string(kHeader));
        ASSERT_TRUE(wait_for([&] { return pipe.is_drained(); }));
        process.kill(signal);
        const ProcessResult result = process.wait();
        EXPECT_EQ(result.code, 128 + signal) << result.err;
        EXPECT_FALSE(result.died) << "by exit, so that scripts see the code";
        EXPECT_EQ(folder.names(), Words{"m.funnel"});
        EXPECT_EQ(folder.read("m.funnel"), "the old model");
    }
}

TEST(CliProcess, SignalsWhileWritingLeaveTheOldFileWhole) {
    for (const int signal : {SIGINT, SIGTERM}) {
        const TemporaryFolder folder;
        const std::string old = folder.write("log.csv", "the old log");
        Process process(long_simulation(old));
        ASSERT_TRUE(wait_for([&] { return folder.names().size() > 1; })) << "it writes beside its target";
        process.kill(signal);
        const ProcessResult result = process.wait();
        EXPECT_EQ(result.code, 128 + signal) << result.err;
        EXPECT_EQ(folder.names(), Words{"log.csv"});
        EXPECT_EQ(folder.read("log.csv"), "the old log");
    }
}

TEST(CliProcess, AKilledRunLeavesTheOldFileAndTheNextOneWorks) {
    const TemporaryFolder folder;
    const std::string old = folder.write("log.csv", "the old log");
    {
        Process process(long_simulation(old));
        ASSERT_TRUE(wait_for([&] { return folder.names().size() > 1; }));
        process.kill(SIGKILL);
        EXPECT_EQ(process.wait().code, 128 + SIGKILL);
    }
    EXPECT_EQ(folder.read("log.csv"), "the old log");
    EXPECT_EQ(run_process(command({"simulate", "-o", old, "--users", "10", "--days", "2"})).code, 0);
    EXPECT_NE(folder.read("log.csv"), "the old log");
}

TEST(CliProcess, NoSpaceWhileWritingIsExitFiveAndLeavesNothing) {
    const TemporaryFolder folder;
    const std::string out = folder.path("log.csv");
    const ProcessResult result = run_process(long_simulation(out), {.before_exec = [] {
                                                 const rlimit limit{1 << 20, 1 << 20};
                                                 setrlimit(RLIMIT_FSIZE, &limit);
                                             }});
    EXPECT_EQ(result.code, 5) << result.err;
    EXPECT_FALSE(result.died);
    EXPECT_NE(result.err.find("log.csv"), std::string::npos) << result.err;
    EXPECT_TRUE(folder.names().empty());
}

TEST(CliProcess, NoSpaceForAModelLeavesTheOldOneWhole) {
    const TemporaryFolder folder;
    std::string text = "x,y\n";
    for (int i = 0; i < 300; ++i)
        text += std::to_string(i % 17) + "," + std::to_string(i % 3 == 0) + "\n";
    const std::string table = folder.write("t.csv", text), model = folder.write("m.funnel", "the old model");
    const ProcessResult result = run_process(
        command({"train", table, "-o", model, "--label", "y", "--epochs", "1"}), {.before_exec = [] {
            const rlimit limit{100, 100};
            setrlimit(RLIMIT_FSIZE, &limit);
        }});
    EXPECT_EQ(result.code, 5) << result.err;
    EXPECT_EQ(folder.read("m.funnel"), "the old model");
    EXPECT_EQ(folder.names(), (Words{"m.funnel", "t.csv"}));
}

TEST(CliProcess, NoMemoryIsExitFive) {
#ifdef FUNNEL_SANITIZED
    GTEST_SKIP() << "a sanitizer needs more address space than the limit of this test";
#else
    const TemporaryFolder folder;
    std::string text = "event_time,event_type,user_id\n";
    for (int i = 0; i < 1'500'000; ++i)
        text += "1709287200,view,user number " + std::to_string(i) + "\n";
    const std::string log = folder.write("log.csv", text);
    const ProcessResult result = run_process(command({"metrics", log, "--threads", "1"}), {.before_exec = [] {
                                                 const rlimit limit{120u << 20, 120u << 20};
                                                 setrlimit(RLIMIT_AS, &limit);
                                             }});
    EXPECT_EQ(result.code, 5) << result.err;
    EXPECT_NE(result.err.find("memory"), std::string::npos) << result.err;
#endif
}

TEST(CliProcess, ZoneLocaleAndColoursOfTheEnvironmentChangeNoByte) {
    const TemporaryFolder folder;
    const std::string log =
        folder.write("log.csv", "event_time,event_type,user_id,price\n2024-03-31 01:30:00,purchase,a,1.5\n");
    const ProcessResult plain = run_process(command({"metrics", log, "--json", "--by", "day"}));
    ASSERT_EQ(plain.code, 0) << plain.err;
    for (const auto& [name, value] : {std::pair{"TZ", "Asia/Kathmandu"},
                                      {"LC_ALL", "de_DE.UTF-8"},
                                      {"LC_ALL", "C"},
                                      {"TERM", "xterm-256color"},
                                      {"CLICOLOR_FORCE", "1"}}) {
        const ProcessResult other =
            run_process(command({"metrics", log, "--json", "--by", "day"}),
                        {.before_exec = [name = name, value = value] { setenv(name, value, 1); }});
        EXPECT_EQ(other.out, plain.out) << name << "=" << value;
        EXPECT_EQ(other.code, 0);
    }
}

TEST(CliProcess, AFileThatIsCutWhileItIsReadIsNotCountedInSilence) {
    const TemporaryFolder folder;
    const std::string fifo = folder.path("fifo");
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    const std::string half = "event_time,event_type,user_id\n1709287200,view,a\n1709287";
    Process process(command({"metrics", fifo}));
    const int fd = open(fifo.c_str(), O_WRONLY);
    write_all(fd, half);
    close(fd);
    const ProcessResult result = process.wait();
    EXPECT_EQ(result.code, 3) << result.out;
    EXPECT_EQ(result.out, "");
}

TEST(CliProcess, AMissingCommandIsWrongUsage) {
    const ProcessResult result = run_process(command({}));
    EXPECT_EQ(result.code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find("--help"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace funnel::cli_test
