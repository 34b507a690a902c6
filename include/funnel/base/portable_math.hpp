// SPDX-License-Identifier: MIT
// Logarithm, power of two and circle from +, -, * and / alone: those of libm differ in the last bit between
// machines, and features must not differ. Relative error below 1e-11.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include "funnel/base/exact_arithmetic.hpp"

namespace funnel::base {

/// now - then in microseconds, cut to what fits and 0 if `then` is later.
[[nodiscard]] constexpr std::int64_t micros_since(std::int64_t then, std::int64_t now) noexcept {
    if (now <= then) return 0;
    const std::uint64_t span = static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(then);
    return static_cast<std::int64_t>(std::min<std::uint64_t>(span, std::numeric_limits<std::int64_t>::max()));
}

namespace detail {

/// sum of coefficients[k] x^k.
template <std::size_t N>
[[nodiscard]] constexpr double polynomial(const std::array<double, N>& coefficients, double x) noexcept {
    double sum = coefficients[N - 1];
    for (std::size_t k = N - 1; k-- > 0;)
        sum = sum * x + coefficients[k];
    return sum;
}

/// The same in pairs, pairs of pairs and so on: the additions do not wait for each other (Estrin 1960).
[[nodiscard]] constexpr double polynomial_of_11(const std::array<double, 11>& c, double x) noexcept {
    const double x2 = x * x, x4 = x2 * x2;
    const double low = (c[0] + c[1] * x) + (c[2] + c[3] * x) * x2;
    const double middle = (c[4] + c[5] * x) + (c[6] + c[7] * x) * x2;
    const double high = (c[8] + c[9] * x) + c[10] * x2;
    return low + x4 * (middle + x4 * high);
}

/// First coefficients of a power series, made once at compile time: no division is left for later.
inline constexpr auto kExponential = [] {  // e^x: 1 / k!
    std::array<double, 11> c{1.0};
    for (std::size_t k = 1; k < c.size(); ++k)
        c[k] = c[k - 1] / static_cast<double>(k);
    return c;
}();
inline constexpr auto kTwiceAtanh = [] {  // 2 atanh(x) = x * sum of 2 / (2 k + 1) (x^2)^k
    std::array<double, 8> c{};
    for (std::size_t k = 0; k < c.size(); ++k)
        c[k] = 2.0 / static_cast<double>(2 * k + 1);
    return c;
}();
inline constexpr auto kSine = [] {  // sin(x) = x * sum of (-1)^k / (2 k + 1)! (x^2)^k
    std::array<double, 10> c{1.0};
    for (std::size_t k = 1; k < c.size(); ++k)
        c[k] = -c[k - 1] / static_cast<double>(2 * k * (2 * k + 1));
    return c;
}();

/// 2 atanh(s) for |s| <= 0.172.
[[nodiscard]] constexpr double twice_atanh(double s) noexcept {
    return s * polynomial(kTwiceAtanh, s * s);
}

}  // namespace detail

/// 2^x for x <= 0; exactly 1 from 0 up, and 0 below -1000.
[[nodiscard]] inline double exp2_of_negative(double x) noexcept {
    if (!(x > -1000.0)) return 0.0;
    if (x >= 0.0) return 1.0;
    const int whole = static_cast<int>(x - 0.5);  // rounded, so that the series gets |y| <= 0.347
    const double y = (x - whole) * std::numbers::ln2;
    const std::uint64_t scale = static_cast<std::uint64_t>(whole + 1023) << 52;
    return detail::polynomial_of_11(detail::kExponential, y) * std::bit_cast<double>(scale);
}

/// Natural logarithm of a positive normal number; -infinity for 0, NaN below.
[[nodiscard]] inline double natural_log(double x) noexcept {
    if (!(x >= std::numeric_limits<double>::min())) {
        return x == 0.0 ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
    }
    if (x > std::numeric_limits<double>::max()) return x;
    const auto bits = std::bit_cast<std::uint64_t>(x);
    int exponent = static_cast<int>(bits >> 52) - 1023;
    double m = std::bit_cast<double>((bits & 0x000FFFFFFFFFFFFFull) | 0x3FF0000000000000ull);
    if (m > std::numbers::sqrt2) {
        m *= 0.5;
        ++exponent;
    }
    return exponent * std::numbers::ln2 + detail::twice_atanh((m - 1.0) / (m + 1.0));
}

/// ln(1 + x) for x >= 0, exact also for small x.
[[nodiscard]] inline double log_of_one_plus(double x) noexcept {
    return x < 0.4 ? detail::twice_atanh(x / (2.0 + x)) : natural_log(1.0 + x);
}

/// sin(2 pi turns) for turns in [-1, 2].
[[nodiscard]] inline double sine_of_turns(double turns) noexcept {
    double u = turns - static_cast<double>(static_cast<int>(turns + 1.5) - 1);  // in [-1/2, 1/2]
    if (u > 0.25) u = 0.5 - u;
    if (u < -0.25) u = -0.5 - u;
    const double x = u * 2.0 * std::numbers::pi;
    return x * detail::polynomial(detail::kSine, x * x);
}

}  // namespace funnel::base
