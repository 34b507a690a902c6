// SPDX-License-Identifier: MIT
#include "funnel/nn/schedule.hpp"

#include <gtest/gtest.h>

namespace funnel::nn {
namespace {

TEST(Schedule, IsConstantByDefault) {
    for (const double f : {0.0, 0.3, 1.0})
        EXPECT_EQ(Schedule{}.factor(f), 1.0);
}

TEST(Schedule, RisesDuringTheWarmUp) {
    const Schedule schedule{.decay = Decay::constant, .warmup = 0.2, .floor = 0.0};
    EXPECT_DOUBLE_EQ(schedule.factor(0.0), 0.0);
    EXPECT_DOUBLE_EQ(schedule.factor(0.1), 0.5);
    EXPECT_DOUBLE_EQ(schedule.factor(0.2), 1.0);
}

TEST(Schedule, FallsToItsFloor) {
    const Schedule linear{.decay = Decay::linear, .warmup = 0.2, .floor = 0.1};
    EXPECT_DOUBLE_EQ(linear.factor(0.6), 0.55);
    EXPECT_DOUBLE_EQ(linear.factor(1.0), 0.1);
    const Schedule cosine{.decay = Decay::cosine, .warmup = 0.0, .floor = 0.1};
    EXPECT_DOUBLE_EQ(cosine.factor(0.0), 1.0);
    EXPECT_NEAR(cosine.factor(0.5), 0.55, 1e-15);
    EXPECT_NEAR(cosine.factor(1.0), 0.1, 1e-15);
}

}  // namespace
}  // namespace funnel::nn
