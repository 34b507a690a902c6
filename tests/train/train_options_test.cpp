// SPDX-License-Identifier: MIT
#include "funnel/train/train_options.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace funnel::train {
namespace {

TEST(TrainOptions, ScaleWithTheNumberOfRows) {
    const TrainOptions small = resolved({}, 5'000), large = resolved({}, 2'000'000);
    EXPECT_LT(*small.batch_size, *large.batch_size);
    EXPECT_GT(*small.dropout, *large.dropout);
    EXPECT_GT(*small.weight_decay, *large.weight_decay);
    EXPECT_EQ(*large.dropout, 0.0);
    EXPECT_NO_THROW((void)resolved({}, 0));
}

TEST(TrainOptions, KeepWhatIsGiven) {
    TrainOptions options;
    options.batch_size = 77;
    options.learning_rate = 0.3;
    options.dropout = 0.4;
    options.weight_decay = 0.0;
    const TrainOptions filled = resolved(options, 1000);
    EXPECT_EQ(*filled.batch_size, 77U);
    EXPECT_EQ(*filled.learning_rate, 0.3);
    EXPECT_EQ(*filled.dropout, 0.4);
    EXPECT_EQ(*filled.weight_decay, 0.0);
}

TEST(TrainOptions, RefuseValuesOutsideTheirRange) {
    const auto refused = [](auto change) {
        TrainOptions options;
        change(options);
        try {
            (void)resolved(options, 1000);
        } catch (const Error& error) {
            return error.code() == ErrorCode::invalid_argument;
        }
        return false;
    };
    EXPECT_TRUE(refused([](TrainOptions& o) { o.epochs = 0; }));
    EXPECT_TRUE(refused([](TrainOptions& o) { o.patience = 0; }));
    EXPECT_TRUE(refused([](TrainOptions& o) { o.batch_size = 0; }));
    EXPECT_TRUE(refused([](TrainOptions& o) { o.learning_rate = std::nan(""); }));
    EXPECT_TRUE(refused([](TrainOptions& o) { o.learning_rate = -1.0; }));
    EXPECT_TRUE(refused([](TrainOptions& o) { o.weight_decay = -1.0; }));
    EXPECT_TRUE(refused([](TrainOptions& o) { o.dropout = 1.0; }));
    EXPECT_TRUE(refused([](TrainOptions& o) { o.momentum = 1.0; }));
    EXPECT_TRUE(refused([](TrainOptions& o) { o.negative_rate = 0.0; }));
}

}  // namespace
}  // namespace funnel::train
