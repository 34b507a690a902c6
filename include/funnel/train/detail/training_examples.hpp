// SPDX-License-Identifier: MIT
// Examples: rows with labels, brought into the form that a training step works on: inputs, targets and the
// factor of every outcome in the loss.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/matrix.hpp"
#include "funnel/base/random.hpp"
#include "funnel/nn/chain_loss.hpp"
#include "funnel/nn/chains.hpp"
#include "funnel/nn/esmm_loss.hpp"
#include "funnel/nn/net_shape.hpp"
#include "funnel/nn/packed_net.hpp"
#include "funnel/train/input_source.hpp"
#include "funnel/train/train_options.hpp"

namespace funnel::train {

/// Rows of a source with their labels, borrowed for the duration of a call.
struct TrainRows {
    std::span<const std::uint32_t> rows;  ///< n row numbers of the source, in time order
    std::span<const std::uint8_t>
        labels;  ///< (n, K) row-major: 0, 1 or base::kUnknownLabel; label i belongs to rows[i]
    std::span<const float> weights;  ///< n, or empty: all 1
};

/// Up to nn::kBlockRows examples; scratch of one thread.
template <typename Scalar>
class ExampleBlock {
 public:
    explicit ExampleBlock(const nn::NetShape& shape)
        : dense(rows_, static_cast<Eigen::Index>(shape.dense)),
          ids(rows_, static_cast<Eigen::Index>(shape.embeddings.size())),
          targets(nn::kBlockRows * shape.outputs),
          factors(nn::kBlockRows * shape.outputs) {
        rows.reserve(nn::kBlockRows);
    }

    [[nodiscard]] nn::Inputs<Scalar> inputs() const noexcept {
        const std::size_t n = rows.size();
        return {.rows = n,
                .dense = {dense.data(), n * static_cast<std::size_t>(dense.cols())},
                .ids = {ids.data(), n * static_cast<std::size_t>(ids.cols())}};
    }

    /// Fills rows, dense and ids.
    void fetch(const InputSource& source) {
        if constexpr (std::is_same_v<Scalar, float>) {
            source.fill(rows, dense, ids);
        } else {
            Matrix<float> narrow(dense.rows(), dense.cols());
            source.fill(rows, narrow, ids);
            dense = narrow.template cast<Scalar>();
        }
    }

 private:
    static constexpr auto rows_ = static_cast<Eigen::Index>(nn::kBlockRows);

 public:
    std::vector<std::uint32_t> rows;
    Matrix<Scalar> dense;
    Matrix<std::uint32_t> ids;
    std::vector<Scalar> targets;  ///< (n, K): 0 or 1
    std::vector<Scalar> factors;  ///< (n, K): what the outcome counts in the loss
    std::vector<double> shares;   ///< per chain: what a weight of 1 counts in this batch
    std::vector<double> weights;  ///< per chain: what the row at hand counts
};

/// Const calls may run concurrently. Borrows source and rows for its life.
class Examples {
 public:
    /// Throws Error(shape) if sizes do not fit, Error(invalid_argument) for a row, label or weight out of
    /// range.
    Examples(const InputSource& source, const TrainRows& rows, const TrainOptions& options);

    /// Positions in the rows that count for at least one head, in their order.
    [[nodiscard]] std::vector<std::uint32_t> used() const;
    /// Sums of factors of these positions, one per chain.
    void totals(std::span<const std::uint32_t> positions, double* totals) const;
    /// Brings up to nn::kBlockRows positions into `block`, factors divided by the totals of their batch.
    template <typename Scalar>
    void load(std::span<const std::uint32_t> positions, const double* totals,
              ExampleBlock<Scalar>& block) const;
    /// Per head ln(p / (1 - p)) of the rate among the rows that reached the head before, smoothed by one row.
    [[nodiscard]] std::vector<double> base_logits(std::span<const std::uint32_t> positions) const;

    [[nodiscard]] const nn::Chains& chains() const noexcept { return chains_; }
    [[nodiscard]] Loss loss() const noexcept { return loss_; }

 private:
    template <typename Scalar>
    void factors(std::uint32_t position, Loss loss, std::span<const double> shares, double* weights,
                 Scalar* out) const noexcept;

