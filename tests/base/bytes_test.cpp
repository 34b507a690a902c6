// SPDX-License-Identifier: MIT
#include "funnel/base/bytes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

namespace funnel::base {
namespace {

std::vector<char> sample() {
    ByteWriter out;
    out.value(std::uint16_t{0x1234});
    out.value(-1.5);
    out.text("funnel");
    out.array(std::vector<std::int32_t>{1, -2, 3});
    out.text("");
    return out.take();
}

TEST(ByteWriter, IsLittleEndianWithLengthsOf64Bits) {
    ByteWriter out;
    out.value(std::uint32_t{0x04030201});
    out.text("ab");
    const std::string expected("\x01\x02\x03\x04\x02\0\0\0\0\0\0\0ab", 14);
    EXPECT_EQ(std::string(out.bytes().begin(), out.bytes().end()), expected);
}

TEST(ByteReader, GivesBackWhatWasWritten) {
    const auto bytes = sample();
    ByteReader in(bytes);
    EXPECT_EQ(in.value<std::uint16_t>(), 0x1234);
    EXPECT_EQ(in.value<double>(), -1.5);
    EXPECT_EQ(in.text(), "funnel");
    EXPECT_EQ(in.array<std::int32_t>(), (std::vector<std::int32_t>{1, -2, 3}));
    EXPECT_EQ(in.text(), "");
    EXPECT_NO_THROW(in.expect_end());
}

TEST(ByteReader, EveryCutIsDamage) {
    const auto whole = sample();
    ASSERT_FALSE(whole.empty());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        ByteReader in({whole.data(), size});
        const auto read_all = [&] {
            (void)in.value<std::uint16_t>();
            (void)in.value<double>();
            (void)in.text();
            (void)in.array<std::int32_t>();
            (void)in.text();
        };
        EXPECT_THROW(read_all(), Error) << size;
    }
}

TEST(ByteReader, HugeLengthsAreDamageBeforeTheyAreAllocated) {
    for (const std::uint64_t length : {std::uint64_t{7}, std::uint64_t{1} << 31, std::uint64_t{1} << 63,
                                       (std::uint64_t{1} << 62) + 1, ~std::uint64_t{0}}) {
        ByteWriter out;
        out.value(length);
        out.value(std::uint32_t{0});
        EXPECT_THROW((void)ByteReader(out.bytes()).text(), Error);
        EXPECT_THROW((void)ByteReader(out.bytes()).array<std::int32_t>(), Error);
        EXPECT_THROW((void)ByteReader(out.bytes()).length(4), Error);
    }
}

TEST(ByteReader, LeftOverBytesAreDamage) {
    const std::vector<char> bytes(3);
    ByteReader in(bytes);
    (void)in.value<char>();
    EXPECT_EQ(in.remaining(), 2u);
    EXPECT_THROW(in.expect_end(), Error);
}

/// Gives the bytes of a buffer and remembers in which portions.
struct BufferSource : ByteSource {
    explicit BufferSource(const std::vector<char>& b) : bytes(b) {}
    void read(char* to, std::size_t n) override {
        ASSERT_LE(at + n, bytes.size());
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), n, to);
        at += n;
        portions.push_back(n);
    }
    const std::vector<char>& bytes;
    std::size_t at = 0;
    std::vector<std::size_t> portions;
};

TEST(ByteReader, ReadsTheSameFromASource) {
    std::vector<std::uint32_t> large(200'000);
    std::iota(large.begin(), large.end(), 7u);
    ByteWriter out;
    for (int i = 0; i < 3; ++i) {
        out.value(1.5 + i);
        out.text(std::string(static_cast<std::size_t>(i) * 50'000, 'x'));
        out.array(large);
        out.value<std::uint8_t>(9);
    }
    BufferSource source(out.bytes());
    ByteReader in(source, out.bytes().size());
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(in.value<double>(), 1.5 + i);
        EXPECT_EQ(in.text(), std::string(static_cast<std::size_t>(i) * 50'000, 'x'));
        EXPECT_TRUE(in.array<std::uint32_t>() == large);
        EXPECT_EQ(in.value<std::uint8_t>(), 9);
    }
    EXPECT_NO_THROW(in.expect_end());
    EXPECT_EQ(source.at, out.bytes().size());
    EXPECT_LT(source.portions.size(), 40u);  // never value by value
}

TEST(ByteReader, BelievesNoLengthBeyondItsSource) {
    ByteWriter out;
    out.value<std::uint64_t>(1'000);
    out.value<std::uint64_t>(0);
    BufferSource source(out.bytes());
    ByteReader in(source, out.bytes().size());
    EXPECT_THROW((void)in.array<double>(), Error);
    EXPECT_EQ(source.at, out.bytes().size());
    EXPECT_THROW((void)ByteReader(source, 0).value<char>(), Error);
}

}  // namespace
}  // namespace funnel::base
