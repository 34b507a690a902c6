// SPDX-License-Identifier: MIT
// Slope and intercept of a logit: known ones are found again, and a net without fault is left alone.
#include "funnel/train/detail/correction.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/nn/chains.hpp"

namespace funnel::train {
namespace {

double sigmoid(double z) {
    return 1 / (1 + std::exp(-z));
}

struct Predictions {
    std::vector<float> p;
    std::vector<std::uint8_t> labels;
};

/// Predictions whose true logit is slope x z + intercept.
Predictions distorted(std::size_t n, double slope, double intercept) {
    Rng rng(4);
    Predictions result;
    for (std::size_t i = 0; i < n; ++i) {
        const double z = 1.5 * rng.normal() - 1;
        result.p.push_back(static_cast<float>(sigmoid(z)));
        result.labels.push_back(rng.uniform() < sigmoid(slope * z + intercept));
    }
    return result;
}

TEST(Correction, FindsSlopeAndInterceptAgain) {
    const Predictions s = distorted(40'000, 1.4, -0.5);
    const auto rows = conditional_rows(nn::Chains({1}), 0, s.p, s.labels, {}, {});
    const auto found = useful_correction(rows);
    ASSERT_TRUE(found);
    EXPECT_NEAR(found->slope, 1.4, 0.06);  // about three standard errors
    EXPECT_NEAR(found->intercept, -0.5, 0.06);
}

TEST(Correction, InterceptAloneMakesTheMeanRight) {
    const Predictions s = distorted(5000, 1, 0.7);
    const auto rows = conditional_rows(nn::Chains({1}), 0, s.p, s.labels, {}, {});
    const auto shift = fit_correction(rows, false);
    ASSERT_TRUE(shift);
    EXPECT_EQ(shift->slope, 1.0);
    double expected = 0, positives = 0;
    for (std::size_t i = 0; i < s.p.size(); ++i) {
        const double p = s.p[i];
        expected += sigmoid(std::log(p / (1 - p)) + shift->intercept);
        positives += s.labels[i];
    }
    EXPECT_NEAR(expected, positives, 1e-2);  // where the derivative of the loss is 0
}

TEST(Correction, OneClassGivesNone) {
    const std::vector<float> p{0.1f, 0.2f, 0.3f};
    const std::vector<std::uint8_t> labels{0, 0, 0};
    EXPECT_FALSE(useful_correction(conditional_rows(nn::Chains({1}), 0, p, labels, {}, {})));
}

TEST(Correction, OfALaterHeadSeesOnlyRowsThatReachedTheOneBefore) {
    const std::vector<float> p{0.5f, 0.1f, 0.5f, 0.2f, 0.5f, 0.3f};
    const std::vector<std::uint8_t> labels{1, 1, 0, 0, 1, 2};
    const auto rows = conditional_rows(nn::Chains({2}), 1, p, labels, {}, {});
    ASSERT_EQ(rows.labels.size(), 1u);  // the second never reached head 0, the third is unknown
    EXPECT_NEAR(rows.logits[0], std::log(0.2 / 0.8), 1e-6);
}

TEST(Correction, FoldsIntoTheHead) {
    Rng rng(2);
    nn::Net<float> net({.dense = 3, .embeddings = {}, .hidden = {}, .outputs = 2}, rng);
    const nn::Net<float> before = net;
    apply_correction(net, 1, {2, 0.5});
    nn::Net<float> old = before;
    for (Eigen::Index i = 0; i < 3; ++i) {
        EXPECT_EQ(net.weights(0)(i, 0), old.weights(0)(i, 0));
        EXPECT_EQ(net.weights(0)(i, 1), 2 * old.weights(0)(i, 1));
    }
    EXPECT_EQ(net.head_bias()[1], 2 * old.head_bias()[1] + 0.5f);
    EXPECT_EQ(net.head_bias()[0], old.head_bias()[0]);
}

}  // namespace
}  // namespace funnel::train
