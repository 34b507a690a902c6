// SPDX-License-Identifier: MIT
// Log loss, normalized entropy and Brier score: proper scores of predicted probabilities.
// Normalized entropy: He et al., "Practical lessons from predicting clicks on ads at Facebook" (2014).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>

#include "funnel/eval/detail/ranked_labels.hpp"

namespace funnel::eval {

/// -r ln r - (1 - r) ln(1 - r): the log loss of always predicting the base rate r in [0, 1]. 0 at 0 and 1.
[[nodiscard]] inline double binary_entropy(double r) noexcept {
    const auto part = [](double p) { return p > 0 ? -p * std::log(p) : 0.0; };
    return part(r) + part(1 - r);
}

/// Mean of -ln of the probability given to what happened; p clipped to [2^-52, 1 - 2^-52].
/// Scores must be in [0, 1]. Empty without weight.
[[nodiscard]] std::optional<double> log_loss(const RankedLabels& ranked);

/// log_loss over the entropy of the base rate of the same rows: below 1 beats the base rate. Empty if one
/// class has no weight.
[[nodiscard]] std::optional<double> normalized_entropy(const RankedLabels& ranked);

/// Mean of (p - y)^2. Empty without weight.
[[nodiscard]] std::optional<double> brier(const RankedLabels& ranked);

/// Sums that give log loss and normalized entropy without a sort, for use while training.
/// One thread at a time.
class LossSum {
 public:
    /// p in [0, 1], label 0 or 1, weight >= 0.
    void add(double p, std::uint8_t label, double weight = 1) noexcept;
    void add(const LossSum& other) noexcept;
    [[nodiscard]] std::optional<double> log_loss() const noexcept;
    [[nodiscard]] std::optional<double> normalized_entropy() const noexcept;

 private:
    double loss_ = 0, weight_ = 0, positive_ = 0;
};

inline void LossSum::add(double p, std::uint8_t label, double weight) noexcept {
    p = std::clamp(p, 0x1p-52, 1 - 0x1p-52);
    loss_ -= weight * std::log(label != 0 ? p : 1 - p);
    weight_ += weight;
    if (label != 0) positive_ += weight;
}

inline void LossSum::add(const LossSum& other) noexcept {
    loss_ += other.loss_;
    weight_ += other.weight_;
    positive_ += other.positive_;
}

inline std::optional<double> LossSum::log_loss() const noexcept {
    if (!(weight_ > 0)) return std::nullopt;
    return loss_ / weight_;
}

inline std::optional<double> LossSum::normalized_entropy() const noexcept {
    const double entropy = weight_ > 0 ? binary_entropy(positive_ / weight_) : 0;
    if (!(entropy > 0)) return std::nullopt;
    return loss_ / weight_ / entropy;
}

namespace detail {

[[nodiscard]] inline LossSum loss_of(const RankedLabels& ranked) noexcept {
    LossSum sum;
    for (const ScoredRow& row : ranked.rows())
        sum.add(row.score, row.label, static_cast<double>(row.weight));
    return sum;
}

}  // namespace detail

inline std::optional<double> log_loss(const RankedLabels& ranked) {
    return detail::loss_of(ranked).log_loss();
}

inline std::optional<double> normalized_entropy(const RankedLabels& ranked) {
    return detail::loss_of(ranked).normalized_entropy();
}

inline std::optional<double> brier(const RankedLabels& ranked) {
    if (!(ranked.weight() > 0)) return std::nullopt;
    double sum = 0;
    for (const ScoredRow& row : ranked.rows()) {
        const double error = row.score - row.label;
        sum += static_cast<double>(row.weight) * error * error;
    }
    return sum / ranked.weight();
}

}  // namespace funnel::eval
