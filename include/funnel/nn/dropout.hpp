// SPDX-License-Identifier: MIT
// Inverted dropout from counters: whether a unit is dropped depends on seed, example, layer and unit only, so
// neither threads nor the order of the batch change a mask. Source: Srivastava et al. (2014), section 10.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "funnel/base/random.hpp"
#include "funnel/nn/kernels.hpp"

namespace funnel::nn {

/// The mask of one pass. Borrows `rows` for the duration of the call it is given to.
struct Dropout {
    double rate = 0.0;                    ///< in [0, 1), rounded to a multiple of 1 / 65536; 0 drops nothing
    std::uint64_t seed = 0;               ///< of this epoch
    std::span<const std::uint32_t> rows;  ///< number of the example behind each row of the block

    /// The part of 65536 draws that drop a unit.
    [[nodiscard]] std::uint32_t threshold() const noexcept {
        return static_cast<std::uint32_t>(std::lround(std::clamp(rate, 0.0, 0.999) * 65536.0));
    }
    /// What a kept unit is multiplied by, so that its expectation stays.
    [[nodiscard]] double scale() const noexcept { return 65536.0 / (65536.0 - threshold()); }
};

/// Drops and scales the (rows.size(), units) outputs of hidden layer `layer` in place. One draw serves 4
/// units.
template <typename Scalar>
void apply_dropout(const Dropout& dropout, std::size_t layer, RowBlock<Scalar> values, std::size_t units) {
    const std::uint32_t threshold = dropout.threshold();
    if (threshold == 0) return;
    const auto scale = static_cast<Scalar>(dropout.scale());
    const std::uint64_t stream = base::mix64(dropout.seed + layer + 1);
    for (std::size_t i = 0; i < dropout.rows.size(); ++i) {
        const std::uint64_t row_stream = base::mix64(stream ^ dropout.rows[i]);
        Scalar* row = values.data + i * values.stride;
        for (std::size_t first = 0; first < units; first += 4) {
            std::uint64_t draw = base::mix64(row_stream + (first + 1) * 0x9E3779B97F4A7C15ull);
            const std::size_t last = std::min(first + 4, units);
            for (std::size_t unit = first; unit < last; ++unit, draw >>= 16) {
                row[unit] *= (draw & 0xFFFF) < threshold ? Scalar{0} : scale;
            }
        }
    }
}

}  // namespace funnel::nn
