// SPDX-License-Identifier: MIT
// gain_over: whether a new model is better than the one in use, on the same rows and with a paired interval.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "funnel/eval/clustered.hpp"
#include "funnel/train/train_model.hpp"

namespace funnel::train {

/// Mean over the common targets of the normalized entropy that the new model saves: 0.01 is one percent of
/// what the base rate leaves to be known.
struct Gain {
    std::vector<std::string> targets;
    std::optional<double> value;
    eval::FigureInterval range;
    bool champion_saw_rows = false;  ///< some of the rows are from the time that the champion learned from

    /// The interval begins at `least` or above; with 0, above.
    [[nodiscard]] bool surely_at_least(double least) const noexcept {
        if (!range.interval) return false;
        return least == 0 ? range.interval->low > 0 : range.interval->low >= least;
    }
};

/// The gain of a fit over `champion` on the validation rows that the fit did not train on: on those behind
/// the history of the champion, if a target has both classes there, since it learned from the others. Throws
/// Error(schema) if the champion needs a feature that the data lack, or if no target of both has both
/// classes.
[[nodiscard]] Gain gain_over(const Bundle& champion, const ValidatedFit& fit, const nn::Kernels& kernels);

namespace detail {

/// Column k of these rows of a row-major table.
template <typename T>
[[nodiscard]] std::vector<T> column_of(std::span<const T> values, std::span<const std::size_t> rows,
                                       std::size_t k, std::size_t width) {
    std::vector<T> column;
    column.reserve(rows.size());
    for (const std::size_t row : rows)
        column.push_back(values[row * width + k]);
    return column;
}

/// Normalized entropy of two models, summed over targets.
struct Entropies {
    eval::Replicates before{.value = 0.0}, after{.value = 0.0};
    eval::ClusteredFigures fewest;  // users of the target with the fewest
    std::vector<std::string> targets;

    void add(const std::string& target, const eval::ClusteredFigures& a, const eval::ClusteredFigures& b) {
        fewest.users_with = targets.empty() ? a.users_with : std::min(fewest.users_with, a.users_with);
        fewest.users_without =
            targets.empty() ? a.users_without : std::min(fewest.users_without, a.users_without);
        targets.push_back(target);
        add(before, a.normalized_entropy);
        add(after, b.normalized_entropy);
    }
    [[nodiscard]] Gain gain() const {
        const auto mean = [&](eval::Replicates sum) {
            const auto count = static_cast<double>(targets.size());
            *sum.value /= count;
            for (double& value : sum.without)
                value /= count;
            return sum;
        };
        const eval::Difference saved = eval::difference_of(fewest, mean(after), mean(before));
        return {targets, saved.value, saved.range};
    }

 private:
    static void add(eval::Replicates& sum, const eval::Replicates& figure) {
        *sum.value += *figure.value;
        for (std::size_t g = 0; g < eval::kUserGroups; ++g)
            sum.without[g] += figure.without[g];
    }
};

/// On these of the validation rows; old (n, heads of the champion): its probabilities.
[[nodiscard]] inline Entropies entropies_of(const Bundle& champion, std::span<const float> old,
                                            const ValidatedFit& fit, std::span<const std::size_t> rows) {
    const std::size_t heads = fit.bundle.heads.size(), old_heads = champion.heads.size();
    const auto users = column_of<std::uint64_t>(clusters_of(fit.data, fit.rows), rows, 0, 1);
    std::vector<float> weights;
    if (!fit.weights.empty()) weights = column_of(fit.weights, rows, 0, 1);
    Entropies sums;
    for (std::size_t k = 0; k < heads && !rows.empty(); ++k) {
        const auto at = std::ranges::find(champion.heads, fit.bundle.heads[k].name, &model::Head::name);
        if (at == champion.heads.end()) continue;
        const auto place = static_cast<std::size_t>(at - champion.heads.begin());
        const auto labels = column_of(std::span(fit.rows.labels), rows, k, heads);
        const auto figures = [&](std::span<const float> p, std::size_t column, std::size_t width) {
            return eval::clustered_figures(column_of(p, rows, column, width), labels, users,
                                           {.weights = weights});
        };
        const auto before = figures(old, place, old_heads), after = figures(fit.probabilities, k, heads);
        if (before.normalized_entropy.value && after.normalized_entropy.value)
            sums.add(at->name, before, after);
    }
    return sums;
}

}  // namespace detail

inline Gain gain_over(const Bundle& champion, const ValidatedFit& fit, const nn::Kernels& kernels) {
    const model::Predictor predictor(champion, kernels);
    const DatasetSource source(champion.encoder, fit.data, nullptr, kernels);
    const std::vector<float> old = predict_rows(predictor, source, fit.rows.rows);
    std::vector<std::size_t> all, unseen;
    for (std::size_t i = 0; i < fit.rows.size(); ++i) {
        all.push_back(i);
        const std::int64_t time = fit.data.keys[fit.rows.rows[i]].time;
        if (!champion.history || time > champion.history->watermark()) unseen.push_back(i);
    }
    detail::Entropies sums = detail::entropies_of(champion, old, fit, unseen);
    const bool too_few = sums.targets.empty() && unseen.size() < all.size();
    if (too_few) sums = detail::entropies_of(champion, old, fit, all);
    if (sums.targets.empty()) {
        throw Error(ErrorCode::schema,
                    "champion: expected a target that both models have, with both classes in the validation "
                    "rows, got none; compare models of the same targets");
    }
    Gain gain = sums.gain();
    gain.champion_saw_rows = too_few;
    return gain;
}

}  // namespace funnel::train
