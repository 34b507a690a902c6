// SPDX-License-Identifier: MIT
#include "funnel/base/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <set>

namespace funnel::base {
namespace {

TEST(Rng, IsSplitmix64) {
    // The first outputs of the reference implementation (Vigna, splitmix64.c) for the state 1234567.
    Rng rng(1234567);
    for (const std::uint64_t expected :
         {6457827717110365317ull, 3203168211198807973ull, 9817491932198370423ull, 4593380528125082431ull,
          16408922859458223821ull}) {
        EXPECT_EQ(rng.next(), expected);
    }
}

TEST(Rng, UniformIsInTheHalfOpenUnitInterval) {
    Rng rng(1);
    double sum = 0, squares = 0;
    constexpr int n = 100'000;
    for (int i = 0; i < n; ++i) {
        const double u = rng.uniform();
        ASSERT_TRUE(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
    }
    EXPECT_NEAR(sum / n, 0.5, 4 / std::sqrt(12.0 * n));
    EXPECT_NEAR(squares / n, 1.0 / 3, 0.005);
}

TEST(Rng, BelowIsEven) {
    Rng rng(2);
    std::array<int, 6> counts{};
    for (int i = 0; i < 60'000; ++i)
        ++counts[rng.below(6)];
    for (const int count : counts)
        EXPECT_NEAR(count, 10'000, 4 * std::sqrt(60'000.0 * 5 / 36));
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(rng.below(1), 0u);
}

TEST(Rng, NormalHasMomentsOfANormal) {
    Rng rng(3);
    constexpr int n = 200'000;
    std::array<double, 5> moments{};
    for (int i = 0; i < n; ++i) {
        const double x = rng.normal();
        ASSERT_TRUE(std::isfinite(x));
        for (std::size_t k = 1; k < moments.size(); ++k)
            moments[k] += std::pow(x, static_cast<double>(k)) / n;
    }
    EXPECT_NEAR(moments[1], 0, 0.01);
    EXPECT_NEAR(moments[2], 1, 0.015);
    EXPECT_NEAR(moments[3], 0, 0.04);
    EXPECT_NEAR(moments[4], 3, 0.1);
}

TEST(RandomAt, DependsOnBothArguments) {
    std::set<std::uint64_t> values;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        for (std::uint64_t i = 0; i < 100; ++i)
            values.insert(random_at(seed, i));
    }
    EXPECT_EQ(values.size(), 10'000u);
    EXPECT_EQ(random_at(5, 7), random_at(5, 7));
}

TEST(RandomAt, IsUniform) {
    double sum = 0, product = 0;
    constexpr int n = 100'000;
    for (std::uint64_t i = 0; i < n; ++i) {
        sum += uniform_at(1, i);
        product += (uniform_at(1, i) - 0.5) * (uniform_at(1, i + 1) - 0.5);
    }
    EXPECT_NEAR(sum / n, 0.5, 4 / std::sqrt(12.0 * n));
    EXPECT_NEAR(product / n, 0, 4 / (12 * std::sqrt(double{n})));
}

}  // namespace
}  // namespace funnel::base
