// SPDX-License-Identifier: MIT
#include "funnel/nn/weight_average.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace funnel::nn {
namespace {

TEST(WeightAverage, ForgetsItsStartDuringTheWarmUp) {
    const std::vector<double> start{0.0};
    WeightAverage<double> average(start, 0.99);
    const double one = 1.0;
    average.begin_step();  // decay (1 + 1) / (10 + 1)
    average.update(0, 1, &one);
    EXPECT_NEAR(average.values()[0], 9.0 / 11.0, 1e-15);
    average.begin_step();  // decay 3 / 12
    average.update(0, 1, &one);
    EXPECT_NEAR(average.values()[0], 1.0 - 2.0 / 11.0 * 0.25, 1e-15);
}

TEST(WeightAverage, UsesItsDecayAfterwards) {
    const std::vector<double> start{0.0, 5.0};
    WeightAverage<double> average(start, 0.05);  // below every warm-up value
    const double one = 1.0;
    average.begin_step();
    average.update(0, 1, &one);
    EXPECT_NEAR(average.values()[0], 0.95, 1e-15);
    EXPECT_EQ(average.values()[1], 5.0);
}

}  // namespace
}  // namespace funnel::nn
