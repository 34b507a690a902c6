// SPDX-License-Identifier: MIT
// sigmoid and softplus for one number, without overflow at either end.
#pragma once

#include <cmath>

namespace funnel::nn {

/// 1 / (1 + exp(-z)).
template <typename Scalar>
[[nodiscard]] Scalar sigmoid(Scalar z) noexcept {
    const Scalar e = std::exp(-std::abs(z));
    return (z < 0 ? e : Scalar{1}) / (1 + e);
}

/// ln(1 + exp(z)) = -ln(1 - sigmoid(z)).
template <typename Scalar>
[[nodiscard]] Scalar softplus(Scalar z) noexcept {
    return (z > 0 ? z : Scalar{0}) + std::log1p(std::exp(-std::abs(z)));
}

/// ln(p / (1 - p)) for p in (0, 1).
template <typename Scalar>
[[nodiscard]] Scalar logit(Scalar p) noexcept {
    return std::log(p) - std::log1p(-p);
}

}  // namespace funnel::nn
