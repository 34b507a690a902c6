// SPDX-License-Identifier: MIT
#include "funnel/nn/eigen_kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace funnel::nn {
namespace {

// x (2, 3), W (3, 2), b (2): small enough to do by hand.
const std::vector<double> kX{1, 2, 3, -1, 0, 1};
const std::vector<double> kW{1, -1, 0, 2, 1, 0};
const std::vector<double> kB{1, -4};

DenseLayer<double> layer() {
    return {.in = 3, .out = 2, .weights = kW.data(), .bias = kB.data()};
}

TEST(EigenKernels, GoForward) {
    std::vector<double> c(4);
    eigen_kernels<double>().forward(layer(), {kX.data(), 3}, 2, {c.data(), 2}, false);
    EXPECT_EQ(c, (std::vector<double>{5, -1, 1, -3}));
    eigen_kernels<double>().forward(layer(), {kX.data(), 3}, 2, {c.data(), 2}, true);
    EXPECT_EQ(c, (std::vector<double>{5, 0, 1, 0}));
}

TEST(EigenKernels, FillTheRoomUpToThePanelWithZeros) {
    std::vector<double> c(2 * kPanel, 9.0);
    eigen_kernels<double>().forward(layer(), {kX.data(), 3}, 2, {c.data(), kPanel}, false);
    EXPECT_EQ(c[0], 5);
    for (std::size_t j = 2; j < kPanel; ++j)
        EXPECT_EQ(c[j], 0.0);
}

TEST(EigenKernels, GoBackToInputs) {
    const std::vector<double> d{1, 2, 3, 4};
    std::vector<double> da(6);
    eigen_kernels<double>().backward_inputs(layer(), {d.data(), 2}, 2, {}, 1.0, {da.data(), 3});
    EXPECT_EQ(da, (std::vector<double>{-1, 4, 1, -1, 8, 3}));
    // Masked by the activations before: 0 or less passes nothing on.
    eigen_kernels<double>().backward_inputs(layer(), {d.data(), 2}, 2, {kX.data(), 3}, 2.0, {da.data(), 3});
    EXPECT_EQ(da, (std::vector<double>{-2, 8, 2, 0, 0, 6}));
}

TEST(EigenKernels, GoBackToWeights) {
    const std::vector<double> d{1, 2, 3, 4};
    std::vector<double> gw(6, 5.0), gb(2, 5.0);
    const auto backward = [&](bool accumulate) {
        eigen_kernels<double>().backward_weights({kX.data(), 3}, {d.data(), 2}, 2, 3, 2, gw.data(), gb.data(),
                                                 accumulate);
    };
    backward(false);
    EXPECT_EQ(gw, (std::vector<double>{-2, -2, 2, 4, 6, 10}));
    EXPECT_EQ(gb, (std::vector<double>{4, 6}));
    backward(true);
    EXPECT_EQ(gw, (std::vector<double>{-4, -4, 4, 8, 12, 20}));
    EXPECT_EQ(gb, (std::vector<double>{8, 12}));
}

TEST(EigenKernels, KeepTheLossFiniteAtBothEnds) {
    const std::vector<double> z{800, -800, 800, -800}, y{1, 0, 0, 1}, c{1, 1, 1, 1};
    std::vector<double> g(4);
    EXPECT_DOUBLE_EQ(eigen_kernels<double>().bce(4, z.data(), y.data(), c.data(), g.data()), 1600.0);
    EXPECT_EQ(g, (std::vector<double>{0, 0, 1, -1}));
}

}  // namespace
}  // namespace funnel::nn
