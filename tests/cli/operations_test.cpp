// SPDX-License-Identifier: MIT
// What unattended runs rely on: the lock, the manifest, the drift gate.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/small_shop.hpp"
#include "funnel/files/digest.hpp"
#include "funnel/files/lock_file.hpp"

namespace funnel::cli_test {
namespace {

TEST(CliLock, ASecondRunEndsWithAWord) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop()), lock = folder.path("lock");
    {
        const files::LockFile other_run(lock);
        const ToolResult result = run_tool({"metrics", log, "--lock", lock});
        EXPECT_EQ(result.code, 5);
        EXPECT_EQ(result.out, "");
        EXPECT_TRUE(result.one_error_line()) << result.err;
        EXPECT_NE(result.err.find(lock), std::string::npos) << result.err;
        EXPECT_EQ(run_tool({"metrics", log, "--lock", lock, "--lock-wait", "0.05s"}).code, 5);
    }
    EXPECT_EQ(run_tool({"metrics", log, "--lock", lock}).code, 0);
    EXPECT_EQ(run_tool({"metrics", log, "--lock", lock}).code, 0) << "the lock of an ended run is free";
    EXPECT_EQ(run_tool({"metrics", log, "--lock", lock, "--lock-wait", "soon"}).code, 2);
    EXPECT_EQ(run_tool({"metrics", log, "--lock", folder.path("none/lock")}).code, 5);
}

/// 600 rows whose x and kind say something about y. shift: added to x; kind: of every row, if not empty.
std::string table(int shift, const std::string& kind = "") {
    std::string text = "x,kind,y\n";
    for (int i = 0; i < 600; ++i) {
        const int x = (i * 37) % 101;
        text += std::to_string(x + shift) + "," + (kind.empty() ? std::string(1, "abc"[i % 3]) : kind) + "," +
                std::to_string((x > 50) != (i % 7 == 0)) + "\n";
    }
    return text;
}

class CliOperations : public testing::Test {
 protected:
    const TemporaryFolder folder_;
    const std::string rows_ = folder_.write("rows.csv", table(0)), model_ = folder_.path("m.funnel"),
                      manifest_ = folder_.path("manifest.json");

    CliOperations() {
        const ToolResult result = run_tool(
            {"train", rows_, "-o", model_, "--label", "y", "--epochs", "3", "--manifest", manifest_});
        EXPECT_EQ(result.code, 0) << result.err;
    }
    [[nodiscard]] json manifest() const { return json::parse(folder_.read("manifest.json")); }
    [[nodiscard]] static json entry(const std::string& path) {
        const files::FileDigest digest = files::digest_of_file(path);
        return {{"path", path}, {"bytes", digest.bytes}, {"xxh128", digest.xxh128}};
    }
};

TEST_F(CliOperations, TheManifestOfATrainingNamesItsInputsAndItsModel) {
    const json m = manifest();
    EXPECT_EQ(m.at("schema_version"), 2);
    EXPECT_EQ(m.at("command"), "train");
    EXPECT_EQ(m.at("exit_code"), 0);
    EXPECT_EQ(m.at("inputs"), json::array({entry(rows_)}));
    EXPECT_EQ(m.at("outputs"), json::array({entry(model_)}));
    EXPECT_TRUE(m.at("model").is_null()) << "none was read";
    EXPECT_EQ(m.at("counts").at("rows"), 600);
    EXPECT_EQ(m.at("counts").at("accepted"), 600);
    EXPECT_EQ(m.at("counts").at("rejected"), 0);
}

TEST_F(CliOperations, TheManifestOfAScoringNamesTheModelItRead) {
    const std::string bad = folder_.write("new.csv", table(0) + "words,a,1\n"),
                      out = folder_.path("scores.csv");
    const ToolResult result =
        run_tool({"score", "-m", model_, bad, "-o", out, "--bad-rows", "skip", "--manifest", manifest_});
    ASSERT_EQ(result.code, 0) << result.err;
    const json m = manifest();
    EXPECT_EQ(m.at("command"), "score");
    EXPECT_EQ(m.at("inputs"), json::array({entry(bad)}));
    EXPECT_EQ(m.at("model"), entry(model_));
    EXPECT_EQ(m.at("outputs"), json::array({entry(out)}));
    EXPECT_EQ(m.at("counts"),
              (json{{"rows", 601}, {"accepted", 600}, {"rejected", 1}, {"ignored", 0}, {"examples", 600}}));
    EXPECT_TRUE(m.at("drift").contains("x"));
}

TEST_F(CliOperations, TheSameRunGivesTheSameManifestAndAFailedOneLeavesTheOld) {
    const Words score = {"score", "-m", model_, rows_, "-o", folder_.path("s.csv"), "--manifest", manifest_};
    ASSERT_EQ(run_tool(score).code, 0);
    const std::string first = folder_.read("manifest.json");
    ASSERT_EQ(run_tool(score).code, 0);
    EXPECT_EQ(folder_.read("manifest.json"), first);
    Words failing = score;
    failing[3] = folder_.write("bad.csv", "x,kind,y\n1\n");
    EXPECT_EQ(run_tool(failing).code, 3);
    EXPECT_EQ(folder_.read("manifest.json"), first);
}

