// SPDX-License-Identifier: MIT
// AdamW: Adam with decoupled weight decay. Source: Loshchilov and Hutter, "Decoupled weight decay
// regularization" (2019), algorithm 2; the decay is scaled by the learning rate, as in PyTorch.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "funnel/nn/aligned.hpp"
#include "funnel/nn/kernels.hpp"

namespace funnel::nn {

struct AdamWOptions {
    double beta1 = 0.9;          ///< memory of the mean gradient
    double beta2 = 0.999;        ///< memory of the mean square
    double epsilon = 1e-8;       ///< added to the root
    double weight_decay = 1e-2;  ///< per unit of learning rate; not on biases
};

/// Moments of n parameters. begin_step once per step, then update on disjoint ranges, concurrently if wished.
template <typename Scalar>
class AdamW {
 public:
    AdamW(std::size_t n, const AdamWOptions& options) : options_(options), mean_(n, 0), square_(n, 0) {}

    void begin_step(double learning_rate) noexcept {
        ++steps_;
        const auto t = static_cast<double>(steps_);
        step_ = {learning_rate,
                 options_.beta1,
                 options_.beta2,
                 options_.epsilon,
                 options_.weight_decay,
                 1.0 - std::pow(options_.beta1, t),
                 1.0 - std::pow(options_.beta2, t)};
    }

    /// parameters, gradient: `count` scalars starting at parameter `first`.
    void update(const BasicKernels<Scalar>& kernels, std::size_t first, std::size_t count, bool decays,
                const Scalar* gradient, Scalar* parameters) noexcept {
        AdamWStep step = step_;
        if (!decays) step.weight_decay = 0.0;
        kernels.adamw(step, count, gradient, parameters, mean_.data() + first, square_.data() + first);
    }

 private:
    AdamWOptions options_;
    AdamWStep step_;
    std::uint64_t steps_ = 0;
    AlignedVector<Scalar> mean_;
    AlignedVector<Scalar> square_;
};

}  // namespace funnel::nn
