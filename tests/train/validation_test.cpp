// SPDX-License-Identifier: MIT
#include "funnel/train/detail/validation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace funnel::train {
namespace {

/// A net whose logit is its only input.
nn::NetPredictor echo() {
    nn::Net<float> net({.dense = 1, .embeddings = {}, .hidden = {}, .outputs = 1});
    net.weights(0)(0, 0) = 1.0F;
    return {net, nn::Chains({1})};
}

TEST(Validation, MeasuresKnownRowsWithTheirWeight) {
    Matrix<float> inputs(4, 1);
    inputs << 0.0F, std::log(3.0F), -9.0F, 0.0F;
    const MatrixSource source(inputs);
    const std::vector<std::uint32_t> rows{0, 1, 2, 3};
    const std::vector<std::uint8_t> labels{0, 1, 2, 0};
    const std::vector<float> weights{1, 2, 1, 1};
    WorkerTeam team(1);
    const auto heads = validate(echo(), source, {rows, labels, weights}, team);
    ASSERT_TRUE(heads);
    // p = 1/2, 3/4, -, 1/2 with weights 1, 2, -, 1; base rate 1/2.
    const double loss = (std::log(2.0) + 2.0 * std::log(4.0 / 3.0) + std::log(2.0)) / 4.0;
    EXPECT_NEAR(*heads->front().log_loss, loss, 1e-6);
    EXPECT_NEAR(*heads->front().normalized_entropy, loss / std::log(2.0), 1e-6);
    EXPECT_EQ(*heads->front().roc_auc, 1.0);
}

TEST(Validation, LeavesUndefinedWhatIsUndefined) {
    const MatrixSource source(Matrix<float>::Zero(2, 1));
    const std::vector<std::uint32_t> rows{0, 1};
    const std::vector<std::uint8_t> one_class{0, 0}, unknown{2, 2};
    WorkerTeam team(1);
    const auto single = validate(echo(), source, {rows, one_class, {}}, team);
    EXPECT_FALSE(single->front().roc_auc);
    EXPECT_FALSE(single->front().normalized_entropy);
    EXPECT_NEAR(*validation_score(*single), std::log(2.0), 1e-7);  // the log loss stands in
    EXPECT_FALSE(validation_score(*validate(echo(), source, {rows, unknown, {}}, team)));
}

TEST(Validation, SaysThatANetHasDiverged) {
    const MatrixSource source(Matrix<float>::Constant(1, 1, std::nanf("")));
    const std::vector<std::uint32_t> rows{0};
    const std::vector<std::uint8_t> labels{1};
    WorkerTeam team(1);
    EXPECT_FALSE(validate(echo(), source, {rows, labels, {}}, team));
}

TEST(Validation, GivesEveryHeadTheSameSay) {
    const std::vector<HeadReport> heads{{0.1, 0.9, 0.7}, {2.0, 0.5, 0.8}, {1.0, std::nullopt, std::nullopt}};
    EXPECT_DOUBLE_EQ(*validation_score(heads), 0.7);
}

}  // namespace
}  // namespace funnel::train
