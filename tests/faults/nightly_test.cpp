// SPDX-License-Identifier: MIT
// The nightly scripts of README.md and docs/operations.md, as they stand there: two nights, again, cut after
// every line, and one without a file.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
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

/// A shop folder with a model, the logs of some days, and the script of a page.
class NightlyShop {
 public:
    explicit NightlyShop(const std::string& page) {
        for (const char* name : {"events", "scores", "rejects", "manifests", "metrics", "models"})
            fs::create_directory(folder_.path(name));
        fs::copy(SmallModels::shared().of_log, folder_.path("models/2024-01-12.funnel"));
        for (const char* day : {"2024-01-13", "2024-01-14"})
            folder_.write("events/" + std::string(day) + ".csv.gz", support::gzip(log_of(day)));
        const std::string text = support::read_file(FUNNEL_TEST_DIR "/../" + page);
        const std::size_t begin = text.find("```sh\n") + 6;
        script_ = text.substr(begin, text.find("```", begin) - begin);
        replace_all(script_, "/srv/shop", folder_.path());
        replace_all(script_, "=0.25", "=100");  // sixty shoppers are no stable population
    }

    [[nodiscard]] const support::TemporaryFolder& folder() const { return folder_; }
    [[nodiscard]] std::string read(const std::string& name) const { return folder_.read(name); }

    ProcessResult run(const std::string& day) const { return run_text(script_, day); }

    /// The script up to a line and no further; false if the shell cannot read that much as whole commands.
    [[nodiscard]] bool run_first_lines(std::size_t lines, const std::string& day) const {
        std::size_t end = 0;
        for (std::size_t i = 0; i < lines; ++i)
            end = script_.find('\n', end) + 1;
        const std::string part = script_.substr(0, end) + "exit 9\n";
        const std::string file = folder_.write("part.sh", part);
        if (script_[end - 2] == '\\' || support::run_process({"/bin/sh", "-n", file}).code != 0) return false;
        (void)run_text(part, day);
        return true;
    }
    [[nodiscard]] std::size_t lines() const {
        return static_cast<std::size_t>(std::ranges::count(script_, '\n'));
    }

    /// Every file that a night makes, by its name.
    [[nodiscard]] std::map<std::string, std::string> files() const {
        std::map<std::string, std::string> all;
        for (const char* folder : {"scores", "rejects", "manifests", "metrics", "states"}) {
            if (!fs::exists(folder_.path(folder))) continue;
            for (const auto& entry : fs::recursive_directory_iterator(folder_.path(folder))) {
                if (!entry.is_regular_file()) continue;
                std::string text = support::read_file(entry.path());
                replace_all(text, folder_.path(), "SHOP");
                all[fs::relative(entry.path(), folder_.path())] = text;
            }
        }
        return all;
    }

 private:
    static std::string log_of(const std::string& day) {
        const std::string log = support::read_file(SmallModels::shared().log);
        std::string rows = log.substr(0, log.find('\n') + 1);
        for (std::size_t at = rows.size(), end; at < log.size(); at = end) {
            end = log.find('\n', at) + 1;
            if (log.compare(at, day.size(), day) == 0) rows += log.substr(at, end - at);
        }
        return rows;
    }

    ProcessResult run_text(const std::string& text, const std::string& day) const {
        const std::string path = fs::path(FUNNEL_TRAIN).parent_path().string() + ":/usr/bin:/bin";
        return support::run_process({"/bin/sh", folder_.write("nightly.sh", text), day},
                                    {.before_exec = [&] { setenv("PATH", path.c_str(), 1); }});
    }

    const support::TemporaryFolder folder_;
    std::string script_;
};

constexpr const char* kPages[] = {"README.md", "docs/operations.md"};

TEST(Nightly, ScoresADayAndSaysNothing) {
    const NightlyShop shop("docs/operations.md");
    const ProcessResult result = shop.run("2024-01-13");
    EXPECT_EQ(result.code, 0) << result.out << shop.read("nightly.log");
    EXPECT_EQ(result.out, "") << "cron mails what is printed";
    EXPECT_EQ(shop.run("2024-01-14").code, 0);
    const auto files = shop.files();
    for (const char* file : {"scores/2024-01-13.csv", "scores/2024-01-14.csv", "manifests/2024-01-14.json",
                             "states/2024-01-12.funnel/2024-01-14"})
        EXPECT_TRUE(files.contains(file)) << file;
}

TEST(Nightly, GivesTheSameFilesTheSecondTime) {
    for (const char* page : kPages) {
        const NightlyShop shop(page);
        ASSERT_EQ(shop.run("2024-01-13").code, 0);
        ASSERT_EQ(shop.run("2024-01-14").code, 0);
        const auto files = shop.files();
        EXPECT_GE(files.size(), 4u);
        EXPECT_EQ(shop.run("2024-01-14").code, 0);
        EXPECT_EQ(shop.run("2024-01-13").code, 0);
        EXPECT_EQ(shop.files(), files) << page;
    }
}

// Cut after each of its lines in turn, then run as a whole.
TEST(Nightly, SurvivesACrashBetweenAnyTwoLines) {
    for (const char* page : kPages) {
        const NightlyShop whole(page);
        ASSERT_EQ(whole.run("2024-01-13").code, 0);
        ASSERT_EQ(whole.run("2024-01-14").code, 0);
        const NightlyShop shop(page);
        std::size_t cut = 0;
        for (std::size_t line = 4; line <= shop.lines(); ++line) {
            for (const char* day : {"2024-01-13", "2024-01-14"}) {
                if (!shop.run_first_lines(line, day)) break;
                ++cut;
                EXPECT_EQ(shop.run(day).code, 0) << page << " line " << line;
            }
            EXPECT_EQ(shop.files(), whole.files()) << page << " line " << line;
        }
        EXPECT_GE(cut, 12u) << page;
    }
}

TEST(Nightly, SaysWhichFileIsMissing) {
    const NightlyShop shop("docs/operations.md");
    const ProcessResult result = shop.run("2024-01-20");
    EXPECT_EQ(result.code, 5);
    EXPECT_NE(result.out.find("2024-01-20.csv.gz"), std::string::npos) << result.out;
    EXPECT_TRUE(shop.files().empty());
}

}  // namespace
}  // namespace funnel::faults