    const InputSource* source_;
    TrainRows rows_;
    nn::Chains chains_;
    nn::NegativeSampling sampling_;
    Loss loss_;
};

namespace detail {

/// Throws unless labels, weights and row numbers fit the source and K heads.
inline void check_rows(const TrainRows& rows, const InputSource& source, std::size_t heads) {
    const std::size_t n = rows.rows.size();
    if (rows.labels.size() != n * heads || (!rows.weights.empty() && rows.weights.size() != n)) {
        throw Error(ErrorCode::shape,
                    "training: expected " + std::to_string(heads) + " labels for each of " +
                        std::to_string(n) + " rows, got \"" + std::to_string(rows.labels.size()) +
                        " labels and " + std::to_string(rows.weights.size()) + " weights\"; label every row");
    }
    const auto bad = [](const std::string& what) {
        throw Error(ErrorCode::invalid_argument, "training: " + what + "; check the rows");
    };
    for (const std::uint32_t row : rows.rows) {
        if (row >= source.rows())
            bad("expected a row below " + std::to_string(source.rows()) + ", got \"" + std::to_string(row) +
                "\"");
    }
    for (const std::uint8_t label : rows.labels) {
        if (label > base::kUnknownLabel)
            bad("expected a label 0, 1 or 2, got \"" + std::to_string(label) + "\"");
    }
    for (const float weight : rows.weights) {
        if (!(weight >= 0.0F) || std::isinf(weight)) {
            bad("expected a weight that is 0 or positive, got \"" + std::to_string(weight) + "\"");
        }
    }
}

/// The stream of draws of one purpose in one epoch.
[[nodiscard]] inline std::uint64_t stream(std::uint64_t seed, std::uint64_t purpose,
                                          std::uint64_t epoch) noexcept {
    return base::random_at(base::random_at(seed, purpose), epoch);
}

inline constexpr std::uint64_t kWeightStream = 1, kOrderStream = 2, kDropoutStream = 3, kSamplingStream = 4;

}  // namespace detail

inline Examples::Examples(const InputSource& source, const TrainRows& rows, const TrainOptions& options)
    : source_(&source),
      rows_(rows),
      chains_(options.chains),
      sampling_{options.negative_rate, detail::stream(options.seed, detail::kSamplingStream, 0)},
      loss_(options.loss) {
    detail::check_rows(rows, source, chains_.heads());
}

template <typename Scalar>
void Examples::factors(std::uint32_t position, Loss loss, std::span<const double> shares, double* weights,
                       Scalar* out) const noexcept {
    const double* counts = shares.data();
    if (!rows_.weights.empty()) {
        for (std::size_t c = 0; c < shares.size(); ++c)
            weights[c] = static_cast<double>(rows_.weights[position]) * shares[c];
        counts = weights;
    }
    const bool keep = sampling_.keeps(rows_.rows[position]);
    const std::uint8_t* labels = rows_.labels.data() + position * chains_.heads();
    if (loss == Loss::chain) {
        nn::chain_factors(chains_, labels, keep, counts, out);
    } else {
        nn::esmm_factors(chains_, labels, keep, counts, out);
    }
}

inline std::vector<std::uint32_t> Examples::used() const {
    const std::vector<double> ones(chains_.size(), 1.0);
    std::vector<double> weights(chains_.size());
    std::vector<float> row(chains_.heads());
    std::vector<std::uint32_t> positions;
    positions.reserve(rows_.rows.size());
    for (std::uint32_t i = 0; i < rows_.rows.size(); ++i) {
        factors(i, loss_, ones, weights.data(), row.data());
        if (std::ranges::any_of(row, [](float factor) { return factor > 0.0F; })) positions.push_back(i);
    }
    return positions;
}

inline void Examples::totals(std::span<const std::uint32_t> positions, double* totals) const {
    const std::vector<double> ones(chains_.size(), 1.0);
    std::vector<double> weights(chains_.size()), row(chains_.heads());
    std::fill_n(totals, chains_.size(), 0.0);
    for (const std::uint32_t position : positions) {
        factors(position, loss_, ones, weights.data(), row.data());
        nn::add_chain_totals(chains_, row.data(), totals);
    }
}

template <typename Scalar>
void Examples::load(std::span<const std::uint32_t> positions, const double* totals,
                    ExampleBlock<Scalar>& block) const {
    const std::size_t heads = chains_.heads();
    block.rows.resize(positions.size());
    block.shares.resize(chains_.size());
    block.weights.resize(chains_.size());
    nn::invert_totals({totals, chains_.size()}, block.shares.data());
    Scalar* factor = block.factors.data();
    Scalar* target = block.targets.data();
    for (std::size_t i = 0; i < positions.size(); ++i, factor += heads, target += heads) {
        const std::size_t position = positions[i];
        block.rows[i] = rows_.rows[position];
        factors(positions[i], loss_, block.shares, block.weights.data(), factor);
        const std::uint8_t* labels = rows_.labels.data() + position * heads;
        for (std::size_t k = 0; k < heads; ++k)
            target[k] = labels[k] == 1 ? Scalar{1} : Scalar{0};
    }
    block.fetch(*source_);
}

inline std::vector<double> Examples::base_logits(std::span<const std::uint32_t> positions) const {
    const std::size_t heads = chains_.heads();
    const std::vector<double> ones(chains_.size(), 1.0);
    std::vector<double> weights(chains_.size()), row(heads), weight(heads, 1.0), positive(heads, 0.5);
    for (const std::uint32_t position : positions) {
        factors(position, Loss::chain, ones, weights.data(), row.data());
        for (std::size_t k = 0; k < heads; ++k) {
            weight[k] += row[k];
            if (rows_.labels[position * heads + k] == 1) positive[k] += row[k];
        }
    }
    for (std::size_t k = 0; k < heads; ++k)
        positive[k] = nn::logit(positive[k] / weight[k]);
    return positive;
}

}  // namespace funnel::train
