// SPDX-License-Identifier: MIT
// mean_input_of: the mean encoded row of some rows of a source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "funnel/base/matrix.hpp"
#include "funnel/encoding/encoder.hpp"
#include "funnel/model/mean_input.hpp"
#include "funnel/nn/packed_net.hpp"
#include "funnel/train/input_source.hpp"

namespace funnel::train::detail {

/// Of every step-th of `rows`.
[[nodiscard]] inline model::MeanInput mean_input_of(const InputSource& source,
                                                    const encoding::Encoder& encoder,
                                                    std::span<const std::uint32_t> rows, std::size_t step) {
    std::vector<std::size_t> ids_of;
    for (const encoding::EmbeddingInput& input : encoder.embeddings())
        ids_of.push_back(input.rows);
    const std::size_t d = encoder.dense_names().size(), e = ids_of.size();
    model::MeanInputSums sums(d, ids_of);
    const auto block = static_cast<Eigen::Index>(nn::kBlockRows);
    Matrix<float> dense(block, static_cast<Eigen::Index>(d));
    Matrix<std::uint32_t> ids(block, static_cast<Eigen::Index>(e));
    std::vector<std::uint32_t> chosen;
    for (std::size_t i = 0; i < rows.size(); i += step) {
        chosen.push_back(rows[i]);
        if (chosen.size() < nn::kBlockRows && i + step < rows.size()) continue;
        source.fill(chosen, dense, ids);
        for (std::size_t row = 0; row < chosen.size(); ++row)
            sums.add({dense.data() + row * d, d}, {ids.data() + row * e, e});
        chosen.clear();
    }
    return sums.mean();
}

}  // namespace funnel::train::detail
