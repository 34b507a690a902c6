// SPDX-License-Identifier: MIT
// NetPath: what the logits of a ReLU net do on the straight line between two inputs. Between two kinks, the
// places where a hidden unit starts or ends to be active, they are linear: sums over the pieces are exact,
// where points on a grid would need thousands.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "funnel/base/matrix.hpp"
#include "funnel/nn/net.hpp"

namespace funnel::explain::detail {

[[nodiscard]] inline Eigen::Index index_of(std::size_t n) noexcept {
    return static_cast<Eigen::Index>(n);
}

/// The line as one net sees it: S pieces between S + 1 ascending places. One thread at a time.
template <typename Scalar>
struct Pieces {
    std::vector<double> places;          ///< S + 1, from 0 to 1
    std::vector<Matrix<Scalar>> before;  ///< per hidden layer: (S + 1, units) before the ReLU
    Matrix<Scalar> logits;               ///< (S + 1, K)
    Vector<Scalar> step;                 ///< inputs: to - from
    Matrix<Scalar> scratch;

    [[nodiscard]] std::size_t size() const noexcept { return places.size() - 1; }
};

/// Immutable: share freely.
template <typename Scalar>
class NetPath {
 public:
    /// from: where all lines begin, the inputs of the first layer (embeddings, then dense inputs).
    NetPath(nn::Net<Scalar> net, const Vector<Scalar>& from) : net_(std::move(net)), from_(from) {
        start_ = from_ * weights(0) + bias(0);
    }

    [[nodiscard]] const nn::Net<Scalar>& net() const noexcept { return net_; }
    [[nodiscard]] const Vector<Scalar>& from() const noexcept { return from_; }

    /// The pieces of the line to `to`. Costs one product with the first layer and, per piece, one with each
    /// later layer.
    void walk(const Vector<Scalar>& to, Pieces<Scalar>& pieces) const;

    /// What every input adds: its step times the sum over pieces s and heads k of weights(s, k) times the
    /// derivative of logit k on piece s. weights: (S, K). contributions: one per input.
    void pull_back(Pieces<Scalar>& pieces, const Matrix<Scalar>& weights,
                   Vector<Scalar>& contributions) const;

 private:
    using ConstMatrix = Eigen::Map<const Matrix<Scalar>>;
    using ConstVector = Eigen::Map<const Vector<Scalar>>;
    [[nodiscard]] ConstMatrix weights(std::size_t layer) const noexcept {
        return {net_.parameters().data() + net_.weight_range(layer).first,
                index_of(net_.shape().layer_in(layer)), index_of(net_.shape().layer_out(layer))};
    }
    [[nodiscard]] ConstVector bias(std::size_t layer) const noexcept {
        return {net_.parameters().data() + net_.bias_range(layer).first,
                index_of(net_.shape().layer_out(layer))};
    }
    static void cut_at_kinks(Pieces<Scalar>& pieces, std::size_t layer);

    nn::Net<Scalar> net_;
    Vector<Scalar> from_, start_;  // start: of `from`, before the first ReLU
};

/// Cuts pieces where a unit of the layer changes its sign inside; all layers up to it are linear there.
template <typename Scalar>
void NetPath<Scalar>::cut_at_kinks(Pieces<Scalar>& pieces, std::size_t layer) {
    const Matrix<Scalar>& units = pieces.before[layer];
    std::vector<std::pair<std::size_t, double>> kinks;  // piece, share of it
    std::vector<double> shares;
    for (std::size_t s = 0; s < pieces.size(); ++s) {
        shares.clear();
        for (Eigen::Index i = 0; i < units.cols(); ++i) {
            const auto a = static_cast<double>(units(index_of(s), i)),
                       b = static_cast<double>(units(index_of(s + 1), i));
            if ((a < 0 && b > 0) || (a > 0 && b < 0)) shares.push_back(a / (a - b));
        }
        std::ranges::sort(shares);
        for (const double share : shares)
            kinks.emplace_back(s, share);
    }
    if (kinks.empty()) return;
    std::vector<double> places;
    std::vector<std::pair<std::size_t, double>> rows;  // of the new places in the old ones
    std::size_t next = 0;
    for (std::size_t s = 0; s < pieces.places.size(); ++s) {
        rows.emplace_back(s, 0.0);
        for (; next < kinks.size() && kinks[next].first == s; ++next)
            rows.push_back(kinks[next]);
    }
    for (const auto& [s, share] : rows) {
        places.push_back(share > 0 ? pieces.places[s] + share * (pieces.places[s + 1] - pieces.places[s])
                                   : pieces.places[s]);
    }
    for (std::size_t l = 0; l <= layer; ++l) {
        const Matrix<Scalar>& old = pieces.before[l];
        pieces.scratch.resize(index_of(rows.size()), old.cols());
        for (std::size_t r = 0; r < rows.size(); ++r) {
            const auto s = index_of(rows[r].first);
            const auto share = static_cast<Scalar>(rows[r].second);
            if (share > 0) {
                pieces.scratch.row(index_of(r)) = old.row(s) + share * (old.row(s + 1) - old.row(s));
            } else {
                pieces.scratch.row(index_of(r)) = old.row(s);
            }
        }
        std::swap(pieces.before[l], pieces.scratch);
    }
    pieces.places = std::move(places);
}

template <typename Scalar>
void NetPath<Scalar>::walk(const Vector<Scalar>& to, Pieces<Scalar>& pieces) const {
    const std::size_t layers = net_.shape().layers();
    pieces.step = to - from_;
    pieces.places = {0.0, 1.0};
    pieces.before.resize(layers - 1);
    Matrix<Scalar> rows(2, start_.cols());
    rows.row(0) = start_;
    rows.row(1).noalias() = pieces.step * weights(0);
    rows.row(1) += start_;
    for (std::size_t l = 0; l + 1 < layers; ++l) {
        pieces.before[l] = std::move(rows);
        cut_at_kinks(pieces, l);
        rows.noalias() = pieces.before[l].cwiseMax(Scalar{0}) * weights(l + 1);
        rows.rowwise() += bias(l + 1);
    }
    pieces.logits = std::move(rows);
}

template <typename Scalar>
void NetPath<Scalar>::pull_back(Pieces<Scalar>& pieces, const Matrix<Scalar>& weights_of_pieces,
                                Vector<Scalar>& contributions) const {
    const auto size = index_of(pieces.size());
    Matrix<Scalar> delta = weights_of_pieces, below;
    for (std::size_t l = net_.shape().layers() - 1; l > 0; --l) {
        const Matrix<Scalar>& units = pieces.before[l - 1];
        below.noalias() = delta * weights(l).transpose();
        // On a piece no unit changes its sign: the sum of both ends has that of the piece.
        delta = ((units.topRows(size) + units.bottomRows(size)).array() > Scalar{0}).select(below, Scalar{0});
    }
    const Vector<Scalar> first = delta.colwise().sum();
    contributions.noalias() = first * weights(0).transpose();
    contributions.array() *= pieces.step.array();
}

}  // namespace funnel::explain::detail
