// SPDX-License-Identifier: MIT
// The nightly script of docs/operations.md, as it stands there: two nights, one of them twice, and one
// without a file.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "faults/commands.hpp"
#include "support/compress.hpp"

namespace funnel::faults {
namespace {

namespace fs = std::filesystem;
using support::ProcessResult;

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
}

/// A shop folder with a model, the logs of some days, and the script.
class Nightly : public testing::Test {
 protected:
    const support::TemporaryFolder folder_;

    Nightly() {
        for (const char* name : {"events", "scores", "rejects", "manifests"})
            fs::create_directory(folder_.path(name));
        fs::copy(SmallModels::shared().of_log, folder_.path("shop.funnel"));
        for (const char* day : {"2024-01-13", "2024-01-14"})
            folder_.write("events/" + std::string(day) + ".csv.gz", support::gzip(log_of(day)));
        const std::string page = support::read_file(FUNNEL_TEST_DIR "/../docs/operations.md");
        const std::size_t begin = page.find("```sh\n") + 6;
        std::string script = page.substr(begin, page.find("```", begin) - begin);
        replace_all(script, "/srv/shop", folder_.path());
        replace_all(script, "=0.25", "=100");  // sixty shoppers are no stable population
        folder_.write("nightly.sh", script);
    }

    static std::string log_of(const std::string& day) {
        const std::string log = support::read_file(SmallModels::shared().log);
        std::string rows = log.substr(0, log.find('\n') + 1);
        for (std::size_t at = rows.size(), end; at < log.size(); at = end) {
            end = log.find('\n', at) + 1;
            if (log.compare(at, day.size(), day) == 0) rows += log.substr(at, end - at);
        }
        return rows;
    }

    ProcessResult run(const std::string& day) const {
        const std::string path = fs::path(FUNNEL_TRAIN).parent_path().string() + ":/usr/bin:/bin";
        return support::run_process({"/bin/sh", folder_.path("nightly.sh"), day},
                                    {.before_exec = [&] { setenv("PATH", path.c_str(), 1); }});
    }
};

TEST_F(Nightly, ScoresADayAndSaysNothing) {
    const ProcessResult result = run("2024-01-13");
    EXPECT_EQ(result.code, 0) << result.out << folder_.read("nightly.log");
    EXPECT_EQ(result.out, "") << "cron mails what is printed";
    EXPECT_EQ(run("2024-01-14").code, 0);
    for (const char* file :
         {"scores/2024-01-13.csv", "scores/2024-01-14.csv", "manifests/2024-01-14.json", "state"})
        EXPECT_TRUE(fs::exists(folder_.path(file))) << file;
}

TEST_F(Nightly, FindsNothingNewTheSecondTimeAndChangesNothing) {
    ASSERT_EQ(run("2024-01-13").code, 0);
    const std::string state = folder_.read("state"), scores = folder_.read("scores/2024-01-13.csv");
    const ProcessResult again = run("2024-01-13");
    EXPECT_EQ(again.code, 3) << again.out;
    EXPECT_NE(again.out.find("not scored"), std::string::npos) << again.out;
    EXPECT_NE(again.out.find("expected rows after"), std::string::npos) << again.out;
    EXPECT_EQ(folder_.read("state"), state);
    EXPECT_EQ(folder_.read("scores/2024-01-13.csv"), scores);
}

TEST_F(Nightly, SaysWhichFileIsMissing) {
    const ProcessResult result = run("2024-01-20");
    EXPECT_EQ(result.code, 5);
    EXPECT_NE(result.out.find("2024-01-20.csv.gz"), std::string::npos) << result.out;
    EXPECT_FALSE(fs::exists(folder_.path("state")));
}

}  // namespace
}  // namespace funnel::faults
