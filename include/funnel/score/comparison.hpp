// SPDX-License-Identifier: MIT
// Comparison: two models on the same rows, so that their difference has a paired interval.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/eval/clustered.hpp"
#include "funnel/score/evaluation.hpp"

namespace funnel::score {

/// b - a of two models on the same rows.
struct Comparison {
    std::uint64_t rows = 0;  ///< examples that both models judge
    std::vector<std::string> targets;
    std::vector<eval::ClusteredFigures> a, b;  ///< K
};

/// Two models on the rows that both have, matched by ExampleKey::row, for the targets that both have. Throws
/// Error(schema) if there are none, or if the same row has different labels: other horizons.
[[nodiscard]] Comparison compare(const ScoredExamples& a, const ScoredExamples& b);

namespace detail {

/// Pairs of positions of the rows that both have, in the order of a.
using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;
[[nodiscard]] inline Pairs common_rows(const ScoredExamples& a, const ScoredExamples& b) {
    std::unordered_map<std::uint64_t, std::size_t> places;
    for (std::size_t j = 0; j < b.size(); ++j)
        places.emplace(b.keys[j].row, j);
    Pairs pairs;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (const auto at = places.find(a.keys[i].row); at != places.end()) pairs.emplace_back(i, at->second);
    }
    return pairs;
}

/// Labels of a target of a and b on these rows. Throws unless they are the same.
[[nodiscard]] inline std::vector<std::uint8_t> common_labels(const ScoredExamples& a, std::size_t ka,
                                                             const ScoredExamples& b, std::size_t kb,
                                                             const Pairs& pairs) {
    std::vector<std::uint8_t> labels;
    for (const auto& [i, j] : pairs) {
        labels.push_back(a.labels[ka][i]);
        if (a.labels[ka][i] == b.labels[kb][j]) continue;
        throw Error(ErrorCode::schema, "comparison: expected the same labels of " + a.targets[ka] +
                                           " under both models, got others; compare models of the same "
                                           "horizons");
    }
    return labels;
}

}  // namespace detail

inline Comparison compare(const ScoredExamples& a, const ScoredExamples& b) {
    const detail::Pairs pairs = detail::common_rows(a, b);
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
        const auto labels = detail::common_labels(a, k, b, other, pairs);
        for (std::size_t n = 0; n < pairs.size(); ++n) {
            pa[n] = a.scores[k][pairs[n].first];
            pb[n] = b.scores[other][pairs[n].second];
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
