// SPDX-License-Identifier: MIT
// score_log: the examples of a log, scored with what was known before each of them.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/hash.hpp"
#include "funnel/dataset/build_dataset.hpp"
#include "funnel/dataset/raw_rows.hpp"
#include "funnel/score/evaluation.hpp"
#include "funnel/score/scorer.hpp"

namespace funnel::score {

/// Scores every example, in the order of the list. The history must be the one the examples were built with;
/// it observes the log on the way. Memory: 4 K + 48 bytes per example. place_hidden, if given, becomes the
/// same examples scored without list and position, as those of a list that is yet to be ranked; drift, if
/// given, counts the rows and their scores; rows, if given, sees the inputs of every example. Throws
/// Error(schema) for a log without a column that the model learned from, or a history that does not fit the
/// model.
[[nodiscard]] ScoredExamples score_log(const EventLog& log, history::History& history,
                                       const dataset::ExampleList& examples, const Scorer& scorer,
                                       const dataset::BuildOptions& options = {},
                                       ScoredExamples* place_hidden = nullptr, model::Drift* drift = nullptr,
                                       const dataset::RawRowObserver& rows = {});

namespace detail {

/// Collects encoded rows until a block is full: the nets are far faster on blocks than row by row.
class BlockScorer {
 public:
    BlockScorer(const Scorer& scorer, ScoredExamples& result)
        : predictor_(scorer.predictor()),
          result_(result),
          dense_(nn::kBlockRows * predictor_.dense_size()),
          ids_(nn::kBlockRows * predictor_.ids_size()),
          p_(nn::kBlockRows * predictor_.targets()) {
        examples_.reserve(nn::kBlockRows);
    }

    void add(const dataset::ExampleRow& row) {
        const std::size_t d = predictor_.dense_size(), e = predictor_.ids_size(), i = examples_.size();
        predictor_.encoder().encode(row.numeric, row.categorical, std::span(dense_).subspan(i * d, d),
                                    std::span(ids_).subspan(i * e, e), predictor_.kernels());
        examples_.push_back(row.example);
        if (examples_.size() == nn::kBlockRows) flush();
    }

    void flush() {
        const std::size_t n = examples_.size(), targets = predictor_.targets();
        if (n == 0) return;
        predictor_.predict_encoded(std::span(dense_).first(n * predictor_.dense_size()),
                                   std::span(ids_).first(n * predictor_.ids_size()),
                                   std::span(p_).first(n * targets), workspace_);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t k = 0; k < targets; ++k)
                result_.scores[k][examples_[i]] = p_[i * targets + k];
        }
        examples_.clear();
    }

 private:
    const model::Predictor& predictor_;
    ScoredExamples& result_;
    std::vector<float> dense_;
    std::vector<std::uint32_t> ids_;
    std::vector<float> p_;
    std::vector<std::size_t> examples_;
    model::Predictor::Workspace workspace_;
};

/// Rows with the features of FeatureGroup::place set to missing.
class PlaceHider {
 public:
    explicit PlaceHider(const events::FeatureSpec& spec) {
        for (std::size_t i = 0; i < spec.numeric.size(); ++i) {
            if (spec.numeric_groups[i] == events::FeatureGroup::place) numbers_.push_back(i);
        }
        for (std::size_t i = 0; i < spec.categorical.size(); ++i) {
            if (spec.categorical_groups[i] == events::FeatureGroup::place) texts_.push_back(i);
        }
    }
    /// Valid until the next call.
    [[nodiscard]] dataset::ExampleRow operator()(dataset::ExampleRow row) {
        numeric_.assign(row.numeric.begin(), row.numeric.end());
        categorical_.assign(row.categorical.begin(), row.categorical.end());
        for (const std::size_t i : numbers_)
            numeric_[i] = std::nanf("");
        for (const std::size_t i : texts_)
            categorical_[i] = {};
        row.numeric = numeric_;
        row.categorical = categorical_;
        return row;
    }

 private:
    std::vector<std::size_t> numbers_, texts_;
    std::vector<float> numeric_;
    std::vector<std::string_view> categorical_;
};

/// A result without scores and keys yet.
[[nodiscard]] inline ScoredExamples unscored(const dataset::ExampleList& examples, const Scorer& scorer) {
    const std::size_t n = examples.size(), targets = scorer.targets();
    ScoredExamples result{.targets = scorer.target_names(), .grouped = true};
    result.scores.assign(targets, std::vector<float>(n));
    result.labels.assign(targets, std::vector<std::uint8_t>(n));
    result.keys.resize(n);
    result.clusters.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < targets; ++k)
            result.labels[k][i] = examples.labels[i * targets + k];
    }
    return result;
}

}  // namespace detail

inline ScoredExamples score_log(const EventLog& log, history::History& history,
                                const dataset::ExampleList& examples, const Scorer& scorer,
                                const dataset::BuildOptions& options, ScoredExamples* place_hidden,
                                model::Drift* drift, const dataset::RawRowObserver& rows) {
    scorer.check_history(history);
    events::require_columns(log, scorer.needed());
    ScoredExamples result = detail::unscored(examples, scorer);
    ScoredExamples hidden = place_hidden != nullptr ? result : ScoredExamples{.targets = result.targets};
    detail::BlockScorer block(scorer, result), hidden_block(scorer, hidden);
    detail::PlaceHider hide(history.spec());
    dataset::for_each_example(log, history, examples, options, [&](const dataset::ExampleRow& row) {
        result.keys[row.example] = {.row = row.row,
                                    .time = log.time[row.row],
                                    .group = examples.groups[row.example],
                                    .user = log.user[row.row],
                                    .known_user = row.known.user,
                                    .known_item = row.known.item};
        // By name: the same user is in the same group of an interval whatever else is in the log.
        result.clusters[row.example] = base::hash_bytes(log.users.text(log.user[row.row]));
        block.add(row);
        if (drift != nullptr) drift->add_row(row.numeric, row.categorical);
        if (rows) rows(row.example, row.numeric, row.categorical);
        if (place_hidden != nullptr) hidden_block.add(hide(row));
    });
    block.flush();
    hidden_block.flush();
    for (std::size_t k = 0; drift != nullptr && k < result.scores.size(); ++k) {
        for (const float p : result.scores[k])
            drift->add_score(k, p);
    }
    if (place_hidden != nullptr) {
        hidden.keys = result.keys;
        hidden.clusters = result.clusters;
        *place_hidden = std::move(hidden);
    }
    return result;
}

}  // namespace funnel::score
