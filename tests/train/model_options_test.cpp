// SPDX-License-Identifier: MIT
#include "funnel/train/model_options.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "funnel/train/train_on_log.hpp"

namespace funnel::train {
namespace {

using Widths = std::vector<std::size_t>;

ModelOptions open_options() {
    ModelOptions options;
    options.choose_hidden = true;
    return options;
}

ModelOptions for_table(std::size_t rows, ModelOptions options = open_options()) {
    choose_table_defaults(options, rows);
    return options;
}

TEST(TableDefaults, OfSomeThousandRowsAreWideAndStronglyRegularized) {
    const ModelOptions options = for_table(1'500);
    EXPECT_EQ(options.training.hidden, (Widths{128, 64}));
    EXPECT_EQ(options.training.dropout, 0.4);
    EXPECT_EQ(options.training.learning_rate, 0.001);
    EXPECT_EQ(options.training.weight_decay, 1.0);
    EXPECT_EQ(for_table(300).training.hidden, (Widths{128, 64}));
    EXPECT_EQ(for_table(300).training.weight_decay, 2.0);
    EXPECT_EQ(for_table(299).encoder.bins, 0U);
    EXPECT_EQ(for_table(300).encoder.bins, 8U);
    EXPECT_EQ(for_table(10'000).encoder.bins, 16U);
    EXPECT_EQ(for_table(3'000).training.weight_decay, 0.5);
    EXPECT_EQ(for_table(5'000).training.weight_decay, 0.3);
    EXPECT_EQ(for_table(99'999).training.weight_decay, 0.3);
    EXPECT_EQ(for_table(99'999).training.hidden, (Widths{128, 64}));
}

TEST(TableDefaults, OfManyRowsAreThoseOfALog) {
    EXPECT_EQ(for_table(100'000).training.hidden, (Widths{64, 32}));
    EXPECT_FALSE(for_table(100'000).training.dropout);
}

TEST(TableDefaults, LeaveAloneWhatIsGiven) {
    ModelOptions given = open_options();
    given.training.dropout = 0.1;
    given.training.weight_decay = 0.05;
    EXPECT_EQ(for_table(5'000, given).training.dropout, 0.1);
    EXPECT_EQ(for_table(5'000, given).training.weight_decay, 0.05);
    given.choose_hidden = false;
    given.training.hidden = {};
    EXPECT_EQ(for_table(5'000, given).training.hidden, Widths{});
    EXPECT_FALSE(for_table(5'000, given).training.learning_rate);
}

TEST(TableDefaults, OfSgdAreItsOwnRateAndDecay) {
    ModelOptions sgd = open_options();
    sgd.training.optimizer = Optimizer::sgd;
    EXPECT_FALSE(for_table(5'000, sgd).training.learning_rate);
    EXPECT_FALSE(for_table(5'000, sgd).training.weight_decay);
}

TEST(LogDefaults, DecayLessTheMoreRowsThereAre) {
    const auto decay = [](std::size_t rows, ModelOptions options = {}) {
        choose_log_defaults(options, rows);
        return options.training.weight_decay;
    };
    EXPECT_DOUBLE_EQ(*decay(6'000), 1.0);
    EXPECT_DOUBLE_EQ(*decay(80'000), 0.5);
    EXPECT_DOUBLE_EQ(*decay(2'000'000), 0.1);
    EXPECT_DOUBLE_EQ(*decay(200'000'000), 0.01);
    ModelOptions options;
    options.training.weight_decay = 0.2;
    EXPECT_EQ(decay(2'000'000, options), 0.2);
    options.training.weight_decay.reset();
    options.training.optimizer = Optimizer::sgd;
    EXPECT_FALSE(decay(2'000'000, options));
}

}  // namespace
}  // namespace funnel::train
