// SPDX-License-Identifier: MIT
// Logarithm, power of two and circle from +, -, * and / alone: libm's differ in the last bit between
// machines, and features must not. Relative error below 1e-11.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

namespace funnel::features {

/// now - then in microseconds, cut to what fits and 0 if `then` is later.
[[nodiscard]] constexpr std::int64_t micros_since(std::int64_t then, std::int64_t now) noexcept {
    if (now <= then) return 0;
    const std::uint64_t span = static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(then);
    return static_cast<std::int64_t>(std::min<std::uint64_t>(span, std::numeric_limits<std::int64_t>::max()));
}

/// 2^x for x <= 0; exactly 1 from 0 up, and 0 below -1000.
[[nodiscard]] inline double exp2_of_negative(double x) noexcept {
    if (!(x > -1000.0)) return 0.0;
    if (x >= 0.0) return 1.0;
    const auto whole = static_cast<double>(static_cast<int>(x - 0.5));  // rounded
    const double y = (x - whole) * std::numbers::ln2;  // |y| <= 0.347: the Taylor series ends fast
    double sum = 1.0;
    for (int k = 10; k >= 1; --k)
        sum = 1.0 + sum * y / k;
    const auto scale = static_cast<std::uint64_t>(static_cast<std::int64_t>(whole) + 1023) << 52;
    return sum * std::bit_cast<double>(scale);
}

namespace detail {

/// 2 atanh(s) for |s| <= 0.172.
[[nodiscard]] inline double twice_atanh(double s) noexcept {
    const double q = s * s;
    double sum = 0.0;
    for (int k = 15; k >= 1; k -= 2)
        sum = sum * q + 1.0 / k;
    return 2.0 * s * sum;
}

}  // namespace detail

/// Natural logarithm of a positive normal number; -infinity for 0, NaN below.
[[nodiscard]] inline double natural_log(double x) noexcept {
    if (!(x >= std::numeric_limits<double>::min())) {
        return x == 0.0 ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
    }
    if (x > std::numeric_limits<double>::max()) return x;
    const auto bits = std::bit_cast<std::uint64_t>(x);
    auto exponent = static_cast<std::int64_t>(bits >> 52) - 1023;
    double m = std::bit_cast<double>((bits & 0x000FFFFFFFFFFFFFull) | 0x3FF0000000000000ull);
    if (m > std::numbers::sqrt2) {
        m *= 0.5;
        ++exponent;
    }
    return static_cast<double>(exponent) * std::numbers::ln2 + detail::twice_atanh((m - 1.0) / (m + 1.0));
}

/// ln(1 + x) for x >= 0, exact also for small x.
[[nodiscard]] inline double log_of_one_plus(double x) noexcept {
    return x < 0.4 ? detail::twice_atanh(x / (2.0 + x)) : natural_log(1.0 + x);
}

/// sin(2 pi turns) for turns in [-1, 2].
[[nodiscard]] inline double sine_of_turns(double turns) noexcept {
    double u = turns - std::nearbyint(turns);
    if (u > 0.25) u = 0.5 - u;
    if (u < -0.25) u = -0.5 - u;
    const double x = u * 2.0 * std::numbers::pi, q = x * x;
    double sum = 1.0;
    for (int k = 18; k >= 2; k -= 2)
        sum = 1.0 - sum * q / (k * (k + 1));
    return x * sum;
}

}  // namespace funnel::features
