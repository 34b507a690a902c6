// SPDX-License-Identifier: MIT
// What a model says about its own training: ranges, epochs, validation figures, reference scores, probes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/csv.hpp"
#include "funnel/dataset/split.hpp"
#include "funnel/eval/target_report.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/model/predictor.hpp"
#include "funnel/train/model_options.hpp"
#include "funnel/train/trainer.hpp"

namespace funnel::train::detail {

[[nodiscard]] inline std::vector<model::TargetSummary> target_summaries(const Bundle& bundle,
                                                                        const std::vector<float>& p,
                                                                        const encoding::LabelledRows& valid,
                                                                        std::span<const float> weights) {
    const std::size_t targets = bundle.heads.size(), n = valid.size();
    std::vector<model::TargetSummary> summaries;
    std::vector<float> scores(n);
    std::vector<std::uint8_t> labels(n);
    for (std::size_t k = 0; k < targets; ++k) {
        for (std::size_t i = 0; i < n; ++i) {
            scores[i] = p[i * targets + k];
            labels[i] = valid.labels[i * targets + k];
        }
        const eval::TargetReport report =
            eval::evaluate(std::span<const float>(scores), labels, {.weights = weights});
        model::TargetSummary summary{.name = bundle.heads[k].name,
                                     .examples = report.examples,
                                     .positives = report.positives,
                                     .log_loss = report.log_loss.value,
                                     .normalized_entropy = report.normalized_entropy.value,
                                     .roc_auc = report.roc_auc.value,
                                     .ece = report.ece.value};
        if (report.base_rate.value)
            summary.base_rate_log_loss = eval::binary_entropy(*report.base_rate.value);
        summaries.push_back(std::move(summary));
    }
    return summaries;
}

/// The inputs of the rows that a model is trained on in the end.
[[nodiscard]] inline model::Reference reference_of(const encoding::Dataset& data, const dataset::Split& split,
                                                   const ModelOptions& options) {
    return model::reference_of(data, (options.refit ? split.refit : split.train).rows, options.training.seed);
}

/// p (n, K): what the scores of a model look like.
[[nodiscard]] inline std::vector<model::ReferenceColumn> reference_scores(const Bundle& bundle,
                                                                          const std::vector<float>& p) {
    std::vector<model::ReferenceColumn> columns;
    const std::size_t targets = bundle.heads.size();
    std::vector<float> scores(p.size() / targets);
    for (std::size_t k = 0; k < targets && !scores.empty(); ++k) {
        for (std::size_t i = 0; i < scores.size(); ++i)
            scores[i] = p[i * targets + k];
        columns.push_back(model::reference_of(bundle.heads[k].name, scores));
    }
    return columns;
}

[[nodiscard]] inline model::TimeRange range_of(const encoding::LabelledRows& rows) {
    return {rows.from, rows.to, rows.size()};
}

/// What was chosen by the number of rows, as it was used.
inline void summarize_options(model::TrainingSummary& summary, const TrainOptions& used) {
    const auto number = [](double value) {
        std::string text;
        base::append_csv_number(text, value);
        return text;
    };
    summary.configuration = {
        {"epochs", std::to_string(*used.epochs)},         {"patience", std::to_string(*used.patience)},
        {"batch_size", std::to_string(*used.batch_size)}, {"learning_rate", number(*used.learning_rate)},
        {"weight_decay", number(*used.weight_decay)},     {"dropout", number(*used.dropout)}};
}

inline void summarize_epochs(model::TrainingSummary& summary, const TrainResult& result) {
    summarize_options(summary, result.options);
    for (const EpochReport& epoch : result.epochs) {
        model::EpochSummary row{.epoch = static_cast<std::uint32_t>(epoch.epoch),
                                .train_loss = epoch.train_loss,
                                .valid_loss = epoch.valid_loss};
        for (const HeadReport& head : epoch.heads)
            row.valid_roc_auc.push_back(head.roc_auc);
        summary.epochs.push_back(std::move(row));
    }
    summary.best_epoch = static_cast<std::uint32_t>(result.best_epoch.value_or(0));
    summary.stop_reason = name(result.stop_reason);
}

[[nodiscard]] inline std::vector<model::Probe> make_probes(const Bundle& bundle,
                                                           const encoding::Dataset& data, std::size_t count,
                                                           const nn::Kernels& kernels) {
    const model::Predictor predictor(bundle, kernels);
    model::Predictor::Workspace workspace;
    std::vector<model::Probe> probes;
    count = std::min(count, data.size());
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t row = i * data.size() / count;
        model::Probe probe;
        const auto numeric = data.numeric_row(row);
        probe.numeric.assign(numeric.begin(), numeric.end());
        for (std::size_t c = 0; c < data.categorical_features.size(); ++c) {
            const std::uint32_t code = data.categorical_row(row)[c];
            probe.categorical.emplace_back(code == base::kNone ? "" : data.categories[c].text(code));
        }
        const std::vector<std::string_view> texts(probe.categorical.begin(), probe.categorical.end());
        probe.probabilities.resize(bundle.heads.size());
        predictor.predict(probe.numeric, texts, probe.probabilities, workspace);
        probes.push_back(std::move(probe));
    }
    return probes;
}

}  // namespace funnel::train::detail
