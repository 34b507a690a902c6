// SPDX-License-Identifier: MIT
// Wrong usage: exit code 2, one line, no file; help and version; configuration files; how messages look.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/small_shop.hpp"
#include "funnel/base/version.hpp"

namespace funnel::cli_test {
namespace {

/// Runs with LOG and MODEL replaced by files of an otherwise empty folder; expects exit 2, a last line on
/// standard error that contains `part`, nothing on standard output and no new file.
void expect_wrong_usage(const Words& args, const std::string& part) {
    SCOPED_TRACE(testing::PrintToString(args));
    const TemporaryFolder folder;
    Words real = args;
    for (std::string& word : real) {
        if (word == "LOG") word = folder.write("log.csv", small_shop());
        if (word == "MODEL") word = folder.path("model.funnel");
    }
    const auto before = folder.names();
    const ToolResult result = run_tool(real);
    EXPECT_EQ(result.code, 2) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(result.last_error_line().starts_with("funnel-train: ")) << result.err;
    EXPECT_NE(result.last_error_line().find(part), std::string::npos) << result.err;
    EXPECT_EQ(folder.names(), before);
}

TEST(CliUsage, HelpNamesEveryCommandAndTheExitCodes) {
    const ToolResult result = run_tool({"--help"});
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.err, "");
    for (const std::string& command : kCommands)
        EXPECT_NE(result.out.find(command), std::string::npos) << command;
    EXPECT_NE(result.out.find("Exit codes"), std::string::npos);
}

/// "--model" of each line such as "  -m,--model VALUE  The model file".
std::set<std::string> explained_options(const std::string& text) {
    std::set<std::string> names;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("  -")) continue;
        const std::size_t begin = line.find("--");
        names.insert(line.substr(begin, line.find_first_of(", ", begin) - begin));
    }
    return names;
}

TEST(CliUsage, EveryCommandHasHelpOfItsOwn) {
    for (const std::string& command : kCommands) {
        const std::string page = run_tool({command, "--help"}).out,
                          all = run_tool({command, "--help-all"}).out;
        const std::size_t common = page.find("Common options:"), more = page.find("More options");
        ASSERT_LT(page.find("Example"), common) << command;
        ASSERT_LT(common, more) << command;
        EXPECT_GE(explained_options(page).size(), 1u) << command;
        EXPECT_LE(explained_options(page).size(), 10u) << command;
        EXPECT_GE(explained_options(all).size(), 8u) << command;
        for (const std::string& name : explained_options(all))  // the first page names them all
            EXPECT_NE((page + " ").find(name), std::string::npos) << command << " " << name;
    }
}

TEST(CliUsage, EveryOptionStandsInAGroupAndEveryLineFitsATerminal) {
    for (const std::string& command : kCommands) {
        for (const std::string flag : {"--help", "--help-all"}) {
            const ToolResult result = run_tool({command, flag});
            EXPECT_EQ(result.code, 0) << command;
            EXPECT_EQ(result.out.find("\nOther:"), std::string::npos) << command;
            std::istringstream lines(result.out);
            EXPECT_GT(std::ranges::count(result.out, '\n'), 10) << command;
            for (std::string line; std::getline(lines, line);)
                EXPECT_LE(line.size(), 80u) << command << ": " << line;
        }
    }
}

TEST(CliUsage, VersionIsTheLibrarysOwn) {
    const ToolResult result = run_tool({"--version"});
    EXPECT_EQ(result.code, 0);
    EXPECT_NE(result.out.find(base::kVersion), std::string::npos);
}

TEST(CliUsage, WithoutACommandOrWithAnUnknownOneItIsWrong) {
    expect_wrong_usage({}, "--help");
    expect_wrong_usage({"measure", "LOG"}, "measure");
}

TEST(CliUsage, UnknownOptionsAndMissingValuesAreWrong) {
    expect_wrong_usage({"metrics", "LOG", "--widnow", "7d"}, "--widnow");
    expect_wrong_usage({"metrics", "LOG", "--window"}, "--window");
    expect_wrong_usage({"metrics"}, "LOG");
    expect_wrong_usage({"train", "LOG"}, "-o");
    expect_wrong_usage({"simulate"}, "-o");
    expect_wrong_usage({"score", "LOG"}, "-m");
}

TEST(CliUsage, DurationsNeedAUnitAndNoSign) {
    for (const std::string bad : {"7", "-1d", "+1d", "1e3s", "nan", "10abc", "inf", "9223372036854775808d",
                                  "", "1.5", "d", "1.2.3h", "1 d"}) {
        expect_wrong_usage({"metrics", "LOG", "--window=" + bad}, "--window");
    }
    for (const std::string good : {"0", "1.5h", "90s", "30m", "2w", "0d", ".5h"}) {
        const TemporaryFolder folder;
        const ToolResult result =
            run_tool({"metrics", folder.write("log.csv", small_shop()), "--window=" + good});
        EXPECT_EQ(result.code, 0) << good << result.err;
    }
}

