// SPDX-License-Identifier: MIT
// WeightAverage: exponential moving average of the parameters over the steps; its end point is flatter and
// usually better than the last step. Source: Polyak and Juditsky (1992); the form with a warm-up is
// TensorFlow's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "funnel/nn/aligned.hpp"

namespace funnel::nn {

/// begin_step once per step, then update on disjoint ranges, concurrently if wished.
template <typename Scalar>
class WeightAverage {
 public:
    /// `decay` in [0, 1): the average looks back about 1 / (1 - decay) steps, fewer at the start.
    WeightAverage(std::span<const Scalar> start, double decay)
        : decay_(decay), values_(start.begin(), start.end()) {}

    void begin_step() noexcept {
        ++steps_;
        const auto t = static_cast<double>(steps_);
        rate_ = 1.0 - std::min(decay_, (1.0 + t) / (10.0 + t));
    }

    /// parameters: `count` scalars starting at parameter `first`.
    void update(std::size_t first, std::size_t count, const Scalar* parameters) noexcept {
        const auto rate = static_cast<Scalar>(rate_);
        Scalar* values = values_.data() + first;
        for (std::size_t i = 0; i < count; ++i)
            values[i] += rate * (parameters[i] - values[i]);
    }

    [[nodiscard]] std::span<const Scalar> values() const noexcept { return values_; }

 private:
    double decay_;
    double rate_ = 1.0;
    std::uint64_t steps_ = 0;
    AlignedVector<Scalar> values_;
};

}  // namespace funnel::nn
