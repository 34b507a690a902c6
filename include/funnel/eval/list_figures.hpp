// SPDX-License-Identifier: MIT
// How well a list is ordered: nDCG, reciprocal rank and hit at k, where equal scores stand in any order
// (docs/evaluation.md, "Lists").
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include "funnel/base/error.hpp"

namespace funnel::eval {

/// Of one list, each from 0 to 1.
struct ListFigures {
    double ndcg = 0;  ///< DCG of the first k places over that of the best order; gain: the label
    double mrr = 0;   ///< 1 / place of the first positive, wherever it is
    double hit = 0;   ///< whether a positive is among the first k
};

/// scores: n, the largest first. labels: n, 0 or 1. Equal scores stand in any order with the same
/// probability, and the figures are expectations over it: in DCG every row of a tie gets the mean discount of
/// its places (McSherry and Najork, "Computing information retrieval performance measures efficiently in the
/// presence of tied scores", 2008); the place of the first positive of a tie is that of the first of r
/// positives among g rows. Empty without a positive. Throws Error(shape) if the sizes differ,
/// Error(invalid_argument) for k = 0 or a score that is not a number. O(n log n). Pure.
[[nodiscard]] std::optional<ListFigures> list_figures(std::span<const double> scores,
                                                      std::span<const std::uint8_t> labels, std::size_t k);

namespace detail {

/// Of the place with that index, from 0.
[[nodiscard]] inline double discount(std::size_t place) noexcept {
    return 1 / std::log2(static_cast<double>(place) + 2);
}

/// Adds what rows [begin, end) of a list in order, which are tied and hold `positives`, bring. first: whether
/// no positive stands before them.
inline void add_tie(ListFigures& figures, std::size_t begin, std::size_t end, std::size_t positives,
                    bool first, std::size_t k) {
    if (positives == 0) return;
    const auto g = static_cast<double>(end - begin), r = static_cast<double>(positives);
    double discounts = 0;
    for (std::size_t place = begin; place < std::min(end, k); ++place)
        discounts += discount(place);
    figures.ndcg += r * discounts / g;
    if (!first) return;
    double first_here = r / g, none_yet = 1;  // of place j of the tie: the probabilities
    for (std::size_t j = 0; j + positives <= end - begin; ++j) {
        figures.mrr += first_here / static_cast<double>(begin + j + 1);
        if (begin + j < k) none_yet -= first_here;
        const double left = g - static_cast<double>(j);
        if (left > 1) first_here *= (left - r) / (left - 1);
    }
    figures.hit = std::clamp(1 - none_yet, 0.0, 1.0);
}

}  // namespace detail

inline std::optional<ListFigures> list_figures(std::span<const double> scores,
                                               std::span<const std::uint8_t> labels, std::size_t k) {
    if (scores.size() != labels.size())
        throw Error(ErrorCode::shape, "list_figures: expected a label per score");
    if (k == 0) throw Error(ErrorCode::invalid_argument, "list_figures: expected k of at least 1, got 0");
    if (std::ranges::any_of(scores, [](double score) { return std::isnan(score); }))
        throw Error(ErrorCode::invalid_argument, "list_figures: expected scores, got NaN");
    std::vector<std::uint32_t> order(scores.size());
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) { return scores[a] > scores[b]; });
    ListFigures figures;
    std::size_t positives = 0;
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
        std::size_t here = 0;
        for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end)
            here += labels[order[end]] == 1;
        detail::add_tie(figures, begin, end, here, positives == 0, k);
        positives += here;
    }
    if (positives == 0) return std::nullopt;
    double best = 0;
    for (std::size_t place = 0; place < std::min(positives, k); ++place)
        best += detail::discount(place);
    figures.ndcg /= best;
    return figures;
}

}  // namespace funnel::eval