TEST(CliUsage, FunnelsHaveOneToThirtyTwoStages) {
    std::string many = "view";
    for (int i = 0; i < 32; ++i)
        many += ",e" + std::to_string(i);
    expect_wrong_usage({"metrics", "LOG", "--funnel", many}, "32");
    expect_wrong_usage({"metrics", "LOG", "--funnel", ""}, "funnel");
    expect_wrong_usage({"metrics", "LOG", "--funnel", "view,,purchase"}, "funnel");
    expect_wrong_usage({"metrics", "LOG", "--funnel", "click+view,view"}, "view");
}

TEST(CliUsage, AnUnknownStageCountsNothing) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop());
    const ToolResult result = run_tool({"metrics", log, "--json", "--funnel", "view,teleport"});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.json().at("funnel").at("steps")[1].at("reached"), 0);
    EXPECT_NE(result.err.find("stage teleport counts 0"), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find("stage view"), std::string::npos) << result.err;
}

TEST(CliUsage, TrainingOptionsHaveRanges) {
    const std::vector<Words> wrong = {{"--seed", "-1"},
                                      {"--valid", "100%"},
                                      {"--seed", "18446744073709551616"},
                                      {"--epochs", "-1"},
                                      {"--epochs", "many"},
                                      {"--learning-rate", "nan"},
                                      {"--learning-rate", "-1"},
                                      {"--batch-size", "0"},
                                      {"--hidden", "0"},
                                      {"--hidden", "64,0"},
                                      {"--hidden", "1000000000"},
                                      {"--hidden", "64,,32"},
                                      {"--hidden", "-3"},
                                      {"--dropout", "1"},
                                      {"--dropout", "nan"},
                                      {"--weight-decay", "-1"},
                                      {"--optimizer", "newton"},
                                      {"--valid", "0.2"},
                                      {"--valid", "120%"},
                                      {"--horizon", "7"},
                                      {"--horizon", "nosuchstage=7d"},
                                      {"--targets", "nosuchstage"},
                                      {"--examples", "some"},
                                      {"--patience", "-1"},
                                      {"--threads", "0"},
                                      {"--kernel", "abacus"}};
    for (const Words& options : wrong) {
        Words args = {"train", "LOG", "-o", "MODEL"};
        args.insert(args.end(), options.begin(), options.end());
        const std::size_t hyphen = options[0].find('-', 2);
        expect_wrong_usage(args, options[0].substr(2, hyphen == std::string::npos ? hyphen : hyphen - 2));
    }
}

TEST(CliUsage, DurationsOfATrainingAreReadBeforeItsLog) {
    support::TemporaryFolder folder;
    for (const char* option : {"--horizon", "--lag", "--forget", "--burn-in"}) {
        const ToolResult result =
            run_tool({"train", folder.path("none.csv"), "-o", folder.path("m.funnel"), option, "7x"});
        EXPECT_EQ(result.code, 2) << option << ": " << result.err;
    }
}

TEST(CliUsage, OtherWrongValues) {
    expect_wrong_usage({"metrics", "LOG", "--from", "yesterday"}, "--from");
    expect_wrong_usage({"metrics", "LOG", "--to", "2024-02-30"}, "--to");
    expect_wrong_usage({"metrics", "LOG", "--tz", "Mars/Olympus"}, "Mars/Olympus");
    expect_wrong_usage({"metrics", "LOG", "--per", "planet"}, "--per");
    expect_wrong_usage({"metrics", "LOG", "--dedup", "fuzzy"}, "--dedup");
    expect_wrong_usage({"metrics", "LOG", "--bad-rows", "hide"}, "--bad-rows");
    expect_wrong_usage({"metrics", "LOG", "--max-bad", "some", "--bad-rows", "skip"}, "--max-bad");
    expect_wrong_usage({"metrics", "LOG", "--max-bad", "-3", "--bad-rows", "skip"}, "--max-bad");
    expect_wrong_usage({"metrics", "LOG", "--memory", "lots"}, "--memory");
    expect_wrong_usage({"metrics", "LOG", "--time-unit", "fortnight"}, "--time-unit");
    expect_wrong_usage({"metrics", "LOG", "--json", "--csv"}, "--csv");
    expect_wrong_usage({"simulate", "-o", "MODEL", "--users", "-5"}, "users");
    expect_wrong_usage({"simulate", "-o", "MODEL", "--days", "0"}, "days");
}

