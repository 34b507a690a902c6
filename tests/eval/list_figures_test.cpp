// SPDX-License-Identifier: MIT
// Lists by hand, and with ties against all orders that a tie may stand in.
#include "funnel/eval/list_figures.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "funnel/base/random.hpp"

namespace funnel::test {
namespace {

using eval::list_figures;
using eval::ListFigures;
using Labels = std::vector<std::uint8_t>;
using Scores = std::vector<double>;

TEST(ListFigures, ByHand) {
    const auto second = list_figures(Scores{.9, .5, .1}, Labels{0, 1, 0}, 10);
    ASSERT_TRUE(second);
    EXPECT_NEAR(second->ndcg, 1 / std::log2(3.0), 1e-12);
    EXPECT_NEAR(second->mrr, .5, 1e-12);
    EXPECT_NEAR(second->hit, 1, 1e-12);
    // Places 1 and 3 of three, cut after two: 1 of 1 + 1 / log2(3).
    const auto two = list_figures(Scores{3, 2, 1}, Labels{1, 0, 1}, 2);
    EXPECT_NEAR(two->ndcg, 1 / (1 + 1 / std::log2(3.0)), 1e-12);
    EXPECT_NEAR(two->mrr, 1, 1e-12);
    const auto beyond = list_figures(Scores{3, 2, 1}, Labels{0, 0, 1}, 2);
    EXPECT_EQ(beyond->ndcg, 0);
    EXPECT_EQ(beyond->hit, 0);
    EXPECT_NEAR(beyond->mrr, 1.0 / 3, 1e-12);
    // Two rows that tie: first or second with the same probability.
    const auto tie = list_figures(Scores{1, 1}, Labels{0, 1}, 1);
    EXPECT_NEAR(tie->ndcg, .5, 1e-12);
    EXPECT_NEAR(tie->mrr, .75, 1e-12);
    EXPECT_NEAR(tie->hit, .5, 1e-12);
}

TEST(ListFigures, NothingToFindOrNoScores) {
    EXPECT_FALSE(list_figures(Scores{1, 2}, Labels{0, 0}, 10));
    EXPECT_FALSE(list_figures(Scores{}, Labels{}, 10));
    EXPECT_THROW((void)list_figures(Scores{1}, Labels{0, 1}, 10), Error);
    EXPECT_THROW((void)list_figures(Scores{1}, Labels{1}, 0), Error);
    EXPECT_THROW((void)list_figures(Scores{std::nan("")}, Labels{1}, 1), Error);
}

/// Of rows that stand in this order.
ListFigures plain(const Labels& labels, std::size_t k) {
    ListFigures out;
    double best = 0;
    const auto positives = static_cast<std::size_t>(std::ranges::count(labels, 1));
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] == 1 && i < k) out.ndcg += 1 / std::log2(static_cast<double>(i) + 2);
        if (labels[i] == 1 && out.mrr == 0) out.mrr = 1 / static_cast<double>(i + 1);
        if (labels[i] == 1 && i < k) out.hit = 1;
        if (i < positives && i < k) best += 1 / std::log2(static_cast<double>(i) + 2);
    }
    out.ndcg /= best;
    return out;
}

TEST(ListFigures, TiesAreTheMeanOfAllOrders) {
    Rng random(5);
    std::size_t compared = 0;
    for (int round = 0; round < 300; ++round) {
        const auto n = static_cast<std::size_t>(2 + random.below(5)),
                   k = static_cast<std::size_t>(1 + random.below(6));
        Scores scores(n);
        Labels labels(n);
        for (std::size_t i = 0; i < n; ++i) {
            scores[i] = static_cast<double>(random.below(3));
            labels[i] = random.below(3) == 0;
        }
        const auto found = list_figures(scores, labels, k);
        ASSERT_EQ(found.has_value(), std::ranges::count(labels, 1) > 0);
        if (!found) continue;
        std::vector<std::size_t> order(n);
        std::iota(order.begin(), order.end(), std::size_t{0});
        ListFigures sum;
        double orders = 0;
        do {
            const auto falls = [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; };
            if (!std::ranges::is_sorted(order, falls)) continue;
            Labels in_order;
            for (const std::size_t i : order)
                in_order.push_back(labels[i]);
            const ListFigures one = plain(in_order, k);
            sum.ndcg += one.ndcg;
            sum.mrr += one.mrr;
            sum.hit += one.hit;
            ++orders;
        } while (std::next_permutation(order.begin(), order.end()));
        EXPECT_NEAR(found->ndcg, sum.ndcg / orders, 1e-12);
        EXPECT_NEAR(found->mrr, sum.mrr / orders, 1e-12);
        EXPECT_NEAR(found->hit, sum.hit / orders, 1e-12);
        ++compared;
    }
    EXPECT_GT(compared, 150u);
}

}  // namespace
}  // namespace funnel::test
