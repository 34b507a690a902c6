// SPDX-License-Identifier: MIT
// Training on a matrix in memory: data that are numbers already need no log and no file. Links funnel::core.
#include <cstdio>
#include <numeric>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/nn/inference.hpp"
#include "funnel/train/trainer.hpp"

int main() {
    // Inside a circle or not: what a straight line cannot tell.
    constexpr std::size_t kRows = 20'000, kTrain = 16'000;
    funnel::Rng random(1);
    funnel::Matrix<float> inputs(kRows, 2);
    std::vector<std::uint8_t> labels(kRows);
    for (std::size_t i = 0; i < kRows; ++i) {
        const auto row = static_cast<Eigen::Index>(i);
        inputs.row(row) << static_cast<float>(random.normal()), static_cast<float>(random.normal());
        labels[i] = inputs.row(row).squaredNorm() < 1.4f ? 1 : 0;
    }
    std::vector<std::uint32_t> rows(kRows);
    std::iota(rows.begin(), rows.end(), 0u);
    const std::span all(rows);
    const std::span<const std::uint8_t> known(labels);

    funnel::train::TrainOptions options;
    options.hidden = {16, 8};
    const auto result = funnel::train::fit(
        funnel::train::net_shape(options, 2), funnel::train::MatrixSource(inputs),
        {.rows = all.first(kTrain), .labels = known.first(kTrain), .weights = {}},
        {.rows = all.subspan(kTrain), .labels = known.subspan(kTrain), .weights = {}}, options);
    const double auc = result.epochs.at(result.best_epoch - 1).heads[0].roc_auc.value_or(0);
    std::printf("best of %zu epochs: %zu, validation AUC %.4f\n", result.epochs.size(), result.best_epoch,
                auc);

    const funnel::nn::NetPredictor predictor(result.net, options.chains);
    funnel::nn::Workspace<float> workspace;
    float p[2];
    predictor.probabilities({.rows = 2, .dense = std::vector<float>{0, 0, 2, 2}, .ids = {}}, workspace, p);
    std::printf("p(inside) at (0, 0): %.3f, at (2, 2): %.3f\n", p[0], p[1]);
    return auc > 0.99 && p[0] > 0.7f && p[1] < 0.1f ? 0 : 1;
}
