// SPDX-License-Identifier: MIT
#include "funnel/train/detail/training.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "funnel/nn/eigen_kernels.hpp"
#include "golden/torch_golden.hpp"

namespace funnel::train {
namespace {

template <typename T>
Matrix<T> matrix(const std::vector<double>& values, std::size_t rows, std::size_t cols) {
    Matrix<T> result(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(cols));
    for (std::size_t i = 0; i < values.size(); ++i)
        result.data()[i] = static_cast<T>(values[i]);
    return result;
}

/// Runs a training of torch_training.py again, in double, and compares every loss and the last weights.
/// 1e-9: sums are formed in another order, and some dozen steps carry the last bits of each other on.
void compare_with_torch(const std::string& name, const nn::NetShape& shape, const TrainOptions& options,
                        double learning_rate) {
    const funnel::testing::TorchGolden golden;
    const auto labels = golden.as<std::uint8_t>(name + ".labels");
    const std::size_t n = labels.size() / shape.outputs;
    const MatrixSource source(matrix<float>(golden[name + ".dense"], n, shape.dense),
                              matrix<std::uint32_t>(golden[name + ".ids"], n, shape.embeddings.size()));
    std::vector<std::uint32_t> rows(n);
    std::iota(rows.begin(), rows.end(), 0U);
    const auto weights = name == "chained" ? golden.as<float>("chained.weights") : std::vector<float>{};
    const Examples examples(source, {rows, labels, weights}, options);

    nn::Net<double> net(shape);
    std::ranges::copy(golden[name + ".start"], net.parameters().begin());
    WorkerTeam team(1);
    Training<double> training(net, examples, options, 0.0, nn::eigen_kernels<double>(), team);
    const auto order = golden.as<std::uint32_t>(name + ".order");
    const auto sizes = golden.as<std::size_t>(name + ".batch_sizes");
    const std::vector<double>&losses = golden[name + ".losses"], &end = golden[name + ".end"];
    std::size_t first = 0;
    ASSERT_FALSE(sizes.empty());
    for (std::size_t step = 0; step < sizes.size(); ++step) {
        const auto batch = std::span(order).subspan(first, sizes[step]);
        std::vector<double> totals(options.chains.size());
        examples.totals(batch, totals.data());
        EXPECT_NEAR(training.step(batch, totals.data(), learning_rate, 0), losses[step], 1e-9) << step;
        first += sizes[step];
    }
    EXPECT_EQ(first, order.size());
    ASSERT_EQ(end.size(), training.net().parameters().size());
    for (std::size_t i = 0; i < end.size(); ++i)
        EXPECT_NEAR(training.net().parameters()[i], end[i], 1e-9) << i;
}

TEST(Training, OfAPlainNetWithAdamWEqualsPyTorch) {
    TrainOptions options;
    options.batch_size = 8;
    options.weight_decay = 0.05;
    options.dropout = 0.0;
    compare_with_torch("plain", {.dense = 5, .embeddings = {}, .hidden = {7, 4}, .outputs = 1}, options,
                       0.02);
}

TEST(Training, OfChainsWithSgdEqualsPyTorch) {
    TrainOptions options;
    options.chains = nn::Chains({1, 2});
    options.batch_size = 300;
    options.optimizer = Optimizer::sgd;
    options.momentum = 0.9;
    options.decoupled_decay = false;
    options.weight_decay = 0.01;
    options.dropout = 0.0;
    const nn::NetShape shape{.dense = 4,
                             .embeddings = {{.rows = 5, .dim = 3}, {.rows = 3, .dim = 2}},
                             .hidden = {8, 6},
                             .outputs = 3};
    compare_with_torch("chained", shape, options, 0.1);
}

}  // namespace
}  // namespace funnel::train