TEST(CliUsage, MoreThanTenThousandKeysAreRefused) {
    std::string text = "event_time,event_type,user_id,brand\n";
    for (int i = 0; i < 10'001; ++i)
        text += "2024-03-01T10:00:00Z,view,u,b" + std::to_string(i) + "\n";
    const TemporaryFolder folder;
    const ToolResult result = run_tool({"metrics", folder.write("log.csv", text), "--by", "brand"});
    EXPECT_EQ(result.code, 2) << result.err;
    EXPECT_NE(result.err.find("10000"), std::string::npos) << result.err;
}

TEST(CliUsage, ConfigFileSetsOptionsAndTheCommandLineWins) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop());
    const std::string config = folder.write("shop.toml", "[metrics]\nwindow = \"2d\"\njson = true\n");
    const auto window = [&](const Words& more) {
        Words args = {"--config", config, "metrics", log};
        args.insert(args.end(), more.begin(), more.end());
        const ToolResult result = run_tool(args);
        EXPECT_EQ(result.code, 0) << result.err;
        return result.json().at("funnel").at("window_seconds").get<int>();
    };
    EXPECT_EQ(window({}), 2 * 86400);
    EXPECT_EQ(window({"--window", "1d"}), 86400);
    const ToolResult after = run_tool({"metrics", log, "--config", config});
    EXPECT_EQ(after.code, 0) << after.err;
    EXPECT_EQ(after.json().at("funnel").at("window_seconds"), 2 * 86400);
}

TEST(CliUsage, UnknownKeysOfAConfigFileAreWrong) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop());
    const std::string config = folder.write("shop.toml", "[metrics]\nwidnow = \"2d\"\n");
    const ToolResult result = run_tool({"--config", config, "metrics", log});
    EXPECT_EQ(result.code, 2) << result.err;
    EXPECT_NE(result.err.find("widnow"), std::string::npos) << result.err;
}

TEST(CliUsage, QuietSilencesNotesButNotErrors) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop());
    EXPECT_NE(run_tool({"metrics", log}).err.find("canonical"), std::string::npos);
    EXPECT_EQ(run_tool({"metrics", log, "-q"}).err, "");
    const ToolResult missing = run_tool({"metrics", folder.path("none.csv"), "-q"});
    EXPECT_EQ(missing.code, 5);
    EXPECT_TRUE(missing.one_error_line()) << missing.err;
}

TEST(CliUsage, JsonMessagesAreOneObjectPerLine) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop() + "soon,view,a,i1,s1,,,\n");
    for (const Words& args :
         {Words{"metrics", log, "--log-format", "json"},
          Words{"metrics", log, "--log-format", "json", "--bad-rows", "skip", "--max-bad", "1"}}) {
        const ToolResult result = run_tool(args);
        std::istringstream lines(result.err);
        int count = 0;
        for (std::string line; std::getline(lines, line); ++count) {
            const auto object = nlohmann::json::parse(line);
            EXPECT_TRUE(object.contains("level") && object.contains("message") && object.contains("time"))
                << line;
        }
        EXPECT_GT(count, 0);
    }
}

TEST(CliUsage, SaysWhatWasExpectedWhateverTheParserFound) {
    const std::pair<Words, std::string> cases[] = {
        {{"metrics", "LOG", "--windows", "7d"},
         "expected an option of metrics, got \"--windows\"; did you mean --window?"},
        {{"inspect", "a", "b"}, "inspect: expected no further argument, got \"b\""},
        {{"metrics", "LOG", "--kernel", "avx3"},
         "--kernel: expected scalar, avx2, avx512 or neon, got \"avx3\"; did you mean avx2?"},
        {{"train", "LOG", "-o", "MODEL", "--dropout", "2"},
         "--dropout: expected a number from 0 to 0.95, got \"2\""},
        {{"metrics", "LOG", "--window"}, "--window: expected a value, got none"},
        {{"train", "LOG", "-o", "MODEL", "--learning-rate", "nan"},
         "--learning-rate: expected a positive number, got \"nan\""},
        {{"--foo"}, "expected a command, got none"}};
    for (const auto& [args, message] : cases)
        expect_wrong_usage(args, "funnel-train: " + message);
}

TEST(CliUsage, ColoursNeverReachAFile) {
    const TemporaryFolder folder;
    const ToolResult result = run_tool({"metrics", folder.write("log.csv", small_shop())});
    EXPECT_EQ(result.out.find('\x1b'), std::string::npos);
    EXPECT_EQ(result.err.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace funnel::cli_test
