// SPDX-License-Identifier: MIT
#include "funnel/eval/target_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/random.hpp"

namespace funnel::eval {
namespace {

using Labels = std::vector<std::uint8_t>;

struct Sample {
    std::vector<float> scores;
    Labels labels;
    std::vector<float> weights;
    std::vector<std::uint64_t> groups;

    [[nodiscard]] TargetReport report() const {
        return evaluate(scores, labels, {.weights = weights, .groups = groups});
    }
};

/// Scores on a grid of `levels`, so that ties are frequent; whole weights; a tenth of the labels unknown.
Sample random_sample(std::uint64_t seed, std::size_t n, std::uint64_t levels) {
    Rng rng(seed);
    Sample s;
    for (std::size_t i = 0; i < n; ++i) {
        const double p = static_cast<double>(rng.below(levels + 1)) / static_cast<double>(levels);
        s.scores.push_back(static_cast<float>(p));
        s.labels.push_back(rng.uniform() < 0.1 ? std::uint8_t{2}
                                               : std::uint8_t{rng.uniform() < 0.2 + 0.5 * p});
        s.weights.push_back(static_cast<float>(1 + rng.below(4)));
        s.groups.push_back(rng.below(1 + n / 8));
    }
    return s;
}

std::vector<std::pair<std::string, double>> values(const TargetReport& report) {
    std::vector<std::pair<std::string, double>> all;
    for_each_figure(report, [&](std::string_view name, const Figure& figure) {
        all.emplace_back(name, figure.value.value_or(-999));
    });
    return all;
}

bool throws(ErrorCode code, const auto& body) {
    try {
        body();
    } catch (const Error& error) {
        return error.code() == code;
    }
    return false;
}

TEST(RocAuc, CountsATieAsHalf) {
    EXPECT_EQ(roc_auc(std::vector<float>{0.5f, 0.5f}, Labels{0, 1}), 0.5);
    // Pairs (positive, negative): (3,1) (3,2) (2,1) are right, (2,2) is a tie: 3.5 of 4.
    EXPECT_EQ(roc_auc(std::vector<float>{1, 2, 2, 3}, Labels{0, 0, 1, 1}), 0.875);
}

TEST(RocAuc, IsOneOrZeroForAPerfectOrReversedOrder) {
    EXPECT_EQ(roc_auc(std::vector<float>{0.1f, 0.2f, 0.3f}, Labels{0, 1, 1}), 1.0);
    EXPECT_EQ(roc_auc(std::vector<float>{0.1f, 0.2f, 0.3f}, Labels{1, 1, 0}), 0.0);
}

TEST(RocAuc, IsUndefinedForOneClass) {
    EXPECT_FALSE(roc_auc(std::vector<float>{0.1f, 0.2f}, Labels{1, 1}));
    EXPECT_FALSE(roc_auc(std::vector<float>{0.1f, 0.2f}, Labels{0, 2}));
    EXPECT_FALSE(roc_auc(std::vector<float>{}, Labels{}));
    EXPECT_FALSE(roc_auc(std::vector<float>{0.1f, 0.2f}, Labels{0, 1}, std::vector<float>{1, 0}));
}

TEST(RocAuc, EqualsTheShareOfOrderedPairs) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Sample s = random_sample(seed, 60, 9);
        double wins = 0, pairs = 0;
        for (std::size_t i = 0; i < s.scores.size(); ++i) {
            for (std::size_t j = 0; j < s.scores.size(); ++j) {
                if (s.labels[i] != 1 || s.labels[j] != 0) continue;
                const double w = static_cast<double>(s.weights[i] * s.weights[j]);
                pairs += w;
                wins += w * (s.scores[i] > s.scores[j] ? 1 : s.scores[i] == s.scores[j] ? 0.5 : 0);
            }
        }
        EXPECT_NEAR(roc_auc(s.scores, s.labels, s.weights).value(), wins / pairs, 1e-14);
    }
}

