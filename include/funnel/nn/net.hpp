// SPDX-License-Identifier: MIT
// Net: the parameters of embeddings + dense inputs -> MLP -> K logits, in one vector that optimizers,
// averages and files can treat as a whole. PackedNet (packed_net.hpp) runs it.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "funnel/base/bytes.hpp"
#include "funnel/base/error.hpp"
#include "funnel/base/matrix.hpp"
#include "funnel/base/random.hpp"
#include "funnel/nn/aligned.hpp"
#include "funnel/nn/detail/initializer.hpp"
#include "funnel/nn/net_shape.hpp"

namespace funnel::nn {

/// A run of parameters inside the vector of a net.
struct ParameterRange {
    std::size_t first = 0;
    std::size_t count = 0;
    [[nodiscard]] std::size_t last() const noexcept { return first + count; }
    friend bool operator==(const ParameterRange&, const ParameterRange&) = default;
};

/// Order of the parameters: embedding tables, weights of layer 0, 1, ..., then the biases of layer 0, 1, ...
/// Everything before decayed() is subject to weight decay, the biases are not.
/// Const calls may run concurrently; changes need a lock.
template <typename Scalar>
class Net {
 public:
    Net() : Net(NetShape{.dense = 1, .embeddings = {}, .hidden = {}, .outputs = 1}) {}
    /// All parameters zero. Throws Error(invalid_argument) for a shape outside its limits.
    explicit Net(NetShape shape);
    /// He-initialized weights, biases 0, embeddings normal.
    Net(NetShape shape, Rng& rng, double embedding_deviation = 0.1);

    [[nodiscard]] const NetShape& shape() const noexcept { return shape_; }

    [[nodiscard]] std::span<Scalar> parameters() noexcept { return values_; }
    [[nodiscard]] std::span<const Scalar> parameters() const noexcept { return values_; }
    [[nodiscard]] std::size_t decayed() const noexcept { return decayed_; }

    [[nodiscard]] ParameterRange embedding_range(std::size_t e) const noexcept { return embeddings_[e]; }
    [[nodiscard]] ParameterRange weight_range(std::size_t layer) const noexcept { return weights_[layer]; }
    [[nodiscard]] ParameterRange bias_range(std::size_t layer) const noexcept { return biases_[layer]; }

    /// Table e, (rows, dim).
    [[nodiscard]] auto embedding(std::size_t e) noexcept {
        return map<Matrix<Scalar>>(embeddings_[e], shape_.embeddings[e].rows, shape_.embeddings[e].dim);
    }
    /// Weights of a layer, (in, out): y = x W + b.
    [[nodiscard]] auto weights(std::size_t layer) noexcept {
        return map<Matrix<Scalar>>(weights_[layer], shape_.layer_in(layer), shape_.layer_out(layer));
    }
    [[nodiscard]] std::span<Scalar> bias(std::size_t layer) noexcept {
        return parameters().subspan(biases_[layer].first, biases_[layer].count);
    }
    /// The bias of each head.
    [[nodiscard]] std::span<Scalar> head_bias() noexcept { return bias(shape_.layers() - 1); }

    [[nodiscard]] bool finite() const noexcept;

    void write(base::ByteWriter& out) const;
    /// Throws Error(format) for a damaged shape, a wrong number of parameters, or one that is not finite.
    [[nodiscard]] static Net read(base::ByteReader& in);

    friend bool operator==(const Net&, const Net&) = default;

 private:
    template <typename M>
    [[nodiscard]] Eigen::Map<M> map(ParameterRange range, std::size_t rows, std::size_t cols) noexcept {
        return {values_.data() + range.first, static_cast<Eigen::Index>(rows),
                static_cast<Eigen::Index>(cols)};
    }

    NetShape shape_;
    std::vector<ParameterRange> embeddings_;
    std::vector<ParameterRange> weights_;
    std::vector<ParameterRange> biases_;
    std::size_t decayed_ = 0;
    AlignedVector<Scalar> values_;
};

/// The same net in another precision.
template <typename To, typename From>
[[nodiscard]] Net<To> cast(const Net<From>& net) {
    Net<To> result(net.shape());
    for (std::size_t i = 0; i < net.parameters().size(); ++i) {
        result.parameters()[i] = static_cast<To>(net.parameters()[i]);
    }
    return result;
}

template <typename Scalar>
Net<Scalar>::Net(NetShape shape) : shape_(std::move(shape)) {
    shape_.check();
    std::size_t next = 0;
    const auto take = [&](std::size_t count) {
        const ParameterRange range{next, count};
        next += count;
        return range;
    };
    for (const EmbeddingShape& e : shape_.embeddings)
        embeddings_.push_back(take(e.rows * e.dim));
    for (std::size_t l = 0; l < shape_.layers(); ++l) {
        weights_.push_back(take(shape_.layer_in(l) * shape_.layer_out(l)));
    }
    decayed_ = next;
    for (std::size_t l = 0; l < shape_.layers(); ++l)
        biases_.push_back(take(shape_.layer_out(l)));
    values_.assign(next, Scalar{0});
}

template <typename Scalar>
Net<Scalar>::Net(NetShape shape, Rng& rng, double embedding_deviation) : Net(std::move(shape)) {
    for (const ParameterRange range : embeddings_) {
        fill_normal(parameters().subspan(range.first, range.count), embedding_deviation, rng);
    }
    for (std::size_t l = 0; l < shape_.layers(); ++l) {
        fill_normal(parameters().subspan(weights_[l].first, weights_[l].count),
                    he_deviation(shape_.layer_in(l)), rng);
    }
}

template <typename Scalar>
bool Net<Scalar>::finite() const noexcept {
    for (const Scalar value : values_) {
        if (!std::isfinite(value)) return false;
    }
    return true;
}

template <typename Scalar>
void Net<Scalar>::write(base::ByteWriter& out) const {
    shape_.write(out);
    out.array(parameters());
}

template <typename Scalar>
Net<Scalar> Net<Scalar>::read(base::ByteReader& in) {
    const NetShape shape = NetShape::read(in);
    const std::vector<Scalar> values = in.array<Scalar>();
    if (values.size() != shape.parameters()) {
        throw Error(ErrorCode::format, "damaged: a net of " + std::to_string(shape.parameters()) +
                                           " parameters with " + std::to_string(values.size()) + " values");
    }
    Net net(shape);
    net.values_.assign(values.begin(), values.end());
    if (!net.finite()) throw Error(ErrorCode::format, "damaged: a weight that is not finite");
    return net;
}

}  // namespace funnel::nn
