// SPDX-License-Identifier: MIT
// The history of a model: nightly runs with a state file equal one run, and no row is used twice.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/trained_shop.hpp"

namespace funnel::cli_test {
namespace {

std::string score(const Words& more) {
    Words args = {"score", "-m", shop().model, "-q"};
    args.insert(args.end(), more.begin(), more.end());
    const ToolResult result = run_tool(args);
    EXPECT_EQ(result.code, 0) << testing::PrintToString(args) << result.err;
    return result.out;
}

std::string without_header(const std::string& csv) {
    return csv.substr(csv.find('\n') + 1);
}

TEST(CliHistory, ThirtyRunsWithAStateEqualOneRunByteForByte) {
    const TemporaryFolder folder;
    const std::string whole = score({shop().late});
    std::string joined = whole.substr(0, whole.find('\n') + 1), state;
    int step = 0;
    for (const std::string& part : TimedLines(read_file(shop().late)).split(30)) {
        const std::string next = folder.path("state" + std::to_string(++step));
        Words args = {folder.write("day.csv", part), "--save-state", next};
        if (!state.empty()) args.insert(args.end(), {"--state", state});
        joined += without_header(score(args));
        state = next;
    }
    EXPECT_EQ(joined, whole);
}

TEST(CliHistory, AStateMayBeSavedOverTheOneThatWasRead) {
    const TemporaryFolder folder;
    const auto parts = TimedLines(read_file(shop().late)).split(3);
    const std::string state = folder.path("state"), whole = score({shop().late});
    std::string joined = whole.substr(0, whole.find('\n') + 1);
    for (std::size_t k = 0; k < parts.size(); ++k) {
        Words args = {folder.write("day.csv", parts[k]), "--save-state", state};
        if (k > 0) args.insert(args.end(), {"--state", state});
        joined += without_header(score(args));
    }
    EXPECT_EQ(joined, whole);
    EXPECT_EQ(folder.names(), (Words{"day.csv", "state"}));
}

TEST(CliHistory, SeenRowsAreSkippedAndCounted) {
    const auto evaluate = [](const Words& logs) {
        Words args = {"evaluate", "-m", shop().model, "--json"};
        args.insert(args.end(), logs.begin(), logs.end());
        const ToolResult result = run_tool(args);
        EXPECT_EQ(result.code, 0) << result.err;
        return result.json();
    };
    json late = evaluate({shop().late}), both = evaluate({shop().early, shop().late});
    EXPECT_EQ(both.at("already_observed").get<std::size_t>() + both.at("late_or_observed").get<std::size_t>(),
              shop().early_rows);
    EXPECT_EQ(both.at("late"), 0);
    EXPECT_GT(both.at("already_observed"), 0);
    both["already_observed"] = both["late_or_observed"] = 0;
    EXPECT_EQ(both, late);
    EXPECT_EQ(score({shop().log}), score({shop().late}));
}

TEST(CliHistory, OnlySeenRowsAreExitThree) {
    const TemporaryFolder folder;
    for (const Words& args :
         {Words{"evaluate", "-m", shop().model, shop().early},
          Words{"score", "-m", shop().model, shop().early, "-o", folder.path("s.csv")},
          Words{"features", "-m", shop().model, shop().early, "-o", folder.path("f.csv")}}) {
        const ToolResult result = run_tool(args);
        EXPECT_EQ(result.code, 3) << result.err;
        EXPECT_EQ(result.out, "");
        EXPECT_NE(result.last_error_line().find("give a newer log"), std::string::npos) << result.err;
        EXPECT_TRUE(folder.names().empty());
    }
}

TEST(CliHistory, NoneStartsEmptyFromTheLogAlone) {
    const Csv fresh = parse_csv(score({shop().late, "--history", "none"}));
    const Csv carried = parse_csv(score({shop().late}));
    ASSERT_FALSE(fresh.rows.empty());
    EXPECT_EQ(fresh.at(0, "known_user"), "0");
    const auto known = [](const Csv& csv) {
        const auto flags = csv.values("known_user");
        return std::ranges::count(flags, "1");
    };
    EXPECT_LT(known(fresh), known(carried));
    EXPECT_FALSE(parse_csv(score({shop().early, "--history", "none"})).rows.empty());
}

TEST(CliHistory, ScoreFromTakesEarlierRowsAsHistoryOnly) {
    const std::string whole = score({shop().late});
    const Csv csv = parse_csv(whole);
    const std::string from = csv.at(csv.rows.size() / 2, "event_time");
    std::string expected = whole.substr(0, whole.find('\n') + 1);
    std::size_t begin = expected.size();
    for (std::size_t i = 0; i < csv.rows.size(); ++i) {
        const std::size_t end = whole.find('\n', begin) + 1;
        // Times with a fraction sort before the same second with none: compare without the final Z.
        const std::string& time = csv.at(i, "event_time");
        if (time.substr(0, time.size() - 1) >= from.substr(0, from.size() - 1)) {
            expected += whole.substr(begin, end - begin);
        }
        begin = end;
    }
    EXPECT_EQ(score({shop().late, "--score-from", from}), expected);
}

TEST(CliHistory, AStateOfAnotherModelOrAnotherKindIsRefused) {
    const TemporaryFolder folder;
    const std::string other = folder.path("other.funnel"), state = folder.path("state");
    const Words another_funnel = {"--funnel", "view,purchase", "--horizon", "1d"};
    ASSERT_EQ(run_tool(shop().train_command(other, another_funnel)).code, 0);
    const auto parts = TimedLines(read_file(shop().late)).split(2);
    const std::string first = folder.write("1.csv", parts[0]), second = folder.write("2.csv", parts[1]);
    (void)score({first, "--save-state", state});
    const ToolResult foreign = run_tool({"score", "-m", other, second, "--state", state});
    EXPECT_EQ(foreign.code, 6) << foreign.err;
    const ToolResult log = run_tool({"score", "-m", shop().model, second, "--state", first});
    EXPECT_EQ(log.code, 6) << log.err;
    const ToolResult missing =
        run_tool({"score", "-m", shop().model, second, "--state", folder.path("none")});
    EXPECT_EQ(missing.code, 5) << missing.err;
}

}  // namespace
}  // namespace funnel::cli_test
