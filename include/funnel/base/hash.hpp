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

/// Up to 8 bytes as a little-endian integer, missing bytes zero.
[[nodiscard]] inline std::uint64_t load_le(const char* p, std::size_t n) noexcept {
    std::uint64_t v = 0;
    if constexpr (std::endian::native == std::endian::little) {
        if (n > 0) std::memcpy(&v, p, n);  // an empty view may be null
    } else {
        for (std::size_t i = 0; i < n; ++i)
            v |= std::uint64_t{static_cast<unsigned char>(p[i])} << (8 * i);
    }
    return v;
}

}  // namespace detail

/// 64-bit hash of a byte string; different seeds give independent hashes.
[[nodiscard]] inline std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0) noexcept {
    constexpr std::uint64_t k0 = 0xA0761D6478BD642Full, k1 = 0xE7037ED1A0B428DBull;
    const char* p = bytes.data();
    std::size_t n = bytes.size();
    std::uint64_t h = seed ^ k0;
    while (n > 16) {
        h = detail::fold(detail::load_le(p, 8) ^ k1, detail::load_le(p + 8, 8) ^ h);
        p += 16;
        n -= 16;
    }
    const std::uint64_t a = detail::load_le(p, n < 8 ? n : 8);
    const std::uint64_t b = n > 8 ? detail::load_le(p + 8, n - 8) : 0;
    return mix64(detail::fold(a ^ k1, b ^ h) ^ (bytes.size() * k0));
}

}  // namespace funnel::base
