// SPDX-License-Identifier: MIT
// `evaluate --scores`: figures of four rows counted by hand, gates, and scores that are no probabilities.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "cli/names.hpp"

namespace funnel::cli_test {
namespace {

ToolResult evaluate(const std::string& table, std::vector<std::string> options = {}) {
    const TemporaryFolder folder;
    options.insert(options.begin(), {"evaluate", "--json", "--scores", folder.write("scores.csv", table)});
    return run_tool(options);
}

double value(const json& figure) {
    return figure.is_object() ? figure.at("value").get<double>() : figure.get<double>();
}

const std::string kFour = "score,label\n0.9,1\n0.8,0\n0.4,1\n0.1,0\n";

TEST(CliEvaluateScores, FourRowsByHand) {
    const ToolResult result = evaluate(kFour);
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.json().at("rows"), 4);
    const json target = result.json().at("targets").at("score");
    EXPECT_EQ(target.at("examples"), 4);
    EXPECT_EQ(target.at("positives"), 2);
    EXPECT_EQ(value(target.at("base_rate")), 0.5);
    EXPECT_NEAR(value(target.at("mean_prediction")), 0.55, 1e-7);
    EXPECT_EQ(value(target.at("roc_auc")), 0.75);  // 3 of 4 pairs in order
    EXPECT_NEAR(value(target.at("average_precision")), 0.5 * 1 + 0.5 * 2 / 3, 1e-12);
    const double log_loss = -(2 * std::log(0.9) + std::log(0.2) + std::log(0.4)) / 4;
    EXPECT_NEAR(value(target.at("log_loss")), log_loss, 1e-7);
    EXPECT_NEAR(value(target.at("normalized_entropy")), log_loss / std::log(2.0), 1e-7);
    EXPECT_NEAR(value(target.at("brier")), (0.01 + 0.64 + 0.36 + 0.01) / 4, 1e-7);
    EXPECT_EQ(value(target.at("accuracy")), 0.5);
    EXPECT_EQ(value(target.at("lift_at_10pct")), 2);
    EXPECT_TRUE(target.at("grouped_auc").is_null() || target.at("grouped_auc").at("value").is_null());
}

TEST(CliEvaluateScores, WeightsCount) {
    const json target =
        evaluate("score,label,weight\n0.9,1,2\n0.8,0,1\n0.4,1,1\n0.1,0,1\n").json().at("targets").at("score");
    EXPECT_NEAR(value(target.at("base_rate")), 0.6, 1e-12);
    EXPECT_NEAR(value(target.at("roc_auc")), 5.0 / 6.0, 1e-12);
}

TEST(CliEvaluateScores, GatesAreExitFourAfterTheReport) {
    EXPECT_EQ(evaluate(kFour, {"--min-auc", "0.75"}).code, 0);
    const ToolResult closed = evaluate(kFour, {"--min-auc", "0.76"});
    EXPECT_EQ(closed.code, 4);
    EXPECT_EQ(closed.json().at("rows"), 4);
    EXPECT_NE(closed.err.find("0.75"), std::string::npos) << closed.err;
    EXPECT_EQ(evaluate(kFour, {"--min-auc", "score=0.7"}).code, 0);
    EXPECT_EQ(evaluate(kFour, {"--min-auc", "purchase=0.7"}).code, 2);
}

TEST(CliEvaluateScores, OneClassIsUndefinedAndMeetsNoGate) {
    const std::string one_class = "score,label\n0.9,1\n0.8,1\n";
    const json target = evaluate(one_class).json().at("targets").at("score");
    for (const char* key : {"roc_auc", "average_precision", "lift_at_10pct"}) {
        const json& figure = target.at(key);
        EXPECT_TRUE(figure.is_null() || figure.at("value").is_null()) << key << figure;
    }
    EXPECT_NE(target.dump().find("one_class"), std::string::npos) << target;
    EXPECT_EQ(evaluate(one_class, {"--min-auc", "0.5"}).code, 4);
}

TEST(CliEvaluateScores, ScoresOutsideZeroToOneAreOnlyRanked) {
    const json target = evaluate("score,label\n3.5,1\n-2,0\n").json().at("targets").at("score");
    EXPECT_EQ(value(target.at("roc_auc")), 1);
    const json& log_loss = target.at("log_loss");
    EXPECT_TRUE(log_loss.is_null() || log_loss.at("value").is_null());
    EXPECT_NE(target.dump().find("not_probabilities"), std::string::npos) << target;
}

TEST(CliEvaluateScores, ScoresThatDifferByLittleAreNoTie) {
    // As floats both are 0.1, which would make half a pair of every pair.
    const json target = evaluate("score,label\n0.1,0\n0.100000001,1\n").json().at("targets").at("score");
    EXPECT_EQ(value(target.at("roc_auc")), 1);
    EXPECT_EQ(value(target.at("average_precision")), 1);
    const json mean = evaluate("score,label\n0.1,0\n0.1,1\n").json().at("targets").at("score");
    EXPECT_EQ(value(mean.at("mean_prediction")), 0.1);
}

TEST(CliEvaluateScores, BadTablesAreUnusable) {
    for (const char* table : {"score,label\n0.9,1\nnan,0\n", "score,label\n0.9,1\n0.1,2\n",
                              "score,label\n0.9,1\n,0\n", "score,label\nhigh,1\n", "score\n0.9\n",
                              "p,y\n0.9,1\n", "", "score,label,weight\n0.9,1,-1\n0.8,0,1\n"}) {
        const ToolResult result = evaluate(table);
        EXPECT_EQ(result.code, 3) << table << result.err;
        EXPECT_TRUE(result.one_error_line()) << result.err;
        EXPECT_EQ(result.out, "");
    }
}

TEST(CliEvaluateScores, ABadScoreIsNamedByItsLine) {
    const TemporaryFolder folder;
    const std::string path = folder.write("scores.csv", "score,label\n0.9,1\nnan,0\n");
    const ToolResult result = run_tool({"evaluate", "--scores", path});
    EXPECT_TRUE(result.err.starts_with("funnel-train: " + path + ":3: column score: expected "))
        << result.err;
}

TEST(CliEvaluateScores, AGateOfAnotherNameEndsTheRunBeforeTheReport) {
    const TemporaryFolder folder;
    const std::string scores = folder.write("p.csv", "score,label\n0.9,1\n0.1,0\n");
    const ToolResult result = run_tool({"evaluate", "--scores", scores, "--min-auc", "scor=0.6"});
    EXPECT_EQ(result.code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find("expected one of the targets (score), got \"scor\"; is score meant?"),
              std::string::npos)
        << result.err;
    EXPECT_EQ(run_tool({"evaluate", "--scores", scores, "--min-auc", "score=0.6"}).code, 0);
}

}  // namespace
}  // namespace funnel::cli_test