TEST(GroupedAuc, WeighsGroupsByRowsAndSkipsThoseOfOneClass) {
    // Group 1: AUC 1 of 2 rows. Group 2: AUC 0.5 of 3 rows. Group 3: one class.
    const std::vector<float> scores{0.1f, 0.9f, 0.1f, 0.5f, 0.9f, 0.3f, 0.4f};
    const Labels labels{0, 1, 0, 1, 0, 1, 1};
    const std::vector<std::uint64_t> groups{1, 1, 2, 2, 2, 3, 3};
    const GroupedAuc result = grouped_auc(scores, labels, {.groups = groups});
    EXPECT_EQ(result.groups_used, 2u);
    EXPECT_DOUBLE_EQ(result.value.value(), (2 * 1.0 + 3 * 0.5) / 5);
}

TEST(AveragePrecision, ByHand) {
    // Thresholds 0.9: recall 1/2, precision 1; 0.7 (two rows): recall 1, precision 2/3.
    const RankedLabels ranked(std::vector<float>{0.9f, 0.7f, 0.7f, 0.1f}, Labels{1, 1, 0, 0});
    EXPECT_DOUBLE_EQ(average_precision(ranked).value(), 0.5 * 1 + 0.5 * (2.0 / 3));
}

TEST(Lift, SharesTheTieGroupAtTheBorder) {
    // 11 rows: the top 2 are wanted, but 4 rows tie for the first place with 3 positives among them.
    std::vector<float> scores(11, 0.1f);
    Labels labels(11, 0);
    for (std::size_t i = 0; i < 4; ++i)
        scores[i] = 0.8f;
    labels[0] = labels[1] = labels[2] = labels[10] = 1;
    EXPECT_DOUBLE_EQ(lift_at_10pct(RankedLabels(scores, labels)).value(), (3.0 / 4) / (4.0 / 11));
}

TEST(LogLoss, ClipsCertainty) {
    const RankedLabels wrong(std::vector<float>{1.0f}, Labels{0});
    EXPECT_DOUBLE_EQ(log_loss(wrong).value(), 52 * std::log(2.0));
    const RankedLabels right(std::vector<float>{0.0f}, Labels{0});
    EXPECT_NEAR(log_loss(right).value(), 0x1p-52, 1e-30);
}

TEST(NormalizedEntropy, IsOneForTheBaseRate) {
    const RankedLabels ranked(std::vector<float>(8, 0.25f), Labels{1, 0, 0, 0, 0, 0, 0, 1});
    EXPECT_NEAR(normalized_entropy(ranked).value(), 1, 1e-15);
    EXPECT_DOUBLE_EQ(binary_entropy(0.5), std::log(2.0));
    EXPECT_EQ(binary_entropy(0), 0);
    EXPECT_EQ(binary_entropy(1), 0);
}

TEST(LossSum, PartsAddUp) {
    LossSum whole, first, second;
    whole.add(0.3, 1, 2);
    whole.add(0.6, 0);
    first.add(0.3, 1, 2);
    second.add(0.6, 0);
    first.add(second);
    EXPECT_EQ(first.log_loss(), whole.log_loss());
    EXPECT_EQ(first.normalized_entropy(), whole.normalized_entropy());
    EXPECT_DOUBLE_EQ(whole.log_loss().value(), -(2 * std::log(0.3) + std::log(0.4)) / 3);
    EXPECT_FALSE(LossSum().log_loss());
    EXPECT_FALSE(LossSum().normalized_entropy());
}

TEST(Calibration, EqualScoresAreNeverSplit) {
    // Half of 20 rows have the same p: they all fall where the first of them falls, and bins 1 to 4 are gone.
    std::vector<float> scores(20, 0.1f);
    for (std::size_t i = 10; i < 20; ++i)
        scores[i] = 0.2f + 0.01f * static_cast<float>(i);
    const auto bins = bins_of_equal_weight(RankedLabels(scores, Labels(20, 0)));
    ASSERT_EQ(bins.size(), 6u);
    EXPECT_EQ(bins[0].weight, 10);
    for (std::size_t b = 1; b < 6; ++b)
        EXPECT_EQ(bins[b].weight, 2);
}

