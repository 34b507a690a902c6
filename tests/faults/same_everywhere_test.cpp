// SPDX-License-Identifier: MIT
// Every command gives the same bytes whatever the locale, the time zone and the number of threads.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "faults/commands.hpp"

namespace funnel::faults {
namespace {

using support::ProcessResult;
using Environment = std::vector<std::pair<std::string, std::string>>;

/// A locale with a decimal comma, made here, since a machine may have none. Empty if it cannot be made.
Environment comma_locale(const support::TemporaryFolder& folder) {
    const std::string command =
        "localedef -i de_DE -f UTF-8 " + folder.path("de_DE.UTF-8") + " >/dev/null 2>&1";
    if (std::system(command.c_str()) != 0) return {};
    return {{"LOCPATH", folder.path()}, {"LC_ALL", "de_DE.UTF-8"}};
}

std::vector<Words> commands() {
    const auto& m = SmallModels::shared();
    return {program({"metrics", m.log, "--json", "--by", "day", "--by", "hour"}),
            program({"metrics", m.log}),
            program({"features", m.log}),
            program({"score", "-m", m.of_log, m.log}),
            program({"evaluate", "-m", m.of_log, m.log, "--json"}),
            program({"inspect", m.of_log})};
}

ProcessResult run_in(const Words& command, const Environment& environment) {
    return support::run_process(command, {.before_exec = [&] {
                                    for (const auto& [name, value] : environment)
                                        setenv(name.c_str(), value.c_str(), 1);
                                }});
}

TEST(SameEverywhere, LocaleAndZoneChangeNoByte) {
    const support::TemporaryFolder folder;
    std::vector<Environment> environments = {{{"TZ", "Asia/Kathmandu"}},
                                             {{"TZ", "America/New_York"}, {"LC_ALL", "C"}},
                                             {{"LC_ALL", "no_such_locale"}, {"LANG", "tr_TR.UTF-8"}}};
    if (Environment comma = comma_locale(folder); !comma.empty()) environments.push_back(comma);
    for (const Words& command : commands()) {
        const ProcessResult plain = support::run_process(command);
        ASSERT_EQ(plain.code, 0) << plain.err;
        for (const Environment& environment : environments) {
            const ProcessResult other = run_in(command, environment);
            EXPECT_EQ(other.code, 0) << other.err;
            EXPECT_EQ(other.out, plain.out) << command[1] << environment.back().second;
            EXPECT_EQ(other.err, plain.err);
        }
    }
}

TEST(SameEverywhere, ThreadsChangeNoByte) {
    for (Words command : commands()) {
        if (command[1] == "inspect") continue;
        command.insert(command.end(), {"--threads", "1"});
        const ProcessResult plain = support::run_process(command);
        ASSERT_EQ(plain.code, 0) << plain.err;
        for (const char* threads : {"2", "3", "16"}) {
            command.back() = threads;
            EXPECT_EQ(support::run_process(command).out, plain.out) << command[1] << threads;
        }
    }
}

// 1970, 2001 and 2106.
TEST(SameEverywhere, TheClockOfTheMachineChangesNoByte) {
    const support::TemporaryFolder folder;
    const auto& m = SmallModels::shared();
    for (const char* clock : {"0", "1000000000", "4294967296"}) {
        const Environment environment = {{"LD_PRELOAD", FUNNEL_SHIM}, {"FUNNEL_CLOCK", clock}};
        for (const Words& command : commands())
            EXPECT_EQ(run_in(command, environment).out, support::run_process(command).out)
                << command[1] << clock;
        ASSERT_EQ(run_in(program(m.train_log(folder.path("m"))), environment).code, 0);
        EXPECT_EQ(folder.read("m"), support::read_file(m.of_log)) << clock;
    }
}

TEST(SameEverywhere, AModelHasTheSameBytesInEveryLocaleAndZone) {
    const support::TemporaryFolder folder;
    const auto& m = SmallModels::shared();
    Environment environment = comma_locale(folder);
    environment.emplace_back("TZ", "Asia/Kathmandu");
    const std::string path = folder.path("m");
    ASSERT_EQ(run_in(program(m.train_log(path)), environment).code, 0);
    EXPECT_EQ(folder.read("m"), support::read_file(m.of_log));
}

}  // namespace
}  // namespace funnel::faults
