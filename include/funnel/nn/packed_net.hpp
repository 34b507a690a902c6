// SPDX-License-Identifier: MIT
// PackedNet: a net ready to run: its weights in the layout of the kernels, forward and backward passes over
// blocks of rows. Backpropagation as in Rumelhart, Hinton and Williams (1986).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/nn/aligned.hpp"
#include "funnel/nn/dropout.hpp"
#include "funnel/nn/eigen_kernels.hpp"
#include "funnel/nn/kernels.hpp"
#include "funnel/nn/net.hpp"

namespace funnel::nn {

/// Rows per block that keep a block's activations in the caches of one core through both passes.
inline constexpr std::size_t kBlockRows = 128;

/// n rows of inputs, borrowed.
template <typename Scalar>
struct Inputs {
    std::size_t rows = 0;
    std::span<const Scalar> dense;       ///< (n, shape.dense) row-major
    std::span<const std::uint32_t> ids;  ///< (n, number of embeddings) row-major, each below its table's rows
};

/// Scratch of one thread; grows to the largest block it has seen and then never allocates again.
template <typename Scalar>
class Workspace {
 public:
    /// Logits of the last forward pass, (n, outputs) row-major.
    [[nodiscard]] std::span<Scalar> logits() noexcept { return {logits_.data(), logits_size_}; }
    [[nodiscard]] std::span<const Scalar> logits() const noexcept { return {logits_.data(), logits_size_}; }
    /// Where backward() expects dL/dz, (n, outputs) row-major.
    [[nodiscard]] std::span<Scalar> logit_gradient() noexcept { return {gradient_.data(), logits_size_}; }

 private:
    template <typename>
    friend class PackedNet;

    void prepare(const NetShape& shape, std::size_t rows);
    [[nodiscard]] RowBlock<Scalar> block(AlignedVector<Scalar>& values, std::size_t cols) const noexcept;
    /// What layer l saw in the last forward pass.
    [[nodiscard]] RowBlock<const Scalar> input_of(std::size_t layer) noexcept {
        if (layer == 0) return inputs_;
        const RowBlock<Scalar> rows = block(before(layer), shape_.layer_in(layer));
        return {rows.data, rows.stride};
    }
    /// Room for the inputs of layer l: gathered ones, or the outputs of hidden layer l - 1.
    [[nodiscard]] AlignedVector<Scalar>& before(std::size_t layer) noexcept { return activations_[layer]; }

    NetShape shape_;
    std::size_t capacity_ = 0;
    std::size_t rows_ = 0;
    std::size_t logits_size_ = 0;
    std::vector<AlignedVector<Scalar>> activations_;
    AlignedVector<Scalar> delta_;       // dL/d(output of the layer at hand)
    AlignedVector<Scalar> next_delta_;  // the same one layer down
    AlignedVector<Scalar> logits_;
    AlignedVector<Scalar> gradient_;
    RowBlock<const Scalar> inputs_;   // of the last forward pass: the caller's, or activations_[0]
    std::vector<std::uint32_t> ids_;  // of the last forward pass
};

/// A first layer with another bias.
template <typename Scalar>
struct FirstLayer {
    AlignedVector<Scalar> bias, panels;
};

/// Const calls may run concurrently, each with its own Workspace; changes need a lock.
template <typename Scalar>
class PackedNet {
 public:
    explicit PackedNet(Net<Scalar> net, const BasicKernels<Scalar>& kernels = eigen_kernels<Scalar>());

    [[nodiscard]] const Net<Scalar>& net() const noexcept { return net_; }
    [[nodiscard]] const BasicKernels<Scalar>& kernels() const noexcept { return *kernels_; }

