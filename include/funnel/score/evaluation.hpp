// SPDX-License-Identifier: MIT
// Evaluation: how good predictions are on unseen rows, overall and by segment (docs/evaluation.md).
//
//     const score::Evaluation all = score::evaluate(scored, true);  // scored: see score_log
//     const auto elsewhere = score::evaluate_scores(scores, labels);  // of another program
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/label.hpp"
#include "funnel/base/time.hpp"
#include "funnel/encoding/dataset.hpp"
#include "funnel/eval/clustered.hpp"
#include "funnel/eval/target_report.hpp"

namespace funnel::score {

/// The figures of every target on one set of rows.
struct EvaluatedRows {
    std::string name;                                    ///< of the segment, empty for all rows
    std::vector<eval::TargetReport> targets;             ///< K
    std::vector<eval::ClusteredFigures> clustered = {};  ///< K: what the intervals are made of
};

/// The figures of the examples with one value of a column, or with one value of each of several.
struct EvaluatedKey {
    std::string by;                                  ///< as asked for: "device" or "device,list"
    std::vector<std::optional<std::string>> values;  ///< per column; empty where it is missing
    std::uint64_t examples = 0;
    EvaluatedRows rows = {};
};

/// What was predicted beside what came.
struct Observed {
    std::uint64_t examples = 0, positives = 0;
    double expected = 0;  ///< sum of p

    void add(std::uint8_t label, float p) noexcept {
        ++examples;
        positives += label;
        expected += static_cast<double>(p);
    }
};

/// One day (UTC); every target on the rows whose label it knows.
struct EvaluatedDay {
    std::int64_t start = 0;         ///< microseconds
    std::vector<Observed> targets;  ///< K
};

struct Evaluation {
    std::uint64_t rows = 0;  ///< examples
    /// Rows of the log at or before the watermark of the history, which are not scored: seen before, never
    /// seen, and too old to say.
    std::uint64_t already_observed = 0, late = 0, late_or_observed = 0;
    std::vector<std::string> targets;  ///< K names
    EvaluatedRows all = {};
    std::vector<EvaluatedRows> segments =
        {};  ///< known_users, new_users, known_items, new_items, place_hidden; none for a table
    /// K: the funnel of the mature exposures, which are the rows whose every label is known: the definition
    /// of the metrics (docs/metrics.md). None for a table.
    std::vector<Observed> steps = {};
    std::vector<EvaluatedDay> days = {};  ///< in order; none for a table
    std::vector<EvaluatedKey> by = {};    ///< if asked for (evaluation_by.hpp), the worst first
};

/// n scored examples of K targets. One thread at a time.
struct ScoredExamples {
    std::vector<std::string> targets;                    ///< K names
    std::vector<std::vector<float>> scores = {};         ///< K x n
    std::vector<std::vector<std::uint8_t>> labels = {};  ///< K x n: 0, 1, base::kUnknownLabel
    std::vector<float> weights = {};                     ///< n, or empty: all 1
    std::vector<std::uint64_t> clusters = {};            ///< n users, or empty: each row is its own
    std::vector<encoding::ExampleKey> keys = {};         ///< n
    bool grouped = false;                                ///< keys[i].group is what grouped_auc groups by

