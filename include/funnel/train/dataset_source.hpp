// SPDX-License-Identifier: MIT
// DatasetSource: rows of a Dataset as inputs of a net, for training and evaluation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "funnel/dataset/split.hpp"
#include "funnel/encoding/dataset_encoder.hpp"
#include "funnel/encoding/encoder.hpp"
#include "funnel/model/predictor.hpp"
#include "funnel/train/input_source.hpp"

namespace funnel::train {

/// Encodes rows of a Dataset as a training asks for them. Borrows both; const calls run concurrently.
class DatasetSource final : public InputSource {
 public:
    DatasetSource(const encoding::Encoder& encoder, const encoding::Dataset& data,
                  const encoding::LabelledRows* train = nullptr,
                  const nn::Kernels& kernels = nn::eigen_kernels())
        : encoder_(encoder, data, train), rows_(data.size()), kernels_(&kernels) {}

    [[nodiscard]] std::size_t rows() const override { return rows_; }
    void fill(std::span<const std::uint32_t> rows, Matrix<float>& dense,
              Matrix<std::uint32_t>& ids) const override {
        const auto d = static_cast<std::size_t>(dense.cols()), e = static_cast<std::size_t>(ids.cols());
        for (std::size_t i = 0; i < rows.size(); ++i) {
            encoder_.encode(rows[i], {dense.data() + i * d, d}, {ids.data() + i * e, e}, *kernels_);
        }
    }

 private:
    encoding::DatasetEncoder encoder_;
    std::size_t rows_;
    const nn::Kernels* kernels_;
};

/// p (n, K) of n rows of a source.
[[nodiscard]] inline std::vector<float> predict_rows(const model::Predictor& predictor,
                                                     const InputSource& source,
                                                     std::span<const std::uint32_t> rows) {
    std::vector<float> p(rows.size() * predictor.targets());
    model::Predictor::Workspace workspace;
    const auto block = static_cast<Eigen::Index>(nn::kBlockRows);
    Matrix<float> dense(block, static_cast<Eigen::Index>(predictor.dense_size()));
    Matrix<std::uint32_t> ids(block, static_cast<Eigen::Index>(predictor.ids_size()));
    for (std::size_t first = 0; first < rows.size(); first += nn::kBlockRows) {
        const std::size_t n = std::min(nn::kBlockRows, rows.size() - first);
        source.fill(rows.subspan(first, n), dense, ids);
        predictor.predict_encoded(
            {dense.data(), n * predictor.dense_size()}, {ids.data(), n * predictor.ids_size()},
            std::span(p).subspan(first * predictor.targets(), n * predictor.targets()), workspace);
    }
    return p;
}

namespace detail {

[[nodiscard]] inline std::vector<float> weights_of(const encoding::Dataset& data,
                                                   const encoding::LabelledRows& rows) {
    std::vector<float> weights;
    if (data.weights.empty()) return weights;
    weights.reserve(rows.size());
    for (const std::uint32_t row : rows.rows)
        weights.push_back(data.weights[row]);
    return weights;
}

/// The user of each row; the --group of a table, or else its row.
[[nodiscard]] inline std::vector<std::uint64_t> clusters_of(const encoding::Dataset& data,
                                                            const encoding::LabelledRows& rows) {
    const auto any = [&](auto member) {
        return std::ranges::any_of(data.keys,
                                   [&](const encoding::ExampleKey& key) { return key.*member != 0; });
    };
    const bool users = any(&encoding::ExampleKey::user), groups = any(&encoding::ExampleKey::group);
    std::vector<std::uint64_t> clusters;
    clusters.reserve(rows.size());
    for (const std::uint32_t row : rows.rows) {
        const encoding::ExampleKey& key = data.keys[row];
        clusters.push_back(users ? key.user : groups ? key.group : key.row);
    }
    return clusters;
}

}  // namespace detail
}  // namespace funnel::train
