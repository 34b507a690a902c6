// SPDX-License-Identifier: MIT
// The whole-space loss: every head of a chain is judged by p_k = product of sigmoid(z_j), j <= k, on all rows
// whose label k is known: sum_k M_k BCE(y_k, p_k), in logarithms. Sources: Ma et al., "Entire space
// multi-task model" (2018), and Wen et al., "Entire space multi-task modeling via post-click behavior
// decomposition" (2020).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "funnel/nn/activation.hpp"
#include "funnel/nn/chain_loss.hpp"
#include "funnel/nn/chains.hpp"

namespace funnel::nn {

/// The factors weights[c] M_ik a_i of one row: known labels, and the sampling of a chain's first head for
/// all.
template <typename Scalar>
void esmm_factors(const Chains& chains, const std::uint8_t* labels, bool keep_negative, const double* weights,
                  Scalar* factors) noexcept {
    bool kept = true;
    for (std::size_t k = 0; k < chains.heads(); ++k) {
        if (chains.starts(k)) kept = labels[k] == 1 || keep_negative;
        factors[k] = kept && labels[k] != base::kUnknownLabel ? static_cast<Scalar>(weights[chains.chain(k)])
                                                              : Scalar{0};
    }
}

/// Loss and dL/dz of n rows: z, y, c, g as in BasicKernels::bce, all (n, heads) row-major.
template <typename Scalar>
[[nodiscard]] double esmm_loss(const Chains& chains, std::size_t n, const Scalar* z, const Scalar* y,
                               const Scalar* c, Scalar* g) noexcept {
    double loss = 0.0;
    const std::size_t heads = chains.heads();
    std::fill_n(g, n * heads, Scalar{0});
    for (std::size_t i = 0; i < n; ++i, z += heads, y += heads, c += heads, g += heads) {
        for (std::size_t chain = 0; chain < chains.size(); ++chain) {
            const std::size_t first = chains.first(chain), last = first + chains.lengths()[chain];
            Scalar log_p = 0;
            for (std::size_t k = first; k < last; ++k) {
                log_p -= softplus(-z[k]);
                // 1 - p = -expm1(log p) stays exact where p is close to 1; the floor keeps p = 1 finite.
                const Scalar rest = std::max(-std::expm1(log_p), std::numeric_limits<Scalar>::min());
                loss -= static_cast<double>(c[k] * (y[k] * log_p + (1 - y[k]) * std::log(rest)));
                // d log p / d z_j = 1 - sigmoid(z_j) and d log(1 - p) / d z_j = -p / (1 - p) (1 -
                // sigmoid(z_j)).
                const Scalar slope = c[k] * ((1 - y[k]) * std::exp(log_p) / rest - y[k]);
                for (std::size_t j = first; j <= k; ++j)
                    g[j] += slope * sigmoid(-z[j]);
            }
        }
    }
    return loss;
}

}  // namespace funnel::nn
