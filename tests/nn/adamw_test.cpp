// SPDX-License-Identifier: MIT
#include "funnel/nn/adamw.hpp"

#include <gtest/gtest.h>

#include "funnel/nn/eigen_kernels.hpp"
#include "funnel/nn/sgd.hpp"
#include "golden/torch_golden.hpp"

namespace funnel::nn {
namespace {

/// Largest difference to PyTorch over all steps of one optimizer, on parameters that decay.
template <typename Optimizer>
double distance_to_torch(const std::string& name, Optimizer optimizer, double learning_rate) {
    const funnel::testing::TorchGolden golden;
    std::vector<double> parameters = golden[name + ".start"];
    const std::vector<double>&gradients = golden[name + ".gradients"], &after = golden[name + ".after"];
    const std::size_t n = parameters.size();
    double worst = 0.0;
    for (std::size_t step = 0; step * n < gradients.size(); ++step) {
        optimizer.begin_step(learning_rate);
        // In two ranges, as a trainer does.
        optimizer.update(eigen_kernels<double>(), 0, 3, true, gradients.data() + step * n, parameters.data());
        optimizer.update(eigen_kernels<double>(), 3, n - 3, true, gradients.data() + step * n + 3,
                         parameters.data() + 3);
        for (std::size_t i = 0; i < n; ++i) {
            worst = std::max(worst, std::abs(parameters[i] - after[step * n + i]));
        }
    }
    return worst;
}

TEST(AdamW, StepsAsPyTorchDoes) {
    const AdamWOptions options{.beta1 = 0.8, .beta2 = 0.99, .epsilon = 1e-6, .weight_decay = 0.1};
    EXPECT_LT(distance_to_torch("adamw", AdamW<double>(7, options), 0.01), 1e-12);
}

TEST(AdamW, LeavesParametersThatDoNotDecayAloneWithoutGradient) {
    AdamW<double> optimizer(1, {.weight_decay = 0.5});
    double parameter = 2.0;
    const double gradient = 0.0;
    optimizer.begin_step(0.1);
    optimizer.update(eigen_kernels<double>(), 0, 1, false, &gradient, &parameter);
    EXPECT_EQ(parameter, 2.0);
    optimizer.update(eigen_kernels<double>(), 0, 1, true, &gradient, &parameter);
    EXPECT_DOUBLE_EQ(parameter, 2.0 * (1.0 - 0.1 * 0.5));
}

TEST(Sgd, StepsAsPyTorchDoes) {
    const SgdOptions options{.momentum = 0.9, .weight_decay = 0.02, .decoupled = false};
    EXPECT_LT(distance_to_torch("sgd", Sgd<double>(7, options), 0.05), 1e-12);
}

TEST(Sgd, KeepsDecoupledDecayOutOfTheVelocity) {
    Sgd<double> optimizer(1, {.momentum = 0.9, .weight_decay = 0.5, .decoupled = true});
    double parameter = 1.0;
    const double gradient = 0.0;
    for (int step = 0; step < 3; ++step) {
        optimizer.begin_step(0.1);
        optimizer.update(eigen_kernels<double>(), 0, 1, true, &gradient, &parameter);
    }
    EXPECT_DOUBLE_EQ(parameter, 0.95 * 0.95 * 0.95);
}

}  // namespace
}  // namespace funnel::nn
