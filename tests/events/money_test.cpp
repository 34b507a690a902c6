// SPDX-License-Identifier: MIT
#include "funnel/events/money.hpp"

#include <gtest/gtest.h>

namespace funnel::events {
namespace {

TEST(Money, PrintsAllDigitsAndNoTrailingZeros) {
    EXPECT_EQ(Money().text(), "0");
    EXPECT_EQ(Money::of(20.0)->text(), "20");
    EXPECT_EQ(Money::of(12.5)->text(), "12.5");
    EXPECT_EQ(Money::of(-0.000001)->text(), "-0.000001");
    EXPECT_EQ(Money::of(-7.25)->text(), "-7.25");
    EXPECT_EQ(Money::of(1e18)->text(), "1000000000000000000");
}

TEST(Money, SumsTenCentsTenTimesToOne) {
    Money sum;
    for (int i = 0; i < 10; ++i)
        sum += *Money::of(0.1);
    EXPECT_EQ(sum.text(), "1");
    EXPECT_EQ(sum.value(), 1.0);
}

TEST(Money, KeepsACentBesideATrillion) {
    Money sum = *Money::of(1e15);
    sum += *Money::of(0.01);
    sum -= *Money::of(1e15);
    EXPECT_EQ(sum.text(), "0.01");
}

TEST(Money, RoundsHalfToEven) {
    EXPECT_EQ(Money::of(0.5e-6)->text(), "0");
    EXPECT_EQ(Money::of(1.5e-6)->text(), "0.000002");
    EXPECT_EQ(Money::of(2.5e-6)->text(), "0.000002");
    EXPECT_EQ(Money::of(-2.5e-6)->text(), "-0.000002");
    EXPECT_EQ(Money::of(0.0005, 0.001)->text(), "0");         // 0.5e-6
    EXPECT_EQ(Money::of(0.0015, 0.001)->text(), "0.000002");  // 1.5e-6
    EXPECT_EQ(Money::of(-0.0025, 0.001)->text(), "-0.000002");
}

TEST(Money, MultipliesAsDecimalsDo) {
    EXPECT_EQ(Money::of(2.55, 6)->text(), "15.3");  // 15.299999999999999 in doubles
    EXPECT_EQ(Money::of(1.1, 1.1)->text(), "1.21");
    EXPECT_EQ(Money::of(4.95, -3)->text(), "-14.85");
    EXPECT_EQ(Money::of(1e12, 1e12)->text(), "1000000000000000000000000");
}

TEST(Money, IsEmptyWithoutAnAmount) {
    EXPECT_FALSE(Money::of(kMissing).has_value());
    EXPECT_FALSE(Money::of(1e300).has_value());
    EXPECT_FALSE(Money::of(-std::numeric_limits<double>::infinity()).has_value());
    EXPECT_FALSE(Money::of(kMissing, 1).has_value());
    EXPECT_FALSE(Money::of(1, 2e12).has_value());
}

TEST(AmountRule, TakesRevenueOfALogThatHasIt) {
    const AmountRule rule{.has_revenue = true, .has_quantity = true};
    EXPECT_EQ(rule.amount(10, 2, 19.5)->text(), "19.5");
    EXPECT_FALSE(rule.amount(10, 2, kMissing).has_value());
}

TEST(AmountRule, MultipliesWhereThereIsNoRevenue) {
    const AmountRule with_quantity{.has_revenue = false, .has_quantity = true};
    EXPECT_EQ(with_quantity.amount(10, 2, kMissing)->text(), "20");
    EXPECT_FALSE(with_quantity.amount(10, kMissing, kMissing).has_value());
    const AmountRule price_only{};
    EXPECT_EQ(price_only.amount(10, kMissing, kMissing)->text(), "10");
}

}  // namespace
}  // namespace funnel::events