    /// Fills workspace.logits() for up to kBlockRows rows (more work, but slower). Throws Error(shape) if
    /// the sizes do not fit the net or an id is outside its table.
    void forward(const Inputs<Scalar>& inputs, Workspace<Scalar>& workspace,
                 const Dropout* dropout = nullptr) const {
        forward_from(layer(0), inputs, workspace, dropout);
    }
    /// Has the workspace ready for `rows` rows, as forward would.
    void prepare(Workspace<Scalar>& workspace, std::size_t rows) const {
        workspace.prepare(net_.shape(), rows);
        workspace.ids_.reserve(rows * net_.shape().embeddings.size());
    }
    /// The same with another bias of the first layer, which set_bias has put into `first`.
    void forward(const FirstLayer<Scalar>& first, const Inputs<Scalar>& inputs,
                 Workspace<Scalar>& workspace) const;
    /// bias: as many as the first layer has outputs. Costs a copy of the layer's weights.
    void set_bias(FirstLayer<Scalar>& first, std::span<const Scalar> bias) const;

    /// Gradient of the pass that `workspace` just went forward with, from its logit_gradient(); the inputs of
    /// that pass must still be there. `gradient` is laid out as net().parameters(); it is overwritten, or
    /// added to if `accumulate`. Same `dropout` as before.
    void backward(Workspace<Scalar>& workspace, std::span<Scalar> gradient, bool accumulate,
                  const Dropout* dropout = nullptr) const;

    /// For optimizers: change parameters, then pack every changed layer before the next pass. Packing
    /// disjoint ranges of rows may run concurrently; `first` and `last` are multiples of kPanel (last: or all
    /// rows).
    [[nodiscard]] Net<Scalar>& mutable_net() noexcept { return net_; }
    void pack(std::size_t layer, std::size_t first, std::size_t last) noexcept;
    void pack() noexcept;

 private:
    [[nodiscard]] DenseLayer<Scalar> layer(std::size_t l) const noexcept;
    void forward_from(const DenseLayer<Scalar>& first, const Inputs<Scalar>& inputs,
                      Workspace<Scalar>& workspace, const Dropout* dropout) const;
    void check(const Inputs<Scalar>& inputs) const;
    void gather(const Inputs<Scalar>& inputs, RowBlock<Scalar> to) const;
    void scatter(std::span<const std::uint32_t> ids, RowBlock<const Scalar> delta,
                 std::span<Scalar> gradient) const;

