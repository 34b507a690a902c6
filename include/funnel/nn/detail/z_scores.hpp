// SPDX-License-Identifier: MIT
// ZScores: what turns 16 raw numbers into inputs, side by side so that kernels need no branches: a transform
// that is one of three, then a z-score.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace funnel::nn {

/// Numbers that are scored side by side.
inline constexpr std::size_t kScores = 16;

/// Where rates are cut before the logit, and numbers before the logarithm.
inline constexpr float kLeastRate = 1e-7f, kMostRate = 1.0f - 1e-7f, kLongest = 1e30f;

/// z = (t - mean) scale with t = identity x + logit ln(r / (1 - r)) + log1p sign(x) ln(1 + |x|), where r is x
/// cut to [1e-7, 1 - 1e-7]. Of the three weights one is 1 and two are 0.
template <typename Scalar>
struct ZScores {
    std::array<Scalar, kScores> identity{}, logit{}, log1p{};
    std::array<Scalar, kScores> mean{}, scale{};
};

namespace detail {

/// Coefficients of ln(1 + m) - m + m^2 / 2 over m^3 (Cephes logf), and ln 2 in two parts.
inline constexpr std::array<float, 9> kLog = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,
                                              -1.2420140846e-1f, 1.4249322787e-1f,  -1.6668057665e-1f,
                                              2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
inline constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
inline constexpr std::uint32_t kRootHalf = 0x3F3504F3u;  // bits of sqrt(1/2)

/// Natural logarithm in float for positive normal x. Relative error below 2e-7.
[[nodiscard]] inline float fast_log(float x) noexcept {
    // The mantissa in [sqrt(1/2), sqrt(2)).
    const std::uint32_t shifted = std::bit_cast<std::uint32_t>(x) - kRootHalf;
    const auto exponent = static_cast<float>(static_cast<std::int32_t>(shifted) >> 23);
    const float m = std::bit_cast<float>((shifted & 0x007FFFFFu) + kRootHalf) - 1.0f;
    const float q = m * m;
    float y = kLog[0];
    for (std::size_t k = 1; k < kLog.size(); ++k)
        y = y * m + kLog[k];
    y = y * m * q + exponent * kLn2Low - 0.5f * q;
    return m + y + exponent * kLn2High;
}

/// t of a finite number; of another one anything.
[[nodiscard]] inline float transformed(float x, float identity, float logit, float log1p) noexcept {
    const float size = std::fabs(x);
    const float cut = size < kLongest ? size : kLongest;
    const float above = x > kLeastRate ? x : kLeastRate;
    const float rate = above < kMostRate ? above : kMostRate;
    const float numerator = identity + logit * rate + log1p * (1.0f + cut);
    const float denominator = 1.0f - logit * rate;
    const float log = fast_log(numerator / denominator);
    return identity * x + logit * log + log1p * std::copysign(log, x);
}

}  // namespace detail
}  // namespace funnel::nn