    [[nodiscard]] std::size_t size() const noexcept { return keys.size(); }
};

/// Figures of all rows and, if asked, of known and new users and items apart and of every day. O(n log n) per
/// target and segment. place_hidden: the same rows scored without list and position, a segment of that name.
[[nodiscard]] Evaluation evaluate(const ScoredExamples& examples, bool with_segments,
                                  const ScoredExamples* place_hidden = nullptr);

/// Scores that come from elsewhere, as the one target `score`, in double from end to end: 0.1 and 0.1 + 1e-9
/// are no tie. labels: n, 0, 1 or unknown. weights: n or none. Throws as eval::evaluate.
[[nodiscard]] Evaluation evaluate_scores(std::span<const double> scores, std::span<const std::uint8_t> labels,
                                         std::span<const float> weights = {});

namespace detail {

[[nodiscard]] inline EvaluatedRows evaluate_rows(const ScoredExamples& examples, std::string_view name,
                                                 std::span<const std::uint8_t> include) {
    std::vector<std::uint64_t> groups(examples.grouped ? examples.size() : 0);
    for (std::size_t i = 0; i < groups.size(); ++i)
        groups[i] = examples.keys[i].group;
    EvaluatedRows result{.name = std::string(name), .targets = {}};
    for (std::size_t k = 0; k < examples.targets.size(); ++k) {
        result.targets.push_back(
            eval::evaluate(std::span<const float>(examples.scores[k]), examples.labels[k],
                           {.weights = examples.weights, .groups = groups, .include = include}));
        result.clustered.push_back(
            eval::clustered_figures(examples.scores[k], examples.labels[k], examples.clusters,
                                    {.weights = examples.weights, .include = include}));
    }
    return result;
}

inline void hold_against_observed(const ScoredExamples& examples, Evaluation& evaluation) {
    const std::size_t targets = examples.targets.size();
    std::map<std::int64_t, std::vector<Observed>> days;
    evaluation.steps.resize(targets);
    for (std::size_t i = 0; i < examples.size(); ++i) {
        const std::int64_t time = examples.keys[i].time;
        auto& day = days[time - base::floor_mod(time, base::kDay)];
        day.resize(targets);
        std::size_t known = 0;
        for (std::size_t k = 0; k < targets; ++k) {
            if (examples.labels[k][i] == base::kUnknownLabel) continue;
            ++known;
            day[k].add(examples.labels[k][i], examples.scores[k][i]);
        }
        for (std::size_t k = 0; known == targets && k < targets; ++k)
            evaluation.steps[k].add(examples.labels[k][i], examples.scores[k][i]);
    }
    for (auto& [start, counts] : days)
        evaluation.days.push_back({start, std::move(counts)});
}

template <typename Belongs>
[[nodiscard]] EvaluatedRows evaluate_segment(const ScoredExamples& examples, std::string_view name,
                                             Belongs&& belongs) {
    std::vector<std::uint8_t> include(examples.size());
    for (std::size_t i = 0; i < include.size(); ++i)
        include[i] = belongs(examples.keys[i]);
    return evaluate_rows(examples, name, include);
}

}  // namespace detail

inline Evaluation evaluate_scores(std::span<const double> scores, std::span<const std::uint8_t> labels,
                                  std::span<const float> weights) {
    const eval::RowOptions options{.weights = weights};
    Evaluation evaluation{.rows = scores.size(), .targets = {"score"}};
    evaluation.all.targets.push_back(eval::evaluate(scores, labels, options));
    evaluation.all.clustered.push_back(eval::clustered_figures(scores, labels, {}, options));
    return evaluation;
}

inline Evaluation evaluate(const ScoredExamples& examples, bool with_segments,
                           const ScoredExamples* place_hidden) {
    using Key = encoding::ExampleKey;
    Evaluation evaluation{.rows = examples.size(), .targets = examples.targets};
    evaluation.all = detail::evaluate_rows(examples, "", {});
    if (!with_segments) return evaluation;
    const auto segment = [&](std::string_view name, auto&& belongs) {
        evaluation.segments.push_back(detail::evaluate_segment(examples, name, belongs));
    };
    segment("known_users", [](const Key& key) { return key.known_user; });
    segment("new_users", [](const Key& key) { return !key.known_user; });
    segment("known_items", [](const Key& key) { return key.known_item; });
    segment("new_items", [](const Key& key) { return !key.known_item; });
    if (place_hidden != nullptr)
        evaluation.segments.push_back(detail::evaluate_rows(*place_hidden, "place_hidden", {}));
    detail::hold_against_observed(examples, evaluation);
    return evaluation;
}

}  // namespace funnel::score
