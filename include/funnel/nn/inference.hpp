// SPDX-License-Identifier: MIT
// NetPredictor: a frozen net and its chains, ready to turn inputs into probabilities, row by row or in bulk.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/nn/chains.hpp"
#include "funnel/nn/eigen_kernels.hpp"
#include "funnel/nn/kernels.hpp"
#include "funnel/nn/net.hpp"
#include "funnel/nn/packed_net.hpp"

namespace funnel::nn {

/// Immutable: share freely. With the caller's Workspace a call allocates nothing after the first of its size.
/// With the kernels of the kernel room a row gets the same bytes alone and in any batch; Eigen sums a single
/// row in another order.
class NetPredictor {
 public:
    /// Throws Error(shape) if the chains do not cover the heads of the net.
    NetPredictor(Net<float> net, Chains chains, const Kernels& kernels = eigen_kernels());

    [[nodiscard]] const Net<float>& net() const noexcept { return packed_.net(); }
    [[nodiscard]] const Chains& chains() const noexcept { return chains_; }
    [[nodiscard]] std::size_t heads() const noexcept { return chains_.heads(); }

    /// z (n, heads) row-major.
    void logits(const Inputs<float>& inputs, Workspace<float>& workspace, std::span<float> z) const;
    /// p (n, heads) row-major: p_k of definitions "chain". Throws Error(shape) for sizes that do not fit.
    void probabilities(const Inputs<float>& inputs, Workspace<float>& workspace, std::span<float> p) const;

 private:
    PackedNet<float> packed_;
    Chains chains_;
};

inline NetPredictor::NetPredictor(Net<float> net, Chains chains, const Kernels& kernels)
    : packed_(std::move(net), kernels), chains_(std::move(chains)) {
    if (chains_.heads() != packed_.net().shape().outputs) {
        throw Error(ErrorCode::shape, "predictor: expected chains over " +
                                          std::to_string(packed_.net().shape().outputs) + " heads, got \"" +
                                          std::to_string(chains_.heads()) +
                                          "\"; give the chains of this net");
    }
}

inline void NetPredictor::logits(const Inputs<float>& inputs, Workspace<float>& workspace,
                                 std::span<float> z) const {
    const NetShape& shape = packed_.net().shape();
    if (z.size() != inputs.rows * heads() || inputs.dense.size() != inputs.rows * shape.dense ||
        inputs.ids.size() != inputs.rows * shape.embeddings.size()) {
        throw Error(ErrorCode::shape, "predictor: expected " + std::to_string(inputs.rows) +
                                          " rows in and out, got \"" + std::to_string(inputs.dense.size()) +
                                          " numbers, " + std::to_string(inputs.ids.size()) +
                                          " ids, room for " + std::to_string(z.size()) +
                                          "\"; encode for this net");
    }
    for (std::size_t first = 0; first < inputs.rows; first += kBlockRows) {
        const std::size_t n = std::min(kBlockRows, inputs.rows - first);
        packed_.forward(
            {.rows = n,
             .dense = inputs.dense.subspan(first * shape.dense, n * shape.dense),
             .ids = inputs.ids.subspan(first * shape.embeddings.size(), n * shape.embeddings.size())},
            workspace);
        std::ranges::copy(workspace.logits(), z.begin() + static_cast<std::ptrdiff_t>(first * heads()));
    }
}

inline void NetPredictor::probabilities(const Inputs<float>& inputs, Workspace<float>& workspace,
                                        std::span<float> p) const {
    logits(inputs, workspace, p);
    nn::probabilities<float>(p, chains_, packed_.kernels(), p);
}

}  // namespace funnel::nn
