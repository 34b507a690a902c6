// SPDX-License-Identifier: MIT
// --items, --users, --sessions and --use: tables beside the log, from training to scoring.
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/trained_shop.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/score/scorer.hpp"

namespace funnel::cli_test {
namespace {

/// Distinct values of a column of the shop's log.
std::set<std::string> ids(const char* column) {
    const Csv csv = parse_csv(read_file(shop().log));
    std::set<std::string> result;
    for (const auto& row : csv.rows)
        result.insert(row[csv.column(column)]);
    result.erase("");
    return result;
}

/// Tables for the shop, and a model trained with them: made once.
struct SideShop {
    TemporaryFolder folder;
    std::string users, items, model;
    ToolResult trained;

    SideShop() {
        std::string text = "user_id,plan,age\n";
        for (const std::string& id : ids("user_id"))
            text +=
                id + (id.back() % 2 == 0 ? ",gold," : ",free,") + std::to_string(20 + id.back() % 7) + "\n";
        users = folder.write("users.csv", text);
        text = "item_id,category,weight\n";
        for (const std::string& id : ids("item_id"))
            text += id + ",c" + id.back() + "," + std::to_string(id.size()) + "\n";
        items = folder.write("items.csv", text);
        model = folder.path("side.funnel");
        trained = run_tool(shop().train_command(model, {"--users", users, "--items", items}));
        if (trained.code != 0) throw std::runtime_error("train: " + trained.err);
    }
    static const SideShop& shared() {
        static const SideShop side;
        return side;
    }
};

TEST(CliSideTables, AModelUsesTheirColumnsAndAsksForThemAgain) {
    const SideShop& side = SideShop::shared();
    const ToolResult score = run_tool(
        {"score", "-m", side.model, shop().late, "--users", side.users, "--items", side.items, "-q"});
    EXPECT_EQ(score.code, 0) << score.err;
    const ToolResult lacking = run_tool({"score", "-m", side.model, shop().late, "--items", side.items});
    EXPECT_EQ(lacking.code, 2);
    EXPECT_NE(lacking.err.find("--users"), std::string::npos) << lacking.err;
    const ToolResult evaluated = run_tool({"evaluate", "-m", side.model, shop().late, "--users", side.users});
    EXPECT_EQ(evaluated.code, 2);
    EXPECT_NE(evaluated.err.find("--items"), std::string::npos) << evaluated.err;
}

TEST(CliSideTables, TheFeatureTableShowsWhatTheTablesSay) {
    const SideShop& side = SideShop::shared();
    const ToolResult result = run_tool(
        {"features", shop().glimpse, "-m", side.model, "--users", side.users, "--items", side.items, "-q"});
    ASSERT_EQ(result.code, 0) << result.err;
    const Csv csv = parse_csv(result.out);
    ASSERT_GT(csv.rows.size(), 10u);
    for (const auto& row : csv.rows) {
        const std::string& user = row[csv.column("user_id")];
        EXPECT_EQ(row[csv.column("users.plan")], user.back() % 2 == 0 ? "gold" : "free");
        EXPECT_EQ(std::stod(row[csv.column("users.age")]), 20 + user.back() % 7);
        const std::string& item = row[csv.column("item_id")];
        EXPECT_EQ(std::stod(row[csv.column("items.weight")]), static_cast<double>(item.size()));
    }
    const ToolResult alone =
        run_tool({"features", shop().glimpse, "--users", side.users, "--use", "age", "-q"});
    ASSERT_EQ(alone.code, 0) << alone.err;
    const std::string header = alone.out.substr(0, alone.out.find('\n'));
    EXPECT_NE(header.find("users.age"), std::string::npos);
    EXPECT_EQ(header.find("users.plan"), std::string::npos);
}

TEST(CliSideTables, AHostScoresAsTheProgramDoes) {
    const SideShop& side = SideShop::shared();
    const ToolResult result = run_tool(
        {"score", "-m", side.model, shop().late, "--users", side.users, "--items", side.items, "-q"});
    const Csv csv = parse_csv(result.out);
    const std::string first_time = csv.rows.front()[0];
    const Bundle bundle = persist::load_model(side.model);
    // The tables of the host, made in code.
    base::StringTable ids_of_users, plans, ages, ids_of_items, categories, weights;
    std::vector<std::uint32_t> user_codes, plan_codes, age_codes, item_codes, category_codes, weight_codes;
    for (const std::string& id : ids("user_id")) {
        user_codes.push_back(ids_of_users.intern(id));
        plan_codes.push_back(plans.intern(id.back() % 2 == 0 ? "gold" : "free"));
        age_codes.push_back(ages.intern(std::to_string(20 + id.back() % 7)));
    }
    for (const std::string& id : ids("item_id")) {
        item_codes.push_back(ids_of_items.intern(id));
        category_codes.push_back(categories.intern(std::string("c") + id.back()));
        weight_codes.push_back(weights.intern(std::to_string(id.size())));
    }
    using base::ColumnView;
    const std::vector<ColumnView> users{
        {"user_id", &ids_of_users, user_codes}, {"plan", &plans, plan_codes}, {"age", &ages, age_codes}};
    const std::vector<ColumnView> items{{"item_id", &ids_of_items, item_codes},
                                        {"category", &categories, category_codes},
                                        {"weight", &weights, weight_codes}};
    const events::SideIds names{"item_id", "user_id", "session_id"};
    const events::SideTables tables({events::SideTable(events::SideKey::user, users, names),
                                     events::SideTable(events::SideKey::item, items, names)},
                                    bundle.log->side_inputs);
    EXPECT_THROW((void)score::Scorer(bundle), Error);
    const score::Scorer scorer(bundle, kernel::best(), &tables);

    // All examples of the first moment of the late log: the history of the model is all that is known.
    const Csv log = parse_csv(read_file(shop().late));
    score::Scorer::Workspace workspace;
    std::vector<float> p(scorer.targets());
    std::size_t compared = 0;
    for (const auto& row : csv.rows) {
        if (row[0] != first_time) continue;
        for (const auto& line : log.rows) {
            if (line[log.column("user_id")] != row[1] || line[log.column("item_id")] != row[2] ||
                line[log.column("event_type")] != "impression")
                continue;
            Event shown{.time = *ingest::parse_iso_time(first_time), .kind = EventKind::impression};
            shown.user = row[1];
            shown.item = row[2];
            shown.session = line[log.column("session_id")];
            shown.category = line[log.column("category")];
            shown.brand = line[log.column("brand")];
            shown.list = line[log.column("list")];
            shown.position = std::stod(line[log.column("position")]);
            shown.price = std::stod(line[log.column("price")]);
            scorer.score(*bundle.history, shown, p, workspace);
            EXPECT_NEAR(p[0], std::stof(row[csv.column("p_click")]), 1e-6);
            std::vector<Event> twice{shown, shown};
            std::vector<float> both(2 * scorer.targets());
            scorer.score_items(*bundle.history, shown, twice, both, workspace);
            EXPECT_EQ(both[0], p[0]);
            EXPECT_EQ(both[scorer.targets()], p[0]);
            ++compared;
            break;
        }
    }
    EXPECT_GT(compared, 0u);
}

TEST(CliSideTables, SaysWhatIsWrongWithATable) {
    const SideShop& side = SideShop::shared();
    const auto train = [&](const Words& more) {
        return run_tool(shop().train_command(side.folder.path("bad.funnel"), more));
    };
    const ToolResult twice =
        train({"--users", side.folder.write("twice.csv", "user_id,plan\na,gold\na,free\n")});
    EXPECT_EQ(twice.code, 3);
    EXPECT_NE(twice.err.find("\"a\""), std::string::npos) << twice.err;
    const ToolResult no_id = train({"--users", side.folder.write("no_id.csv", "name,plan\na,gold\n")});
    EXPECT_EQ(no_id.code, 3);
    EXPECT_NE(no_id.err.find("user_id"), std::string::npos) << no_id.err;
    const ToolResult unknown = train({"--users", side.users, "--use", "colour"});
    EXPECT_EQ(unknown.code, 2);
    EXPECT_NE(unknown.err.find("users.plan"), std::string::npos) << unknown.err;
    EXPECT_EQ(train({"--use", "plan"}).code, 2);
    const ToolResult use = run_tool({"score", "-m", side.model, shop().late, "--users", side.users, "--items",
                                     side.items, "--use", "plan"});
    EXPECT_EQ(use.code, 2);
    EXPECT_NE(use.err.find("--use"), std::string::npos) << use.err;
}

TEST(CliSideTables, WhatIsWrongIsSaidWithTheFile) {
    const SideShop& side = SideShop::shared();
    const TemporaryFolder folder;
    const std::string id = *ids("item_id").begin();
    const auto refused = [&](const std::string& text, const std::string& what) {
        const ToolResult result = run_tool({"score", "-m", side.model, shop().late, "--users", side.users,
                                            "--items", folder.write("goods.csv", text)});
        EXPECT_EQ(result.code, 3) << what;
        EXPECT_NE(result.err.find(what), std::string::npos) << result.err;
        EXPECT_NE(result.err.find("goods.csv"), std::string::npos) << result.err;
    };
    refused("item_id,category,weight\n", "no rows under the header");
    refused("item_id,category,wieght\n" + id + ",c,1\n", "expected a column \"weight\"");
    refused("item_id,category,weight\n" + id + ",c,1\n" + id + ",c,2\n", "got two that differ");
    refused("item,category,weight\n" + id + ",c,1\n", "expected the id column item_id, got none");
}

}  // namespace
}  // namespace funnel::cli_test
