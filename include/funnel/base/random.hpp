// SPDX-License-Identifier: MIT
// Rng: an explicit seed, the same stream on every platform (splitmix64; Steele, Lea and Flood 2014).
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "funnel/base/hash.hpp"

namespace funnel::base {

/// One thread at a time. Streams of different seeds are independent for all practical purposes.
class Rng {
 public:
    explicit Rng(std::uint64_t seed) noexcept : state_(seed) {}

    /// 64 random bits.
    std::uint64_t next() noexcept { return mix64(state_ += 0x9E3779B97F4A7C15ull); }

    /// Uniform in [0, 1), 53 bits.
    double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

    /// Uniform in [0, n), n >= 1 (Lemire's multiplication; the bias is below n / 2^64).
    std::uint64_t below(std::uint64_t n) noexcept {
        return static_cast<std::uint64_t>((static_cast<detail::uint128>(next()) * n) >> 64);
    }

    /// Standard normal (Box-Muller, one value of the pair).
    double normal() noexcept {
        const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
        return radius * std::cos(2.0 * std::numbers::pi * uniform());
    }

 private:
    std::uint64_t state_;
};

/// The i-th draw of stream `seed` without state: for masks and samples that must not depend on threads.
[[nodiscard]] constexpr std::uint64_t random_at(std::uint64_t seed, std::uint64_t i) noexcept {
    return mix64(mix64(seed + 0x9E3779B97F4A7C15ull) + (i + 1) * 0xD1B54A32D192ED03ull);
}

/// random_at as a uniform number in [0, 1).
[[nodiscard]] constexpr double uniform_at(std::uint64_t seed, std::uint64_t i) noexcept {
    return static_cast<double>(random_at(seed, i) >> 11) * 0x1.0p-53;
}

}  // namespace funnel::base

namespace funnel {
using base::Rng;
}
