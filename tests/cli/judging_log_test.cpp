// SPDX-License-Identifier: MIT
// Models of a log are judged: expected against observed, known and new users and items, two models on the
// same rows, a champion, new intercepts. Numbers come from `score`, `features` and `metrics`.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/trained_shop.hpp"

namespace funnel::cli_test {
namespace {

/// Rows of `score` and `features` of the later half, which stand in the same order.
struct Rows {
    Csv scores = parse_csv(output({"score", "-m", shop().model, shop().late}));
    Csv features = parse_csv(output({"features", "-m", shop().model, shop().late}));
    json evaluation = json::parse(output({"evaluate", "-m", shop().model, shop().late, "--json"}));

    static const Rows& shared() {
        static const Rows rows;
        return rows;
    }
};

struct Sums {
    int examples = 0, positives = 0;
    double expected = 0;
};

void expect_equal(const json& found, const Sums& sums, const std::string& name) {
    EXPECT_EQ(found.at("examples"), sums.examples) << name;
    EXPECT_EQ(found.at("positives"), sums.positives) << name;
    EXPECT_NEAR(found.at("expected").get<double>(), sums.expected, 1e-6 * (1 + sums.expected)) << name;
}

TEST(CliJudgingLog, ExpectedAndObservedAreSumsOfScoresAndLabels) {
    const Rows& rows = Rows::shared();
    ASSERT_EQ(rows.scores.rows.size(), rows.features.rows.size());
    const Words targets = {"click", "cart", "purchase"};
    std::map<std::string, std::map<std::string, Sums>> days;
    std::map<std::string, Sums> steps;
    for (std::size_t i = 0; i < rows.scores.rows.size(); ++i) {
        bool ripe = true;
        for (const std::string& target : targets)
            ripe = ripe && !rows.features.at(i, "label_" + target).empty();
        for (const std::string& target : targets) {
            const std::string label = rows.features.at(i, "label_" + target);
            Sums& day = days[rows.scores.at(i, "event_time").substr(0, 10)][target];
            for (Sums* sums : {&day, &steps[target]}) {
                if (label.empty() || (sums != &day && !ripe)) continue;
                ++sums->examples;
                sums->positives += label == "1";
                sums->expected += std::stod(rows.scores.at(i, "p_" + target));
            }
        }
    }
    for (const std::string& target : targets)
        expect_equal(rows.evaluation.at("steps").at(target), steps[target], target);
    ASSERT_EQ(rows.evaluation.at("days").size(), days.size());
    ASSERT_GT(days.size(), 5u);
    for (const json& day : rows.evaluation.at("days")) {
        for (const std::string& target : targets)
            expect_equal(day.at("targets").at(target), days.at(day.at("day"))[target], day.at("day"));
    }
    EXPECT_NE(output({"evaluate", "-m", shop().model, shop().late, "--all"}).find("ripe exposures"),
              std::string::npos);
}

TEST(CliJudgingLog, SegmentsAreTheRowsThatScoreCallsKnown) {
    const Rows& rows = Rows::shared();
    std::map<std::string, int> counts;
    for (std::size_t i = 0; i < rows.scores.rows.size(); ++i) {
        if (rows.features.at(i, "label_click").empty()) continue;
        ++counts[rows.scores.at(i, "known_user") == "1" ? "known_users" : "new_users"];
        ++counts[rows.scores.at(i, "known_item") == "1" ? "known_items" : "new_items"];
    }
    EXPECT_GT(counts["new_users"], 0);
    EXPECT_GT(counts["known_users"], 0);
    EXPECT_GT(counts["known_items"], 0);
    for (const auto& [segment, count] : counts)
        EXPECT_EQ(rows.evaluation.at("segments").at(segment).at("click").at("examples"), count) << segment;
}

TEST(CliJudgingLog, ByAColumnEveryExampleIsInOneKey) {
    const json all = json::parse(output(
        {"evaluate", "-m", shop().model, shop().late, "--by", "category", "--by", "day,list", "--json"}));
    std::map<std::string, std::uint64_t> examples;
    std::set<std::string> days;
    for (const json& key : all.at("by")) {
        examples[key.at("by")] += key.at("examples").get<std::uint64_t>();
        if (key.at("by") == "day,list") days.insert(key.at("key").at(0));
    }
    EXPECT_EQ(examples, (std::map<std::string, std::uint64_t>{{"category", all.at("rows")},
                                                              {"day,list", all.at("rows")}}));
    EXPECT_EQ(days.size(), all.at("days").size());
    const ToolResult side = run_tool({"evaluate", "-m", shop().model, shop().late, "--by", "colour"});
    EXPECT_EQ(side.code, 3) << side.err;
}

TEST(CliJudgingLog, TheStepsAreTheFunnelOfExposuresThatMetricsCounts) {
    support::TemporaryFolder folder;
    const std::string log = folder.path("shop.csv"), model = folder.path("m.funnel");
    (void)output({"simulate", "-o", log, "--users", "150", "--days", "26", "--seed", "3", "-q"});
    (void)output({"train", log, "-o", model, "--hidden", "", "--epochs", "1", "--threads", "1"});
    const json steps = json::parse(output({"evaluate", "-m", model, log, "--history", "none",
                                           "--allow-training-rows", "--json"}))
                           .at("steps");
    const json metrics = json::parse(output({"metrics", log, "--per", "exposure", "--json"})).at("funnel");
    ASSERT_EQ(metrics.at("steps").size(), 4u);
    for (const json& step : metrics.at("steps")) {
        if (step.at("name") == "impression") continue;
        const json& found = steps.at(step.at("name").get<std::string>());
        EXPECT_EQ(found.at("positives"), step.at("reached")) << step.dump();
        EXPECT_EQ(found.at("examples"), metrics.at("steps").at(0).at("reached"));
        EXPECT_GT(found.at("positives"), 0);
    }
}

TEST(CliJudgingLog, AModelDoesNotDifferFromItself) {
    const json all =
        json::parse(output({"evaluate", "-m", shop().model, "-m", shop().model, shop().late, "--json"}));
    EXPECT_EQ(all.at("rows"), Rows::shared().evaluation.at("rows"));
    const json& click = all.at("comparison").at("click");
    for (const char* name : {"roc_auc", "average_precision", "log_loss", "normalized_entropy", "ece"}) {
        const json& figure = click.at(name);
        EXPECT_EQ(figure.at("difference"), 0.0) << name;
        EXPECT_EQ(figure.at("low"), 0.0) << name;
        EXPECT_EQ(figure.at("high"), 0.0) << name;
        const double one = Rows::shared().evaluation.at("targets").at("click").at(name);
        EXPECT_NEAR(figure.at("a").get<double>(), one, 1e-9) << name;
    }
}

TEST(CliJudgingLog, AChampionIsJudgedOnLaterRowsThanItsOwn) {
    const ToolResult result =
        run_tool({"train", shop().log, "-o", shop().folder.path("later.funnel"), "--champion", shop().model,
                  "--horizon", "click=30m,cart=1d,purchase=1d", "--hidden", "2", "--epochs", "1"});
    EXPECT_EQ(result.code, 4) << result.err;
    EXPECT_EQ(result.err.find("judged on rows that it knows"), std::string::npos) << result.err;
}

TEST(CliJudgingLog, AChampionStaysWithoutAGain) {
    support::TemporaryFolder folder;
    const std::string champion = folder.path("champion.funnel");
    std::filesystem::copy_file(shop().model, champion);
    const std::string before = read_file(champion);
    const ToolResult result = run_tool(shop().train_command(
        champion, {"--champion", champion, "--hidden", "2", "--epochs", "1", "--learning-rate", "0.00001"}));
    EXPECT_EQ(result.code, 4) << result.err;
    EXPECT_NE(result.err.find("--champion"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("judged on rows that it knows"), std::string::npos) << result.err;
    EXPECT_EQ(read_file(champion), before);
    const auto entries = std::filesystem::directory_iterator(std::filesystem::path(champion).parent_path());
    EXPECT_EQ(std::distance(begin(entries), end(entries)), 1) << "nothing is left behind";
}

TEST(CliJudgingLog, CalibrateMovesEveryHeadTowardsWhatCame) {
    support::TemporaryFolder folder;
    const std::string moved = folder.path("moved.funnel");
    const json heads =
        json::parse(output({"calibrate", "-m", shop().model, shop().late, "-o", moved, "--json"}))
            .at("targets");
    const json before = Rows::shared().evaluation.at("steps");
    const std::string manifest = folder.path("manifest.json");
    const json after =
        json::parse(output({"evaluate", "-m", moved, shop().late, "--json", "--manifest", manifest}))
            .at("steps");
    const auto gap = [](const json& step) {
        return std::abs(step.at("expected").get<double>() - step.at("positives").get<double>());
    };
    EXPECT_TRUE(heads.at("click").at("moved"));
    EXPECT_LT(gap(after.at("click")), 1 + gap(before.at("click")) * 0.5);
    // The head of purchases sees the rows with a cart: their number is that of the carts.
    EXPECT_TRUE(heads.at("cart").at("given").is_null());
    EXPECT_EQ(heads.at("purchase").at("given"), "cart");
    EXPECT_EQ(heads.at("click").at("positives"),
              Rows::shared().evaluation.at("targets").at("click").at("positives"));
    EXPECT_EQ(heads.at("purchase").at("positives"),
              Rows::shared().evaluation.at("targets").at("purchase").at("positives"));
    EXPECT_LE(heads.at("purchase").at("rows"), heads.at("cart").at("positives"));
    // Drift is measured from the scores of these days now.
    const json drift = json::parse(read_file(manifest)).at("drift");
    for (const char* score : {"p_click", "p_cart", "p_purchase"})
        EXPECT_LT(drift.at(score).get<double>(), 0.01) << drift.dump();
}

TEST(CliJudgingLog, AnAuditOfACleanLogDoesNotWarn) {
    const ToolResult result =
        run_tool(shop().train_command(shop().folder.path("audited.funnel"), {"--audit", "--no-refit"}));
    ASSERT_EQ(result.code, 0) << result.err;
    const json audit = result.json().at("audit");
    // With so few buyers a random split may look better by chance; nothing else may be found.
    std::set<std::string> codes = {"random_split_better"};
    for (const json& warning : audit.at("warnings"))
        codes.insert(warning.at("code").get<std::string>());
    EXPECT_EQ(codes, std::set<std::string>{"random_split_better"}) << audit.at("warnings");
    EXPECT_EQ(audit.at("splits").size(), 3u);
    EXPECT_GT(audit.at("inputs").size(), 10u);
}

}  // namespace
}  // namespace funnel::cli_test
