// SPDX-License-Identifier: MIT
#include "funnel/nn/inference.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace funnel::nn {
namespace {

TEST(NetPredictor, ScoresLongInputsBlockByBlock) {
    Rng rng(3);
    const Net<float> net({.dense = 3, .embeddings = {{.rows = 4, .dim = 2}}, .hidden = {5}, .outputs = 2},
                         rng);
    const NetPredictor predictor(net, Chains({2}));
    const std::size_t n = 300;
    std::vector<float> dense(n * 3), bulk(n * 2), single(2);
    std::vector<std::uint32_t> ids(n);
    for (float& value : dense)
        value = static_cast<float>(rng.normal());
    for (std::uint32_t& id : ids)
        id = static_cast<std::uint32_t>(rng.below(4));
    Workspace<float> workspace;
    predictor.probabilities({n, dense, ids}, workspace, bulk);
    for (std::size_t i = 0; i < n; ++i) {
        predictor.probabilities({1, std::span(dense).subspan(i * 3, 3), std::span(ids).subspan(i, 1)},
                                workspace, single);
        EXPECT_NEAR(single[0], bulk[i * 2], 1e-6F);
        EXPECT_NEAR(single[1], bulk[i * 2 + 1], 1e-6F);
        EXPECT_LE(bulk[i * 2 + 1], bulk[i * 2]);  // the order of the stages of a chain
    }
}

TEST(NetPredictor, RefusesInputsOfAnotherNet) {
    const NetPredictor predictor(
        Net<float>({.dense = 2, .embeddings = {{.rows = 3, .dim = 1}}, .hidden = {}, .outputs = 1}),
        Chains({1}));
    Workspace<float> workspace;
    const std::vector<float> dense{1, 2, 3};
    const std::vector<std::uint32_t> fits{2}, outside{3};
    std::vector<float> p(1);
    EXPECT_THROW(predictor.probabilities({1, dense, fits}, workspace, p), Error);
    EXPECT_THROW(predictor.probabilities({1, std::span(dense).first(2), outside}, workspace, p), Error);
    EXPECT_NO_THROW(predictor.probabilities({1, std::span(dense).first(2), fits}, workspace, p));
    EXPECT_EQ(p[0], 0.5F);
}

TEST(NetPredictor, RefusesChainsOfAnotherNet) {
    EXPECT_THROW(
        NetPredictor(Net<float>({.dense = 1, .embeddings = {}, .hidden = {}, .outputs = 2}), Chains({1})),
        Error);
}

}  // namespace
}  // namespace funnel::nn
