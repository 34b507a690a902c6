// SPDX-License-Identifier: MIT
// Draws of starting weights. Source: He et al., "Delving deep into rectifiers" (2015), section 2.2.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include "funnel/base/random.hpp"

namespace funnel::nn {

/// Normal with mean 0 and the given standard deviation.
template <typename Scalar>
void fill_normal(std::span<Scalar> values, double deviation, Rng& rng) {
    for (Scalar& value : values)
        value = static_cast<Scalar>(deviation * rng.normal());
}

/// sqrt(2 / fan_in): keeps the variance of the signal through layers of ReLU.
[[nodiscard]] inline double he_deviation(std::size_t fan_in) noexcept {
    return fan_in == 0 ? 0.0 : std::sqrt(2.0 / static_cast<double>(fan_in));
}

}  // namespace funnel::nn