TEST_F(CliOperations, TheManifestIsNoInputAndNoOtherOutput) {
    const std::string out = folder_.path("s.csv");
    EXPECT_EQ(run_tool({"score", "-m", model_, rows_, "-o", out, "--manifest", out}).code, 2);
    EXPECT_EQ(run_tool({"score", "-m", model_, rows_, "-o", out, "--manifest", model_}).code, 2);
    EXPECT_EQ(run_tool({"metrics", rows_, "--manifest", rows_}).code, 2);
    EXPECT_EQ(folder_.read("rows.csv"), table(0));
}

TEST(CliManifest, OfALogCountsAndHashesStandardOutputsInputs) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop()), manifest = folder.path("m.json");
    ASSERT_EQ(run_tool({"metrics", log, "--manifest", manifest}).code, 0);
    const json m = json::parse(folder.read("m.json"));
    EXPECT_EQ(m.at("inputs").at(0).at("bytes"), small_shop().size());
    EXPECT_EQ(m.at("inputs").at(0).at("xxh128"), files::digest_of_file(log).xxh128);
    EXPECT_EQ(m.at("counts").at("rows"), 12);
}

TEST_F(CliOperations, RowsLikeTheTrainingPassTheDriftGate) {
    const std::string alike = folder_.write("alike.csv", table(0) + "50,a,1\n");
    for (const char* command : {"score", "evaluate"}) {
        const ToolResult result = run_tool({command, "-m", model_, alike, "--max-drift", "0.25"});
        EXPECT_EQ(result.code, 0) << result.err;
    }
}

TEST_F(CliOperations, AMovedInputIsExitFourAfterTheOutput) {
    const std::string moved = folder_.write("moved.csv", table(60)), out = folder_.path("scores.csv");
    const ToolResult result =
        run_tool({"score", "-m", model_, moved, "-o", out, "--max-drift", "0.25", "--manifest", manifest_});
    EXPECT_EQ(result.code, 4) << result.err;
    EXPECT_TRUE(result.one_error_line()) << result.err;
    EXPECT_NE(result.err.find(" for x,"), std::string::npos) << result.err;
    EXPECT_FALSE(folder_.read("scores.csv").empty());
    EXPECT_EQ(manifest().at("exit_code"), 4);
    EXPECT_GT(manifest().at("drift").at("x").get<double>(), 0.25);
    EXPECT_LT(manifest().at("drift").at("kind").get<double>(), 0.1);
    const ToolResult evaluated = run_tool({"evaluate", "-m", model_, moved, "--max-drift", "0.25"});
    EXPECT_EQ(evaluated.code, 4) << evaluated.err;
    EXPECT_FALSE(evaluated.out.empty()) << "after the report";
}

TEST_F(CliOperations, ColumnsMayHaveLimitsOfTheirOwn) {
    const std::string moved = folder_.write("moved.csv", table(60));
    const auto code = [&](const std::string& gate) {
        return run_tool({"score", "-m", model_, moved, "--max-drift", gate}).code;
    };
    EXPECT_EQ(code("kind=0.25"), 0);
    EXPECT_EQ(code("kind=0.25,x=0.25"), 4);
    EXPECT_EQ(code("0.25,x=100,p_y=100"), 0);
    EXPECT_EQ(code("size=0.25"), 2);
    EXPECT_EQ(code("x="), 2);
}

TEST_F(CliOperations, AMovedCategoryIsSeenToo) {
    const ToolResult result =
        run_tool({"score", "-m", model_, folder_.write("moved.csv", table(0, "new")), "--max-drift", "0.25"});
    EXPECT_EQ(result.code, 4);
    EXPECT_NE(result.err.find(" for kind,"), std::string::npos) << result.err;
}

TEST_F(CliOperations, FewRowsAreNotJudged) {
    const ToolResult result = run_tool(
        {"score", "-m", model_, folder_.write("few.csv", "x,kind,y\n1000,new,1\n"), "--max-drift", "0.25"});
    EXPECT_EQ(result.code, 0);
    EXPECT_NE(result.err.find("too few"), std::string::npos) << result.err;
}

TEST_F(CliOperations, ADriftGateNeedsANumberAndRows) {
    for (const char* wrong : {"0", "-1", "nan", "much"})
        EXPECT_EQ(run_tool({"score", "-m", model_, rows_, "--max-drift", wrong}).code, 2) << wrong;
    EXPECT_EQ(run_tool({"evaluate", "--scores", rows_, "--max-drift", "1"}).code, 2);
}

}  // namespace
}  // namespace funnel::cli_test
