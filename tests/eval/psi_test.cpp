// SPDX-License-Identifier: MIT
// Population stability index; expected values from the formula in Python, cell by cell.
#include "funnel/eval/psi.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace funnel::eval {
namespace {

using Counts = std::vector<std::uint64_t>;

TEST(Psi, IsTheFormulaWithHalfACountOnTop) {
    EXPECT_NEAR(*psi(Counts{50, 50}, Counts{80, 20}), 0.4062868212713332, 1e-14);
    EXPECT_NEAR(*psi(Counts{10, 0, 5}, Counts{0, 10, 5}), 3.690330227543543, 1e-14);
    EXPECT_NEAR(*psi(Counts{1, 2, 3}, Counts{10, 20, 30}), 0.0064113238847614985, 1e-14);
}

TEST(Psi, IsNothingForTheSameCountsAndTheSameBothWays) {
    const Counts a{100, 200, 300}, b{7, 0, 11};
    EXPECT_EQ(psi(a, a), 0);
    EXPECT_EQ(psi(a, b), psi(b, a));
}

TEST(Psi, IsUndefinedWithoutCounts) {
    EXPECT_FALSE(psi(Counts{0, 0}, Counts{1, 2}));
    EXPECT_FALSE(psi(Counts{1, 2}, Counts{0, 0}));
    EXPECT_FALSE(psi(Counts{}, Counts{}));
}

}  // namespace
}  // namespace funnel::eval
