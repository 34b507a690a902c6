// SPDX-License-Identifier: MIT
// Evaluation: how good predictions are on rows they did not see, in all and by segment (docs/evaluation.md).
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/time.hpp"
#include "funnel/eval/clustered.hpp"
#include "funnel/eval/target_report.hpp"
#include "funnel/features/dataset.hpp"

namespace funnel::score {

/// The figures of every target on one set of rows.
struct EvaluatedRows {
    std::string name;                                    ///< of the segment, empty for all rows
    std::vector<eval::TargetReport> targets;             ///< K
    std::vector<eval::ClusteredFigures> clustered = {};  ///< K: what the intervals are made of
};

/// What was predicted beside what came, one target on one day (UTC).
struct DayOfTarget {
    std::uint64_t examples = 0, positives = 0;
    double expected = 0;  ///< sum of p
};
struct EvaluatedDay {
    std::int64_t start = 0;            ///< microseconds
    std::vector<DayOfTarget> targets;  ///< K
};

struct Evaluation {
    std::uint64_t rows = 0;              ///< examples
    std::uint64_t already_observed = 0;  ///< rows of the log at or before the model's watermark, not scored
    std::vector<std::string> targets;    ///< K names
    EvaluatedRows all = {};
    std::vector<EvaluatedRows> segments =
        {};  ///< known_users, new_users, known_items, new_items; none for a table
    std::vector<EvaluatedDay> days = {};  ///< in order; none for a table
};

/// b - a of two models on the same rows.
struct Comparison {
    std::uint64_t rows = 0;  ///< examples that both models judge
    std::vector<std::string> targets;
    std::vector<eval::ClusteredFigures> a, b;  ///< K
};

/// n scored examples of K targets. One thread at a time.
struct ScoredExamples {
    std::vector<std::string> targets;                    ///< K names
    std::vector<std::vector<float>> scores = {};         ///< K x n
    std::vector<std::vector<std::uint8_t>> labels = {};  ///< K x n: 0, 1, features::kUnknownLabel
    std::vector<float> weights = {};                     ///< n, or empty: all 1
    std::vector<std::uint64_t> clusters = {};            ///< n users, or empty: each row is its own
    std::vector<features::ExampleKey> keys = {};         ///< n
    bool grouped = false;                                ///< keys[i].group is what grouped_auc groups by

    [[nodiscard]] std::size_t size() const noexcept { return keys.size(); }
};

/// Figures of all rows and, if asked, of known and new users and items apart and of every day. O(n log n) per
/// target and segment.
[[nodiscard]] Evaluation evaluate(const ScoredExamples& examples, bool with_segments);

/// Two models on the rows that both have, matched by ExampleKey::row, for the targets that both have. Throws
/// Error(schema) if there are none, or if the same row has different labels: other horizons.
[[nodiscard]] Comparison compare(const ScoredExamples& a, const ScoredExamples& b);

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

[[nodiscard]] inline std::vector<EvaluatedDay> evaluate_days(const ScoredExamples& examples) {
    std::map<std::int64_t, std::vector<DayOfTarget>> days;
    for (std::size_t i = 0; i < examples.size(); ++i) {
        const std::int64_t time = examples.keys[i].time;
        const std::int64_t into = (time % base::kDay + base::kDay) % base::kDay;
        auto& targets = days[time - into];
        targets.resize(examples.targets.size());
        for (std::size_t k = 0; k < targets.size(); ++k) {
            const std::uint8_t label = examples.labels[k][i];
            if (label == features::kUnknownLabel) continue;
            ++targets[k].examples;
            targets[k].positives += label;
            targets[k].expected += static_cast<double>(examples.scores[k][i]);
        }
    }
    std::vector<EvaluatedDay> result;
    for (auto& [start, targets] : days)
        result.push_back({start, std::move(targets)});
    return result;
}

/// Pairs of positions of the rows that both have; both in the order of their rows.
[[nodiscard]] inline std::vector<std::pair<std::size_t, std::size_t>> common_rows(const ScoredExamples& a,
                                                                                  const ScoredExamples& b) {
    std::map<std::uint64_t, std::size_t> places;
    for (std::size_t j = 0; j < b.size(); ++j)
        places.emplace_hint(places.end(), b.keys[j].row, j);
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (const auto at = places.find(a.keys[i].row); at != places.end()) pairs.emplace_back(i, at->second);
    }
    return pairs;
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

inline Evaluation evaluate(const ScoredExamples& examples, bool with_segments) {
    using Key = features::ExampleKey;
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
    evaluation.days = detail::evaluate_days(examples);
    return evaluation;
}

inline Comparison compare(const ScoredExamples& a, const ScoredExamples& b) {
    const auto pairs = detail::common_rows(a, b);
    Comparison result{.rows = pairs.size(), .targets = {}, .a = {}, .b = {}};
    std::vector<std::uint64_t> clusters;
    std::vector<float> weights, pa(pairs.size()), pb(pairs.size());
    for (const auto& [i, j] : pairs) {
        clusters.push_back(a.clusters.empty() ? a.keys[i].row : a.clusters[i]);
        if (!a.weights.empty()) weights.push_back(a.weights[i]);
    }
    for (std::size_t k = 0; k < a.targets.size(); ++k) {
        const auto at = std::ranges::find(b.targets, a.targets[k]);
        if (at == b.targets.end()) continue;
        const auto other = static_cast<std::size_t>(at - b.targets.begin());
        std::vector<std::uint8_t> labels;
        for (std::size_t n = 0; n < pairs.size(); ++n) {
            const auto [i, j] = pairs[n];
            pa[n] = a.scores[k][i];
            pb[n] = b.scores[other][j];
            labels.push_back(a.labels[k][i]);
            if (a.labels[k][i] == b.labels[other][j]) continue;
            throw Error(ErrorCode::schema, "comparison: expected the same labels of " + a.targets[k] +
                                               " under both models, got others; compare models of the same "
                                               "horizons");
        }
        result.targets.push_back(a.targets[k]);
        result.a.push_back(eval::clustered_figures(pa, labels, clusters, {.weights = weights}));
        result.b.push_back(eval::clustered_figures(pb, labels, clusters, {.weights = weights}));
    }
    if (pairs.empty() || result.targets.empty())
        throw Error(ErrorCode::schema,
                    "comparison: expected rows and targets that both models know, got none");
    return result;
}

}  // namespace funnel::score
