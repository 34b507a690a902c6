// SPDX-License-Identifier: MIT
// validate: how good a net is on rows it was not trained on, head by head, by p_k and with all rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "funnel/eval/log_loss.hpp"
#include "funnel/eval/roc_auc.hpp"
#include "funnel/nn/chain_loss.hpp"
#include "funnel/nn/chains.hpp"
#include "funnel/nn/inference.hpp"
#include "funnel/nn/kernels.hpp"
#include "funnel/nn/net.hpp"
#include "funnel/train/detail/training_examples.hpp"
#include "funnel/train/detail/worker_team.hpp"
#include "funnel/train/input_source.hpp"

namespace funnel::train {

/// One head on the validation rows. Empty where it is undefined: no known label, or one class only.
struct HeadReport {
    std::optional<double> log_loss;
    std::optional<double> normalized_entropy;
    std::optional<double> roc_auc;
};

/// p_k of every row, (n, K) row-major. Same bytes at any number of threads.
[[nodiscard]] inline std::vector<float> predict(const nn::NetPredictor& predictor, const InputSource& source,
                                                std::span<const std::uint32_t> rows, WorkerTeam& team) {
    const std::size_t heads = predictor.heads(), blocks = (rows.size() + nn::kBlockRows - 1) / nn::kBlockRows;
    std::vector<float> p(rows.size() * heads);
    std::vector<nn::Workspace<float>> workspaces(team.size());
    std::vector<ExampleBlock<float>> scratch(team.size(), ExampleBlock<float>(predictor.net().shape()));
    team.run(blocks, [&](std::size_t i, std::size_t worker) {
        const std::size_t first = i * nn::kBlockRows, n = std::min(nn::kBlockRows, rows.size() - first);
        ExampleBlock<float>& block = scratch[worker];
        const auto part = rows.subspan(first, n);
        block.rows.assign(part.begin(), part.end());
        block.fetch(source);
        predictor.probabilities(block.inputs(), workspaces[worker],
                                std::span(p).subspan(first * heads, n * heads));
    });
    return p;
}

/// Empty if a prediction is not a number: the net has diverged.
[[nodiscard]] inline std::optional<std::vector<HeadReport>> validate(const nn::NetPredictor& predictor,
                                                                     const InputSource& source,
                                                                     const TrainRows& rows,
                                                                     WorkerTeam& team) {
    const std::vector<float> p = predict(predictor, source, rows.rows, team);
    if (std::ranges::any_of(p, [](float value) { return std::isnan(value); })) return std::nullopt;
    const std::size_t heads = predictor.heads(), n = rows.rows.size();
    std::vector<HeadReport> reports(heads);
    team.run(heads, [&](std::size_t k, std::size_t) {
        std::vector<float> scores(n);
        std::vector<std::uint8_t> labels(n);
        eval::LossSum sum;
        for (std::size_t i = 0; i < n; ++i) {
            scores[i] = p[i * heads + k];
            labels[i] = rows.labels[i * heads + k];
            if (labels[i] == base::kUnknownLabel) continue;
            sum.add(static_cast<double>(scores[i]), labels[i],
                    rows.weights.empty() ? 1.0 : static_cast<double>(rows.weights[i]));
        }
        reports[k] = {sum.log_loss(), sum.normalized_entropy(), eval::roc_auc(scores, labels, rows.weights)};
    });
    return reports;
}

/// Mean of a figure over the heads that have it.
[[nodiscard]] inline std::optional<double> mean_of(std::span<const HeadReport> heads,
                                                   std::optional<double> HeadReport::*figure) noexcept {
    double sum = 0.0;
    std::size_t defined = 0;
    for (const HeadReport& head : heads) {
        if (!(head.*figure)) continue;
        sum += *(head.*figure);
        ++defined;
    }
    if (defined == 0) return std::nullopt;
    return sum / static_cast<double>(defined);
}

/// What epochs are compared by: the mean over heads of normalized entropy, or of log loss if no head has both
/// classes. Empty if no head has a known label. A plain sum of log losses would be the click loss alone.
[[nodiscard]] inline std::optional<double> validation_score(std::span<const HeadReport> heads) noexcept {
    const std::optional<double> entropy = mean_of(heads, &HeadReport::normalized_entropy);
    return entropy ? entropy : mean_of(heads, &HeadReport::log_loss);
}

}  // namespace funnel::train