    Net<Scalar> net_;
    const BasicKernels<Scalar>* kernels_;
    std::size_t embedded_ = 0;  // first inputs, those that come from embeddings
    std::vector<AlignedVector<Scalar>> panels_;
    std::vector<AlignedVector<Scalar>> transposed_;  // empty where no pass needs it
};

namespace detail {

/// Scalars between two rows of a block. A stride that is a multiple of 512 bytes would put a column of a
/// block into a few sets of the first-level cache.
template <typename Scalar>
[[nodiscard]] constexpr std::size_t row_stride(std::size_t cols) noexcept {
    const std::size_t stride = padded(cols);
    return stride * sizeof(Scalar) % 512 == 0 ? stride + kPanel : stride;
}

}  // namespace detail

template <typename Scalar>
RowBlock<Scalar> Workspace<Scalar>::block(AlignedVector<Scalar>& values, std::size_t cols) const noexcept {
    return {values.data(), detail::row_stride<Scalar>(cols)};
}

template <typename Scalar>
void Workspace<Scalar>::prepare(const NetShape& shape, std::size_t rows) {
    rows_ = rows;
    logits_size_ = rows * shape.outputs;
    if (rows <= capacity_ && shape == shape_) return;
    shape_ = shape;
    capacity_ = rows;
    std::size_t widest = 0;
    activations_.resize(shape.layers());
    for (std::size_t l = 0; l < shape.layers(); ++l) {
        const std::size_t stride = detail::row_stride<Scalar>(shape.layer_in(l));
        activations_[l].assign(rows * stride, Scalar{0});
        widest = std::max(widest, stride);
    }
    delta_.assign(rows * widest, Scalar{0});
    next_delta_.assign(rows * widest, Scalar{0});
    // Kernels may read, and ignore, up to a panel past the last row.
    logits_.assign(rows * shape.outputs + kPanel, Scalar{0});
    gradient_.assign(rows * shape.outputs + kPanel, Scalar{0});
}

template <typename Scalar>
PackedNet<Scalar>::PackedNet(Net<Scalar> net, const BasicKernels<Scalar>& kernels)
    : net_(std::move(net)), kernels_(&kernels) {
    const NetShape& shape = net_.shape();
    embedded_ = shape.inputs() - shape.dense;
    const std::size_t layers = shape.layers();
    panels_.resize(layers);
    transposed_.resize(layers);
    for (std::size_t l = 0; l < layers; ++l) {
        const std::size_t in = shape.layer_in(l), out = shape.layer_out(l);
        panels_[l].assign((in + 1) * padded(out), Scalar{0});
        // The first layer passes no gradient on, except to embeddings; a head may be read this way forward.
        if (l > 0 || layers == 1 || embedded_ > 0) transposed_[l].assign(out * padded(in), Scalar{0});
    }
    pack();
}

template <typename Scalar>
DenseLayer<Scalar> PackedNet<Scalar>::layer(std::size_t l) const noexcept {
    const std::span<const Scalar> values = net_.parameters();
    return {.in = net_.shape().layer_in(l),
            .out = net_.shape().layer_out(l),
            .weights = values.data() + net_.weight_range(l).first,
            .bias = values.data() + net_.bias_range(l).first,
            .panels = panels_[l].data(),
            .transposed = transposed_[l].empty() ? nullptr : transposed_[l].data()};
}

template <typename Scalar>
void PackedNet<Scalar>::pack(std::size_t l, std::size_t first, std::size_t last) noexcept {
    kernels_->pack(layer(l), first, last, panels_[l].data(),
                   transposed_[l].empty() ? nullptr : transposed_[l].data());
}

template <typename Scalar>
void PackedNet<Scalar>::pack() noexcept {
    for (std::size_t l = 0; l < net_.shape().layers(); ++l)
        pack(l, 0, net_.shape().layer_in(l));
}

template <typename Scalar>
void PackedNet<Scalar>::check(const Inputs<Scalar>& inputs) const {
    const NetShape& shape = net_.shape();
    if (inputs.dense.size() != inputs.rows * shape.dense ||
        inputs.ids.size() != inputs.rows * shape.embeddings.size()) {
        throw Error(ErrorCode::shape, "net: expected " + std::to_string(inputs.rows) + " rows of " +
                                          std::to_string(shape.dense) + " numbers and " +
                                          std::to_string(shape.embeddings.size()) + " ids, got \"" +
                                          std::to_string(inputs.dense.size()) + " numbers and " +
                                          std::to_string(inputs.ids.size()) + " ids\"; encode for this net");
    }
}

template <typename Scalar>
void PackedNet<Scalar>::gather(const Inputs<Scalar>& inputs, RowBlock<Scalar> to) const {
    check(inputs);
    const NetShape& shape = net_.shape();
    const Scalar* dense = inputs.dense.data();
    const std::uint32_t* ids = inputs.ids.data();
    for (std::size_t i = 0; i < inputs.rows; ++i) {
        Scalar* row = to.data + i * to.stride;
        for (std::size_t e = 0; e < shape.embeddings.size(); ++e) {
            const auto [table_rows, dim] = shape.embeddings[e];
            const std::uint32_t id = *ids++;
            if (id >= table_rows) {
                throw Error(ErrorCode::shape, "net: expected an id below " + std::to_string(table_rows) +
                                                  ", got \"" + std::to_string(id) +
                                                  "\"; encode for this net");
            }
            const Scalar* from = net_.parameters().data() + net_.embedding_range(e).first + id * dim;
            row = std::copy_n(from, dim, row);
        }
        std::copy_n(dense, shape.dense, row);
        dense += shape.dense;
    }
}

template <typename Scalar>
void PackedNet<Scalar>::set_bias(FirstLayer<Scalar>& first, std::span<const Scalar> bias) const {
    first.bias.assign(bias.begin(), bias.end());
    first.panels.assign(panels_[0].begin(), panels_[0].end());
    const std::size_t panel = (net_.shape().layer_in(0) + 1) * kPanel;  // its first row is the bias
    for (std::size_t col = 0; col < bias.size(); ++col)
        first.panels[col / kPanel * panel + col % kPanel] = bias[col];
}

template <typename Scalar>
void PackedNet<Scalar>::forward(const FirstLayer<Scalar>& first, const Inputs<Scalar>& inputs,
                                Workspace<Scalar>& workspace) const {
    DenseLayer<Scalar> changed = layer(0);
    changed.bias = first.bias.data();
    changed.panels = first.panels.data();
    forward_from(changed, inputs, workspace, nullptr);
}

template <typename Scalar>
void PackedNet<Scalar>::forward_from(const DenseLayer<Scalar>& first, const Inputs<Scalar>& inputs,
                                     Workspace<Scalar>& workspace, const Dropout* dropout) const {
    const NetShape& shape = net_.shape();
    workspace.prepare(shape, inputs.rows);
    if (embedded_ == 0 && detail::row_stride<Scalar>(shape.dense) == shape.dense) {
        check(inputs);  // rows that already lie as the kernels want them are not copied
        workspace.inputs_ = {inputs.dense.data(), shape.dense};
    } else {
        const RowBlock<Scalar> gathered = workspace.block(workspace.before(0), shape.inputs());
        gather(inputs, gathered);
        workspace.inputs_ = {gathered.data, gathered.stride};
    }
    workspace.ids_.assign(inputs.ids.begin(), inputs.ids.end());
    for (std::size_t l = 0; l < shape.layers(); ++l) {
        const bool hidden = l + 1 < shape.layers();
        const RowBlock<const Scalar> in = workspace.input_of(l);
        const RowBlock<Scalar> out = hidden ? workspace.block(workspace.before(l + 1), shape.layer_out(l))
                                            : RowBlock<Scalar>{workspace.logits_.data(), shape.outputs};
        kernels_->forward(l == 0 ? first : layer(l), in, inputs.rows, out, hidden);
        if (hidden && dropout != nullptr) apply_dropout(*dropout, l, out, shape.layer_out(l));
    }
}

template <typename Scalar>
void PackedNet<Scalar>::backward(Workspace<Scalar>& workspace, std::span<Scalar> gradient, bool accumulate,
                                 const Dropout* dropout) const {
    const NetShape& shape = net_.shape();
    const std::size_t n = workspace.rows_;
    const Scalar scale = dropout == nullptr ? Scalar{1} : static_cast<Scalar>(dropout->scale());
    RowBlock<const Scalar> delta{workspace.gradient_.data(), shape.outputs};
    for (std::size_t l = shape.layers(); l-- > 0;) {
        const std::size_t in = shape.layer_in(l);
        const RowBlock<const Scalar> before = workspace.input_of(l);
        kernels_->backward_weights(before, delta, n, in, shape.layer_out(l),
                                   gradient.data() + net_.weight_range(l).first,
                                   gradient.data() + net_.bias_range(l).first, accumulate);
        if (l == 0) break;
        const RowBlock<Scalar> below = workspace.block(workspace.next_delta_, in);
        kernels_->backward_inputs(layer(l), delta, n, before, scale, below);
        std::swap(workspace.delta_, workspace.next_delta_);
        delta = {below.data, below.stride};
    }
    if (embedded_ == 0) return;
    if (!accumulate) {
        const std::size_t last = net_.embedding_range(shape.embeddings.size() - 1).last();
        std::fill_n(gradient.begin(), last, Scalar{0});
    }
    DenseLayer<Scalar> first = layer(0);
    first.in = embedded_;
    const RowBlock<Scalar> below = workspace.block(workspace.next_delta_, embedded_);
    kernels_->backward_inputs(first, delta, n, {}, Scalar{1}, below);
    scatter(workspace.ids_, {below.data, below.stride}, gradient);
}

template <typename Scalar>
void PackedNet<Scalar>::scatter(std::span<const std::uint32_t> ids, RowBlock<const Scalar> delta,
                                std::span<Scalar> gradient) const {
    const std::vector<EmbeddingShape>& tables = net_.shape().embeddings;
    for (std::size_t i = 0; i < ids.size() / tables.size(); ++i) {
        const Scalar* from = delta.data + i * delta.stride;
        for (std::size_t e = 0; e < tables.size(); ++e) {
            Scalar* to =
                gradient.data() + net_.embedding_range(e).first + ids[i * tables.size() + e] * tables[e].dim;
            for (std::size_t j = 0; j < tables[e].dim; ++j)
                to[j] += *from++;
        }
    }
}

}  // namespace funnel::nn
