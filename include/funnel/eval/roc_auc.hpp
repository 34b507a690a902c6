// SPDX-License-Identifier: MIT
// ROC AUC: the chance that a random positive outscores a random negative; a tie counts half.
// Source: Fawcett, "An introduction to ROC analysis" (2006), section 7. grouped_auc: the same inside each
// visit, as in Zhu et al., "Optimized cost per click in Taobao display advertising" (2017).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "funnel/eval/detail/ranked_labels.hpp"

namespace funnel::eval {

/// Empty if one class has no weight: the AUC is then undefined, and neither 0.5 nor 1 would be honest.
[[nodiscard]] inline std::optional<double> roc_auc(const RankedLabels& ranked);

/// As above, n log n. Throws as RankedLabels.
[[nodiscard]] inline std::optional<double> roc_auc(std::span<const float> scores,
                                                   std::span<const std::uint8_t> labels,
                                                   std::span<const float> weights = {}) {
    return roc_auc(RankedLabels(scores, labels, {.weights = weights}));
}

struct GroupedAuc {
    std::optional<double> value;    ///< mean over the groups used, weighted by the weight of their rows
    std::uint64_t groups_used = 0;  ///< groups with both classes; the others say nothing about order
};

/// options.groups gives the groups; n log n. Throws as RankedLabels.
[[nodiscard]] GroupedAuc grouped_auc(std::span<const float> scores, std::span<const std::uint8_t> labels,
                                     const RowOptions& options);
[[nodiscard]] GroupedAuc grouped_auc(std::span<const double> scores, std::span<const std::uint8_t> labels,
                                     const RowOptions& options);

namespace detail {

/// AUC of rows sorted by score, lowest first.
template <typename Rows>
[[nodiscard]] std::optional<double> auc_of_sorted(const Rows& rows) {
    double negatives_below = 0, positives = 0, wins = 0;
    for_each_tie_group(rows, [&](const TieGroup& group) {
        wins += group.positive * (negatives_below + 0.5 * group.negative);
        negatives_below += group.negative;
        positives += group.positive;
    });
    if (!(positives > 0 && negatives_below > 0)) return std::nullopt;
    return wins / (positives * negatives_below);
}

struct GroupedRow {
    std::uint64_t group;
    ScoredRow row;
};

/// The rows of one group, seen as rows.
struct GroupRows {
    struct Iterator {
        const GroupedRow* at;
        const ScoredRow* operator->() const noexcept { return &at->row; }
        Iterator& operator++() noexcept {
            ++at;
            return *this;
        }
        bool operator==(const Iterator&) const noexcept = default;
    };
    std::span<const GroupedRow> rows;
    [[nodiscard]] Iterator begin() const noexcept { return {rows.data()}; }
    [[nodiscard]] Iterator end() const noexcept { return {rows.data() + rows.size()}; }
};

template <typename Scalar>
[[nodiscard]] GroupedAuc grouped_auc_of(std::span<const Scalar> scores, std::span<const std::uint8_t> labels,
                                        const RowOptions& options) {
    if (options.groups.empty()) return {};
    std::vector<GroupedRow> rows;
    for_each_labelled_row(scores, labels, options, [&](std::size_t i, const ScoredRow& row) {
        rows.push_back({options.groups[i], row});
    });
    std::ranges::sort(rows, [](const GroupedRow& a, const GroupedRow& b) {
        return a.group != b.group ? a.group < b.group : ranks_before(a.row, b.row);
    });
    GroupedAuc result;
    double sum = 0, weight = 0;
    for (auto first = rows.begin(); first != rows.end();) {
        const auto last =
            std::find_if(first, rows.end(), [&](const auto& r) { return r.group != first->group; });
        if (const auto auc = auc_of_sorted(GroupRows{{first, last}})) {
            double group_weight = 0;
            for (auto r = first; r != last; ++r)
                group_weight += static_cast<double>(r->row.weight);
            sum += group_weight * *auc;
            weight += group_weight;
            ++result.groups_used;
        }
        first = last;
    }
    if (result.groups_used > 0) result.value = sum / weight;
    return result;
}

}  // namespace detail

inline std::optional<double> roc_auc(const RankedLabels& ranked) {
    return detail::auc_of_sorted(ranked.rows());
}

inline GroupedAuc grouped_auc(std::span<const float> scores, std::span<const std::uint8_t> labels,
                              const RowOptions& options) {
    return detail::grouped_auc_of(scores, labels, options);
}

inline GroupedAuc grouped_auc(std::span<const double> scores, std::span<const std::uint8_t> labels,
                              const RowOptions& options) {
    return detail::grouped_auc_of(scores, labels, options);
}

}  // namespace funnel::eval
