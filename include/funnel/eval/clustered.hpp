// SPDX-License-Identifier: MIT
// Figures of a ranking without each of 64 groups of users, all from one sort: the basis of their 95 %
// intervals and of those for the difference of two models on the same rows (docs/evaluation.md).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/eval/detail/ranked_labels.hpp"
#include "funnel/eval/jackknife.hpp"
#include "funnel/eval/log_loss.hpp"

namespace funnel::eval {

/// A figure on all rows and without each group of users.
struct Replicates {
    std::optional<double> value;
    std::array<double, kUserGroups> without{};
};

struct ClusteredFigures {
    Replicates roc_auc, average_precision, log_loss, normalized_entropy, ece;
    std::size_t users_with = 0, users_without = 0;  ///< users with a positive row, and with a negative one

    [[nodiscard]] bool few_users() const noexcept {
        return users_with < kFewUsers || users_without < kFewUsers;
    }
};

/// A 95 % interval, or why there is none.
struct FigureInterval {
    std::optional<Interval> interval;
    std::string_view reason;
};

inline constexpr std::string_view kFewUsersReason = "fewer_than_20_users";
inline constexpr std::string_view kAtTheEdge = "at_the_edge";
inline constexpr std::string_view kUndefined = "undefined";

/// clusters: the user of every row, or empty: each row is its own. Scores must be in [0, 1]; other arguments
/// and errors as eval::evaluate. n log n + 64 x positives.
[[nodiscard]] ClusteredFigures clustered_figures(std::span<const float> scores,
                                                 std::span<const std::uint8_t> labels,
                                                 std::span<const std::uint64_t> clusters,
                                                 const RowOptions& options = {});
[[nodiscard]] ClusteredFigures clustered_figures(std::span<const double> scores,
                                                 std::span<const std::uint8_t> labels,
                                                 std::span<const std::uint64_t> clusters,
                                                 const RowOptions& options = {});

/// Calls visit(name, replicates, scale) for every figure that has an interval, under its JSON name.
template <typename Figures, typename Visit>
void for_each_clustered(Figures&& figures, Visit&& visit) {
    visit(std::string_view("roc_auc"), figures.roc_auc, Scale::logit);
    visit(std::string_view("average_precision"), figures.average_precision, Scale::logit);
    visit(std::string_view("log_loss"), figures.log_loss, Scale::log);
    visit(std::string_view("normalized_entropy"), figures.normalized_entropy, Scale::log);
    visit(std::string_view("ece"), figures.ece, Scale::plain);
}

/// The interval of one figure.
[[nodiscard]] FigureInterval interval_of(const ClusteredFigures& figures, const Replicates& replicates,
                                         Scale scale);

/// b - a of one figure of two models on the same rows, with its paired interval.
struct Difference {
    std::optional<double> value;
    FigureInterval range;
};
[[nodiscard]] Difference difference_of(const ClusteredFigures& rows, const Replicates& a,
                                       const Replicates& b);

namespace detail {

using GroupSums = std::array<double, kUserGroups>;

struct ClusteredRow {
    ScoredRow row;
    std::uint8_t group;
};

/// Labelled rows, lowest score first, each with its group of users.
template <typename Scalar>
[[nodiscard]] std::vector<ClusteredRow> clustered_rows(std::span<const Scalar> scores,
                                                       std::span<const std::uint8_t> labels,
                                                       std::span<const std::uint64_t> clusters,
                                                       const RowOptions& options, ClusteredFigures& figures) {
    if (!clusters.empty() && clusters.size() != scores.size())
        throw Error(ErrorCode::shape, "evaluation: expected one user per score");
    std::vector<ClusteredRow> rows;
    std::array<std::vector<std::uint64_t>, 2> users;
    for_each_labelled_row(scores, labels, options, [&](std::size_t i, const ScoredRow& row) {
        const std::uint64_t cluster = clusters.empty() ? i : clusters[i];
        const auto group = static_cast<std::uint8_t>(base::mix64(cluster) % kUserGroups);
        rows.push_back({row, group});
        users[row.label].push_back(cluster);
    });
    for (auto& ids : users) {
        std::ranges::sort(ids);
        ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    }
    figures.users_with = users[1].size();
    figures.users_without = users[0].size();
    std::ranges::sort(rows, [](const ClusteredRow& a, const ClusteredRow& b) {
        if (ranks_before(a.row, b.row)) return true;
        return !ranks_before(b.row, a.row) && a.group < b.group;
    });
    return rows;
}

/// Sums over rows of one class, in all and per group.
struct ClassSums {
    double all = 0;
    GroupSums group{};

