// SPDX-License-Identifier: MIT
// Replicates against the figures of the rows that are left; intervals against their meaning on simulated
// users.
#include "funnel/eval/clustered.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/eval/target_report.hpp"

namespace funnel::eval {
namespace {

struct UserSample {
    std::vector<float> scores, weights;
    std::vector<std::uint8_t> labels;
    std::vector<std::uint64_t> users;
};

/// Users with a taste of their own, up to 7 rows each; scores on a grid, so that ties are frequent.
UserSample random_sample(std::uint64_t seed, std::size_t users) {
    Rng rng(seed);
    UserSample s;
    for (std::size_t u = 0; u < users; ++u) {
        const double taste = rng.normal();
        for (std::size_t n = 1 + rng.below(7); n > 0; --n) {
            const double x = rng.normal();
            s.scores.push_back(static_cast<float>(std::round(20 / (1 + std::exp(1.5 - x))) / 20));
            s.labels.push_back(rng.uniform() < 1 / (1 + std::exp(1.5 - x - 2 * taste)));
            if (rng.uniform() < 0.05) s.labels.back() = 2;
            s.weights.push_back(static_cast<float>(1 + rng.below(3)));
            s.users.push_back(u);
        }
    }
    return s;
}

TEST(Clustered, EveryReplicateIsTheFigureOfTheRowsThatAreLeft) {
    const UserSample s = random_sample(3, 300);
    const ClusteredFigures figures = clustered_figures(s.scores, s.labels, s.users, {.weights = s.weights});
    const auto check = [&](const TargetReport& report, auto&& value_of) {
        EXPECT_NEAR(value_of(figures.roc_auc), *report.roc_auc.value, 1e-12);
        EXPECT_NEAR(value_of(figures.average_precision), *report.average_precision.value, 1e-12);
        EXPECT_NEAR(value_of(figures.log_loss), *report.log_loss.value, 1e-12);
        EXPECT_NEAR(value_of(figures.normalized_entropy), *report.normalized_entropy.value, 1e-12);
    };
    const TargetReport all = evaluate(s.scores, s.labels, {.weights = s.weights});
    check(all, [](const Replicates& r) { return *r.value; });
    EXPECT_NEAR(*figures.ece.value, *all.ece.value, 1e-12);
    for (const std::size_t g : {std::size_t{0}, std::size_t{17}, std::size_t{63}}) {
        std::vector<std::uint8_t> include;
        for (const std::uint64_t user : s.users)
            include.push_back(base::mix64(user) % kUserGroups != g);
        check(evaluate(s.scores, s.labels, {.weights = s.weights, .include = include}),
              [g](const Replicates& r) { return r.without[g]; });
    }
}

TEST(Clustered, IntervalsHoldTheTruthAboutAsOftenAsTheySay) {
    // The truth: the AUC of very many users.
    const UserSample many = random_sample(99, 60'000);
    const double truth = *clustered_figures(many.scores, many.labels, many.users).roc_auc.value;
    int held = 0;
    constexpr int kTrials = 200;
    for (int trial = 0; trial < kTrials; ++trial) {
        const UserSample s = random_sample(1000 + static_cast<std::uint64_t>(trial), 400);
        const auto figures = clustered_figures(s.scores, s.labels, s.users);
        const auto range = interval_of(figures, figures.roc_auc, Scale::logit).interval;
        held += range->low <= truth && truth <= range->high;
    }
    // 95 % of 200 is 190; the binomial deviation is 3.1.
    EXPECT_GE(held, 178);
    EXPECT_LE(held, 199);
}

TEST(Clustered, RowsOfOneUserAreNoEvidenceOfTheirOwn) {
    UserSample s = random_sample(5, 400);
    const auto once = clustered_figures(s.scores, s.labels, s.users);
    const std::size_t n = s.scores.size();
    for (int copy = 1; copy < 4; ++copy) {
        for (std::size_t i = 0; i < n; ++i) {
            s.scores.push_back(s.scores[i]);
            s.labels.push_back(s.labels[i]);
            s.users.push_back(s.users[i]);
        }
    }
    const auto four = clustered_figures(s.scores, s.labels, s.users);
    const auto a = *interval_of(once, once.log_loss, Scale::log).interval;
    const auto b = *interval_of(four, four.log_loss, Scale::log).interval;
    EXPECT_NEAR(a.low, b.low, 1e-9);
    EXPECT_NEAR(a.high, b.high, 1e-9);
}

TEST(Clustered, FewUsersGiveNoInterval) {
    const UserSample s = random_sample(7, 25);
    const auto figures = clustered_figures(s.scores, s.labels, s.users);
    const auto range = interval_of(figures, figures.roc_auc, Scale::logit);
    EXPECT_FALSE(range.interval);
    EXPECT_EQ(range.reason, kFewUsersReason);
}

TEST(Clustered, APairedDifferenceIsFarSharperThanTwoIntervals) {
    const UserSample s = random_sample(11, 2000);
    Rng rng(1);
    std::vector<float> blurred;
    for (const float score : s.scores)
        blurred.push_back(std::min(1.0f, std::max(0.0f, score + 0.05f * static_cast<float>(rng.normal()))));
    const auto a = clustered_figures(s.scores, s.labels, s.users);
    const auto b = clustered_figures(blurred, s.labels, s.users);
    const Difference loss = difference_of(a, a.roc_auc, b.roc_auc);
    EXPECT_NEAR(*loss.value, *b.roc_auc.value - *a.roc_auc.value, 1e-15);
    EXPECT_LT(loss.range.interval->high, 0.0);
    const auto alone = *interval_of(a, a.roc_auc, Scale::logit).interval;
    EXPECT_LT(loss.range.interval->high - loss.range.interval->low, 0.7 * (alone.high - alone.low));
    const Difference same = difference_of(a, a.roc_auc, a.roc_auc);
    EXPECT_EQ(*same.value, 0.0);
    EXPECT_EQ(same.range.interval->high, 0.0);
}

}  // namespace
}  // namespace funnel::eval
