// SPDX-License-Identifier: MIT
// Made-up rows with a signal that a net can learn, for tests of training.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/nn/activation.hpp"
#include "funnel/train/detail/training_examples.hpp"
#include "funnel/train/input_source.hpp"

namespace funnel::testing {

/// n rows of 4 numbers and one category. The first label follows x0 x1 and the category, a second one (if
/// there are two heads) is reached by half of those.
struct Sample {
    explicit Sample(std::size_t n, std::size_t heads = 1, std::uint64_t seed = 1, double base = 0.0)
        : heads_(heads) {
        Rng rng(seed);
        Matrix<float> dense(static_cast<Eigen::Index>(n), 4);
        Matrix<std::uint32_t> ids(static_cast<Eigen::Index>(n), 1);
        for (Eigen::Index i = 0; i < dense.rows(); ++i) {
            for (Eigen::Index j = 0; j < 4; ++j)
                dense(i, j) = static_cast<float>(rng.normal());
            ids(i, 0) = static_cast<std::uint32_t>(rng.below(3));
            const double z = base + 2.0 * static_cast<double>(dense(i, 0) * dense(i, 1)) +
                             (static_cast<double>(ids(i, 0)) - 1.0);
            logits.push_back(static_cast<float>(z));
            const bool first = rng.uniform() < nn::sigmoid(z);
            labels.push_back(first ? 1 : 0);
            if (heads > 1) labels.push_back(first && rng.uniform() < 0.5 ? 1 : 0);
        }
        source = train::MatrixSource(std::move(dense), std::move(ids));
        rows.resize(n);
        std::iota(rows.begin(), rows.end(), 0U);
    }

    [[nodiscard]] train::TrainRows all() const { return {rows, labels, {}}; }
    [[nodiscard]] train::TrainRows part(std::size_t first, std::size_t count) const {
        return {std::span(rows).subspan(first, count),
                std::span(labels).subspan(first * heads_, count * heads_),
                {}};
    }

    train::MatrixSource source{Matrix<float>{}};
    std::vector<std::uint32_t> rows;
    std::vector<std::uint8_t> labels;
    std::vector<float> logits;  ///< of the first label: no net can know more

 private:
    std::size_t heads_;
};

}  // namespace funnel::testing