TEST(Calibration, ErrorByHand) {
    // Width bins [0.2, 0.3): mean p 0.25, rate 1/2; [0.9, 1]: mean p 1, rate 1.
    const RankedLabels ranked(std::vector<float>{0.25f, 0.25f, 1.0f, 1.0f}, Labels{0, 1, 1, 1});
    EXPECT_DOUBLE_EQ(expected_calibration_error(bins_of_equal_width(ranked)).value(), 0.5 * 0.25);
    EXPECT_DOUBLE_EQ(expected_calibration_error(bins_of_equal_weight(ranked)).value(), 0.5 * 0.25);
}

TEST(TargetReport, CountsRows) {
    const TargetReport r = evaluate(std::vector<float>{0.1f, 0.2f, 0.6f, 0.4f}, Labels{0, 1, 2, 0});
    EXPECT_EQ(r.examples, 3u);
    EXPECT_EQ(r.masked, 1u);
    EXPECT_EQ(r.positives, 1u);
    EXPECT_DOUBLE_EQ(r.base_rate.value.value(), 1.0 / 3);
    EXPECT_DOUBLE_EQ(r.accuracy.value.value(), 2.0 / 3);
    EXPECT_EQ(r.grouped_auc.reason, kNoGroups);
}

TEST(TargetReport, OneHalfCountsAsPredictedPositive) {
    EXPECT_EQ(evaluate(std::vector<float>{0.5f}, Labels{1}).accuracy.value, 1.0);
}

TEST(TargetReport, UndefinedFiguresSayWhy) {
    const TargetReport none = evaluate(std::vector<float>{}, Labels{}, {});
    EXPECT_EQ(values(none).size(), 12u);
    for_each_figure(none, [](std::string_view name, const Figure& figure) {
        EXPECT_FALSE(figure.value) << name;
        EXPECT_EQ(figure.reason, name == "grouped_auc" ? kNoGroups : kNoRows) << name;
    });
    const TargetReport one = evaluate(std::vector<float>{0.2f, 0.4f}, Labels{0, 0});
    for (const Figure& figure :
         {one.roc_auc, one.average_precision, one.lift_at_10pct, one.normalized_entropy}) {
        EXPECT_FALSE(figure.value);
        EXPECT_EQ(figure.reason, kOneClass);
    }
    EXPECT_EQ(one.base_rate.value, 0.0);
    EXPECT_TRUE(one.log_loss.value && one.brier.value && one.ece.value);
    const TargetReport weightless =
        evaluate(std::vector<float>{0.2f}, Labels{1}, {.weights = std::vector<float>{0}});
    EXPECT_EQ(weightless.log_loss.reason, kNoWeight);
    EXPECT_EQ(weightless.examples, 1u);
}

TEST(TargetReport, OtherScoresHaveFiguresOfRankOnly) {
    for (const float odd : {1.5f, -0.1f, std::numeric_limits<float>::infinity()}) {
        const TargetReport r = evaluate(std::vector<float>{0.1f, odd}, Labels{0, 1});
        EXPECT_TRUE(r.roc_auc.value && r.average_precision.value && r.lift_at_10pct.value &&
                    r.base_rate.value);
        for (const Figure& figure :
             {r.mean_prediction, r.log_loss, r.normalized_entropy, r.brier, r.ece, r.ece_width, r.accuracy}) {
            EXPECT_FALSE(figure.value);
            EXPECT_EQ(figure.reason, kNotProbabilities);
        }
    }
    // A score outside [0, 1] of a masked row is no matter.
    EXPECT_TRUE(evaluate(std::vector<float>{0.1f, 7}, Labels{0, 2}).brier.value);
}

