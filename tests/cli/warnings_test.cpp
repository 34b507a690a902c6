// SPDX-License-Identifier: MIT
// Warnings as data: every JSON result has them with their codes, and --strict makes them an exit code.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/small_shop.hpp"

namespace funnel::cli_test {
namespace {

std::vector<std::string> codes(const json& result) {
    std::vector<std::string> all;
    for (const json& warning : result.at("warnings")) {
        EXPECT_FALSE(warning.at("message").get<std::string>().empty());
        all.push_back(warning.at("code"));
    }
    return all;
}

bool has(const std::vector<std::string>& all, const std::string& code) {
    return std::ranges::find(all, code) != all.end();
}

class CliWarnings : public testing::Test {
 protected:
    const TemporaryFolder folder_;
    const std::string log_ = folder_.write("log.csv", small_shop());
};

TEST_F(CliWarnings, OfStandardErrorAreInTheJsonToo) {
    const ToolResult result =
        run_tool({"metrics", log_, log_, "--funnel", "view,coupon,purchase", "--window", "1m", "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    const auto all = codes(result.json());
    EXPECT_TRUE(has(all, "unknown_stage")) << result.out;
    EXPECT_TRUE(has(all, "file_given_twice")) << result.out;
    EXPECT_TRUE(has(all, "duplicate_rows")) << result.out;
    EXPECT_EQ(std::ranges::count(all, "unknown_stage"), 1);
}

TEST_F(CliWarnings, OfALogCollectorHaveTheirCode) {
    const ToolResult result = run_tool({"metrics", log_, "--funnel", "view,coupon", "--log-format", "json"});
    EXPECT_NE(result.err.find("\"code\":\"unknown_stage\",\"message\":\"--funnel: stage coupon"),
              std::string::npos)
        << result.err;
}

TEST_F(CliWarnings, StrictIsExitFourAfterTheResult) {
    const Words asked = {"metrics", log_, "--window", "1m", "--json"};
    const ToolResult plain = run_tool(asked);
    ASSERT_EQ(plain.code, 0) << plain.err;
    EXPECT_TRUE(codes(plain.json()).empty()) << plain.out;
    Words strict = asked;
    strict.insert(strict.end(), {"--strict", "--by", "day"});  // a note on --by is no warning
    EXPECT_EQ(run_tool(strict).code, 0) << run_tool(strict).err;
    Words doubtful = {"metrics", log_, "--window", "1m", "--json", "--funnel", "view,coupon", "--strict"};
    const ToolResult result = run_tool(doubtful);
    EXPECT_EQ(result.code, 4);
    EXPECT_TRUE(has(codes(result.json()), "unknown_stage")) << "the result is out";
    EXPECT_NE(result.err.find("--strict: expected no warning, got 1"), std::string::npos) << result.err;
}

// Some warnings are only in the result, none of them on standard error.
TEST_F(CliWarnings, StrictSeesThoseThatOnlyTheResultSays) {
    const ToolResult result = run_tool({"metrics", log_, "--strict", "-q"});
    EXPECT_EQ(result.code, 4);
    EXPECT_NE(result.err.find("expected no warning, got 2, the first: window_over_for_no_cart"),
              std::string::npos)
        << result.err;
}

/// u1 to u100 with a variant each, of which `a` have the first.
std::string experiment_log(int a) {
    std::string text = "event_time,event_type,user_id,item_id,variant\n";
    for (int user = 1; user <= 100; ++user)
        text += "2024-03-01T10:00:00Z,view,u" + std::to_string(user) + ",i," + (user <= a ? "A" : "B") + "\n";
    return text;
}

// 90 and 10 of 100 where 50 and 50 were planned: chi-square 64, p = erfc(sqrt(32)) = 1.2e-15.
// 72 and 28: chi-square 19.36, p = 1.1e-05.
TEST_F(CliWarnings, AnExperimentOfTheWrongSizesHasItsSmallPInTextAndJson) {
    for (const auto& [users, p] : {std::pair{90, "p = 1.2e-15"}, std::pair{72, "p = 1.1e-05"}}) {
        const std::string log = folder_.write("experiment.csv", experiment_log(users));
        const Words asked = {"metrics", log, "--by", "variant", "--experiment"};
        const ToolResult text = run_tool(asked);
        ASSERT_EQ(text.code, 0) << text.err;
        EXPECT_NE(text.out.find(p), std::string::npos) << text.out;
        EXPECT_EQ(text.out.find("0.0000"), std::string::npos) << text.out;
        EXPECT_NE(text.out.find("do not fit the planned split"), std::string::npos) << text.out;
        Words for_scripts = asked;
        for_scripts.push_back("--json");
        const json result = run_tool(for_scripts).json();
        EXPECT_TRUE(has(codes(result), "sample_ratio_mismatch")) << result.dump(1);
    }
    const std::string fair = folder_.write("fair.csv", experiment_log(55));
    const ToolResult result = run_tool({"metrics", fair, "--by", "variant", "--experiment", "--json"});
    EXPECT_FALSE(has(codes(result.json()), "sample_ratio_mismatch")) << result.out;
}

TEST_F(CliWarnings, EveryJsonResultHasThem) {
    std::string table = "x,y\n";
    for (int i = 0; i < 200; ++i)
        table += std::to_string(i % 20) + "," + std::to_string(i % 20 > 9) + "\n";
    const std::string rows = folder_.write("rows.csv", table), model = folder_.path("m.funnel");
    const std::vector<Words> commands = {
        {"train", rows, "-o", model, "--label", "y", "--epochs", "2"},
        {"inspect", model},
        {"evaluate", "-m", model, rows, "--allow-training-rows"},
        {"evaluate", "-m", model, "-m", model, rows, "--allow-training-rows"},
        {"calibrate", "-m", model, rows, "-o", model, "--allow-training-rows"},
        {"report", log_, "-o", folder_.path("page.html")},
        {"pretrain", log_, "-o", folder_.path("vectors.csv"), "--min-count", "1"},
        {"simulate", "-o", folder_.path("shop.csv"), "--users", "5", "--days", "2"}};
    for (Words command : commands) {
        command.push_back("--json");
        const ToolResult result = run_tool(command);
        ASSERT_EQ(result.code, 0) << command.front() << result.err;
        EXPECT_EQ(result.json().at("schema_version"), 2) << command.front();
        EXPECT_TRUE(result.json().at("warnings").is_array()) << command.front();
    }
}

}  // namespace
}  // namespace funnel::cli_test
