// SPDX-License-Identifier: MIT
// `evaluate --lists` and its gate.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/trained_shop.hpp"

namespace funnel::cli_test {
namespace {

ToolResult evaluate_lists(std::vector<std::string> more) {
    const TrainedShop& shop = TrainedShop::shared();
    std::vector<std::string> words = {"evaluate", "-m", shop.model, shop.late};
    words.insert(words.end(), more.begin(), more.end());
    return run_tool(words);
}

TEST(CliLists, FiguresOfAllUsersAndLists) {
    const ToolResult result = evaluate_lists({"--lists", "--json", "-q"});
    ASSERT_EQ(result.code, 0) << result.err;
    const json lists = json::parse(result.out).at("lists");
    EXPECT_EQ(lists.at("k"), 10);
    const json& click = lists.at("targets").at("click");
    ASSERT_GT(click.at("lists").get<int>(), 100);
    EXPECT_EQ(click.at("paired"), click.at("lists"));
    EXPECT_EQ(click.at("known_users").at("lists").get<int>() + click.at("new_users").at("lists").get<int>(),
              click.at("lists").get<int>());
    int by_list = 0;
    for (const json& list : click.at("by_list"))
        by_list += list.at("lists").get<int>();
    EXPECT_EQ(by_list, click.at("lists").get<int>());
    const auto value = [&](const char* order) {
        return click.at(order).at("ndcg_at_10").at("value").get<double>();
    };
    EXPECT_NEAR(value("difference"), value("ours") - value("logged"), 1e-12);
    const json& ours = click.at("ours").at("ndcg_at_10");
    EXPECT_LT(ours.at("low").get<double>(), value("ours"));
    EXPECT_GT(ours.at("high").get<double>(), value("ours"));
    EXPECT_FALSE(json::parse(evaluate_lists({"--json", "-q"}).out).contains("lists"));
}

TEST(CliLists, AsTextSaysWhatFavoursTheOrderShown) {
    const ToolResult result = evaluate_lists({"--lists", "-q"});
    EXPECT_NE(result.out.find("The order of shown lists"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("that favours the order that was shown"), std::string::npos);
    const ToolResult markdown = evaluate_lists({"--lists", "--markdown", "-q"});
    EXPECT_NE(markdown.out.find("## The order of shown lists"), std::string::npos);
}

TEST(CliLists, TheGateIsOnTheDifference) {
    EXPECT_EQ(evaluate_lists({"--min-ndcg-gain", "click=-1", "-q"}).code, 0);
    const ToolResult closed = evaluate_lists({"--min-ndcg-gain", "click=0.99", "-q"});
    EXPECT_EQ(closed.code, 4);
    EXPECT_NE(closed.err.find("--min-ndcg-gain: expected an nDCG of at least 0.99"), std::string::npos)
        << closed.err;
    EXPECT_NE(closed.out.find("The order of shown lists"), std::string::npos);  // after the report
    EXPECT_EQ(evaluate_lists({"--min-ndcg-gain", "clicks=0.1"}).code, 2);
    EXPECT_EQ(evaluate_lists({"--min-ndcg-gain", "2"}).code, 2);
    EXPECT_EQ(evaluate_lists({"--min-ndcg-gain", "x"}).code, 2);
    EXPECT_EQ(evaluate_lists({"--lists", "--csv"}).code, 2);
}

TEST(CliLists, WithoutPositionsOrImpressionsNoGatePasses) {
    const TrainedShop& shop = TrainedShop::shared();
    const TemporaryFolder folder;
    const std::string text = read_file(shop.late);
    // Without its column of positions: another name, which nothing maps.
    std::string unplaced = text;
    unplaced.replace(unplaced.find("position"), 8, "whatever");
    const std::string log = folder.write("unplaced.csv", unplaced);
    const ToolResult no_place =
        run_tool({"evaluate", "-m", shop.model, log, "--min-ndcg-gain", "click=-1", "--json"});
    EXPECT_EQ(no_place.code, 4);
    const json click = json::parse(no_place.out).at("lists").at("targets").at("click");
    EXPECT_EQ(click.at("logged"), nullptr);
    EXPECT_EQ(click.at("logged_reason"), "no_positions");
    EXPECT_NE(no_place.err.find("got none (no_positions)"), std::string::npos) << no_place.err;
    const std::string model = folder.path("carts.funnel");
    const ToolResult trained = run_tool(shop.train_command(
        model, {"--funnel", "cart_add,purchase", "--targets", "purchase", "--horizon", "purchase=1d"}));
    ASSERT_EQ(trained.code, 0) << trained.err;
    const ToolResult carts = run_tool({"evaluate", "-m", model, shop.late, "--min-ndcg-gain", "0", "--json"});
    EXPECT_EQ(carts.code, 4);
    EXPECT_EQ(json::parse(carts.out).at("lists").at("reason"), "no_impressions");
}

}  // namespace
}  // namespace funnel::cli_test
