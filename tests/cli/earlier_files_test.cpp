// SPDX-License-Identifier: MIT
// A model and a state of every released format are read for ever: the files in golden/vX are what that
// version wrote, scores.csv what it then scored. Nothing here is ever written again; a new format adds a
// folder.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/small_shop.hpp"

namespace funnel::cli_test {
namespace {

namespace fs = std::filesystem;

class EarlierFiles : public testing::TestWithParam<std::string> {
 protected:
    static std::string file(const std::string& name) {
        return std::string(FUNNEL_TEST_DIR) + "/golden/" + GetParam() + "/" + name;
    }
    static std::vector<std::string> lines_of(const std::string& text) {
        std::vector<std::string> lines;
        std::size_t begin = 0;
        for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
            lines.push_back(text.substr(begin, end - begin));
        return lines;
    }

    /// Ids and times are the same text, probabilities within 1e-6 (cli.md: between compilers and machines).
    static void expect_same_scores(const std::vector<std::string>& ours,
                                   const std::vector<std::string>& theirs) {
        ASSERT_EQ(ours.size(), theirs.size());
        ASSERT_FALSE(ours.empty());
        for (std::size_t row = 0; row < ours.size(); ++row) {
            const std::size_t at = ours[row].rfind(',');
            ASSERT_EQ(ours[row].substr(0, at), theirs[row].substr(0, at));
            ASSERT_NEAR(std::stod(ours[row].substr(at + 1)), std::stod(theirs[row].substr(at + 1)), 1e-6)
                << ours[row];
        }
    }
};

TEST_P(EarlierFiles, AModelScoresAsItDid) {
    const ToolResult result = run_tool({"score", "-m", file("model.funnel"), file("log.csv.gz")});
    ASSERT_EQ(result.code, 0) << result.err;
    auto ours = lines_of(result.out), theirs = lines_of(read_file(file("scores.csv")));
    ASSERT_GT(ours.size(), 200u);
    ASSERT_EQ(ours.front(), theirs.front());
    ours.erase(ours.begin());
    theirs.erase(theirs.begin());
    expect_same_scores(ours, theirs);
}

TEST_P(EarlierFiles, AStateIsCarriedOn) {
    const ToolResult result =
        run_tool({"score", "-m", file("model.funnel"), file("log.csv.gz"), "--state", file("state.funnel")});
    ASSERT_EQ(result.code, 0) << result.err;
    auto ours = lines_of(result.out), theirs = lines_of(read_file(file("scores.csv")));
    ASSERT_GT(ours.size(), 100u);
    ours.erase(ours.begin());
    theirs.erase(theirs.begin(), theirs.end() - static_cast<std::ptrdiff_t>(ours.size()));
    expect_same_scores(ours, theirs);
}

TEST_P(EarlierFiles, AModelIsShown) {
    const ToolResult result = run_tool({"inspect", file("model.funnel"), "--json"});
    EXPECT_EQ(result.code, 0) << result.err;
}

std::vector<std::string> versions() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(fs::path(FUNNEL_TEST_DIR) / "golden")) {
        if (entry.is_directory()) names.push_back(entry.path().filename().string());
    }
    return names;
}

INSTANTIATE_TEST_SUITE_P(Golden, EarlierFiles, testing::ValuesIn(versions()), [](const auto& version) {
    std::string name = version.param;
    for (char& c : name) {
        if (c == '.') c = '_';
    }
    return name;
});

TEST(EarlierFilesAtAll, ThereAreSome) {
    EXPECT_GE(versions().size(), 1u);
}

}  // namespace
}  // namespace funnel::cli_test
