// SPDX-License-Identifier: MIT
// Lists for users: the best of their candidates, scored one by one, in the same order for any number of
// threads.
#include "funnel/score/recommend.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/kernel/best_kernels.hpp"
#include "funnel/simulate/shopper_model.hpp"
#include "funnel/train/train_on_log.hpp"

namespace funnel::score {
namespace {

struct ListedShop {
    Bundle bundle;
    std::int64_t now = 0;

    ListedShop() {
        EventLog log;
        simulate::ShopperModel({.users = 60, .days = 16}).run([&](const Event& event) { log.add(event); });
        train::LogModelOptions options;
        options.task.funnel = Funnel::parse("impression,click,purchase");
        options.examples.horizons.assign(2, base::kDay);
        options.examples.targets = {"click", "purchase"};
        options.model.training.hidden = {8};
        options.model.training.epochs = 1;
        bundle = train::train_on_log(log, options, kernel::best());
        now = bundle.history->watermark() + 1;
    }
    static const ListedShop& shared() {
        static const ListedShop shop;
        return shop;
    }
};

using Rows = std::vector<std::tuple<std::string, bool, std::string, float, std::uint32_t>>;

Rows rows_of(const history::Retriever& retriever, std::span<const std::string_view> users,
             const RecommendOptions& options) {
    const Scorer scorer(ListedShop::shared().bundle, kernel::best());
    Rows rows;
    recommend(retriever, scorer, users, options, [&](const Recommendations& found) {
        for (const RecommendedItem& item : found.items)
            rows.emplace_back(found.user, found.known, item.id, item.p, item.source);
    });
    return rows;
}

TEST(Recommend, EveryListHoldsTheBestOfItsCandidates) {
    const ListedShop& shop = ListedShop::shared();
    const history::Retriever retriever(*shop.bundle.history, shop.now, {.exclude_bought = 10 * base::kDay});
    const Scorer scorer(shop.bundle, kernel::best());
    Scorer::Workspace workspace;
    history::Retriever::Workspace candidates;
    std::vector<float> p(2);
    std::size_t lists = 0;
    for (const std::size_t target : {0u, 1u}) {
        recommend(
            retriever, scorer, retriever.users(), {.target = target, .top = 7},
            [&](const Recommendations& found) {
                ++lists;
                std::map<std::string_view, std::pair<float, std::uint32_t>> scores;
                for (const history::RetrievedItem& candidate : retriever.retrieve(found.user, candidates)) {
                    const std::string_view id = retriever.id(candidate.item);
                    const Event shown{
                        .time = shop.now, .kind = EventKind::impression, .user = found.user, .item = id};
                    scorer.score(*shop.bundle.history, shown, p, workspace);
                    scores[id] = {p[target], candidate.source};
                }
                ASSERT_EQ(found.items.size(), std::min<std::size_t>(7, scores.size()));
                EXPECT_TRUE(found.known);
                for (std::size_t i = 0; i < found.items.size(); ++i) {
                    const RecommendedItem& item = found.items[i];
                    ASSERT_TRUE(scores.contains(item.id));
                    EXPECT_NEAR(item.p, scores[item.id].first, 1e-6f);
                    EXPECT_EQ(item.source, scores[item.id].second);
                    if (i > 0) {
                        EXPECT_TRUE(found.items[i - 1].p > item.p ||
                                    (found.items[i - 1].p == item.p && found.items[i - 1].id < item.id));
                    }
                    scores.erase(item.id);
                }
                for (const auto& [id, rest] : scores)
                    EXPECT_LE(rest.first, found.items.back().p + 1e-6f) << id;
            });
    }
    EXPECT_GT(lists, 80u);
}

TEST(Recommend, AnyNumberOfThreadsGivesTheSameLists) {
    const ListedShop& shop = ListedShop::shared();
    const history::Retriever retriever(*shop.bundle.history, shop.now);
    std::vector<std::string_view> users;
    for (std::size_t round = 0; round < 40; ++round) {  // more than one block of users
        for (const std::string_view user : retriever.users())
            users.push_back(user);
    }
    ASSERT_GT(users.size(), 1500u);
    const Rows one = rows_of(retriever, users, {.target = 1});
    EXPECT_GT(one.size(), users.size());
    EXPECT_EQ(rows_of(retriever, users, {.target = 1, .threads = 3}), one);
}

TEST(Recommend, SomebodyNewGetsWhatIsPopularAndNew) {
    const ListedShop& shop = ListedShop::shared();
    const history::Retriever retriever(*shop.bundle.history, shop.now);
    const std::vector<std::string_view> users = {"nobody"};
    const Rows rows = rows_of(retriever, users, {.target = 0, .top = 20});
    ASSERT_EQ(rows.size(), 20u);
    for (const auto& [user, known, item, p, source] : rows) {
        EXPECT_FALSE(known);
        EXPECT_GE(source, 2u) << item;
    }
}

TEST(Recommend, OneCategoryFillsNoList) {
    const ListedShop& shop = ListedShop::shared();
    const history::Retriever retriever(*shop.bundle.history, shop.now);
    const Scorer scorer(shop.bundle, kernel::best());
    std::map<std::string, std::string_view> category;
    for (std::uint32_t i = 0; i < shop.bundle.history->state().items.size(); ++i)
        category[std::string(retriever.id(i))] = retriever.category(i);
    std::size_t full = 0;
    std::vector<Recommendations> all;  // without a limit
    recommend(retriever, scorer, retriever.users(), {.target = 0, .top = 1000},
              [&](const Recommendations& found) { all.push_back(found); });
    std::size_t at = 0;
    recommend(retriever, scorer, retriever.users(), {.target = 0, .top = 6, .per_category = 2},
              [&](const Recommendations& found) {
                  std::vector<std::string> expected, got;
                  std::map<std::string_view, int> counts;
                  for (const RecommendedItem& item : all[at++].items) {
                      const std::string id(item.id);
                      ASSERT_FALSE(category[id].empty());
                      if (expected.size() < 6 && ++counts[category[id]] <= 2) expected.push_back(id);
                  }
                  for (const RecommendedItem& item : found.items)
                      got.emplace_back(item.id);
                  EXPECT_EQ(got, expected);
                  full += got.size() == 6 ? 1 : 0;
              });
    EXPECT_GT(full, 40u);
}

TEST(Recommend, RefusesATargetThatTheModelHasNot) {
    const ListedShop& shop = ListedShop::shared();
    const history::Retriever retriever(*shop.bundle.history, shop.now);
    EXPECT_THROW(rows_of(retriever, {}, {.target = 2}), Error);
    const history::History other;
    EXPECT_THROW(rows_of(history::Retriever(other, 1), {}, {.target = 0}), Error);
}

}  // namespace
}  // namespace funnel::score
