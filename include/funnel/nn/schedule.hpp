// SPDX-License-Identifier: MIT
// Schedule: the learning rate as a function of the fraction of training done, so that a refit on more rows
// runs through the same curve. Cosine: Loshchilov and Hutter (2017), without restarts.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace funnel::nn {

enum class Decay : std::uint8_t { constant, linear, cosine };

struct Schedule {
    Decay decay = Decay::constant;  ///< shape after the warm-up
    double warmup = 0.0;            ///< fraction of the training with a linear rise from 0
    double floor = 0.0;             ///< the end of the decay, as a part of the full rate

    /// Factor of the learning rate at fraction f in [0, 1] of the training.
    [[nodiscard]] double factor(double f) const noexcept {
        if (f < warmup) return f / warmup;
        const double rest = std::clamp((f - warmup) / std::max(1.0 - warmup, 1e-12), 0.0, 1.0);
        switch (decay) {
            case Decay::linear:
                return 1.0 - (1.0 - floor) * rest;
            case Decay::cosine:
                return floor + (1.0 - floor) * 0.5 * (1.0 + std::cos(std::numbers::pi * rest));
            default:
                return 1.0;
        }
    }
};

}  // namespace funnel::nn
