// SPDX-License-Identifier: MIT
#include "funnel/eval/curves.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/eval/roc_auc.hpp"

namespace funnel::eval {
namespace {

using Curve = std::vector<std::pair<double, double>>;

Curve pairs(const std::vector<CurvePoint>& curve) {
    Curve out;
    for (const CurvePoint& point : curve)
        out.emplace_back(point.x, point.y);
    return out;
}

TEST(RocCurve, ByHandWithATie) {
    // From the top: 0.9 positive; 0.5 one of each; 0.1 negative.
    const std::vector<float> scores{0.9f, 0.5f, 0.5f, 0.1f};
    const std::vector<std::uint8_t> labels{1, 1, 0, 0};
    const RankedLabels ranked(scores, labels);
    EXPECT_EQ(pairs(roc_curve(ranked)), (Curve{{0, 0}, {0, 0.5}, {0.5, 1}, {1, 1}}));
}

TEST(PrecisionRecallCurve, ByHandWithATie) {
    const std::vector<float> scores{0.9f, 0.5f, 0.5f, 0.1f};
    const std::vector<std::uint8_t> labels{1, 1, 0, 0};
    const RankedLabels ranked(scores, labels);
    EXPECT_EQ(pairs(precision_recall_curve(ranked)), (Curve{{0.5, 1}, {1, 2.0 / 3}, {1, 0.5}}));
}

TEST(PrecisionRecallCurve, LeavesOutThresholdsWithFewPositives) {
    const std::vector<float> scores{0.9f, 0.8f, 0.7f};
    const std::vector<std::uint8_t> labels{1, 0, 1};
    EXPECT_EQ(pairs(precision_recall_curve(RankedLabels(scores, labels), 100, 0.6)), (Curve{{1, 2.0 / 3}}));
}

TEST(Curves, NeedTheirClasses) {
    const std::vector<float> scores{0.9f, 0.8f};
    EXPECT_TRUE(roc_curve(RankedLabels(scores, std::vector<std::uint8_t>{1, 1})).empty());
    EXPECT_TRUE(precision_recall_curve(RankedLabels(scores, std::vector<std::uint8_t>{0, 0})).empty());
}

TEST(RocCurve, ThinnedKeepsItsAreaAndFewPoints) {
    Rng rng(5);
    std::vector<float> scores;
    std::vector<std::uint8_t> labels;
    for (int i = 0; i < 20'000; ++i) {
        const auto score = static_cast<float>(rng.below(10'000)) / 10'000;
        scores.push_back(score);
        labels.push_back(static_cast<float>(rng.below(10'000)) / 10'000 < score * score);
    }
    const RankedLabels ranked(scores, labels);
    const auto curve = roc_curve(ranked, 100);
    EXPECT_LE(curve.size(), 203u);  // each kept point goes a hundredth on, in one of two directions
    EXPECT_GE(curve.size(), 100u);
    double area = 0;
    for (std::size_t i = 1; i < curve.size(); ++i)
        area += (curve[i].x - curve[i - 1].x) * (curve[i].y + curve[i - 1].y) / 2;
    EXPECT_NEAR(area, *roc_auc(ranked), 1e-4);
}

}  // namespace
}  // namespace funnel::eval
