// SPDX-License-Identifier: MIT
// `recommend`: rows, exclusions, named users, sources, options that are refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/names.hpp"
#include "cli/trained_shop.hpp"

namespace funnel::cli_test {
namespace {

Words lists_of_the_shop(const Words& more = {}) {
    Words words = {"recommend", "-m", shop().model, shop().late};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

Csv lists(const Words& more = {}) {
    return parse_csv(output(lists_of_the_shop(more)));
}

TEST(CliRecommend, EveryUserOfTheHistoryGetsAList) {
    const Csv csv = lists({"--top", "3"});
    EXPECT_EQ(csv.header, (Words{"user_id", "rank", "item_id", "p_purchase", "source", "known_user"}));
    const Csv log = parse_csv(read_file(shop().log));
    std::set<std::string> users, with_lists, sources;
    for (std::size_t i = 0; i < log.rows.size(); ++i)
        users.insert(log.at(i, "user_id"));
    ASSERT_EQ(csv.rows.size(), 3 * users.size());
    for (std::size_t i = 0; i < csv.rows.size(); ++i) {
        with_lists.insert(csv.at(i, "user_id"));
        sources.insert(csv.at(i, "source"));
        EXPECT_EQ(csv.at(i, "rank"), std::to_string(i % 3 + 1));
        EXPECT_EQ(csv.at(i, "known_user"), "1");
        if (i > 0) {
            EXPECT_LE(csv.at(i - 1, "user_id"), csv.at(i, "user_id"));
        }
        if (i % 3 > 0) {
            EXPECT_GE(std::stod(csv.at(i - 1, "p_purchase")), std::stod(csv.at(i, "p_purchase")));
        }
    }
    EXPECT_EQ(with_lists, users);
    EXPECT_TRUE(sources.contains("seen") && sources.contains("coviewed") && sources.contains("popular"));
}

TEST(CliRecommend, TheSameBytesAtAnyNumberOfThreads) {
    const std::string one = output(lists_of_the_shop({"--threads", "1"}));
    EXPECT_GT(one.size(), 100'000u);
    EXPECT_EQ(output(lists_of_the_shop({"--threads", "3"})), one);
}

TEST(CliRecommend, NothingThatWasBoughtOrLiesInTheCart) {
    const Csv log = parse_csv(read_file(shop().log));
    std::set<std::pair<std::string, std::string>> bought, in_cart;
    for (const std::size_t row : [&] {
             std::vector<std::size_t> rows(log.rows.size());
             for (std::size_t i = 0; i < rows.size(); ++i)
                 rows[i] = i;
             std::ranges::stable_sort(rows, {}, [&](std::size_t i) { return log.at(i, "event_time"); });
             return rows;
         }()) {
        const std::pair pair(log.at(row, "user_id"), log.at(row, "item_id"));
        const std::string type = log.at(row, "event_type");
        if (type == "purchase") bought.insert(pair);
        if (type == "cart_add") in_cart.insert(pair);
        if (type == "cart_remove" || type == "purchase") in_cart.erase(pair);
    }
    ASSERT_FALSE(bought.empty());
    ASSERT_FALSE(in_cart.empty());
    const auto unwanted = [&](const Csv& csv) {
        std::pair<int, int> found;
        for (std::size_t i = 0; i < csv.rows.size(); ++i) {
            const std::pair pair(csv.at(i, "user_id"), csv.at(i, "item_id"));
            found.first += bought.contains(pair) ? 1 : 0;
            found.second += in_cart.contains(pair) ? 1 : 0;
        }
        return found;
    };
    const auto [all_bought, all_in_cart] = unwanted(lists({"--top", "400"}));
    EXPECT_GT(all_bought, 10);
    EXPECT_GT(all_in_cart, 10);
    EXPECT_EQ(unwanted(lists({"--top", "400", "--exclude", "bought:90d,cart"})), (std::pair{0, 0}));
    EXPECT_EQ(unwanted(lists({"--top", "400", "--exclude", "bought"})).first, 0);
}

TEST(CliRecommend, NamedUsersInTheirOrder) {
    const TemporaryFolder folder;
    const std::string all = lists({"--top", "1"}).at(0, "user_id"),
                      users = folder.write("users.csv", "user_id,name\nnobody,x\n" + all + ",y\nnobody,z\n");
    const Csv csv = lists({"--for", users, "--top", "2", "--target", "click"});
    ASSERT_EQ(csv.rows.size(), 4u);
    EXPECT_EQ(csv.values("user_id"), (Words{"nobody", "nobody", all, all}));
    EXPECT_EQ(csv.values("known_user"), (Words{"0", "0", "1", "1"}));
    EXPECT_EQ(csv.header[3], "p_click");
    for (const std::size_t row : {0u, 1u})
        EXPECT_TRUE(csv.at(row, "source") == "popular" || csv.at(row, "source") == "new") << row;
}

TEST(CliRecommend, SourcesAreCountedAndMayBeFiles) {
    const TemporaryFolder folder;
    const Csv log = parse_csv(read_file(shop().early));
    std::string item;
    for (std::size_t i = 0; item.empty(); ++i)
        item = log.at(i, "item_id");
    const std::string offers = folder.write("offers.txt", "item_id\nunheard\n" + item + "\n");
    const Csv csv = lists({"--from-sources", offers + ",popular:2", "--top", "9"});
    std::map<std::string, std::map<std::string, int>> counts;
    for (std::size_t i = 0; i < csv.rows.size(); ++i)
        ++counts[csv.at(i, "user_id")][csv.at(i, "source")];
    ASSERT_GT(counts.size(), 100u);
    for (auto& [user, sources] : counts) {
        EXPECT_EQ(sources[offers], 2) << user;
        EXPECT_LE(sources["popular"], 2) << user;
    }
    const Csv first = lists({"--from-sources", offers + ":1", "--top", "9"});
    ASSERT_FALSE(first.rows.empty());
    for (std::size_t i = 0; i < first.rows.size(); ++i)
        EXPECT_EQ(first.at(i, "item_id"), "unheard");
}

TEST(CliRecommend, LeavesTheStateOfTheNight) {
    const TemporaryFolder folder;
    const std::string by_lists = folder.path("lists.state"), by_scores = folder.path("scores.state"),
                      manifest = folder.path("manifest.json"), out = folder.path("lists.csv");
    (void)output(
        lists_of_the_shop({"--save-state", by_lists, "--manifest", manifest, "-o", out, "--top", "2"}));
    (void)output({"score", "-m", shop().model, shop().late, "--save-state", by_scores});
    EXPECT_EQ(read_file(by_lists), read_file(by_scores));
    const json record = json::parse(read_file(manifest));
    const std::size_t rows = parse_csv(read_file(out)).rows.size();
    EXPECT_EQ(record.at("counts").at("recommendations"), rows);
    EXPECT_EQ(record.at("counts").at("users"), rows / 2);
    EXPECT_EQ(record.at("outputs").size(), 2u);
}

// The same pairs by another way: as candidates of `score`, which come right after the log, too.
TEST(CliRecommend, ScoresAndReasonsAreThoseOfScore) {
    const TemporaryFolder folder;
    std::string users = "user_id\nnobody\n", pairs = "user_id,item_id\n";
    const Csv all = lists({"--top", "1"});
    for (std::size_t i = 0; i < 20; ++i)
        users += all.at(i, "user_id") + "\n";
    const Csv csv = lists({"--for", folder.write("users.txt", users), "--top", "3", "--reasons", "2"});
    ASSERT_EQ(csv.rows.size(), 63u);
    for (std::size_t i = 0; i < csv.rows.size(); ++i)
        pairs += csv.at(i, "user_id") + "," + csv.at(i, "item_id") + "\n";
    const Csv scored = parse_csv(output({"score", "-m", shop().model, shop().late, "--candidates",
                                         folder.write("pairs.csv", pairs), "--reasons", "2"}));
    ASSERT_EQ(scored.rows.size(), csv.rows.size());
    for (std::size_t i = 0; i < csv.rows.size(); ++i) {
        EXPECT_NEAR(std::stod(csv.at(i, "p_purchase")), std::stod(scored.at(i, "p_purchase")), 1e-6) << i;
        EXPECT_FALSE(csv.at(i, "reason_1").empty());
        EXPECT_EQ(csv.at(i, "reason_1"), scored.at(i, "reason_1")) << i;
        EXPECT_EQ(csv.at(i, "reason_2"), scored.at(i, "reason_2")) << i;
    }
}

TEST(CliRecommend, ListsOfALaterTime) {
    EXPECT_FALSE(lists({"--top", "1"}).rows.empty());
    EXPECT_TRUE(
        lists({"--top", "1", "--as-of", "2030-01-01"}).rows.empty());  // everybody is forgotten by then
}

TEST(CliRecommend, WhoGetsNothingIsSaid) {
    const ToolResult result =
        run_tool(lists_of_the_shop({"--from-sources", "seen", "--exclude", "seen", "--strict"}));
    EXPECT_EQ(result.code, 4);
    EXPECT_NE(result.err.find(" users get no item"), std::string::npos) << result.err;
    const support::TemporaryFolder folder;
    const ToolResult nobody = run_tool(lists_of_the_shop({"--for", folder.write("who.csv", "user_id\n")}));
    EXPECT_NE(nobody.err.find("who.csv names no user"), std::string::npos) << nobody.err;
}

TEST(CliRecommend, WrongWordsAreRefused) {
    for (const Words& more : {Words{"--target", "sale"}, Words{"--top", "0"}, Words{"--reasons", "0"},
                              Words{"--per-category", "0"}, Words{"--exclude", "sold"},
                              Words{"--exclude", "bought:91d"}, Words{"--exclude", "bought:x"},
                              Words{"--from-sources", "seen:0"}, Words{"--from-sources", "popular:many"},
                              Words{"--from-sources", ","}, Words{"--from-sources", "popularity"},
                              Words{"--from", "2024-01-01"}, Words{"--score-from", "2024-01-01"}})
        EXPECT_EQ(run_tool(lists_of_the_shop(more)).code, 2) << more[0] << " " << more[1];
    EXPECT_EQ(run_tool(lists_of_the_shop({"--from-sources", shop().folder.path("none.csv")})).code, 5);
    EXPECT_EQ(run_tool(lists_of_the_shop({"--for", shop().folder.path("none")})).code, 5);
    EXPECT_EQ(run_tool(lists_of_the_shop({"-o", shop().model})).code, 2);
}

}  // namespace
}  // namespace funnel::cli_test
