// SPDX-License-Identifier: MIT
// Table mode: what cannot be read, learned from or written is refused by name.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/table_files.hpp"

namespace funnel::cli_test {
namespace {

TEST(CliTable, ColumnsThatAreNotThereAreNamed) {
    const TableFiles files;
    for (const char* option : {"--drop", "--categorical", "--weight", "--group", "--time"}) {
        const ToolResult result = files.trained({option, "nosuch"});
        EXPECT_EQ(result.code, 3) << option << result.err;
        EXPECT_NE(result.err.find("nosuch"), std::string::npos) << result.err;
    }
    ASSERT_EQ(files.trained().code, 0);
    const ToolResult keep = run_tool({"score", "-m", files.model, files.test, "--keep", "nosuch"});
    EXPECT_EQ(keep.code, 3) << keep.err;
    EXPECT_NE(keep.err.find("nosuch"), std::string::npos) << keep.err;
}

TEST(CliTable, NoTwoColumnsOfTheScoresShareAName) {
    const TableFiles files;
    ASSERT_EQ(files.trained().code, 0);
    const std::string scored = files.folder.write(
        "scored.csv", make_table(5, 3, {"p_bought", "reason_1", "spend", "visits", "colour"}));
    const auto refused = [&](const Words& more, const std::string& name) {
        Words args = {"score", "-m", files.model, scored, "-q"};
        args.insert(args.end(), more.begin(), more.end());
        const ToolResult result = run_tool(args);
        EXPECT_EQ(result.code, 2) << name;
        EXPECT_EQ(result.out, "");
        EXPECT_NE(result.err.find("\"" + name + "\""), std::string::npos) << result.err;
    };
    refused({"--keep", "p_bought"}, "p_bought");
    refused({"--keep", "spend,spend"}, "spend");
    refused({"--keep", "reason_1", "--reasons", "1"}, "reason_1");
    EXPECT_EQ(run_tool({"score", "-m", files.model, scored, "-q", "--keep", "reason_1"}).code, 0);
}

TEST(CliTable, WhatCannotBeLearnedFromIsNamed) {
    const TemporaryFolder folder;
    const auto refused = [&](const std::string& text, const Words& more, const std::string& what) {
        Words args = {"train", folder.write("t.csv", text), "-o", folder.path("m.funnel"), "--label", "y",
                      "-q"};
        args.insert(args.end(), more.begin(), more.end());
        const ToolResult result = run_tool(args);
        EXPECT_EQ(result.code, 3) << what;
        EXPECT_NE(result.err.find("t.csv"), std::string::npos) << result.err;
        EXPECT_NE(result.err.find(what), std::string::npos) << result.err;
        EXPECT_FALSE(std::filesystem::exists(folder.path("m.funnel"))) << what;
    };
    std::string same = "x,y\n", money = "money,y\n", label = "y\n";
    for (int i = 0; i < 60; ++i) {
        same += std::to_string(i) + ",1\n";
        money += "\"" + std::to_string(1 + i) + ",050\"," + std::to_string(i % 2) + "\n";
        label += std::to_string(i % 2) + "\n";
    }
    refused(same, {}, "expected both labels in column y, got 1 in every row");
    refused(same, {"--one-pass"}, "expected both labels in column y, got 1 in every row");
    refused(label, {}, "expected an input beside the target");
    refused(money, {"--numeric", "money"}, "--thousands , reads them");
}

TEST(CliTable, AMissingInputIsNamedWithItsFile) {
    const TableFiles files;
    ASSERT_EQ(files.trained().code, 0);
    const std::string other =
        files.folder.write("other.csv", make_table(5, 3, {"id", "spend", "visits", "color"}));
    const ToolResult result = run_tool({"score", "-m", files.model, other});
    EXPECT_EQ(result.code, 3);
    EXPECT_NE(result.err.find("other.csv: expected a column \"colour\""), std::string::npos) << result.err;
}

TEST(CliTable, HasNoState) {
    const TableFiles files;
    ASSERT_EQ(files.trained().code, 0);
    const std::string golden = std::string(FUNNEL_TEST_DIR) + "/golden/v0.1.0/";
    const ToolResult given =
        run_tool({"score", "-m", golden + "model.funnel", golden + "log.csv.gz", "--state", files.model});
    EXPECT_EQ(given.code, 6);
    EXPECT_NE(given.err.find("expected a state, got the model of a table"), std::string::npos) << given.err;
    const std::string state = files.folder.path("log.state");
    ASSERT_EQ(run_tool({"score", "-m", golden + "model.funnel", golden + "log.csv.gz", "--save-state", state,
                        "-o", files.folder.path("scores.csv"), "-q"})
                  .code,
              0);
    for (const Words& args :
         {Words{"score", "-m", state, files.test},
          Words{"export", "-m", state, "-o", files.folder.path("m.onnx")}, Words{"inspect", state}}) {
        const ToolResult taken = run_tool(args);
        EXPECT_EQ(taken.code, 6) << args.front();
        EXPECT_NE(taken.err.find("log.state: expected a model, got a state"), std::string::npos) << taken.err;
    }
}

TEST(CliTable, ExportSaysAsJsonWhatItWrote) {
    const TableFiles files;
    ASSERT_EQ(files.trained().code, 0);
    const std::string out = files.folder.path("m.onnx");
    const ToolResult result = run_tool({"export", "-m", files.model, "-o", out, "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.json(), json({{"schema_version", 2},
                                   {"output", out},
                                   {"bytes", std::filesystem::file_size(out)},
                                   {"targets", {"bought"}},
                                   {"warnings", json::array()}}));
    EXPECT_EQ(run_tool({"export", "-m", files.model, "-o", out}).out, "");
    EXPECT_EQ(run_tool({"completion", "bash", "--json"}).code, 2);
}

TEST(CliTable, OptionsOfLogsAreRefused) {
    support::TemporaryFolder folder;
    const std::string table = folder.write("t.csv", "x,y\n1,0\n2,1\n");
    for (const Words& option :
         {Words{"--horizon", "3d"}, Words{"--targets", "y"}, Words{"--without", "user"}}) {
        Words args{"train", table, "--label", "y", "-o", folder.path("m.funnel")};
        args.insert(args.end(), option.begin(), option.end());
        const ToolResult result = run_tool(args);
        EXPECT_EQ(result.code, 2) << option[0];
        EXPECT_NE(result.err.find("it goes with a log"), std::string::npos) << result.err;
    }
}

}  // namespace
}  // namespace funnel::cli_test
