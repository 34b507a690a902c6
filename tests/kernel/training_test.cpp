// SPDX-License-Identifier: MIT
// A whole training on each set of kernels.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "funnel/kernel/best_kernels.hpp"
#include "funnel/nn/split_net.hpp"
#include "funnel/train/trainer.hpp"
#include "train/sample.hpp"

namespace funnel::kernel {
namespace {

train::TrainResult train_on(const nn::Kernels& kernels, unsigned threads = 1) {
    const funnel::testing::Sample sample(3'000, 2);
    train::TrainOptions options;
    options.chains = nn::Chains({2});
    options.hidden = {40, 20};
    options.epochs = 2;
    options.batch_size = 700;
    options.dropout = 0.1;
    options.threads = threads;
    return train::fit(train::net_shape(options, 4, {{.rows = 3, .dim = 2}}), sample.source,
                      sample.part(0, 2'500), sample.part(2'500, 500), options, kernels);
}

TEST(Training, EndsAtTheSameFiguresOnEveryKernel) {
    const train::TrainResult eigen = train_on(nn::eigen_kernels());
    EXPECT_FALSE(names().empty());
    for (const std::string_view name : names()) {
        const train::TrainResult result = train_on(named(name));
        // Rounding is carried on from step to step; on this small net ten steps leave five digits.
        for (std::size_t epoch = 0; epoch < 2; ++epoch) {
            EXPECT_NEAR(result.epochs[epoch].train_loss, eigen.epochs[epoch].train_loss, 1e-5) << name;
            EXPECT_NEAR(*result.epochs[epoch].valid_loss, *eigen.epochs[epoch].valid_loss, 1e-5) << name;
        }
    }
}

TEST(Training, GivesTheSameBytesAtAnyNumberOfThreads) {
    const train::TrainResult one = train_on(best());
    for (const unsigned threads : {2U, 8U})
        EXPECT_EQ(train_on(best(), threads).net, one.net) << threads;
}

TEST(Scores, OfOneModelAgreeBetweenKernels) {
    const nn::Net<float> net = train_on(best()).net;
    const funnel::testing::Sample sample(500, 2, 9);
    train::WorkerTeam team(1);
    const nn::Chains chains({2});
    const auto expected = train::predict(nn::NetPredictor(net, chains), sample.source, sample.rows, team);
    EXPECT_FALSE(names().empty());
    for (const std::string_view name : names()) {
        const auto scores =
            train::predict(nn::NetPredictor(net, chains, named(name)), sample.source, sample.rows, team);
        ASSERT_EQ(scores.size(), 1000u);
        for (std::size_t i = 0; i < scores.size(); ++i)
            ASSERT_NEAR(scores[i], expected[i], 1e-6) << name;
    }
}

TEST(SplitNet, AgreesWithTheWholeNetOnEveryKernel) {
    Rng rng(11);
    for (const std::vector<std::size_t>& hidden : {std::vector<std::size_t>{}, {40, 20}, {100}}) {
        const nn::NetShape shape{
            .dense = 50, .embeddings = {{.rows = 3, .dim = 2}}, .hidden = hidden, .outputs = 2};
        const nn::Net<float> net(shape, rng);
        const std::vector<std::uint32_t> places{0, 1, 2, 3, 4, 10, 11, 12, 40};
        std::vector<float> dense, rest;
        for (std::uint32_t i = 0; i < 30 * 50; ++i) {
            const bool same = std::ranges::binary_search(places, i % 50);
            dense.push_back(same && i >= 50 ? dense[i % 50] : static_cast<float>(rng.normal()));
            if (!same) rest.push_back(dense.back());
        }
        const std::vector<std::uint32_t> ids(30, 1);
        nn::Workspace<float> of_whole;
        nn::PackedNet<float>(net).forward({30, dense, ids}, of_whole);
        EXPECT_FALSE(names().empty());
        for (const std::string_view name : names()) {
            const nn::SplitNet<float> split(net, places, named(name));
            nn::SplitNet<float>::Workspace workspace;
            split.share(dense, workspace);
            split.forward({30, rest, ids}, workspace);
            for (std::size_t i = 0; i < 60; ++i)
                ASSERT_NEAR(workspace.logits()[i], of_whole.logits()[i], 2e-5) << name << ' ' << i;
        }
    }
}

TEST(Predictor, GivesARowTheSameBytesAloneAndInBulk) {
    const nn::NetPredictor predictor(train_on(best()).net, nn::Chains({2}), best());
    const std::size_t n = 300;
    Rng rng(8);
    std::vector<float> dense(n * 4), bulk(n * 2), single(2);
    std::vector<std::uint32_t> ids(n);
    for (float& value : dense)
        value = static_cast<float>(rng.normal());
    for (std::uint32_t& id : ids)
        id = static_cast<std::uint32_t>(rng.below(3));
    nn::Workspace<float> workspace;
    predictor.probabilities({n, dense, ids}, workspace, bulk);
    for (std::size_t i = 0; i < n; ++i) {
        predictor.probabilities({1, std::span(dense).subspan(i * 4, 4), std::span(ids).subspan(i, 1)},
                                workspace, single);
        ASSERT_EQ(single[0], bulk[2 * i]);
        ASSERT_EQ(single[1], bulk[2 * i + 1]);
    }
}

}  // namespace
}  // namespace funnel::kernel
