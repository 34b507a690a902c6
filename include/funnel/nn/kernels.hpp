// SPDX-License-Identifier: MIT
// Kernels: the arithmetic of a net's hot path as function pointers, so that the same training and scoring
// code runs on Eigen alone (eigen_kernels.hpp) or on code compiled for the CPU at hand (kernel room).
#pragma once

#include <cstddef>
#include <string_view>

#include "funnel/nn/detail/z_scores.hpp"

namespace funnel::nn {

/// Width of a panel. A (rows x cols) matrix in panels is cut into ceil(cols / kPanel) strips of kPanel
/// columns, one after the other, each row-major; the last one is filled up with zeros. A product then reads
/// its right factor from one short contiguous piece, whatever the width of the layer.
inline constexpr std::size_t kPanel = 16;

[[nodiscard]] constexpr std::size_t panels_of(std::size_t cols) noexcept {
    return (cols + kPanel - 1) / kPanel;
}
[[nodiscard]] constexpr std::size_t padded(std::size_t cols) noexcept {
    return panels_of(cols) * kPanel;
}

/// n rows of a matrix, `stride` scalars apart. A row of c columns is readable up to padded(c); in the
/// inputs and outputs of hidden layers these extra columns hold zeros.
template <typename Scalar>
struct RowBlock {
    Scalar* data = nullptr;
    std::size_t stride = 0;
};

/// The weights of one layer, borrowed: y = x W + b with W (in, out).
template <typename Scalar>
struct DenseLayer {
    std::size_t in = 0;
    std::size_t out = 0;
    const Scalar* weights = nullptr;     ///< (in, out) row-major
    const Scalar* bias = nullptr;        ///< (out)
    const Scalar* panels = nullptr;      ///< (in + 1, out) in panels: the bias, then the weights
    const Scalar* transposed = nullptr;  ///< (out, in) in panels
};

/// One AdamW step (Loshchilov and Hutter 2019, bias-corrected, epsilon outside the root):
/// p -= rate decay p; m, v = moving means of g, g^2; p -= rate / correction1 m / (sqrt(v / correction2) +
/// epsilon).
struct AdamWStep {
    double learning_rate = 1e-3;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    double weight_decay = 0.0;
    double correction1 = 1.0;  ///< 1 - beta1^t
    double correction2 = 1.0;  ///< 1 - beta2^t
};

/// Immutable: share freely. Every function is pure apart from its outputs, allocates nothing, and gives the
/// same bytes for the same arguments on any thread. Between two sets of kernels the results differ by
/// rounding.
template <typename Scalar>
struct BasicKernels {
    std::string_view name;

    /// Fills rows [first, last) of the layer's weights, and the bias if first is 0, into its panels. first is
    /// a multiple of kPanel, last too or `in`. Either target may be null.
    void (*pack)(const DenseLayer<Scalar>& layer, std::size_t first, std::size_t last, Scalar* panels,
                 Scalar* transposed);

    /// c (n, out) = a (n, in) W + b, then max(., 0) if relu. Writes zeros up to padded(out) if c.stride has
    /// room.
    void (*forward)(const DenseLayer<Scalar>& layer, RowBlock<const Scalar> a, std::size_t n,
                    RowBlock<Scalar> c, bool relu);

    /// da (n, in) = d (n, out) W^T; where `a` is given, 0 where a <= 0 and times `scale` elsewhere (ReLU and
    /// dropout of the layer before: a dropped unit is 0).
    void (*backward_inputs)(const DenseLayer<Scalar>& layer, RowBlock<const Scalar> d, std::size_t n,
                            RowBlock<const Scalar> a, Scalar scale, RowBlock<Scalar> da);

    /// gw (in, out) row-major = a^T d and gb (out) = column sums of d; added to what is there if
    /// `accumulate`.
    void (*backward_weights)(RowBlock<const Scalar> a, RowBlock<const Scalar> d, std::size_t n,
                             std::size_t in, std::size_t out, Scalar* gw, Scalar* gb, bool accumulate);

    /// One AdamW step on n parameters p with gradient g and moments m, v.
    void (*adamw)(const AdamWStep& step, std::size_t n, const Scalar* g, Scalar* p, Scalar* m, Scalar* v);

    /// to += from, n scalars.
    void (*add)(std::size_t n, const Scalar* from, Scalar* to);

    /// Weighted binary cross-entropy from logits: g = c (sigmoid(z) - y), returns sum c (softplus(z) - y z).
    double (*bce)(std::size_t n, const Scalar* z, const Scalar* y, const Scalar* c, Scalar* g);

    /// p = sigmoid(z), n scalars; p may be z.
    void (*sigmoid)(std::size_t n, const Scalar* z, Scalar* p);

    /// z-scores of `groups` x kScores raw numbers, cut to [-clip, clip]; 0 for a number that is not finite.
    void (*z_scores)(std::size_t groups, const ZScores<Scalar>* parameters, Scalar clip, const Scalar* x,
                     Scalar* z);
};

/// What trainers and scorers take.
using Kernels = BasicKernels<float>;

}  // namespace funnel::nn
