// SPDX-License-Identifier: MIT
// Hashes of bytes and integers: the same value on every platform, not cryptographic.
// mix64 is the finalizer of splitmix64 (Steele, Lea and Flood 2014); hash_bytes folds 64 x 64 -> 128 bit
// products as wyhash does (Wang Yi 2019).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace funnel::base {

/// A bijection of 64-bit integers whose output bits all depend on all input bits.
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

namespace detail {

__extension__ using uint128 = unsigned __int128;

[[nodiscard]] constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    const uint128 product = static_cast<uint128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// sizeof(Word) bytes as a little-endian integer.
template <typename Word>
[[nodiscard]] inline std::uint64_t load_word(const char* p) noexcept {
    Word word = 0;
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(&word, p, sizeof word);
    } else {
        for (std::size_t i = 0; i < sizeof word; ++i)
            word |= static_cast<Word>(Word{static_cast<unsigned char>(p[i])} << (8 * i));
    }
    return word;
}

/// Up to 8 bytes as a little-endian integer, missing bytes zero: from words that overlap, as a copy of n
/// bytes is a call.
[[nodiscard]] inline std::uint64_t load_le(const char* p, std::size_t n) noexcept {
    if (n >= 8) return load_word<std::uint64_t>(p);
    if (n >= 4) return load_word<std::uint32_t>(p) | load_word<std::uint32_t>(p + n - 4) << (8 * (n - 4));
    if (n == 0) return 0;  // an empty view may be null
    const auto byte = [p](std::size_t i) {
        return std::uint64_t{static_cast<unsigned char>(p[i])} << (8 * i);
    };
    return byte(0) | byte(n / 2) | byte(n - 1);
}

}  // namespace detail

/// The keys of hash_bytes.
inline constexpr std::uint64_t kHashKey0 = 0xA0761D6478BD642Full, kHashKey1 = 0xE7037ED1A0B428DBull;

/// 64-bit hash of a byte string; different seeds give independent hashes.
[[nodiscard]] inline std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0) noexcept {
    const char* p = bytes.data();
    std::size_t n = bytes.size();
    std::uint64_t h = seed ^ kHashKey0;
    while (n > 16) {
        h = detail::fold(detail::load_le(p, 8) ^ kHashKey1, detail::load_le(p + 8, 8) ^ h);
        p += 16;
        n -= 16;
    }
    const std::uint64_t a = detail::load_le(p, n < 8 ? n : 8);
    const std::uint64_t b = n > 8 ? detail::load_le(p + 8, n - 8) : 0;
    return mix64(detail::fold(a ^ kHashKey1, b ^ h) ^ (bytes.size() * kHashKey0));
}

}  // namespace funnel::base
