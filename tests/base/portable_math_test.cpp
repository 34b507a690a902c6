// SPDX-License-Identifier: MIT
#include "funnel/base/portable_math.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "funnel/base/random.hpp"

namespace funnel::base {
namespace {

TEST(PortableMath, AgreesWithTheStandardLibrary) {
    base::Rng rng(1);
    for (int i = 0; i < 100'000; ++i) {
        const double x = -1000 * rng.uniform() * rng.uniform();
        EXPECT_NEAR(exp2_of_negative(x) / std::exp2(x), 1, 1e-11) << x;
        const double y = std::exp(200 * rng.uniform() - 100);
        EXPECT_NEAR(natural_log(y), std::log(y), 1e-11 * std::max(1.0, std::fabs(std::log(y)))) << y;
        EXPECT_NEAR(log_of_one_plus(y) / std::log1p(y), 1, 1e-11) << y;
        const double turns = 3 * rng.uniform() - 1;
        EXPECT_NEAR(sine_of_turns(turns), std::sin(2 * std::numbers::pi * turns), 1e-11) << turns;
    }
}

TEST(PortableMath, HoldsAtTheEdges) {
    EXPECT_EQ(exp2_of_negative(0), 1);
    EXPECT_EQ(exp2_of_negative(3), 1);
    EXPECT_EQ(exp2_of_negative(-1), 0.5);
    EXPECT_EQ(exp2_of_negative(-1e300), 0);
    EXPECT_EQ(exp2_of_negative(std::nan("")), 0);
    EXPECT_EQ(natural_log(1), 0);
    EXPECT_EQ(natural_log(0), -INFINITY);
    EXPECT_TRUE(std::isnan(natural_log(-1)));
    EXPECT_EQ(log_of_one_plus(0), 0);
    EXPECT_EQ(sine_of_turns(0), 0);
    EXPECT_EQ(
        micros_since(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()),
        std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(micros_since(5, 3), 0);
}

}  // namespace
}  // namespace funnel::base
