// SPDX-License-Identifier: MIT
#include "funnel/nn/packed_net.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "funnel/nn/chain_loss.hpp"
#include "nn/numeric_gradient.hpp"

namespace funnel::nn {
namespace {

struct Case {
    NetShape shape;
    std::size_t rows;
    double dropout;
};

struct Data {
    std::vector<double> dense;
    std::vector<std::uint32_t> ids;
    std::vector<std::uint8_t> labels;
    std::vector<std::uint32_t> rows;
    [[nodiscard]] Inputs<double> inputs() const { return {rows.size(), dense, ids}; }
};

Data random_data(const Case& test, Rng& rng) {
    Data data;
    data.rows.resize(test.rows);
    std::iota(data.rows.begin(), data.rows.end(), 100U);
    for (std::size_t i = 0; i < test.rows * test.shape.dense; ++i)
        data.dense.push_back(rng.normal());
    for (std::size_t i = 0; i < test.rows; ++i) {
        for (const EmbeddingShape& e : test.shape.embeddings) {
            data.ids.push_back(static_cast<std::uint32_t>(rng.below(e.rows)));
        }
        for (std::size_t k = 0; k < test.shape.outputs; ++k) {
            data.labels.push_back(static_cast<std::uint8_t>(rng.below(3)));
        }
    }
    return data;
}

/// Loss of the net on the data; leaves dL/dz in the workspace.
double loss_of(const PackedNet<double>& net, const Data& data, const Dropout* dropout,
               Workspace<double>& workspace) {
    net.forward(data.inputs(), workspace, dropout);
    const Chains chains({net.net().shape().outputs});
    return chain_loss<double>(chains, workspace.logits(), data.labels, {}, {}, {}, net.kernels(),
                              workspace.logit_gradient());
}

class PackedNetGradient : public ::testing::TestWithParam<Case> {};

TEST_P(PackedNetGradient, EqualsNumericDifferences) {
    const Case& test = GetParam();
    Rng rng(17);
    PackedNet<double> net(Net<double>(test.shape, rng));
    // Biases off zero, so that no unit sits exactly on the kink of a ReLU.
    for (double& parameter : net.mutable_net().parameters())
        parameter += 0.05 * rng.normal();
    net.pack();
    const Data data = random_data(test, rng);
    const Dropout dropout{.rate = test.dropout, .seed = 5, .rows = data.rows};
    const Dropout* mask = test.dropout > 0.0 ? &dropout : nullptr;
    Workspace<double> workspace;
    std::vector<double> gradient(test.shape.parameters(), 7.0), twice;
    (void)loss_of(net, data, mask, workspace);
    net.backward(workspace, gradient, false, mask);
    const auto numeric = funnel::testing::numeric_gradient(net.mutable_net().parameters(), [&] {
        net.pack();
        return loss_of(net, data, mask, workspace);
    });
    ASSERT_FALSE(gradient.empty());
    for (std::size_t i = 0; i < gradient.size(); ++i)
        ASSERT_NEAR(gradient[i], numeric[i], 2e-8) << i;

    net.pack();
    twice = gradient;
    (void)loss_of(net, data, mask, workspace);
    net.backward(workspace, twice, true, mask);
    for (std::size_t i = 0; i < gradient.size(); ++i)
        ASSERT_NEAR(twice[i], 2.0 * gradient[i], 1e-12) << i;
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, PackedNetGradient,
    ::testing::Values(
        Case{{.dense = 4, .embeddings = {}, .hidden = {}, .outputs = 1}, 9, 0.0},
        Case{{.dense = 0, .embeddings = {{3, 2}, {4, 3}}, .hidden = {}, .outputs = 3}, 9, 0.0},
        Case{{.dense = 5, .embeddings = {}, .hidden = {7}, .outputs = 1}, 12, 0.0},
        Case{{.dense = 3, .embeddings = {{4, 2}, {2, 1}}, .hidden = {6, 5}, .outputs = 3}, 20, 0.0},
        Case{{.dense = 3, .embeddings = {{4, 2}}, .hidden = {20, 18, 5}, .outputs = 2}, 20, 0.3}));

TEST(PackedNet, ComputesASmallNetByHand) {
    Net<double> net({.dense = 1, .embeddings = {{.rows = 2, .dim = 1}}, .hidden = {2}, .outputs = 1});
    net.embedding(0) << 10, 20;
    net.weights(0) << 1, -1,  // from the embedding
        2, 3;                 // from the number
    net.weights(1) << 0.5, 4;
    net.bias(0)[1] = 1;
    net.head_bias()[0] = -7;
    const PackedNet<double> packed(net);
    Workspace<double> workspace;
    const std::vector<double> dense{1, 7};
    const std::vector<std::uint32_t> ids{0, 1};
    packed.forward({2, dense, ids}, workspace);
    // Row 0: hidden (10 + 2, max(0, -10 + 3 + 1)) = (12, 0), logit 6 - 7. Row 1: (34, 2), logit 17 + 8 - 7.
    EXPECT_DOUBLE_EQ(workspace.logits()[0], -1.0);
    EXPECT_DOUBLE_EQ(workspace.logits()[1], 18.0);
}

TEST(PackedNet, KeepsItsWorkspaceForSmallerBlocks) {
    Rng rng(1);
    const PackedNet<double> net(
        Net<double>({.dense = 2, .embeddings = {}, .hidden = {3}, .outputs = 1}, rng));
    Workspace<double> workspace;
    const std::vector<double> dense(20, 1.0);
    net.forward({10, dense, {}}, workspace);
    const double* place = workspace.logits().data();
    net.forward({3, std::span(dense).first(6), {}}, workspace);
    EXPECT_EQ(workspace.logits().data(), place);
    EXPECT_EQ(workspace.logits().size(), 3U);
}

}  // namespace
}  // namespace funnel::nn
