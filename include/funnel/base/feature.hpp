// SPDX-License-Identifier: MIT
// NumericFeature: the name of a numeric input of models, and the transform that gives it its scale.
#pragma once

#include <cstdint>
#include <string>

namespace funnel::base {

/// How a raw number becomes an input before the z-score.
enum class Transform : std::uint8_t {
    identity,
    log1p,  ///< counts, amounts and waiting times: sign(x) ln(1 + |x|)
    logit   ///< shrunk rates in (0, 1)
};

struct NumericFeature {
    std::string name;
    Transform transform = base::Transform::identity;
};

}  // namespace funnel::base