TEST(TargetReport, RefusesSizesAndNumbersThatDoNotFit) {
    const std::vector<float> scores{0.1f, 0.2f}, nan{0.1f, std::numeric_limits<float>::quiet_NaN()};
    const std::vector<float> negative{1, -1}, infinite{1, std::numeric_limits<float>::infinity()};
    const Labels labels{0, 1};
    EXPECT_TRUE(throws(ErrorCode::shape, [&] { (void)evaluate(scores, Labels{1}); }));
    EXPECT_TRUE(throws(ErrorCode::shape,
                       [&] { (void)evaluate(scores, labels, {.weights = std::span(negative).first(1)}); }));
    for (const auto& weights : {negative, infinite, nan}) {
        EXPECT_TRUE(throws(ErrorCode::invalid_argument,
                           [&] { (void)evaluate(scores, labels, {.weights = weights}); }));
    }
    EXPECT_TRUE(throws(ErrorCode::invalid_argument, [&] { (void)evaluate(nan, labels); }));
    EXPECT_FALSE(throws(ErrorCode::invalid_argument, [&] { (void)evaluate(nan, Labels{0, 2}); }));
}

TEST(TargetReport, OrderOfRowsChangesNoBit) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        const Sample s = random_sample(seed, 500, 40);
        std::vector<std::size_t> order(s.scores.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        Rng rng(seed + 100);
        for (std::size_t i = order.size(); i > 1; --i)
            std::swap(order[i - 1], order[rng.below(i)]);
        Sample shuffled;
        for (const std::size_t i : order) {
            shuffled.scores.push_back(s.scores[i]);
            shuffled.labels.push_back(s.labels[i]);
            shuffled.weights.push_back(s.weights[i]);
            shuffled.groups.push_back(s.groups[i]);
        }
        EXPECT_EQ(values(s.report()), values(shuffled.report()));
    }
}

TEST(TargetReport, WholeWeightsAreRepetitions) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        const Sample s = random_sample(seed, 300, 25);
        Sample repeated;
        for (std::size_t i = 0; i < s.scores.size(); ++i) {
            for (int k = 0; k < static_cast<int>(s.weights[i]); ++k) {
                repeated.scores.push_back(s.scores[i]);
                repeated.labels.push_back(s.labels[i]);
                repeated.groups.push_back(s.groups[i]);
            }
        }
        const auto weighted = values(s.report()), counted = values(repeated.report());
        ASSERT_EQ(weighted.size(), 12u);
        ASSERT_EQ(counted.size(), 12u);
        for (std::size_t k = 0; k < weighted.size(); ++k) {
            if (weighted[k].first == "lift_at_10pct") continue;  // its tenth counts rows
            EXPECT_NEAR(weighted[k].second, counted[k].second, 1e-12) << weighted[k].first;
        }
    }
}

TEST(TargetReport, MonotoneMapsKeepTheFiguresOfRank) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        Sample s = random_sample(seed, 300, 30);
        const TargetReport before = s.report();
        for (float& p : s.scores)
            p = p * p * p - 5;
        const TargetReport after = s.report();
        EXPECT_EQ(before.roc_auc.value, after.roc_auc.value);
        EXPECT_EQ(before.average_precision.value, after.average_precision.value);
        EXPECT_EQ(before.lift_at_10pct.value, after.lift_at_10pct.value);
        EXPECT_EQ(before.grouped_auc.value, after.grouped_auc.value);
    }
}

TEST(TargetReport, SegmentIsAsIfTheOtherRowsWereNotThere) {
    const Sample s = random_sample(3, 400, 20);
    Sample part;
    std::vector<std::uint8_t> include;
    for (std::size_t i = 0; i < s.scores.size(); ++i) {
        include.push_back(i % 3 == 0);
        if (i % 3 != 0) continue;
        part.scores.push_back(s.scores[i]);
        part.labels.push_back(s.labels[i]);
        part.weights.push_back(s.weights[i]);
        part.groups.push_back(s.groups[i]);
    }
    const TargetReport a =
        evaluate(s.scores, s.labels, {.weights = s.weights, .groups = s.groups, .include = include});
    const TargetReport b = part.report();
    EXPECT_EQ(values(a), values(b));
    EXPECT_EQ(a.masked, b.masked);
    EXPECT_EQ(a.examples, b.examples);
    EXPECT_EQ(a.groups_used, b.groups_used);
}

}  // namespace
}  // namespace funnel::eval
