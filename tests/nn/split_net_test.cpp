// SPDX-License-Identifier: MIT
#include "funnel/nn/split_net.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "funnel/base/random.hpp"

namespace funnel::nn {
namespace {

constexpr std::size_t kDense = 37, kRows = 9;

/// By the number of hidden layers: a shape as parameter would put addresses into the names of the tests.
NetShape shape_of(std::size_t hidden_layers) {
    NetShape shape{.dense = kDense, .embeddings = {{4, 2}}, .hidden = {}, .outputs = 2};
    if (hidden_layers == 1) shape = {.dense = kDense, .embeddings = {}, .hidden = {70}, .outputs = 1};
    if (hidden_layers == 2)
        shape = {.dense = kDense, .embeddings = {{5, 3}, {2, 4}}, .hidden = {20, 7}, .outputs = 3};
    return shape;
}

class SplitNets : public ::testing::TestWithParam<std::size_t> {};

/// Rows that share their inputs in the places give the logits of the whole net; the next rows, with others,
/// too.
TEST_P(SplitNets, GiveTheLogitsOfTheWholeNet) {
    Rng rng(3);
    const NetShape shape = shape_of(GetParam());
    Net<double> net(shape, rng);
    for (double& value : net.bias(0))
        value = rng.normal();
    const std::vector<std::uint32_t> places{0, 1, 2, 5, 30, 36};
    const PackedNet<double> whole(net);
    const SplitNet<double> split(net, places);
    Workspace<double> of_whole;
    SplitNet<double>::Workspace of_split;
    for (int call = 0; call < 2; ++call) {
        std::vector<double> dense, rest, shared(kDense);
        std::vector<std::uint32_t> ids;
        for (double& value : shared)
            value = rng.normal();
        for (std::size_t row = 0; row < kRows; ++row) {
            for (std::uint32_t i = 0; i < kDense; ++i) {
                const bool same = std::ranges::find(places, i) != places.end();
                dense.push_back(same ? shared[i] : rng.normal());
                if (!same) rest.push_back(dense.back());
            }
            for (const EmbeddingShape& e : shape.embeddings)
                ids.push_back(static_cast<std::uint32_t>(rng.below(e.rows)));
        }
        whole.forward({kRows, dense, ids}, of_whole);
        split.share(dense, of_split);
        split.forward({kRows, rest, ids}, of_split);
        ASSERT_EQ(of_split.logits().size(), kRows * shape.outputs);
        for (std::size_t i = 0; i < kRows * shape.outputs; ++i)
            EXPECT_NEAR(of_split.logits()[i], of_whole.logits()[i], 1e-12) << call << ' ' << i;
    }
}

INSTANTIATE_TEST_SUITE_P(HiddenLayers, SplitNets, ::testing::Values(0, 1, 2));

}  // namespace
}  // namespace funnel::nn
