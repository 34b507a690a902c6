// SPDX-License-Identifier: MIT
// gain_over: whether a new model is better than the one in use, on the same rows and with a paired interval.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "funnel/eval/clustered.hpp"
#include "funnel/train/train_model.hpp"

namespace funnel::train {

/// Mean over the common targets of the normalized entropy that the new model saves: 0.01 is one percent of
/// what the base rate leaves to be known.
struct Gain {
    std::vector<std::string> targets;
    std::optional<double> value;
    eval::FigureInterval range;
};

/// The gain of a fit over `champion` on the validation rows that the fit did not train on. Throws
/// Error(schema) if the champion needs a feature that the data lack, or predicts none of the targets.
[[nodiscard]] Gain gain_over(const Bundle& champion, const ValidatedFit& fit, const nn::Kernels& kernels);

namespace detail {

/// Scores of one target of p (n, K).
[[nodiscard]] inline std::vector<float> column_of(std::span<const float> p, std::size_t k,
                                                  std::size_t width) {
    std::vector<float> column;
    for (std::size_t at = k; at < p.size(); at += width)
        column.push_back(p[at]);
    return column;
}

}  // namespace detail

inline Gain gain_over(const Bundle& champion, const ValidatedFit& fit, const nn::Kernels& kernels) {
    const model::Predictor predictor(champion, kernels);
    const DatasetSource source(champion.encoder, fit.data);
    const std::vector<float> old = predict_rows(predictor, source, fit.rows.rows);
    const std::vector<std::uint64_t> users = detail::clusters_of(fit.data, fit.rows);
    const std::size_t heads = fit.bundle.heads.size();
    Gain gain;
    eval::Replicates before, after;
    before.value = after.value = 0.0;
    eval::ClusteredFigures fewest;
    fewest.users_with = fewest.users_without = static_cast<std::size_t>(-1);
    for (std::size_t k = 0; k < heads; ++k) {
        const auto at = std::ranges::find(champion.heads, fit.bundle.heads[k].name, &model::Head::name);
        if (at == champion.heads.end()) continue;
        std::vector<std::uint8_t> labels;
        for (std::size_t i = 0; i < fit.rows.size(); ++i)
            labels.push_back(fit.rows.labels[i * heads + k]);
        const auto place = static_cast<std::size_t>(at - champion.heads.begin());
        const eval::RowOptions options{.weights = fit.weights};
        const auto a = eval::clustered_figures(detail::column_of(old, place, champion.heads.size()), labels,
                                               users, options);
        const auto b =
            eval::clustered_figures(detail::column_of(fit.probabilities, k, heads), labels, users, options);
        if (!a.normalized_entropy.value) continue;
        gain.targets.push_back(at->name);
        fewest.users_with = std::min(fewest.users_with, a.users_with);
        fewest.users_without = std::min(fewest.users_without, a.users_without);
        *before.value += *a.normalized_entropy.value;
        *after.value += *b.normalized_entropy.value;
        for (std::size_t g = 0; g < eval::kUserGroups; ++g) {
            before.without[g] += a.normalized_entropy.without[g];
            after.without[g] += b.normalized_entropy.without[g];
        }
    }
    if (gain.targets.empty())
        throw Error(ErrorCode::schema,
                    "champion: expected a target of the new model with both classes, got none");
    const auto count = static_cast<double>(gain.targets.size());
    for (auto* side : {&before, &after}) {
        *side->value /= count;
        for (double& value : side->without)
            value /= count;
    }
    const eval::Difference saved = eval::difference_of(fewest, after, before);
    gain.value = saved.value;
    gain.range = saved.range;
    return gain;
}

}  // namespace funnel::train
