// SPDX-License-Identifier: MIT
#include "funnel/nn/dropout.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace funnel::nn {
namespace {

std::vector<float> masked(double rate, std::uint64_t seed, std::size_t layer,
                          std::span<const std::uint32_t> rows, std::size_t units) {
    std::vector<float> values(rows.size() * units, 1.0F);
    apply_dropout<float>({.rate = rate, .seed = seed, .rows = rows}, layer, {values.data(), units}, units);
    return values;
}

TEST(Dropout, DropsTheAskedPartAndKeepsTheMean) {
    std::vector<std::uint32_t> rows(1000);
    std::iota(rows.begin(), rows.end(), 0U);
    const std::vector<float> values = masked(0.2, 1, 0, rows, 50);
    const auto dropped = std::count(values.begin(), values.end(), 0.0F);
    EXPECT_NEAR(static_cast<double>(dropped), 10'000.0, 5 * 90.0);  // 5 standard deviations
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / 50'000.0;
    EXPECT_NEAR(mean, 1.0, 0.02);
}

TEST(Dropout, DependsOnTheRowAndNotOnItsPlace) {
    const std::vector<std::uint32_t> forth{3, 7}, back{7, 3};
    const std::vector<float> a = masked(0.5, 9, 1, forth, 30), b = masked(0.5, 9, 1, back, 30);
    for (std::size_t unit = 0; unit < 30; ++unit) {
        EXPECT_EQ(a[unit], b[30 + unit]);
        EXPECT_EQ(a[30 + unit], b[unit]);
    }
    EXPECT_NE(a, masked(0.5, 10, 1, forth, 30));  // another epoch
    EXPECT_NE(a, masked(0.5, 9, 0, forth, 30));   // another layer
}

TEST(Dropout, OfRateZeroChangesNothing) {
    const std::vector<std::uint32_t> rows{1};
    EXPECT_EQ(masked(0.0, 1, 0, rows, 5), std::vector<float>(5, 1.0F));
}

}  // namespace
}  // namespace funnel::nn
