// SPDX-License-Identifier: MIT
// The exact likelihood of ordered outcomes: every head of a chain has a binary cross-entropy on the rows that
// reached the stage of the head before. Per chain, with y_0 = 1 and M_ik = 1 if all labels up to k are known:
//   L = sum_ik M_ik y_i,k-1 a_ik [softplus(z_ik) - y_ik z_ik] / sum_ik M_ik y_i,k-1 a_ik
// and the loss of a net is the sum over its chains. One head is the plain binary cross-entropy.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "funnel/base/label.hpp"
#include "funnel/base/random.hpp"
#include "funnel/nn/chains.hpp"
#include "funnel/nn/kernels.hpp"

namespace funnel::nn {

/// Which rows count how much in the first head of a chain: all positives, and negatives with probability
/// `rate`. The choice is a hash of seed and row, the same in every epoch; 1 keeps everything.
struct NegativeSampling {
    double rate = 1.0;
    std::uint64_t seed = 0;
    [[nodiscard]] bool keeps(std::uint32_t row) const noexcept {
        return rate >= 1.0 || base::uniform_at(seed, row) < rate;
    }
};

/// The factors weights[c] M_ik y_i,k-1 a_ik of one row; labels, factors: one per head, weights: one per
/// chain.
template <typename Scalar>
void chain_factors(const Chains& chains, const std::uint8_t* labels, bool keep_negative,
                   const double* weights, Scalar* factors) noexcept {
    bool reached = true;
    for (std::size_t k = 0; k < chains.heads(); ++k) {
        const std::uint8_t label = labels[k];
        if (chains.starts(k)) reached = label == 1 || keep_negative;
        reached = reached && label != base::kUnknownLabel;
        factors[k] = reached ? static_cast<Scalar>(weights[chains.chain(k)]) : Scalar{0};
        reached = reached && label == 1;
    }
}

/// Adds the factors of one row up, chain by chain: the divisors of the loss. totals has a place per chain.
template <typename Scalar>
void add_chain_totals(const Chains& chains, const Scalar* factors, double* totals) noexcept {
    for (std::size_t k = 0; k < chains.heads(); ++k)
        totals[chains.chain(k)] += static_cast<double>(factors[k]);
}

/// What a weight of 1 becomes in each chain of a batch: 1 / total, and 0 where nothing counts.
inline void invert_totals(std::span<const double> totals, double* inverse) noexcept {
    for (std::size_t c = 0; c < totals.size(); ++c)
        inverse[c] = totals[c] > 0.0 ? 1.0 / totals[c] : 0.0;
}

/// Loss of n rows and dL/dz. logits, gradient, labels: (n, heads) row-major. rows: their numbers, for the
/// sampling; weights: n, or empty for all 1. The convenient form, for tests and small data: it allocates.
template <typename Scalar>
[[nodiscard]] double chain_loss(const Chains& chains, std::span<const Scalar> logits,
                                std::span<const std::uint8_t> labels, std::span<const float> weights,
                                std::span<const std::uint32_t> rows, const NegativeSampling& sampling,
                                const BasicKernels<Scalar>& kernels, std::span<Scalar> gradient) {
    const std::size_t heads = chains.heads(), n = logits.size() / heads;
    std::vector<Scalar> factors(logits.size()), targets(logits.size());
    std::vector<double> totals(chains.size(), 0.0), shares(chains.size(), 1.0), scaled(chains.size());
    const auto factors_of = [&](std::size_t i) {
        const double weight = weights.empty() ? 1.0 : static_cast<double>(weights[i]);
        for (std::size_t c = 0; c < shares.size(); ++c)
            scaled[c] = weight * shares[c];
        const bool keep = rows.empty() || sampling.keeps(rows[i]);
        chain_factors(chains, labels.data() + i * heads, keep, scaled.data(), factors.data() + i * heads);
    };
    for (std::size_t i = 0; i < n; ++i) {
        factors_of(i);
        add_chain_totals(chains, factors.data() + i * heads, totals.data());
    }
    invert_totals(totals, shares.data());
    for (std::size_t i = 0; i < n; ++i)
        factors_of(i);
    for (std::size_t j = 0; j < labels.size(); ++j)
        targets[j] = labels[j] == 1 ? Scalar{1} : Scalar{0};
    return kernels.bce(logits.size(), logits.data(), targets.data(), factors.data(), gradient.data());
}

}  // namespace funnel::nn
