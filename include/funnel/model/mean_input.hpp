// SPDX-License-Identifier: MIT
// MeanInput: the mean of what a net sees over its training rows, which explanations start from.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/error.hpp"
#include "funnel/nn/net_shape.hpp"

namespace funnel::model {

/// Empty in models that do not know it: of files of earlier versions, and of training in one pass.
struct MeanInput {
    std::vector<float> dense;  ///< D means
    std::vector<std::vector<float>>
        shares;  ///< E: per id of the embedding, the share of the rows that have it

    [[nodiscard]] bool empty() const noexcept { return dense.empty() && shares.empty(); }
    /// Whether it is of what a net of this shape sees.
    [[nodiscard]] bool fits(const nn::NetShape& shape) const noexcept;
    bool operator==(const MeanInput&) const = default;
    void write(base::ByteWriter& out) const;
    /// Throws Error(format) if the bytes are damaged.
    [[nodiscard]] static MeanInput read(base::ByteReader& in);
};

/// Sums encoded rows. One thread at a time.
class MeanInputSums {
 public:
    /// ids_of: the number of ids of each embedding.
    MeanInputSums(std::size_t dense, std::span<const std::size_t> ids_of) : dense_(dense) {
        for (const std::size_t ids : ids_of)
            counts_.emplace_back(ids);
    }
    /// dense: D, ids: E, each below its number of ids.
    void add(std::span<const float> dense, std::span<const std::uint32_t> ids) noexcept {
        for (std::size_t i = 0; i < dense.size(); ++i)
            dense_[i] += static_cast<double>(dense[i]);
        for (std::size_t e = 0; e < ids.size(); ++e)
            ++counts_[e][ids[e]];
        ++rows_;
    }
    /// Empty without rows.
    [[nodiscard]] MeanInput mean() const;

 private:
    std::vector<double> dense_;
    std::vector<std::vector<std::uint64_t>> counts_;
    std::uint64_t rows_ = 0;
};

inline MeanInput MeanInputSums::mean() const {
    MeanInput mean;
    if (rows_ == 0) return mean;
    const auto rows = static_cast<double>(rows_);
    for (const double sum : dense_)
        mean.dense.push_back(static_cast<float>(sum / rows));
    for (const auto& counts : counts_) {
        std::vector<float>& shares = mean.shares.emplace_back();
        for (const std::uint64_t count : counts)
            shares.push_back(static_cast<float>(static_cast<double>(count) / rows));
    }
    return mean;
}

inline bool MeanInput::fits(const nn::NetShape& shape) const noexcept {
    return dense.size() == shape.dense &&
           std::ranges::equal(shares, shape.embeddings,
                              [](const std::vector<float>& of_ids, const nn::EmbeddingShape& table) {
                                  return of_ids.size() == table.rows;
                              });
}

inline void MeanInput::write(base::ByteWriter& out) const {
    out.array(dense);
    out.value<std::uint64_t>(shares.size());
    for (const std::vector<float>& of_ids : shares)
        out.array(of_ids);
}

inline MeanInput MeanInput::read(base::ByteReader& in) {
    const auto finite = [](const std::vector<float>& values) {
        return std::ranges::all_of(values, [](float x) { return std::isfinite(x); });
    };
    MeanInput mean;
    mean.dense = in.array<float>();
    mean.shares = in.list(sizeof(std::uint64_t), [](base::ByteReader& part) { return part.array<float>(); });
    if (!finite(mean.dense) || !std::ranges::all_of(mean.shares, finite))
        throw Error(ErrorCode::format, "damaged: the mean input of a model");
    return mean;
}

}  // namespace funnel::model
