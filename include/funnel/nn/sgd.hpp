// SPDX-License-Identifier: MIT
// Sgd: stochastic gradient descent with momentum, in PyTorch's form: v = momentum v + g; p -= rate v.
// Source: Sutskever et al., "On the importance of initialization and momentum" (2013).
#pragma once

#include <cstddef>
#include <cstdint>

#include "funnel/nn/aligned.hpp"
#include "funnel/nn/kernels.hpp"

namespace funnel::nn {

struct SgdOptions {
    double momentum = 0.9;
    double weight_decay = 0.0;  ///< not on biases
    bool decoupled =
        false;  ///< false: decay is part of g, as in PyTorch; true: p -= rate decay p, as in AdamW
};

/// Velocities of n parameters. begin_step once per step, then update on disjoint ranges, concurrently if
/// wished.
template <typename Scalar>
class Sgd {
 public:
    Sgd(std::size_t n, const SgdOptions& options) : options_(options), velocity_(n, 0) {}

    void begin_step(double learning_rate) noexcept { learning_rate_ = learning_rate; }

    /// As AdamW::update.
    void update(const BasicKernels<Scalar>&, std::size_t first, std::size_t count, bool decays,
                const Scalar* gradient, Scalar* parameters) noexcept {
        const double decay = decays ? options_.weight_decay : 0.0;
        const auto momentum = static_cast<Scalar>(options_.momentum);
        const auto rate = static_cast<Scalar>(learning_rate_);
        const auto coupled = static_cast<Scalar>(options_.decoupled ? 0.0 : decay);
        const auto keep = static_cast<Scalar>(options_.decoupled ? 1.0 - learning_rate_ * decay : 1.0);
        Scalar* velocity = velocity_.data() + first;
        for (std::size_t i = 0; i < count; ++i) {
            velocity[i] = momentum * velocity[i] + (gradient[i] + coupled * parameters[i]);
            parameters[i] = keep * parameters[i] - rate * velocity[i];
        }
    }

 private:
    SgdOptions options_;
    double learning_rate_ = 0.0;
    AlignedVector<Scalar> velocity_;
};

}  // namespace funnel::nn
