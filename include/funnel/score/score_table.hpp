// SPDX-License-Identifier: MIT
// score_table: the probabilities of finished rows, for `score` and `evaluate` on tables.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "funnel/encoding/table_dataset.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/model/predictor.hpp"
#include "funnel/score/evaluation.hpp"
#include "funnel/train/dataset_source.hpp"

namespace funnel::score {

/// The inputs that a model of a table reads, by name, and how its numbers are written.
[[nodiscard]] inline base::TableInputs table_inputs(const Bundle& bundle) {
    base::TableInputs inputs;
    for (const auto& feature : bundle.encoder.numeric_features())
        inputs.numeric.push_back(feature.name);
    inputs.categorical = bundle.encoder.categorical_features();
    if (bundle.table) inputs.numbers = bundle.table->numbers;
    return inputs;
}

/// The scores of every row, with labels and weights as far as the data have them. Columns are matched by
/// name: more of them and another order are fine. grouped: ExampleKey::group is what rows belong together by,
/// for grouped_auc and for intervals. Throws Error(schema) naming an input that the data lack,
/// Error(invalid_argument) for a model of a log.
[[nodiscard]] inline ScoredExamples score_table(const Bundle& bundle, const encoding::Dataset& data,
                                                const nn::Kernels& kernels, bool grouped = false) {
    if (!bundle.table) {
        throw Error(ErrorCode::invalid_argument,
                    "score: expected a model of a table, got one of a log; use score_log");
    }
    const model::Predictor predictor(bundle, kernels);
    const train::DatasetSource source(bundle.encoder, data, nullptr, kernels);
    std::vector<std::uint32_t> rows(data.size());
    std::iota(rows.begin(), rows.end(), 0U);
    ScoredExamples scored{.targets = {bundle.heads.front().name}, .grouped = grouped};
    scored.scores.push_back(train::predict_rows(predictor, source, rows));
    scored.labels.push_back(data.labels);
    scored.weights = data.weights;
    scored.keys = data.keys;
    if (grouped) {
        for (const encoding::ExampleKey& key : data.keys)
            scored.clusters.push_back(key.group);
    }
    return scored;
}

}  // namespace funnel::score
