// SPDX-License-Identifier: MIT
#include "funnel/base/hash.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <set>
#include <string>

namespace funnel::base {
namespace {

TEST(HashBytes, TellsLengthsContentsAndSeedsApart) {
    std::set<std::uint64_t> hashes;
    std::size_t texts = 0;
    for (std::size_t length = 0; length <= 70; ++length) {
        for (const char c : {'\0', 'a', '\xff'}) {
            for (const std::uint64_t seed : {0u, 1u}) {
                hashes.insert(hash_bytes(std::string(length, c), seed));
                if (length > 0 || c == 'a') ++texts;
            }
        }
    }
    EXPECT_EQ(hashes.size(), texts);
}

TEST(HashBytes, DoesNotDependOnWhereTheBytesLie) {
    const std::string text = "2016-10-01T06:59:58Z,view,0123456789";
    for (std::size_t offset = 0; offset < 16; ++offset) {
        const std::string moved = std::string(offset, '#') + text;
        EXPECT_EQ(hash_bytes(std::string_view(moved).substr(offset)), hash_bytes(text));
    }
}

TEST(HashBytes, EveryBitOfTheTextMovesHalfTheBits) {
    for (const std::size_t length : {1u, 8u, 9u, 16u, 17u, 40u}) {
        const std::string text(length, 'x');
        double flipped = 0;
        for (std::size_t bit = 0; bit < 8 * length; ++bit) {
            std::string other = text;
            other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << (bit % 8)));
            flipped += std::popcount(hash_bytes(text) ^ hash_bytes(other));
        }
        EXPECT_NEAR(flipped / static_cast<double>(8 * length), 32, 6) << length;
    }
}

TEST(HashBytes, LowAndHighBitsOfNumberedIdsSpread) {
    std::set<std::uint64_t> low, high;
    for (int i = 0; i < 4096; ++i) {
        const std::uint64_t hash = hash_bytes("u" + std::to_string(i));
        low.insert(hash & 4095);
        high.insert(hash >> 52);
    }
    // 4096 balls in 4096 boxes leave 1 - 1/e of the boxes filled: 2589, standard deviation 20.
    EXPECT_NEAR(static_cast<double>(low.size()), 2589, 100);
    EXPECT_NEAR(static_cast<double>(high.size()), 2589, 100);
}

TEST(Mix64, IsABijectionThatSpreads) {
    std::set<std::uint64_t> values;
    for (std::uint64_t i = 0; i < 10'000; ++i)
        values.insert(mix64(i));
    EXPECT_EQ(values.size(), 10'000u);
}

}  // namespace
}  // namespace funnel::base
