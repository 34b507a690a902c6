// SPDX-License-Identifier: MIT
#include "funnel/eval/interval.hpp"

#include <gtest/gtest.h>

namespace funnel::eval {
namespace {

TEST(Wilson, AgreesWithPublishedValues) {
    // Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
    const struct {
        double positive, n, low, high;
    } kCases[] = {
        {81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}};
    for (const auto& c : kCases) {
        const auto interval = wilson(c.positive, c.n).value();
        EXPECT_NEAR(interval.low, c.low, 5e-5);
        EXPECT_NEAR(interval.high, c.high, 5e-5);
    }
}

TEST(Wilson, IsExactAtTheEnds) {
    EXPECT_EQ(wilson(0, 7).value().low, 0);
    EXPECT_EQ(wilson(7, 7).value().high, 1);
    EXPECT_LT(wilson(7, 7).value().low, 1);
}

TEST(Wilson, MirrorsWithTheRate) {
    const auto a = wilson(3, 11).value(), b = wilson(8, 11).value();
    EXPECT_NEAR(a.low, 1 - b.high, 1e-15);
    EXPECT_NEAR(a.high, 1 - b.low, 1e-15);
}

TEST(Wilson, IsUndefinedWithoutUnits) {
    EXPECT_FALSE(wilson(0, 0));
}

}  // namespace
}  // namespace funnel::eval
