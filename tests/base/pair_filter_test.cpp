// SPDX-License-Identifier: MIT
#include "funnel/base/pair_filter.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <utility>

#include "funnel/base/random.hpp"

namespace funnel::base {
namespace {

TEST(PairFilter, NeverDeniesWhatWasMarked) {
    Rng random(1);
    std::size_t marked = 0;
    for (int round = 0; round < 200; ++round) {
        PairFilter filter;
        std::set<std::uint32_t> seen, acted, categories;
        for (std::size_t i = random.below(60); i > 0; --i) {
            seen.insert(static_cast<std::uint32_t>(random.below(1'000'000)));
            acted.insert(static_cast<std::uint32_t>(random.below(1'000'000)));
            categories.insert(static_cast<std::uint32_t>(random.below(500)));
        }
        for (const std::uint32_t item : seen)
            filter.mark_seen(item);
        for (const std::uint32_t item : acted)
            filter.mark_acted(item);
        for (const std::uint32_t category : categories)
            filter.mark_category(category);
        for (const std::uint32_t item : seen)
            ASSERT_TRUE(filter.may_have_seen(item));
        for (const std::uint32_t item : acted)
            ASSERT_TRUE(filter.may_have_acted(item));
        for (const std::uint32_t category : categories)
            ASSERT_TRUE(filter.may_know_category(category));
        marked += seen.size();
    }
    EXPECT_GT(marked, 1000u);
}

/// 1 - (1 - 1/128)^n of the absent items are not denied after n others.
TEST(PairFilter, DeniesTheShareThatItsSizePromises) {
    for (const auto& [marked, expected] : {std::pair{20U, 0.145}, std::pair{89U, 0.502}}) {
        std::uint32_t next = 0;
        int asked = 0, denied = 0;
        for (int user = 0; user < 500; ++user) {
            PairFilter filter;
            for (std::uint32_t i = 0; i < marked; ++i)
                filter.mark_seen(next++);
            for (int i = 0; i < 100; ++i, ++asked)
                denied += filter.may_have_seen(next++) ? 0 : 1;
        }
        EXPECT_NEAR(1.0 - static_cast<double>(denied) / asked, expected, 0.01) << marked;
    }
}

}  // namespace
}  // namespace funnel::base
