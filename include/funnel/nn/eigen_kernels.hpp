// SPDX-License-Identifier: MIT
// eigen_kernels: the kernels on Eigen, for any scalar; the reference for every other set of kernels.
#pragma once

#include <algorithm>
#include <cmath>

#include <Eigen/Core>

#include "funnel/base/matrix.hpp"
#include "funnel/nn/activation.hpp"
#include "funnel/nn/kernels.hpp"

namespace funnel::nn {

/// Kernels that read plain weights and ignore the panels. float: nn::eigen_kernels().
template <typename Scalar = float>
[[nodiscard]] const BasicKernels<Scalar>& eigen_kernels() noexcept;

namespace detail {

template <typename Scalar>
using Strided = Eigen::Map<Matrix<Scalar>, Eigen::Unaligned, Eigen::OuterStride<>>;
template <typename Scalar>
using ConstStrided = Eigen::Map<const Matrix<Scalar>, Eigen::Unaligned, Eigen::OuterStride<>>;

[[nodiscard]] inline Eigen::Index index(std::size_t n) noexcept {
    return static_cast<Eigen::Index>(n);
}

template <typename Scalar>
[[nodiscard]] Strided<Scalar> map(RowBlock<Scalar> rows, std::size_t n, std::size_t cols) {
    return {rows.data, index(n), index(cols), Eigen::OuterStride<>(index(rows.stride))};
}
template <typename Scalar>
[[nodiscard]] ConstStrided<Scalar> map(RowBlock<const Scalar> rows, std::size_t n, std::size_t cols) {
    return {rows.data, index(n), index(cols), Eigen::OuterStride<>(index(rows.stride))};
}

template <typename Scalar>
struct EigenKernels {
    static void pack(const DenseLayer<Scalar>&, std::size_t, std::size_t, Scalar*, Scalar*) {}

    static void forward(const DenseLayer<Scalar>& layer, RowBlock<const Scalar> a, std::size_t n,
                        RowBlock<Scalar> c, bool relu) {
        const Eigen::Map<const Matrix<Scalar>> w(layer.weights, index(layer.in), index(layer.out));
        const Eigen::Map<const Vector<Scalar>> b(layer.bias, index(layer.out));
        auto out = map(c, n, layer.out);
        out.noalias() = map(a, n, layer.in) * w;
        if (relu) {
            out = (out.rowwise() + b).cwiseMax(Scalar{0});
        } else {
            out.rowwise() += b;
        }
        if (const std::size_t width = padded(layer.out); width > layer.out && c.stride >= width) {
            map(c, n, width).rightCols(index(width - layer.out)).setZero();
        }
    }

    static void backward_inputs(const DenseLayer<Scalar>& layer, RowBlock<const Scalar> d, std::size_t n,
                                RowBlock<const Scalar> a, Scalar scale, RowBlock<Scalar> da) {
        const Eigen::Map<const Matrix<Scalar>> w(layer.weights, index(layer.in), index(layer.out));
        auto out = map(da, n, layer.in);
        out.noalias() = map(d, n, layer.out) * w.transpose();
        if (a.data != nullptr) {
            out = (map(a, n, layer.in).array() > Scalar{0}).select(scale * out, Scalar{0});
        }
        if (const std::size_t width = padded(layer.in); width > layer.in && da.stride >= width) {
            map(da, n, width).rightCols(index(width - layer.in)).setZero();
        }
    }

    static void backward_weights(RowBlock<const Scalar> a, RowBlock<const Scalar> d, std::size_t n,
                                 std::size_t in, std::size_t out, Scalar* gw, Scalar* gb, bool accumulate) {
        Eigen::Map<Matrix<Scalar>> weights(gw, index(in), index(out));
        Eigen::Map<Vector<Scalar>> bias(gb, index(out));
        const auto deltas = map(d, n, out);
        if (!accumulate) {
            weights.setZero();
            bias.setZero();
        }
        weights.noalias() += map(a, n, in).transpose() * deltas;
        bias += deltas.colwise().sum();
    }

    static void adamw(const AdamWStep& step, std::size_t n, const Scalar* g, Scalar* p, Scalar* m,
                      Scalar* v) {
        const auto beta1 = static_cast<Scalar>(step.beta1), beta2 = static_cast<Scalar>(step.beta2);
        const auto keep = static_cast<Scalar>(1.0 - step.learning_rate * step.weight_decay);
        const auto rate = static_cast<Scalar>(step.learning_rate / step.correction1);
        const auto root = static_cast<Scalar>(1.0 / std::sqrt(step.correction2));
        const auto epsilon = static_cast<Scalar>(step.epsilon);
        for (std::size_t i = 0; i < n; ++i) {
            m[i] = beta1 * m[i] + (1 - beta1) * g[i];
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
            p[i] = keep * p[i] - rate * m[i] / (std::sqrt(v[i]) * root + epsilon);
        }
    }

    static void add(std::size_t n, const Scalar* from, Scalar* to) {
        for (std::size_t i = 0; i < n; ++i)
            to[i] += from[i];
    }

    static double bce(std::size_t n, const Scalar* z, const Scalar* y, const Scalar* c, Scalar* g) {
        double loss = 0.0;
        for (std::size_t i = 0; i < n; ++i) {
            g[i] = c[i] * (nn::sigmoid(z[i]) - y[i]);
            if (c[i] != 0) loss += static_cast<double>(c[i] * (softplus(z[i]) - y[i] * z[i]));
        }
        return loss;
    }

    static void sigmoid(std::size_t n, const Scalar* z, Scalar* p) {
        for (std::size_t i = 0; i < n; ++i)
            p[i] = nn::sigmoid(z[i]);
    }

    static void z_scores(std::size_t groups, const ZScores<Scalar>* parameters, Scalar clip, const Scalar* x,
                         Scalar* z) {
        for (std::size_t i = 0; i < groups * kScores; ++i) {
            const ZScores<Scalar>& group = parameters[i / kScores];
            const std::size_t lane = i % kScores;
            const auto t = static_cast<Scalar>(
                transformed(static_cast<float>(x[i]), static_cast<float>(group.identity[lane]),
                            static_cast<float>(group.logit[lane]), static_cast<float>(group.log1p[lane])));
            const Scalar score = std::clamp((t - group.mean[lane]) * group.scale[lane], -clip, clip);
            z[i] = std::isfinite(x[i]) ? score : Scalar{0};
        }
    }
};

}  // namespace detail

template <typename Scalar>
const BasicKernels<Scalar>& eigen_kernels() noexcept {
    using Set = detail::EigenKernels<Scalar>;
    static constexpr BasicKernels<Scalar> kernels{
        "eigen",     &Set::pack, &Set::forward, &Set::backward_inputs, &Set::backward_weights,
        &Set::adamw, &Set::add,  &Set::bce,     &Set::sigmoid,         &Set::z_scores};
    return kernels;
}

}  // namespace funnel::nn
