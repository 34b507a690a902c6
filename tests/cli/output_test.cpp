// SPDX-License-Identifier: MIT
// Outputs: refused before any work when they cannot be written or would destroy an input.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/small_shop.hpp"

namespace funnel::cli_test {
namespace {

namespace fs = std::filesystem;

/// A log that ends in a bad row: whoever reads it before looking at the output fails with 3.
std::string unreadable_log() {
    return small_shop() + "soon,view,a,i1,s1,,,\n";
}

/// Expects `code`, one line that names `part`, and a folder that is as before.
void expect_refused(const TemporaryFolder& folder, const Words& args, int code, const std::string& part) {
    SCOPED_TRACE(testing::PrintToString(args));
    const auto before = folder.names();
    const ToolResult result = run_tool(args);
    EXPECT_EQ(result.code, code) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(result.one_error_line()) << result.err;
    EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
    EXPECT_EQ(folder.names(), before);
}

TEST(CliOutput, AMissingFolderIsSeenBeforeTheLogIsRead) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", unreadable_log());
    const std::string out = folder.path("none/out");
    expect_refused(folder, {"train", log, "-o", out}, 5, "none/out");
    expect_refused(folder, {"features", log, "-o", out}, 5, "none/out");
    expect_refused(folder, {"simulate", "-o", out, "--users", "10"}, 5, "none/out");
    expect_refused(folder, {"metrics", log, "--bad-rows", "skip", "--max-bad", "5", "--rejects", out}, 5,
                   "none/out");
}

TEST(CliOutput, AFolderIsNoOutput) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", unreadable_log());
    expect_refused(folder, {"train", log, "-o", folder.path()}, 5, folder.path());
    expect_refused(folder, {"simulate", "-o", folder.path()}, 5, folder.path());
}

TEST(CliOutput, AnInputIsNeverOverwritten) {
    const TemporaryFolder folder;
    const std::string text = unreadable_log(), log = folder.write("log.csv", text);
    fs::create_symlink("log.csv", folder.path("link.csv"));
    fs::create_hard_link(log, folder.path("hard.csv"));
    for (const char* name : {"log.csv", "link.csv", "hard.csv", "./log.csv"}) {
        const std::string out = folder.path(name);
        expect_refused(folder, {"train", log, "-o", out}, 2, "same file");
        expect_refused(folder, {"features", log, "-o", out}, 2, "same file");
        expect_refused(folder, {"metrics", log, "--bad-rows", "skip", "--rejects", out}, 2, "same file");
    }
    EXPECT_EQ(folder.read("log.csv"), text);
}

TEST(CliOutput, AModelIsNeverOverwrittenByItsScores) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop()),
                      model = folder.write("m.funnel", "no model");
    expect_refused(folder, {"score", "-m", model, log, "-o", model}, 2, "same file");
    expect_refused(folder, {"score", "-m", model, log, "-o", log}, 2, "same file");
    expect_refused(folder, {"features", "-m", model, log, "-o", model}, 2, "same file");
    expect_refused(folder, {"score", "-m", model, log, "--save-state", model}, 2, "same file");
    for (const char* command : {"evaluate", "features", "score"}) {
        expect_refused(folder, {command, "-m", model, log, "--save-state", model}, 2, "same file");
        expect_refused(folder, {command, "-m", model, log, "--save-state", log}, 2, "same file");
        expect_refused(folder, {command, "-m", model, log, "--bad-rows", "skip", "--rejects", model}, 2,
                       "same file");
    }
    const std::string pairs = folder.write("pairs.csv", "user_id,item_id\na,i1\n");
    expect_refused(folder, {"score", "-m", model, log, "--candidates", pairs, "-o", pairs}, 2, "same file");
    EXPECT_EQ(folder.read("m.funnel"), "no model");
}

TEST(CliOutput, OneFileIsNotTwoOutputs) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop()), out = folder.path("out");
    expect_refused(folder, {"train", log, "-o", out, "--bad-rows", "skip", "--rejects", out}, 2, "out");
    const std::string model = folder.write("m.funnel", "no model");
    expect_refused(folder, {"score", "-m", model, log, "-o", out, "--save-state", out}, 2, "out");
}

TEST(CliOutput, OneFileThatIsNotThereYetIsNotTwoOutputsEither) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop()),
                      model = folder.write("m.funnel", "no model");
    expect_refused(
        folder, {"score", "-m", model, log, "-o", folder.path("out"), "--save-state", folder.path("./out")},
        2, "out");
    expect_refused(folder,
                   {"score", "-m", model, log, "-o", folder.path("out"), "--manifest", folder.path("out")}, 2,
                   "out");
}

TEST(CliOutput, AnOldFileIsReplacedAndALinkKept) {
    const TemporaryFolder folder;
    folder.write("old.csv", "old");
    fs::create_symlink("old.csv", folder.path("link.csv"));
    const ToolResult result =
        run_tool({"simulate", "-o", folder.path("link.csv"), "--users", "20", "--days", "2"});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_TRUE(fs::is_symlink(folder.path("link.csv")));
    EXPECT_NE(folder.read("old.csv"), "old");
}

}  // namespace
}  // namespace funnel::cli_test
