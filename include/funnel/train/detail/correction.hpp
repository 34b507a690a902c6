// SPDX-License-Identifier: MIT
// Correction: slope and intercept of a conditional logit (Platt 1999), fitted to labels a net was not trained
// on and folded into the weights of its heads, so that a corrected net is a net like any other.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/nn/chains.hpp"
#include "funnel/nn/net.hpp"

namespace funnel::train {

/// z becomes slope x z + intercept.
struct Correction {
    double slope = 1, intercept = 0;
};

/// The rows that reached the head before: their logit for this head, and whether they went on.
struct ConditionalRows {
    std::vector<double> logits, weights;
    std::vector<std::uint8_t> labels;
    std::vector<std::uint64_t> clusters;  ///< users, for halves that share none
    double positives = 0, weight = 0;
};

/// Rows of head k, from p (n, K) row-major with the labels that go with it. weights, clusters: n or empty.
[[nodiscard]] ConditionalRows conditional_rows(const nn::Chains& chains, std::size_t head,
                                               std::span<const float> p, std::span<const std::uint8_t> labels,
                                               std::span<const float> weights,
                                               std::span<const std::uint64_t> clusters);

/// Least log loss by Newton's method; with `slope_too` false the slope stays 1. `part`: of the two halves by
/// user, 2: all rows. Empty if a class is missing or it does not converge.
[[nodiscard]] std::optional<Correction> fit_correction(const ConditionalRows& rows, bool slope_too,
                                                       int part = 2);

/// The correction from all rows if those of each half make the other half better; else none.
[[nodiscard]] std::optional<Correction> useful_correction(const ConditionalRows& rows);

/// Folds the correction of head k into its weights and bias.
void apply_correction(nn::Net<float>& net, std::size_t head, const Correction& correction);

namespace detail {

[[nodiscard]] inline int half_of(const ConditionalRows& rows, std::size_t i) noexcept {
    return static_cast<int>(base::mix64(rows.clusters[i]) & 1);
}

/// Sum of weight x softplus(z) - y z over the rows of a part.
[[nodiscard]] inline double correction_loss(const ConditionalRows& rows, const Correction& c, int part) {
    double loss = 0;
    for (std::size_t i = 0; i < rows.logits.size(); ++i) {
        if (part != 2 && half_of(rows, i) != part) continue;
        const double z = c.slope * rows.logits[i] + c.intercept;
        const double softplus = std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z)));
        loss += rows.weights[i] * (softplus - rows.labels[i] * z);
    }
    return loss;
}

/// First and second derivatives of correction_loss by slope and intercept.
struct CorrectionStep {
    double gs = 0, gi = 0, hss = 1e-9, hsi = 0, hii = 1e-9;

    CorrectionStep(const ConditionalRows& rows, const Correction& c, int part) {
        for (std::size_t i = 0; i < rows.logits.size(); ++i) {
            if (part != 2 && half_of(rows, i) != part) continue;
            const double z = rows.logits[i], p = 1 / (1 + std::exp(-(c.slope * z + c.intercept)));
            const double g = rows.weights[i] * (p - rows.labels[i]), h = rows.weights[i] * p * (1 - p);
            gs += g * z;
            gi += g;
            hss += h * z * z;
            hsi += h * z;
            hii += h;
        }
    }
};

}  // namespace detail

inline ConditionalRows conditional_rows(const nn::Chains& chains, std::size_t head, std::span<const float> p,
                                        std::span<const std::uint8_t> labels, std::span<const float> weights,
                                        std::span<const std::uint64_t> clusters) {
    const std::size_t heads = chains.heads(), rows = labels.size() / heads;
    bool first = false;
    for (std::size_t c = 0; c < chains.size(); ++c)
        first |= chains.first(c) == head;
    ConditionalRows result;
    for (std::size_t i = 0; i < rows; ++i) {
        const std::uint8_t label = labels[i * heads + head];
        if (label > 1 || (!first && labels[i * heads + head - 1] != 1)) continue;
        double q = static_cast<double>(p[i * heads + head]);
        if (!first) q /= std::max(static_cast<double>(p[i * heads + head - 1]), 1e-30);
        q = std::clamp(q, 1e-9, 1 - 1e-7);
        const double w = weights.empty() ? 1.0 : static_cast<double>(weights[i]);
        result.logits.push_back(std::log(q / (1 - q)));
        result.labels.push_back(label);
        result.weights.push_back(w);
        result.clusters.push_back(clusters.empty() ? i : clusters[i]);
        result.weight += w;
        result.positives += w * label;
    }
    return result;
}

inline std::optional<Correction> fit_correction(const ConditionalRows& rows, bool slope_too, int part) {
    if (!(rows.positives > 0 && rows.positives < rows.weight)) return std::nullopt;
    Correction c;
    for (int step = 0; step < 50; ++step) {
        const detail::CorrectionStep d(rows, c, part);
        double ds = 0, di = d.gi / d.hii;
        if (slope_too) {
            const double det = d.hss * d.hii - d.hsi * d.hsi;
            if (!(det > 0)) return std::nullopt;
            ds = (d.gs * d.hii - d.gi * d.hsi) / det;
            di = (d.gi * d.hss - d.gs * d.hsi) / det;
        }
        const double longest = std::max({1.0, std::abs(ds) / 0.5, std::abs(di) / 2.0});
        c.slope -= ds / longest;
        c.intercept -= di / longest;
        if (!std::isfinite(c.slope) || !std::isfinite(c.intercept)) return std::nullopt;
        if (std::abs(ds) + std::abs(di) < 1e-10) return c;
    }
    return std::nullopt;
}

inline std::optional<Correction> useful_correction(const ConditionalRows& rows) {
    const auto all = fit_correction(rows, true), a = fit_correction(rows, true, 0),
               b = fit_correction(rows, true, 1);
    if (!all || !a || !b || all->slope < 0.5 || all->slope > 2) return std::nullopt;
    const double before = detail::correction_loss(rows, {}, 2);
    const double after = detail::correction_loss(rows, *a, 1) + detail::correction_loss(rows, *b, 0);
    return after < before ? all : std::nullopt;
}

inline void apply_correction(nn::Net<float>& net, std::size_t head, const Correction& correction) {
    auto weights = net.weights(net.shape().layers() - 1);
    weights.col(static_cast<Eigen::Index>(head)) *= static_cast<float>(correction.slope);
    float& bias = net.head_bias()[head];
    bias = static_cast<float>(correction.slope * static_cast<double>(bias) + correction.intercept);
}

}  // namespace funnel::train
