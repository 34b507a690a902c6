// SPDX-License-Identifier: MIT
// `simulate`, `train` and `inspect`: what they write, and that the same input writes the same bytes.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/small_shop.hpp"
#include "cli/trained_shop.hpp"

namespace funnel::cli_test {
namespace {

/// The shared training with more options and another target.
ToolResult train(const std::string& model, const Words& more = {}) {
    return run_tool(shop().train_command(model, more));
}

std::set<std::string> keys(const json& object) {
    std::set<std::string> names;
    for (const auto& [key, value] : object.items())
        names.insert(key);
    return names;
}

TEST(CliSimulate, TheSeedDecidesEveryByte) {
    const TemporaryFolder folder;
    const auto simulate = [&](const std::string& name, const std::string& seed) {
        const ToolResult result =
            run_tool({"simulate", "-o", folder.path(name), "--users", "50", "--days", "3", "--seed", seed});
        EXPECT_EQ(result.code, 0) << result.err;
        return folder.read(name);
    };
    const std::string one = simulate("one.csv", "1");
    EXPECT_EQ(simulate("again.csv", "1"), one);
    EXPECT_NE(simulate("two.csv", "2"), one);
    EXPECT_TRUE(json::accept(folder.read("one.csv.truth.json")));
    EXPECT_EQ(folder.names(), (Words{"again.csv", "again.csv.truth.json", "one.csv", "one.csv.truth.json",
                                     "two.csv", "two.csv.truth.json"}));
}

TEST(CliSimulate, ANameInGzIsPackedAndCountsTheSame) {
    const TemporaryFolder folder;
    json figures[2];
    const char* names[] = {"log.csv", "log.csv.gz"};
    for (int i = 0; i < 2; ++i) {
        const std::string path = folder.path(names[i]);
        ASSERT_EQ(run_tool({"simulate", "-o", path, "--users", "100", "--days", "5", "--seed", "3"}).code, 0);
        const ToolResult result = run_tool({"metrics", path, "--json"});
        ASSERT_EQ(result.code, 0) << result.err;
        figures[i] = result.json().at("metrics");
    }
    EXPECT_EQ(figures[0], figures[1]);
    EXPECT_TRUE(folder.read("log.csv.gz").starts_with("\x1f\x8b"));
}

TEST(CliTrain, JsonHasTheKeysOfTheContract) {
    const json summary = shop().trained.json();
    for (const char* key : {"schema_version", "examples", "features", "parameters", "targets", "ranges",
                            "epochs", "best_epoch", "stop_reason", "seconds"}) {
        EXPECT_TRUE(summary.contains(key)) << key;
    }
    EXPECT_EQ(summary.at("schema_version"), 2);
    EXPECT_EQ(summary.at("targets"), (json{"click", "cart", "purchase"}));
    EXPECT_EQ(keys(summary.at("ranges")), (std::set<std::string>{"train", "valid", "refit"}));
    ASSERT_FALSE(summary.at("epochs").empty());
    int number = 0;
    for (const json& epoch : summary.at("epochs")) {
        EXPECT_EQ(keys(epoch),
                  (std::set<std::string>{"epoch", "train_loss", "valid_loss", "valid_roc_auc", "seconds"}));
        EXPECT_EQ(epoch.at("epoch"), ++number);
        EXPECT_EQ(keys(epoch.at("valid_roc_auc")), (std::set<std::string>{"click", "cart", "purchase"}));
    }
    EXPECT_GE(summary.at("best_epoch"), 1);
    EXPECT_LE(summary.at("best_epoch"), number);
    EXPECT_GT(summary.at("examples"), 1000);
    EXPECT_GT(summary.at("features"), 10);
    EXPECT_TRUE(summary.at("stop_reason").is_string());
}

TEST(CliTrain, TextSummaryNamesTheChains) {
    const TemporaryFolder folder;
    Words args = shop().train_command(folder.path("m.funnel"));
    std::erase(args, "--json");
    const ToolResult result = run_tool(args);
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_NE(result.out.find("cart -> purchase"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("click"), std::string::npos);
}

TEST(CliTrain, SameSeedSameBytesAtAnyThreadCount) {
    const TemporaryFolder folder;
    const std::string bytes = read_file(shop().model);
    ASSERT_EQ(train(folder.path("two.funnel"), {"--threads", "2"}).code, 0);
    EXPECT_EQ(folder.read("two.funnel"), bytes);
    ASSERT_EQ(train(folder.path("other.funnel"), {"--seed", "2"}).code, 0);
    EXPECT_NE(folder.read("other.funnel"), bytes);
}

TEST(CliTrain, AModelHoldsNoPath) {
    const std::string bytes = read_file(shop().model);
    EXPECT_EQ(bytes.find(shop().folder.path()), std::string::npos);
    EXPECT_EQ(bytes.find("early.csv"), std::string::npos);
}

TEST(CliTrain, RowsInAnotherFileLayoutTrainTheSameModel) {
    const TemporaryFolder folder;
    const auto parts = TimedLines(read_file(shop().early)).split(3);
    Words args = shop().train_command(folder.path("m.funnel"));
    args[1] = folder.write("1.csv", parts[0]);
    args.insert(args.begin() + 2, {folder.write("2.csv", parts[1]), folder.write("3.csv", parts[2])});
    const ToolResult result = run_tool(args);
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(folder.read("m.funnel"), read_file(shop().model));
}

TEST(CliTrain, OtherShapesOfTrainingWork) {
    const std::vector<Words> variants = {
        {"--hidden", ""},
        {"--hidden", "16,8", "--optimizer", "sgd", "--learning-rate", "0.01"},
        {"--no-refit"},
        {"--one-pass"},
        {"--targets", "purchase", "--horizon", "1d"},
        {"--funnel", "cart_add,purchase", "--horizon", "12h"},
        {"--examples", "visit", "--targets", "purchase", "--horizon", "visit"}};
    for (const Words& options : variants) {
        SCOPED_TRACE(testing::PrintToString(options));
        const TemporaryFolder folder;
        const std::string model = folder.path("m.funnel");
        Words args = {"train", shop().early, "-o", model, "--epochs", "1", "--json"};
        if (std::ranges::find(options, "--horizon") == options.end()) {
            args.insert(args.end(), {"--horizon", "click=30m,cart=1d,purchase=1d"});
        }
        if (std::ranges::find(options, "--hidden") == options.end())
            args.insert(args.end(), {"--hidden", "16"});
        args.insert(args.end(), options.begin(), options.end());
        const ToolResult result = run_tool(args);
        ASSERT_EQ(result.code, 0) << result.err;
        EXPECT_EQ(folder.names(), Words{"m.funnel"});
        const ToolResult evaluated = run_tool({"evaluate", "-m", model, shop().late, "--json"});
        EXPECT_EQ(evaluated.code, 0) << evaluated.err;
    }
}

TEST(CliTrain, LogisticRegressionHasAWeightPerInputAndABiasPerHead) {
    const TemporaryFolder folder;
    const json with = shop().trained.json();
    const ToolResult result = train(folder.path("m.funnel"), {"--hidden", ""});
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_LT(result.json().at("parameters"), with.at("parameters"));
}

TEST(CliTrain, ALogShorterThanThreeHorizonsSaysWhichHorizonWouldDo) {
    const TemporaryFolder folder;
    const ToolResult result =
        run_tool({"train", shop().early, "-o", folder.path("m.funnel"), "--horizon", "7d"});
    EXPECT_EQ(result.code, 3) << result.err;
    for (const char* part : {"log spans", " d; horizon 7d leaves ", " labelled examples; try --horizon "}) {
        EXPECT_NE(result.last_error_line().find(part), std::string::npos) << part << "\n" << result.err;
    }
    EXPECT_TRUE(folder.names().empty());
}

TEST(CliTrain, LogsWithoutWhatIsToBeLearntAreUnusable) {
    const TemporaryFolder folder;
    const auto code = [&](const std::string& text, const Words& more = {}) {
        Words args = {"train", folder.write("log.csv", text), "-o", folder.path("m.funnel")};
        args.insert(args.end(), more.begin(), more.end());
        const ToolResult result = run_tool(args);
        EXPECT_TRUE(result.last_error_line().starts_with("funnel-train: ")) << result.err;
        EXPECT_EQ(folder.names(), Words{"log.csv"});
        return result.code;
    };
    EXPECT_EQ(code(std::string(kHeader)), 3);
    EXPECT_EQ(code("event_time,event_type,user_id\n2024-03-01T10:00:00Z,view,a\n"), 3);
    EXPECT_EQ(code(small_shop(), {"--horizon", "1h"}), 3);
}

TEST(CliTrain, ADivergedRunKeepsTheOldModel) {
    const TemporaryFolder folder;
    const std::string model = folder.write("m.funnel", read_file(shop().model));
    const ToolResult result = train(model, {"--learning-rate", "1e30", "--optimizer", "sgd"});
    EXPECT_NE(result.code, 0) << result.out;
    EXPECT_TRUE(result.last_error_line().starts_with("funnel-train: ")) << result.err;
    EXPECT_EQ(folder.read("m.funnel"), read_file(shop().model));
    EXPECT_EQ(folder.names(), Words{"m.funnel"});
}

TEST(CliTrain, GroupsOfFeaturesCanBeLeftOut) {
    const TemporaryFolder folder;
    const std::string model = folder.path("m.funnel");
    const ToolResult result = train(model, {"--without", "coview,place", "--epochs", "1"});
    ASSERT_EQ(result.code, 0) << result.err;
    const auto columns = [](const std::string& of) {
        const ToolResult table = run_tool({"features", shop().glimpse, "-m", of, "-q"});
        EXPECT_EQ(table.code, 0) << table.err;
        const auto header = support::parse_csv(table.out).header;
        return std::set<std::string>(header.begin(), header.end());
    };
    const auto all = columns(shop().model), rest = columns(model);
    for (const char* name : {"coview_sum", "coview_most", "position", "list", "list_rate", "place_rate"}) {
        EXPECT_EQ(all.count(name), 1U) << name;
        EXPECT_EQ(rest.count(name), 0U) << name;
    }
    EXPECT_EQ(rest.size() + 6, all.size());
    const ToolResult unknown = train(model, {"--without", "colour"});
    EXPECT_EQ(unknown.code, 2);
    EXPECT_NE(unknown.err.find("user_item"), std::string::npos) << unknown.err;
}

TEST(CliInspect, TellsWhatAModelHolds) {
    const ToolResult text = run_tool({"inspect", shop().model});
    ASSERT_EQ(text.code, 0) << text.err;
    for (const char* part : {"impression", "click", "cart", "purchase", "refit"}) {
        EXPECT_NE(text.out.find(part), std::string::npos) << part << "\n" << text.out;
    }
    const ToolResult machine = run_tool({"inspect", shop().model, "--json"});
    ASSERT_EQ(machine.code, 0) << machine.err;
    EXPECT_EQ(machine.json().at("schema_version"), 2);
    const json configuration = machine.json().at("configuration");
    EXPECT_EQ(configuration.at("hidden"), "16");
    EXPECT_EQ(configuration.at("epochs"), "4");
    EXPECT_EQ(configuration.at("patience"), "2");  // as docs/cli.md says where nothing is given
    for (const char* chosen : {"batch_size", "learning_rate", "weight_decay", "dropout"})
        EXPECT_TRUE(configuration.contains(chosen)) << chosen;
}

}  // namespace
}  // namespace funnel::cli_test
