// SPDX-License-Identifier: MIT
#include "funnel/base/count_words.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace funnel::base {
namespace {

TEST(CountWords, MarkThousandsAndSingulars) {
    EXPECT_EQ(format_count(0), "0");
    EXPECT_EQ(format_count(999), "999");
    EXPECT_EQ(format_count(1000), "1,000");
    EXPECT_EQ(format_count(-999), "-999");
    EXPECT_EQ(format_count(-1000), "-1,000");
    EXPECT_EQ(format_count(1'234'567u), "1,234,567");
    EXPECT_EQ(format_count(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
    EXPECT_EQ(format_count(std::numeric_limits<std::uint64_t>::max()), "18,446,744,073,709,551,615");
    EXPECT_EQ(counted(1, "row"), "1 row");
    EXPECT_EQ(counted(0, "row"), "0 rows");
    EXPECT_EQ(counted(16437, "purchase row"), "16,437 purchase rows");
}

}  // namespace
}  // namespace funnel::base
