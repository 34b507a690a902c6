// SPDX-License-Identifier: MIT
// SplitNet: a net for rows that share some of their inputs: what these add to the first layer is computed
// once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "funnel/nn/aligned.hpp"
#include "funnel/nn/eigen_kernels.hpp"
#include "funnel/nn/kernels.hpp"
#include "funnel/nn/net.hpp"
#include "funnel/nn/packed_net.hpp"

namespace funnel::nn {

/// With S of D dense inputs shared, n rows cost S + n (D - S) multiply-adds per unit of the first layer
/// instead of n D. Sums run in another order than in PackedNet: logits equal its up to rounding. Immutable:
/// share freely, every thread brings its own Workspace.
template <typename Scalar>
class SplitNet {
 public:
    class Workspace {
     public:
        /// Logits of the last forward pass, (n, outputs) row-major.
        [[nodiscard]] std::span<Scalar> logits() noexcept { return rest_.logits(); }

     private:
        friend class SplitNet;
        AlignedVector<Scalar> inputs_, sums_;
        FirstLayer<Scalar> first_;
        nn::Workspace<Scalar> rest_;
    };

    /// `shared`: S places of dense inputs, ascending, 0 < S < D. Copies the net; borrows the kernels.
    SplitNet(const Net<Scalar>& net, std::span<const std::uint32_t> shared,
             const BasicKernels<Scalar>& kernels = eigen_kernels<Scalar>());

    /// Before forward: takes the shared ones of the D dense inputs of a row.
    void share(std::span<const Scalar> dense, Workspace& workspace) const;
    /// As PackedNet::forward, for rows of the D - S other dense inputs, and ids.
    void forward(const Inputs<Scalar>& rest, Workspace& workspace) const {
        rest_.forward(workspace.first_, rest, workspace.rest_);
    }

 private:
    [[nodiscard]] static Net<Scalar> without(Net<Scalar> net, std::span<const std::uint32_t> shared);
    [[nodiscard]] DenseLayer<Scalar> shared_layer() const noexcept {
        return {.in = places_.size(),
                .out = bias_.size(),
                .weights = weights_.data(),
                .bias = bias_.data(),
                .panels = panels_.data()};
    }

    std::vector<std::uint32_t> places_;
    AlignedVector<Scalar> weights_, bias_, panels_;  // of the shared inputs, as in DenseLayer
    PackedNet<Scalar> rest_;
};

template <typename Scalar>
SplitNet<Scalar>::SplitNet(const Net<Scalar>& net, std::span<const std::uint32_t> shared,
                           const BasicKernels<Scalar>& kernels)
    : places_(shared.begin(), shared.end()), rest_(without(net, shared), kernels) {
    const std::size_t out = net.shape().layer_out(0), embedded = net.shape().inputs() - net.shape().dense;
    const auto first = net.parameters().subspan(net.weight_range(0).first);
    for (const std::uint32_t place : places_) {
        const auto row = first.subspan((embedded + place) * out, out);
        weights_.insert(weights_.end(), row.begin(), row.end());
    }
    const auto bias = net.parameters().subspan(net.bias_range(0).first, out);
    bias_.assign(bias.begin(), bias.end());
    panels_.assign((places_.size() + 1) * padded(out), Scalar{0});
    kernels.pack(shared_layer(), 0, places_.size(), panels_.data(), nullptr);
}

/// The same net but for the shared inputs.
template <typename Scalar>
Net<Scalar> SplitNet<Scalar>::without(Net<Scalar> net, std::span<const std::uint32_t> shared) {
    NetShape shape = net.shape();
    const std::size_t embedded = shape.inputs() - shape.dense;
    shape.dense -= shared.size();
    Net<Scalar> rest(shape);
    for (std::size_t e = 0; e < shape.embeddings.size(); ++e)
        rest.embedding(e) = net.embedding(e);
    Eigen::Index to = 0;
    for (std::size_t input = 0; input < net.shape().inputs(); ++input) {
        if (input >= embedded && std::ranges::binary_search(shared, input - embedded)) continue;
        rest.weights(0).row(to++) = net.weights(0).row(static_cast<Eigen::Index>(input));
    }
    for (std::size_t l = 1; l < shape.layers(); ++l)
        rest.weights(l) = net.weights(l);
    for (std::size_t l = 0; l < shape.layers(); ++l)
        std::ranges::copy(net.bias(l), rest.bias(l).begin());
    return rest;
}

template <typename Scalar>
void SplitNet<Scalar>::share(std::span<const Scalar> dense, Workspace& workspace) const {
    workspace.inputs_.resize(padded(places_.size()));
    for (std::size_t i = 0; i < places_.size(); ++i)
        workspace.inputs_[i] = dense[places_[i]];
    workspace.sums_.resize(padded(bias_.size()));
    rest_.kernels().forward(shared_layer(), {workspace.inputs_.data(), workspace.inputs_.size()}, 1,
                            {workspace.sums_.data(), workspace.sums_.size()}, false);
    rest_.set_bias(workspace.first_, std::span(workspace.sums_).first(bias_.size()));
}

}  // namespace funnel::nn
