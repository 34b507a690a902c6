// SPDX-License-Identifier: MIT
#include "funnel/train/detail/training_examples.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace funnel::train {
namespace {

const MatrixSource kSource{Matrix<float>::Zero(4, 1)};
const std::vector<std::uint32_t> kRows{0, 1, 2, 3};

TrainOptions two_chained_heads() {
    TrainOptions options;
    options.chains = nn::Chains({2});
    return options;
}

TEST(Examples, LeaveOutRowsThatTeachNothing) {
    const std::vector<std::uint8_t> labels{1, 0, 2, 1, 0, 0, 2, 2};
    const std::vector<float> weights{1, 1, 1, 1};
    const Examples examples(kSource, {kRows, labels, weights}, two_chained_heads());
    EXPECT_EQ(examples.used(), (std::vector<std::uint32_t>{0, 2}));
}

TEST(Examples, AddUpTheDivisorsOfTheLoss) {
    const std::vector<std::uint8_t> labels{1, 0, 1, 1, 0, 0, 1, 2};
    const std::vector<float> weights{1, 2, 4, 8};
    const Examples examples(kSource, {kRows, labels, weights}, two_chained_heads());
    double total = 0.0;
    // Heads of rows 0, 1, 3 (its second label is unknown) and 2.
    examples.totals(kRows, &total);
    EXPECT_DOUBLE_EQ(total, 1 + 1 + 2 + 2 + 4 + 8);
}

TEST(Examples, StartFromConditionalBaseRates) {
    const std::vector<std::uint8_t> labels{1, 0, 1, 1, 0, 0, 1, 1};
    const Examples examples(kSource, {kRows, labels, {}}, two_chained_heads());
    const std::vector<double> logits = examples.base_logits(kRows);
    EXPECT_NEAR(logits[0], std::log(3.5 / 1.5), 1e-12);  // 3 of 4, half a row added to either side
    EXPECT_NEAR(logits[1], std::log(2.5 / 1.5), 1e-12);  // 2 of the 3
}

TEST(Examples, RefuseRowsThatDoNotFit) {
    const std::vector<std::uint8_t> labels{0, 1, 0, 1}, short_labels{0}, odd{0, 1, 3, 0};
    const std::vector<std::uint32_t> outside{0, 1, 2, 4};
    const std::vector<float> nan(4, std::numeric_limits<float>::quiet_NaN()), negative(4, -1.0F),
        few(2, 1.0F);
    const TrainOptions options;
    EXPECT_NO_THROW(Examples(kSource, {kRows, labels, {}}, options));
    EXPECT_THROW(Examples(kSource, {kRows, short_labels, {}}, options), Error);
    EXPECT_THROW(Examples(kSource, {kRows, odd, {}}, options), Error);
    EXPECT_THROW(Examples(kSource, {outside, labels, {}}, options), Error);
    EXPECT_THROW(Examples(kSource, {kRows, labels, nan}, options), Error);
    EXPECT_THROW(Examples(kSource, {kRows, labels, negative}, options), Error);
    EXPECT_THROW(Examples(kSource, {kRows, labels, few}, options), Error);
}

}  // namespace
}  // namespace funnel::train
