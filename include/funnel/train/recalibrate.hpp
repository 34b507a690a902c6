// SPDX-License-Identifier: MIT
// recalibrate: moves the intercepts of a model to labels that became known after training, and with them the
// baseline distribution of its scores. The base rate of a shop moves faster than what its visitors like.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/model/predictor.hpp"
#include "funnel/train/detail/correction.hpp"

namespace funnel::train {

/// What became of one head.
struct Shift {
    std::string target;
    std::string given = {};  ///< the target before it in its chain, of whose rows the head speaks; or empty
    std::uint64_t rows = 0, positives = 0;  ///< rows that reached `given`, and of these the target
    double intercept = 0;                   ///< added to its logit; 0 if there were too few
    bool moved = false;
};

/// Fewer positives, or negatives, than this say nothing.
inline constexpr double kFewLabels = 20;
/// Fewer scores than this would make a reference that drifts by chance alone: 0.05 in the median for 200.
inline constexpr std::size_t kFewScores = 1000;

namespace detail {

/// p (n, K) row-major with the conditional logit of each head moved; of a mean of several nets nearly.
inline void move_scores(const nn::Chains& chains, std::span<const Shift> shifts, std::span<float> p) {
    const std::size_t heads = shifts.size();
    for (std::size_t i = 0; i < p.size(); i += heads) {
        double before = 1, moved = 1;  // of the head before in the chain
        for (std::size_t k = 0; k < heads; ++k) {
            if (chains.starts(k)) before = moved = 1;
            const auto old = static_cast<double>(p[i + k]);
            const double odds = old / (before - old) * std::exp(shifts[k].intercept);  // may be infinite
            before = old;
            moved = old > 0 ? moved / (1 + 1 / odds) : 0;
            p[i + k] = static_cast<float>(moved);
        }
    }
}

/// The number of rows, the same everywhere; else Error(shape).
[[nodiscard]] inline std::size_t checked_rows(std::size_t heads, std::span<const std::vector<float>> scores,
                                              std::span<const std::vector<std::uint8_t>> labels,
                                              std::span<const float> weights) {
    const std::size_t n = scores.empty() ? 0 : scores.front().size();
    const auto fits = [&](const auto& column) { return column.size() == n; };
    if (scores.size() != heads || labels.size() != heads || !std::ranges::all_of(scores, fits) ||
        !std::ranges::all_of(labels, fits) || (!weights.empty() && weights.size() != n)) {
        throw Error(ErrorCode::shape, "calibrate: expected scores and labels of " + std::to_string(heads) +
                                          " targets and one weight for each of their rows, got \"" +
                                          std::to_string(scores.size()) + " and " +
                                          std::to_string(labels.size()) + " columns, " +
                                          std::to_string(weights.size()) +
                                          " weights\"; give columns of one length");
    }
    return n;
}

}  // namespace detail

/// scores, labels: K x n as scored by this bundle. Each head moves by its best shift times
/// positives / (positives + 100). From 1,000 rows on, the scores that drift is measured from become those of
/// these rows. weights: n, or none for all 1. Throws Error(shape) for sizes that do not fit each other, and
/// Error(schema) if no head has enough labels.
inline std::vector<Shift> recalibrate(Bundle& bundle, std::span<const std::vector<float>> scores,
                                      std::span<const std::vector<std::uint8_t>> labels,
                                      std::span<const float> weights, const nn::Kernels& kernels) {
    const std::size_t heads = bundle.heads.size(), n = detail::checked_rows(heads, scores, labels, weights);
    std::vector<float> p(n * heads);
    std::vector<std::uint8_t> y(n * heads);
    for (std::size_t k = 0; k < heads; ++k) {
        for (std::size_t i = 0; i < n; ++i) {
            p[i * heads + k] = scores[k][i];
            y[i * heads + k] = labels[k][i];
        }
    }
    std::vector<Shift> shifts;
    bool any = false;
    for (std::size_t k = 0; k < heads; ++k) {
        const ConditionalRows rows = conditional_rows(bundle.chains, k, p, y, weights, {});
        Shift shift{.target = bundle.heads[k].name, .rows = rows.labels.size()};
        if (!bundle.chains.starts(k)) shift.given = bundle.heads[k - 1].name;
        for (const std::uint8_t label : rows.labels)
            shift.positives += label;
        const auto positives = static_cast<double>(shift.positives);
        const bool enough =
            positives >= kFewLabels && static_cast<double>(shift.rows) - positives >= kFewLabels;
        if (const auto best = enough ? fit_correction(rows, false) : std::nullopt) {
            shift.intercept = best->intercept * positives / (positives + 100);
            shift.moved = any = true;
            for (nn::Net<float>& net : bundle.nets)
                apply_correction(net, k, {1, shift.intercept});
        }
        shifts.push_back(std::move(shift));
    }
    if (!any) {
        throw Error(ErrorCode::schema,
                    "calibrate: expected at least 20 positive and 20 negative labels of some target, got too "
                    "few; give more days");
    }
    detail::move_scores(bundle.chains, shifts, p);
    std::vector<float> moved(n);
    for (std::size_t k = 0; n >= kFewScores && k < bundle.reference.scores.size(); ++k) {
        for (std::size_t i = 0; i < n; ++i)
            moved[i] = p[i * heads + k];
        bundle.reference.scores[k] = model::reference_of(bundle.heads[k].name, moved);
    }
    const model::Predictor predictor(bundle, kernels);
    model::Predictor::Workspace workspace;
    for (model::Probe& probe : bundle.probes) {
        const std::vector<std::string_view> texts(probe.categorical.begin(), probe.categorical.end());
        predictor.predict(probe.numeric, texts, probe.probabilities, workspace);
    }
    return shifts;
}

}  // namespace funnel::train
