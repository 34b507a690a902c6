// SPDX-License-Identifier: MIT
// target_edges: the values of a number at which the outcome of a row changes: the thresholds of a small
// decision tree on one column. Target-aware bins: Gorishniy et al., "On embeddings for numerical features in
// tabular deep learning" (2022), section 3.2.2; the tree grows best-first by gain of log likelihood.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace funnel::encoding {

struct TargetEdgeOptions {
    std::uint32_t leaves = 16;    ///< at most
    std::uint32_t min_rows = 10;  ///< in each leaf
    double min_gain = 5;          ///< log likelihood in nats that a threshold must win
};

/// One row of a column: a finite value and its label, 0 or 1.
struct LabelledValue {
    float value = 0;
    std::uint8_t label = 0;
};

/// Thresholds in ascending order, each between two values that occur. Sorts `rows`. O(n log n + leaves n).
[[nodiscard]] std::vector<float> target_edges(std::vector<LabelledValue>& rows,
                                              const TargetEdgeOptions& options = {});

namespace detail {

/// Rows and positives of a run of values.
struct LabelCounts {
    double rows = 0, positives = 0;

    [[nodiscard]] LabelCounts minus(const LabelCounts& other) const noexcept {
        return {rows - other.rows, positives - other.positives};
    }
    /// Log likelihood under the rate of the run itself, in nats; 0 for one class.
    [[nodiscard]] double log_likelihood() const noexcept {
        const double negatives = rows - positives;
        return (positives > 0 ? positives * std::log(positives / rows) : 0.0) +
               (negatives > 0 ? negatives * std::log(negatives / rows) : 0.0);
    }
};

/// A leaf of the tree: distinct values [first, last), and its best split.
struct TargetLeaf {
    std::size_t first = 0, last = 0, split = 0;  ///< split: the first value of the right part
    double gain = 0;                             ///< 0: no split is allowed
};

/// before[i]: counts of all rows below distinct value i.
[[nodiscard]] inline TargetLeaf best_split(std::span<const LabelCounts> before, std::size_t first,
                                           std::size_t last, double min_rows) {
    TargetLeaf leaf{.first = first, .last = last};
    const LabelCounts all = before[last].minus(before[first]);
    const double whole = all.log_likelihood();
    for (std::size_t i = first + 1; i < last; ++i) {
        const LabelCounts left = before[i].minus(before[first]), right = all.minus(left);
        if (left.rows < min_rows || right.rows < min_rows) continue;
        const double gain = left.log_likelihood() + right.log_likelihood() - whole;
        if (gain > leaf.gain) {
            leaf.gain = gain;
            leaf.split = i;
        }
    }
    return leaf;
}

}  // namespace detail

inline std::vector<float> target_edges(std::vector<LabelledValue>& rows, const TargetEdgeOptions& options) {
    std::ranges::sort(rows, {}, &LabelledValue::value);
    std::vector<float> values;
    std::vector<detail::LabelCounts> before(1);
    detail::LabelCounts seen;
    for (const LabelledValue& row : rows) {
        if (values.empty() || row.value > values.back()) {
            if (!values.empty()) before.push_back(seen);
            values.push_back(row.value);
        }
        ++seen.rows;
        seen.positives += row.label;
    }
    before.push_back(seen);

    const double least = options.min_rows;
    std::vector<detail::TargetLeaf> leaves{detail::best_split(before, 0, values.size(), least)};
    std::vector<float> edges;
    while (leaves.size() < options.leaves) {
        const auto best = std::ranges::max_element(leaves, {}, &detail::TargetLeaf::gain);
        if (!(best->gain >= options.min_gain)) break;
        const auto [first, last, split, gain] = *best;
        // Halfway, but never on the right value itself: rounding must not move a row across.
        const float low = values[split - 1], high = values[split];
        const float middle = low + (high - low) / 2;
        edges.push_back(middle < high ? middle : low);
        *best = detail::best_split(before, first, split, least);
        leaves.push_back(detail::best_split(before, split, last, least));
    }
    std::ranges::sort(edges);
    return edges;
}

}  // namespace funnel::encoding
