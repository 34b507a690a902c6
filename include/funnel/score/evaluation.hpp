// SPDX-License-Identifier: MIT
// Evaluation: how good predictions are on rows they did not see, in all and by segment (docs/evaluation.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/eval/target_report.hpp"
#include "funnel/features/dataset.hpp"

namespace funnel::score {

/// The figures of every target on one set of rows.
struct EvaluatedRows {
    std::string name;                         ///< of the segment, empty for all rows
    std::vector<eval::TargetReport> targets;  ///< K
};

struct Evaluation {
    std::uint64_t rows = 0;              ///< examples
    std::uint64_t already_observed = 0;  ///< rows of the log at or before the model's watermark, not scored
    std::vector<std::string> targets;    ///< K names
    EvaluatedRows all = {};
    std::vector<EvaluatedRows> segments =
        {};  ///< known_users, new_users, known_items, new_items, place_hidden; none for a table
};

/// n scored examples of K targets. One thread at a time.
struct ScoredExamples {
    std::vector<std::string> targets;                    ///< K names
    std::vector<std::vector<float>> scores = {};         ///< K x n
    std::vector<std::vector<std::uint8_t>> labels = {};  ///< K x n: 0, 1, features::kUnknownLabel
    std::vector<float> weights = {};                     ///< n, or empty: all 1
    std::vector<features::ExampleKey> keys = {};         ///< n
    bool grouped = false;                                ///< keys[i].group is what grouped_auc groups by

    [[nodiscard]] std::size_t size() const noexcept { return keys.size(); }
};

/// Figures of all rows and, if asked, of known and new users and items apart. O(n log n) per target and
/// segment. place_hidden: the same rows scored without list and position, a segment of that name.
[[nodiscard]] Evaluation evaluate(const ScoredExamples& examples, bool with_segments,
                                  const ScoredExamples* place_hidden = nullptr);

namespace detail {

[[nodiscard]] inline EvaluatedRows evaluate_rows(const ScoredExamples& examples, std::string_view name,
                                                 std::span<const std::uint8_t> include) {
    std::vector<std::uint64_t> groups(examples.grouped ? examples.size() : 0);
    for (std::size_t i = 0; i < groups.size(); ++i)
        groups[i] = examples.keys[i].group;
    EvaluatedRows result{std::string(name), {}};
    for (std::size_t k = 0; k < examples.targets.size(); ++k) {
        result.targets.push_back(
            eval::evaluate(std::span<const float>(examples.scores[k]), examples.labels[k],
                           {.weights = examples.weights, .groups = groups, .include = include}));
    }
    return result;
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

inline Evaluation evaluate(const ScoredExamples& examples, bool with_segments,
                           const ScoredExamples* place_hidden) {
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
    if (place_hidden != nullptr)
        evaluation.segments.push_back(detail::evaluate_rows(*place_hidden, "place_hidden", {}));
    return evaluation;
}

}  // namespace funnel::score