    void add(std::size_t g, double weight) noexcept {
        all += weight;
        group[g] += weight;
    }
    [[nodiscard]] double without(std::size_t g) const noexcept { return all - group[g]; }
};

/// [first, last) of each run of equal scores, from the bottom or from the top.
template <typename Visit>
void for_each_tie(std::span<const ClusteredRow> rows, bool from_top, Visit&& visit) {
    if (from_top) {
        for (std::size_t last = rows.size(), first = last; last > 0; last = first) {
            while (first > 0 && rows[first - 1].row.score == rows[last - 1].row.score)
                --first;
            visit(rows.subspan(first, last - first));
        }
        return;
    }
    for (std::size_t first = 0, last = 0; first < rows.size(); first = last) {
        while (last < rows.size() && rows[last].row.score == rows[first].row.score)
            ++last;
        visit(rows.subspan(first, last - first));
    }
}

/// A positive of group h counts, in the figure without g != h, the negatives below it that are not of g.
inline Replicates auc_replicates(std::span<const ClusteredRow> rows, const ClassSums& positives,
                                 const ClassSums& negatives) {
    ClassSums below;
    double wins = 0;
    GroupSums lost{};  // wins that are gone without a group
    for_each_tie(rows, false, [&](std::span<const ClusteredRow> tie) {
        ClassSums equal;
        for (const auto& [row, g] : tie) {
            if (row.label == 0) equal.add(g, static_cast<double>(row.weight));
        }
        for (const auto& [row, h] : tie) {
            if (row.label == 0) continue;
            const auto w = static_cast<double>(row.weight);
            const double own = w * (below.all + 0.5 * equal.all);
            wins += own;
            for (std::size_t g = 0; g < kUserGroups; ++g)
                lost[g] += w * (below.group[g] + 0.5 * equal.group[g]);
            lost[h] += own - w * (below.group[h] + 0.5 * equal.group[h]);
        }
        below.all += equal.all;
        for (std::size_t g = 0; g < kUserGroups; ++g)
            below.group[g] += equal.group[g];
    });
    Replicates result;
    if (!(positives.all > 0 && negatives.all > 0)) return result;
    result.value = wins / (positives.all * negatives.all);
    for (std::size_t g = 0; g < kUserGroups; ++g)
        result.without[g] = (wins - lost[g]) / (positives.without(g) * negatives.without(g));
    return result;
}

inline Replicates precision_replicates(std::span<const ClusteredRow> rows, const ClassSums& positives,
                                       const ClassSums& negatives) {
    ClassSums above, positives_above;
    double sum = 0;
    GroupSums sums{};
    for_each_tie(rows, true, [&](std::span<const ClusteredRow> tie) {
        ClassSums step;
        for (const auto& [row, g] : tie) {
            const auto w = static_cast<double>(row.weight);
            above.add(g, w);
            if (row.label == 0) continue;
            step.add(g, w);
            positives_above.add(g, w);
        }
        if (!(step.all > 0)) return;
        sum += step.all * positives_above.all / above.all;
        for (std::size_t g = 0; g < kUserGroups; ++g) {
            const double gained = step.without(g);
            if (gained > 0) sums[g] += gained * positives_above.without(g) / above.without(g);
        }
    });
    Replicates result;
    if (!(positives.all > 0 && negatives.all > 0)) return result;
    result.value = sum / positives.all;
    for (std::size_t g = 0; g < kUserGroups; ++g)
        result.without[g] = sums[g] / positives.without(g);
    return result;
}

inline void add_losses(std::span<const ClusteredRow> rows, const ClassSums& positives,
                       const ClassSums& negatives, ClusteredFigures& figures) {
    ClassSums loss;
    for (const auto& [row, g] : rows) {
        const double p = std::clamp(row.score, 0x1p-52, 1 - 0x1p-52);
        loss.add(g, -static_cast<double>(row.weight) * std::log(row.label != 0 ? p : 1 - p));
    }
    const double weight = positives.all + negatives.all;
    if (!(weight > 0)) return;
    const bool both = positives.all > 0 && negatives.all > 0;
    figures.log_loss.value = loss.all / weight;
    if (both)
        figures.normalized_entropy.value = *figures.log_loss.value / binary_entropy(positives.all / weight);
    for (std::size_t g = 0; g < kUserGroups; ++g) {
        const double n = positives.without(g) + negatives.without(g);
        figures.log_loss.without[g] = loss.without(g) / n;
        figures.normalized_entropy.without[g] =
            figures.log_loss.without[g] / binary_entropy(positives.without(g) / n);
    }
}

/// The ten bins are those of all rows.
inline Replicates ece_replicates(std::span<const ClusteredRow> rows, double weight) {
    constexpr std::size_t kBins = 10;
    std::array<ClassSums, kBins> gaps;
    double below = 0;
    for_each_tie(rows, false, [&](std::span<const ClusteredRow> tie) {
        const auto bin = std::min(static_cast<std::size_t>(kBins * below / weight), kBins - 1);
        for (const auto& [row, g] : tie) {
            const auto w = static_cast<double>(row.weight);
            gaps[bin].add(g, w * (row.score - row.label));
            below += w;
        }
    });
    Replicates result;
    if (!(weight > 0)) return result;
    result.value = 0.0;
    ClassSums weights;
    for (const auto& [row, g] : rows)
        weights.add(g, static_cast<double>(row.weight));
    for (const ClassSums& gap : gaps) {
        *result.value += std::abs(gap.all) / weight;
        for (std::size_t g = 0; g < kUserGroups; ++g)
            result.without[g] += std::abs(gap.without(g)) / weights.without(g);
    }
    return result;
}

template <typename Scalar>
[[nodiscard]] ClusteredFigures figures_of(std::span<const Scalar> scores,
                                          std::span<const std::uint8_t> labels,
                                          std::span<const std::uint64_t> clusters,
                                          const RowOptions& options) {
    ClusteredFigures figures;
    const auto rows = clustered_rows(scores, labels, clusters, options, figures);
    ClassSums positives, negatives;
    for (const auto& [row, g] : rows)
        (row.label != 0 ? positives : negatives).add(g, static_cast<double>(row.weight));
    figures.roc_auc = auc_replicates(rows, positives, negatives);
    figures.average_precision = precision_replicates(rows, positives, negatives);
    if (rows.empty() || rows.front().row.score < 0 || rows.back().row.score > 1) return figures;
    add_losses(rows, positives, negatives, figures);
    figures.ece = ece_replicates(rows, positives.all + negatives.all);
    return figures;
}

}  // namespace detail

inline ClusteredFigures clustered_figures(std::span<const float> scores, std::span<const std::uint8_t> labels,
                                          std::span<const std::uint64_t> clusters,
                                          const RowOptions& options) {
    return detail::figures_of(scores, labels, clusters, options);
}

inline ClusteredFigures clustered_figures(std::span<const double> scores,
                                          std::span<const std::uint8_t> labels,
                                          std::span<const std::uint64_t> clusters,
                                          const RowOptions& options) {
    return detail::figures_of(scores, labels, clusters, options);
}

inline FigureInterval interval_of(const ClusteredFigures& figures, const Replicates& replicates,
                                  Scale scale) {
    if (!replicates.value) return {std::nullopt, kUndefined};
    if (figures.few_users()) return {std::nullopt, kFewUsersReason};
    auto interval = jackknife(*replicates.value, replicates.without, scale);
    if (!interval) return {std::nullopt, kAtTheEdge};
    if (scale == Scale::plain) interval->low = std::max(interval->low, 0.0);
    return {interval, {}};
}

inline Difference difference_of(const ClusteredFigures& rows, const Replicates& a, const Replicates& b) {
    if (!a.value || !b.value) return {std::nullopt, {std::nullopt, kUndefined}};
    const double value = *b.value - *a.value;
    if (rows.few_users()) return {value, {std::nullopt, kFewUsersReason}};
    std::array<double, kUserGroups> without{};
    for (std::size_t g = 0; g < kUserGroups; ++g)
        without[g] = b.without[g] - a.without[g];
    const auto interval = jackknife(value, without, Scale::plain);
    return {value, {interval, interval ? std::string_view{} : kAtTheEdge}};
}

}  // namespace funnel::eval
