// SPDX-License-Identifier: MIT
// RankedLabels: the labelled rows of one target in the order of their scores; the one sort that all figures
// of docs/evaluation.md share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "funnel/base/error.hpp"

namespace funnel::eval {

/// Labels above 1 are unknown: such a row is in no figure and counts as masked.
inline constexpr std::uint8_t kFirstUnknownLabel = 2;

/// What may accompany scores and labels; every span is empty or has one entry per row.
struct RowOptions {
    std::span<const float> weights = {};         ///< >= 0 and finite; empty: all 1
    std::span<const std::uint64_t> groups = {};  ///< key of the visit or list that a row belongs to
    std::span<const std::uint8_t> include = {};  ///< 0: the row does not exist, e.g. outside a segment
};

/// A labelled row.
struct ScoredRow {
    double score;
    float weight;
    std::uint8_t label;  ///< 0 or 1
};

/// Rows of equal score, as one threshold sees them.
struct TieGroup {
    double score = 0;
    double positive = 0;  ///< weight of label 1
    double negative = 0;  ///< weight of label 0
    std::uint64_t rows = 0;

    [[nodiscard]] double weight() const noexcept { return positive + negative; }
};

/// Calls visit(group) for the tie groups of `rows`, in their order; rows must be sorted by score.
template <typename Rows, typename Visit>
void for_each_tie_group(const Rows& rows, Visit&& visit);

/// Immutable: share freely. 16 bytes per labelled row; construction n log n.
class RankedLabels {
 public:
    /// scores: n values on any scale. labels: n values, 0, 1 or unknown.
    /// Throws Error(shape) if sizes differ, Error(invalid_argument) for a NaN score or a bad weight.
    RankedLabels(std::span<const float> scores, std::span<const std::uint8_t> labels,
                 const RowOptions& options = {});
    RankedLabels(std::span<const double> scores, std::span<const std::uint8_t> labels,
                 const RowOptions& options = {});

    /// Lowest score first. Rows of equal score are in an order of their own, not that of the input, so that
    /// every sum over them is the same to the last bit for any order of the input.
    [[nodiscard]] std::span<const ScoredRow> rows() const noexcept { return rows_; }
    template <typename Visit>
    void from_bottom(Visit&& visit) const {
        for_each_tie_group(rows_, visit);
    }
    template <typename Visit>
    void from_top(Visit&& visit) const;

    [[nodiscard]] std::uint64_t size() const noexcept { return rows_.size(); }
    [[nodiscard]] std::uint64_t masked() const noexcept { return masked_; }
    [[nodiscard]] std::uint64_t positive_rows() const noexcept { return positive_rows_; }
    [[nodiscard]] double positive() const noexcept { return positive_; }  ///< weight
    [[nodiscard]] double negative() const noexcept { return negative_; }  ///< weight
    [[nodiscard]] double weight() const noexcept { return positive_ + negative_; }
    [[nodiscard]] bool has_both_classes() const noexcept { return positive_ > 0 && negative_ > 0; }
    [[nodiscard]] bool are_probabilities() const noexcept {
        return rows_.empty() || (rows_.front().score >= 0 && rows_.back().score <= 1);
    }

 private:
    template <typename Scalar>
    void fill(std::span<const Scalar> scores, std::span<const std::uint8_t> labels,
              const RowOptions& options);

    std::vector<ScoredRow> rows_;
    std::uint64_t masked_ = 0, positive_rows_ = 0;
    double positive_ = 0, negative_ = 0;
};

namespace detail {

/// Calls take(i, row) for every included row with a known label; gives the number of masked rows.
template <typename Scalar, typename Take>
std::uint64_t for_each_labelled_row(std::span<const Scalar> scores, std::span<const std::uint8_t> labels,
                                    const RowOptions& options, Take&& take) {
    const std::size_t n = scores.size();
    const auto fits = [n](std::size_t size) { return size == 0 || size == n; };
    if (labels.size() != n || !fits(options.weights.size()) || !fits(options.groups.size()) ||
        !fits(options.include.size())) {
        throw Error(ErrorCode::shape, "evaluation: expected one label, weight and group per score");
    }
    std::uint64_t masked = 0;
    for (std::size_t i = 0; i < n; ++i) {
        if (!options.include.empty() && options.include[i] == 0) continue;
        if (labels[i] >= kFirstUnknownLabel) {
            ++masked;
            continue;
        }
        const float weight = options.weights.empty() ? 1.0f : options.weights[i];
        if (std::isnan(scores[i]) || !(weight >= 0) || std::isinf(weight)) {
            throw Error(ErrorCode::invalid_argument, "evaluation: row " + std::to_string(i) +
                                                         " has a score or weight that is not a number");
        }
        take(i, ScoredRow{static_cast<double>(scores[i]), weight, labels[i]});
    }
    return masked;
}

[[nodiscard]] inline bool ranks_before(const ScoredRow& a, const ScoredRow& b) noexcept {
    return std::tie(a.score, a.label, a.weight) < std::tie(b.score, b.label, b.weight);
}

}  // namespace detail

template <typename Rows, typename Visit>
void for_each_tie_group(const Rows& rows, Visit&& visit) {
    for (auto row = rows.begin(); row != rows.end();) {
        TieGroup group{.score = row->score};
        for (; row != rows.end() && row->score == group.score; ++row, ++group.rows) {
            (row->label != 0 ? group.positive : group.negative) += static_cast<double>(row->weight);
        }
        visit(group);
    }
}

inline RankedLabels::RankedLabels(std::span<const float> scores, std::span<const std::uint8_t> labels,
                                  const RowOptions& options) {
    fill(scores, labels, options);
}

inline RankedLabels::RankedLabels(std::span<const double> scores, std::span<const std::uint8_t> labels,
                                  const RowOptions& options) {
    fill(scores, labels, options);
}

template <typename Scalar>
void RankedLabels::fill(std::span<const Scalar> scores, std::span<const std::uint8_t> labels,
                        const RowOptions& options) {
    masked_ = detail::for_each_labelled_row(scores, labels, options,
                                            [&](std::size_t, const ScoredRow& row) { rows_.push_back(row); });
    std::ranges::sort(rows_, detail::ranks_before);
    for (const ScoredRow& row : rows_) {
        positive_rows_ += row.label;
        (row.label != 0 ? positive_ : negative_) += static_cast<double>(row.weight);
    }
}

template <typename Visit>
void RankedLabels::from_top(Visit&& visit) const {
    struct Reversed {
        const std::vector<ScoredRow>& rows;
        auto begin() const { return rows.rbegin(); }
        auto end() const { return rows.rend(); }
    };
    for_each_tie_group(Reversed{rows_}, visit);
}

}  // namespace funnel::eval
