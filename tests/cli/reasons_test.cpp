// SPDX-License-Identifier: MIT
// score --reasons and evaluate --importance: which inputs a probability, and a model, rest on.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "funnel/base/random.hpp"

namespace funnel::cli_test {
namespace {

/// bought follows `drives`, a little `helps`, and not `noise`, nor `colour`.
std::string driven_table(std::size_t rows, std::uint64_t seed) {
    Rng rng(seed);
    std::string text = "noise,drives,helps,colour,bought\n";
    for (std::size_t i = 0; i < rows; ++i) {
        const double drives = rng.normal(), helps = rng.normal(), noise = rng.normal();
        const bool bought = rng.uniform() < 1 / (1 + std::exp(-3 * drives - helps));
        text += std::to_string(noise) + "," + (i % 40 == 0 ? "" : std::to_string(drives)) + "," +
                std::to_string(helps) + (i % 3 == 0 ? ",red," : ",blue,") + (bought ? "1" : "0") + "\n";
    }
    return text;
}

struct DrivenFiles {
    TemporaryFolder folder;
    std::string train = folder.write("train.csv", driven_table(2500, 1));
    std::string test = folder.write("test.csv", driven_table(800, 2));
    std::string model = folder.path("driven.funnel");

    DrivenFiles() {
        const ToolResult trained = run_tool({"train", train, "-o", model, "--label", "bought", "--hidden",
                                             "16,8", "--epochs", "12", "--members", "2", "-q"});
        EXPECT_EQ(trained.code, 0) << trained.err;
    }
    static const DrivenFiles& shared() {
        static const DrivenFiles files;
        return files;
    }
};

/// "drives=1.5 (+0.84)" in parts.
struct ReadReason {
    std::string input, value;
    double contribution = 0;

