// SPDX-License-Identifier: MIT
// Table mode: `--label` makes every row a finished example.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/table_files.hpp"

namespace funnel::cli_test {
namespace {

double auc(const ToolResult& evaluated) {
    EXPECT_EQ(evaluated.code, 0) << evaluated.err;
    const json figure = evaluated.json().at("targets").at("bought").at("roc_auc");
    return figure.is_object() ? figure.at("value").get<double>() : figure.get<double>();
}

TEST(CliTable, TrainEvaluateScore) {
    const TableFiles files;
    const ToolResult trained = files.trained({"--json"});
    ASSERT_EQ(trained.code, 0) << trained.err;
    EXPECT_EQ(trained.json().at("targets"), json::array({"bought"}));
    EXPECT_GT(auc(run_tool({"evaluate", "-m", files.model, files.test, "--json"})), 0.75);
    const ToolResult scored = run_tool({"score", "-m", files.model, files.test});
    ASSERT_EQ(scored.code, 0) << scored.err;
    const Csv csv = parse_csv(scored.out);
    EXPECT_EQ(csv.rows.size(), 600u);
    EXPECT_EQ(csv.header.back(), "p_bought");
}

TEST(CliTable, OnePassLearnsFromRowsThatAreNotKept) {
    const TableFiles files;
    const std::string many = files.folder.write("many.csv", make_table(20'000, 1));
    const auto train = [&](const std::string& model, const Words& more) {
        Words args = {"train",      many,           "-o",     model,        "--label", "bought",
                      "--one-pass", "--batch-size", "32",     "--hidden",   "8",       "--learning-rate",
                      "0.01",       "--json",       "--drop", "id,day,shop"};
        args.insert(args.end(), more.begin(), more.end());
        return run_tool(args);
    };
    const std::string other = files.folder.path("other.funnel");
    const ToolResult trained = train(files.model, {"--threads", "2"});
    ASSERT_EQ(trained.code, 0) << trained.err;
    EXPECT_EQ(trained.json().at("ranges").at("train").at("examples"), 20'000);
    EXPECT_EQ(trained.json().at("ranges").at("valid").at("examples"), 0);
    EXPECT_GT(auc(run_tool({"evaluate", "-m", files.model, files.test, "--json"})), 0.8);
    ASSERT_EQ(train(other, {"--threads", "1"}).code, 0);
    EXPECT_EQ(files.folder.read("table.funnel"), files.folder.read("other.funnel"));
    for (const char* option : {"--group", "--weight", "--time", "--valid-file"})
        EXPECT_EQ(train(other, {option, "shop"}).code, 2) << option;
}

TEST(CliTable, KeptColumnsComeBackVerbatim) {
    const TableFiles files;
    ASSERT_EQ(files.trained().code, 0);
    const ToolResult scored = run_tool({"score", "-m", files.model, files.test, "--keep", "id,day"});
    ASSERT_EQ(scored.code, 0) << scored.err;
    const Csv csv = parse_csv(scored.out), input = parse_csv(files.folder.read("test.csv"));
    EXPECT_EQ(csv.header, (Words{"id", "day", "p_bought"}));
    EXPECT_EQ(csv.values("id"), input.values("id"));
    EXPECT_EQ(csv.values("day"), input.values("day"));
}

TEST(CliTable, ColumnsAreMatchedByNameAndTheLabelIsNotNeeded) {
    const TableFiles files;
    ASSERT_EQ(files.trained().code, 0);
    const std::string plain = run_tool({"score", "-m", files.model, files.test, "--keep", "id"}).out;
    const std::string turned = files.folder.write(
        "turned.csv", make_table(600, 2, {"note", "colour", "visits", "id", "spend", "day", "shop"}));
    const ToolResult result = run_tool({"score", "-m", files.model, turned, "--keep", "id"});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.out, plain);
}

TEST(CliTable, AMissingInputIsNamed) {
    const TableFiles files;
    ASSERT_EQ(files.trained().code, 0);
    const std::string less =
        files.folder.write("less.csv", make_table(50, 2, {"id", "spend", "colour", "bought"}));
    const auto before = files.folder.names();
    const ToolResult result = run_tool({"score", "-m", files.model, less, "-o", files.folder.path("s.csv")});
    EXPECT_EQ(result.code, 3) << result.err;
    EXPECT_TRUE(result.one_error_line()) << result.err;
    EXPECT_NE(result.err.find("visits"), std::string::npos) << result.err;
    EXPECT_EQ(files.folder.names(), before);
}

TEST(CliTable, EvaluateNeedsTheLabel) {
    const TableFiles files;
    ASSERT_EQ(files.trained().code, 0);
    const std::string less = files.folder.write("less.csv", make_table(50, 2, {"visits", "spend", "colour"}));
    const ToolResult result = run_tool({"evaluate", "-m", files.model, less});
    EXPECT_EQ(result.code, 3) << result.err;
    EXPECT_NE(result.err.find("bought"), std::string::npos) << result.err;
}

TEST(CliTable, BadLabelsAreBadRowsWithTheirLine) {
    for (const std::string bad : {"2", "-1", "", "NaN", "0.5", "maybe", "1 ", "+1"}) {
        SCOPED_TRACE(bad);
        const TemporaryFolder folder;
        std::string text = "x,y\n1,0\n2,1\n3," + bad + "\n";
        for (int i = 0; i < 300; ++i)
            text += std::to_string(i) + "," + (i % 3 == 0 ? "1" : "0") + "\n";
        const std::string table = folder.write("t.csv", text);
        const std::string model = folder.path("m.funnel");
        const ToolResult result = run_tool({"train", table, "-o", model, "--label", "y"});
        EXPECT_EQ(result.code, 3) << result.err;
        EXPECT_TRUE(result.one_error_line()) << result.err;
        EXPECT_TRUE(result.err.starts_with("funnel-train: " + table + ":4: column y: expected "))
            << result.err;
        EXPECT_NE(result.err.find("got \"" + bad + "\"; "), std::string::npos) << result.err;
        EXPECT_EQ(folder.names(), Words{"t.csv"});
        const ToolResult skipped =
            run_tool({"train", table, "-o", model, "--label", "y", "--bad-rows", "skip", "--hidden", "4",
                      "--epochs", "2", "--rejects", folder.path("r.csv")});
        EXPECT_EQ(skipped.code, 0) << skipped.err;
        EXPECT_EQ(parse_csv(folder.read("r.csv")).at(0, "line"), "4");
    }
}

TEST(CliTable, LabelsAreWordsInAnyCase) {
    std::string scores;
    for (const auto& [yes, no] :
         {std::pair<std::string, std::string>{"1", "0"}, {"TRUE", "False"}, {"Yes", "NO"}}) {
        const TemporaryFolder folder;
        std::string text = "x,y\n";
        for (int i = 0; i < 300; ++i)
            text += std::to_string(i % 17) + "," + (i % 3 == 0 ? yes : no) + "\n";
        const std::string model = folder.path("m.funnel");
        const ToolResult result =
            run_tool({"train", folder.write("t.csv", text), "-o", model, "--label", "y", "--epochs", "2"});
        ASSERT_EQ(result.code, 0) << yes << result.err;
        // Not the models: each knows the bytes of its own file.
        const ToolResult scored = run_tool({"score", "-m", model, folder.path("t.csv")});
        ASSERT_EQ(scored.code, 0) << yes << scored.err;
        if (scores.empty()) scores = scored.out;
        EXPECT_EQ(scored.out, scores) << yes;
    }
}

TEST(CliTable, ANumberColumnWithAFewWordsHasBadRows) {
    const TemporaryFolder folder;
    std::string text = "x,y\n";
    for (int i = 0; i < 300; ++i)
        text += (i == 41 ? "many" : std::to_string(i % 7)) + "," + std::to_string(i % 2) + "\n";
    const std::string table = folder.write("t.csv", text);
    const ToolResult result = run_tool({"train", table, "-o", folder.path("m.funnel"), "--label", "y"});
    EXPECT_EQ(result.code, 3);
    EXPECT_TRUE(result.err.starts_with("funnel-train: " + table + ":43: column x: expected ")) << result.err;
    EXPECT_NE(result.err.find("got \"many\"; "), std::string::npos) << result.err;
    const ToolResult words = run_tool({"train", table, "-o", folder.path("m.funnel"), "--label", "y",
                                       "--categorical", "x", "--epochs", "1"});
    EXPECT_EQ(words.code, 0) << words.err;
}

TEST(CliTable, ValidationRowsAreChosenInFourWays) {
    const TableFiles files;
    const std::vector<Words> ways = {{"--valid", "30%"},
                                     {"--valid", "30%", "--time", "day"},
                                     {"--valid", "30%", "--group", "shop"},
                                     {"--valid-file", files.test}};
    for (const Words& way : ways) {
        SCOPED_TRACE(testing::PrintToString(way));
        Words more = way;
        more.push_back("--json");
        const ToolResult result = files.trained(more);
        ASSERT_EQ(result.code, 0) << result.err;
        const json ranges = result.json().at("ranges");
        const double train = ranges.at("train").at("examples"), valid = ranges.at("valid").at("examples");
        if (way[0] == "--valid-file") {
            EXPECT_EQ(train, 1500);
            EXPECT_EQ(valid, 600);
        } else {
            EXPECT_EQ(train + valid, 1500);
            EXPECT_NEAR(valid / 1500, 0.3, 0.06);
        }
        Words evaluate = {"evaluate", "-m", files.model, files.test, "--json"};
        if (way[0] == "--valid-file") {
            EXPECT_EQ(run_tool(evaluate).code, 3) << "the last fit learned from these rows too";
            evaluate.push_back("--allow-training-rows");
        }
        EXPECT_GT(auc(run_tool(evaluate)), 0.8);
    }
}

TEST(CliTable, NumbersAtTheEndsOfTheRangeNeverMakeANaN) {
    const TemporaryFolder folder;
    const char* numbers[] = {"1e308",   "-1e308", "3.5e38", "4.9e-324",
                             "-1e-300", "0",      "-0",     "1.7976931348623157e308"};
    std::string text = "x,same,none,y\n";
    for (int i = 0; i < 400; ++i)
        text += std::string(numbers[i % 8]) + ",7,," + (i % 3 == 0 ? "1" : "0") + "\n";
    const std::string table = folder.write("t.csv", text), model = folder.path("m.funnel");
    const ToolResult trained = run_tool({"train", table, "-o", model, "--label", "y", "--epochs", "3"});
    ASSERT_EQ(trained.code, 0) << trained.err;
    const ToolResult scored = run_tool({"score", "-m", model, table});
    ASSERT_EQ(scored.code, 0) << scored.err;
    const Csv csv = parse_csv(scored.out);
    ASSERT_EQ(csv.rows.size(), 400u);
    for (std::size_t i = 0; i < csv.rows.size(); ++i) {
        const double p = std::stod(csv.at(i, "p_y"));
        EXPECT_TRUE(p >= 0 && p <= 1) << csv.at(i, "p_y");
    }
    for (const char* word : {"inf", "1e400", "-Infinity", "0x10", "+1", "1,5"}) {
        const ToolResult bad =
            run_tool({"score", "-m", model, folder.write("bad.csv", text + "\"" + word + "\",7,,1\n")});
        EXPECT_EQ(bad.code, 3) << word;
        EXPECT_NE(bad.err.find(":402: column x: "), std::string::npos) << bad.err;
    }
}

TEST(CliTable, WeightsCount) {
    const TemporaryFolder folder;
    std::string text = "x,w,y\n";  // x says nothing; positives weigh three times as much as negatives
    for (int i = 0; i < 400; ++i) {
        text +=
            std::to_string(i % 5) + "," + (i % 2 == 0 ? "3" : "1") + "," + (i % 2 == 0 ? "1" : "0") + "\n";
    }
    const std::string table = folder.write("t.csv", text), model = folder.path("m.funnel");
    const ToolResult trained =
        run_tool({"train", table, "-o", model, "--label", "y", "--weight", "w", "--hidden", ""});
    ASSERT_EQ(trained.code, 0) << trained.err;
    const ToolResult evaluated =
        run_tool({"evaluate", "-m", model, table, "--json", "--weight", "w", "--allow-training-rows"});
    ASSERT_EQ(evaluated.code, 0) << evaluated.err;
    const json target = evaluated.json().at("targets").at("y");
    const auto value = [](const json& f) {
        return f.is_object() ? f.at("value").get<double>() : f.get<double>();
    };
    EXPECT_NEAR(value(target.at("base_rate")), 0.75, 1e-9);
    EXPECT_NEAR(value(target.at("mean_prediction")), 0.75, 0.1);
}

TEST(CliTable, OneClassAndEmptyTables) {
    const TemporaryFolder folder;
    const auto train = [&](const std::string& text) {
        return run_tool(
            {"train", folder.write("t.csv", text), "-o", folder.path("m.funnel"), "--label", "y"});
    };
    EXPECT_EQ(train("x,y\n").code, 3);
    const ToolResult missing = train("x,z\n1,0\n");
    EXPECT_EQ(missing.code, 3);
    EXPECT_NE(missing.err.find("y"), std::string::npos) << missing.err;
    std::string one_class = "x,y\n";
    for (int i = 0; i < 100; ++i)
        one_class += std::to_string(i) + ",0\n";
    const ToolResult same = train(one_class);
    if (same.code == 0) {
        EXPECT_NE(same.err.find("warning"), std::string::npos) << same.err;
    } else {
        EXPECT_EQ(same.code, 3) << same.err;
        EXPECT_EQ(folder.names(), Words{"t.csv"});
    }
}

TEST(CliTable, AModelThatKnowsNothingOfUseIsWarnedAbout) {
    const TemporaryFolder folder;
    const auto table = [&](const char* name, int positive) {
        std::string text = "x,y\n";
        for (int i = 0; i < 400; ++i)
            text += std::to_string(i % 100) + ',' + std::to_string((i % 100 < 50) == (positive < 50)) + '\n';
        return folder.write(name, text);
    };
    const std::string low = table("low.csv", 0), high = table("high.csv", 99);
    const auto train = [&](const std::string& valid) {
        return run_tool({"train", low, "-o", folder.path("m.funnel"), "--label", "y", "--valid-file", valid});
    };
    const ToolResult fine = train(table("same.csv", 0)), reversed = train(high);
    ASSERT_EQ(fine.code, 0) << fine.err;
    ASSERT_EQ(reversed.code, 0) << reversed.err;
    EXPECT_EQ(fine.err.find("no better"), std::string::npos) << fine.err;
    EXPECT_NE(reversed.err.find("y: no better on the 400 validation rows (200 positive)"), std::string::npos)
        << reversed.err;
}

TEST(CliTable, SameSeedSameBytesAtAnyThreadCount) {
    const TableFiles files;
    ASSERT_EQ(files.trained({"--threads", "1"}).code, 0);
    const std::string bytes = files.folder.read("table.funnel");
    ASSERT_EQ(files.trained({"--threads", "2"}).code, 0);
    EXPECT_EQ(files.folder.read("table.funnel"), bytes);
}

}  // namespace
}  // namespace funnel::cli_test