    explicit ReadReason(const std::string& text) {
        const std::size_t equals = text.find('='), open = text.rfind(" (");
        EXPECT_NE(equals, std::string::npos) << text;
        EXPECT_NE(open, std::string::npos) << text;
        input = text.substr(0, equals);
        value = text.substr(equals + 1, open - equals - 1);
        contribution = std::stod(text.substr(open + 2));
    }
};

TEST(CliReasons, OfATableStandBehindTheProbability) {
    const DrivenFiles& files = DrivenFiles::shared();
    const ToolResult plain = run_tool({"score", "-m", files.model, files.test}),
                     scored = run_tool({"score", "-m", files.model, files.test, "--reasons", "4"});
    ASSERT_EQ(scored.code, 0) << scored.err;
    EXPECT_NE(scored.err.find("mean training row (p_bought 0."), std::string::npos) << scored.err;
    const Csv csv = parse_csv(scored.out), input = parse_csv(files.folder.read("test.csv"));
    EXPECT_EQ(csv.header, (Words{"p_bought", "reason_1", "reason_2", "reason_3", "reason_4"}));
    EXPECT_EQ(csv.values("p_bought"), parse_csv(plain.out).values("p_bought"));
    ASSERT_EQ(csv.rows.size(), 800u);
    std::size_t drives_first = 0;
    for (std::size_t i = 0; i < csv.rows.size(); ++i) {
        const ReadReason first(csv.values("reason_1")[i]), second(csv.values("reason_2")[i]);
        EXPECT_GE(std::abs(first.contribution), std::abs(second.contribution)) << i;
        drives_first += first.input == "drives" ? 1 : 0;
        for (const ReadReason& reason : {first, second}) {
            const std::string in_file = input.values(reason.input)[i];
            if (reason.input == "colour" || in_file.empty()) {
                EXPECT_EQ(reason.value, in_file);
            } else {
                EXPECT_NEAR(std::stod(reason.value), std::stod(in_file), 1e-5);
            }
        }
    }
    EXPECT_GT(drives_first, 500u);
}

TEST(CliReasons, AreTheSameAtAnyNumberOfThreadsAndNoneIsNothing) {
    const DrivenFiles& files = DrivenFiles::shared();
    const auto scored = [&](const char* threads) {
        return run_tool({"score", "-m", files.model, files.test, "--reasons", "4", "--threads", threads});
    };
    const ToolResult one = scored("1");
    EXPECT_EQ(scored("4").out, one.out);
    const Csv csv = parse_csv(one.out);
    ASSERT_EQ(csv.rows.size(), 800u);
    std::size_t empty = 0;
    for (const char* column : {"reason_1", "reason_2", "reason_3", "reason_4"}) {
        for (const std::string& text : csv.values(column)) {
            empty += text.empty() ? 1 : 0;
            EXPECT_FALSE(text.ends_with("+0.00)") || text.ends_with("-0.00)")) << text;
        }
    }
    EXPECT_GT(empty, 0u);
}

TEST(CliReasons, RefuseWhatTheyCannotSay) {
    const DrivenFiles& files = DrivenFiles::shared();
    const auto code = [&](const Words& more) {
        Words args = {"score", "-m", files.model, files.test, "-q"};
        args.insert(args.end(), more.begin(), more.end());
        return run_tool(args).code;
    };
    EXPECT_EQ(code({"--reasons", "0"}), 2);
    EXPECT_EQ(code({"--reasons", "101"}), 2);
    EXPECT_EQ(code({"--target", "bought"}), 2);
    EXPECT_EQ(code({"--reasons", "2", "--target", "sold"}), 2);
    EXPECT_EQ(code({"--reasons", "2", "--target", "bought"}), 0);
}

TEST(CliReasons, OfAnEarlierModelOfALogBeginElsewhere) {
    const std::string folder = std::string(FUNNEL_TEST_DIR) + "/golden/v0.1.0/";
    const Words args = {"score", "-m", folder + "model.funnel", folder + "log.csv.gz", "--reasons", "2"};
    const ToolResult scored = run_tool(args);
    ASSERT_EQ(scored.code, 0) << scored.err;
    EXPECT_NE(scored.err.find("does not hold the mean row"), std::string::npos) << scored.err;
    const Csv csv = parse_csv(scored.out);
    EXPECT_EQ(csv.header.back(), "reason_2");
    ASSERT_GT(csv.rows.size(), 200u);
    std::size_t given = 0;
    for (const std::string& text : csv.values("reason_1")) {
        if (text.empty()) continue;  // no input adds 0.005
        EXPECT_FALSE(ReadReason(text).input.empty());
        ++given;
    }
    EXPECT_GT(given, 0u);
}

TEST(CliImportance, TheDrivingColumnComesFirst) {
    const DrivenFiles& files = DrivenFiles::shared();
    const ToolResult result = run_tool({"evaluate", "-m", files.model, files.test, "--importance", "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    const json importance = result.json().at("importance");
    EXPECT_EQ(importance.at("rows"), 800);
    EXPECT_EQ(importance.at("explained_rows"), 800);
    const json groups = importance.at("targets").at("bought");
    ASSERT_EQ(groups.size(), 4u);
    EXPECT_EQ(groups[0].at("group"), "drives");
    EXPECT_EQ(groups[1].at("group"), "helps");
    EXPECT_EQ(groups[0].at("inputs"), json::array({"drives"}));
    EXPECT_GT(groups[0].at("low"), 0.1);
    EXPECT_GT(groups[0].at("high"), groups[0].at("log_loss_rise"));
    EXPECT_LT(groups[0].at("low"), groups[0].at("log_loss_rise"));
    EXPECT_GT(groups[0].at("mean_contribution"), groups[1].at("mean_contribution"));
    EXPECT_LT(std::abs(groups[3].at("log_loss_rise").get<double>()), 0.02);
    const ToolResult text = run_tool({"evaluate", "-m", files.model, files.test, "--importance"});
    EXPECT_NE(text.out.find("What the predictions rest on"), std::string::npos);
    EXPECT_LT(text.out.find("  drives"), text.out.find("  helps"));
    const ToolResult again =
        run_tool({"evaluate", "-m", files.model, files.test, "--importance", "--json", "--threads", "2"});
    EXPECT_EQ(again.out, result.out);
}

TEST(CliImportance, OfALogIsByGroupsOfFeatures) {
    const std::string folder = std::string(FUNNEL_TEST_DIR) + "/golden/v0.1.0/";
    const ToolResult result = run_tool(
        {"evaluate", "-m", folder + "model.funnel", folder + "log.csv.gz", "--importance", "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    const json targets = result.json().at("importance").at("targets");
    ASSERT_FALSE(targets.empty());
    for (const auto& [target, groups] : targets.items()) {
        bool has_user = false, has_item = false;
        for (const json& group : groups) {
            has_user |= group.at("group") == "user";
            has_item |= group.at("group") == "item";
        }
        EXPECT_TRUE(has_user && has_item) << target;
    }
}

TEST(CliImportance, GoesWithOneModelAndNoCsv) {
    const DrivenFiles& files = DrivenFiles::shared();
    EXPECT_EQ(run_tool({"evaluate", "-m", files.model, files.test, "--importance", "--csv"}).code, 2);
    EXPECT_EQ(run_tool({"evaluate", "-m", files.model, "-m", files.model, files.test, "--importance"}).code,
              2);
}

}  // namespace
}  // namespace funnel::cli_test
