// SPDX-License-Identifier: MIT
// FinalLogit: from the logits of all members to the logit of the final probability of one target, along a
// line: chain and mean over members. Calibration is part of the nets' last layers.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "funnel/explain/detail/net_path.hpp"
#include "funnel/nn/chains.hpp"

namespace funnel::explain::detail {

/// ln(P / (1 - P)) of P = mean over members of the product of sigmoid(z) over heads [first, last].
/// gradient, if not empty: its derivative by each z, in the order of z: (members, heads).
[[nodiscard]] inline double final_logit(std::span<const double> z, std::size_t heads,
                                        std::span<double> gradient = {}) {
    constexpr double kTiny = std::numeric_limits<double>::min();
    const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
    const std::size_t members = z.size() / heads;
    double p = 0, q = 0;  // sums of P and of 1 - P, each without cancellation
    for (std::size_t m = 0; m < members; ++m) {
        double reached = 1;
        for (std::size_t h = 0; h < heads; ++h) {
            const double x = z[m * heads + h];
            q += reached * sigmoid(-x);
            reached *= sigmoid(x);
        }
        p += reached;
        for (std::size_t h = 0; h < heads && !gradient.empty(); ++h)
            gradient[m * heads + h] = reached * sigmoid(-z[m * heads + h]);
    }
    p = std::fmax(p, kTiny);
    q = std::fmax(q, kTiny);
    for (double& slope : gradient)
        slope *= 1 / p + 1 / q;
    return std::log(p) - std::log(q);
}

/// Mean derivatives of the final logit on every piece of every member.
template <typename Scalar>
class SlopeIntegral {
 public:
    /// heads: of the chain up to the target, from `first` on. weights, one per member: (S, K), the integral
    /// over each piece of the derivative by each logit. The derivatives are taken at 16, 32, ... places
    /// until the contributions add up to within `tolerance`. Returns what is missing then.
    double run(const std::vector<Pieces<Scalar>>& members, std::size_t first, std::size_t heads,
               double tolerance, std::vector<Matrix<Scalar>>& weights);

    [[nodiscard]] double from() const noexcept { return from_; }  ///< the final logit at 0
    [[nodiscard]] double to() const noexcept { return to_; }      ///< and at 1

 private:
    void sample(const std::vector<Pieces<Scalar>>& members, std::size_t first, std::size_t heads);
    [[nodiscard]] double integrate(const Pieces<Scalar>& pieces, std::size_t column, std::size_t head,
                                   Matrix<Scalar>& weights) const;

    static constexpr std::size_t kFewest = 16, kMost = 8192;
    std::size_t steps_ = kFewest, columns_ = 0;  // columns: members x heads
    std::vector<double> z_, slopes_;             // (steps + 1, columns)
    double from_ = 0, to_ = 0;
};

template <typename Scalar>
void SlopeIntegral<Scalar>::sample(const std::vector<Pieces<Scalar>>& members, std::size_t first,
                                   std::size_t heads) {
    z_.resize((steps_ + 1) * columns_);
    slopes_.resize(z_.size());
    for (std::size_t m = 0; m < members.size(); ++m) {
        const Pieces<Scalar>& pieces = members[m];
        std::size_t s = 0;
        for (std::size_t i = 0; i <= steps_; ++i) {
            const double place = static_cast<double>(i) / static_cast<double>(steps_);
            while (s + 1 < pieces.size() && pieces.places[s + 1] < place)
                ++s;
            const double width = pieces.places[s + 1] - pieces.places[s];
            const double share = width > 0 ? (place - pieces.places[s]) / width : 1.0;
            for (std::size_t h = 0; h < heads; ++h) {
                const auto a = static_cast<double>(pieces.logits(index_of(s), index_of(first + h))),
                           b = static_cast<double>(pieces.logits(index_of(s + 1), index_of(first + h)));
                z_[i * columns_ + m * heads + h] = a + share * (b - a);
            }
        }
    }
    for (std::size_t i = 0; i <= steps_; ++i) {
        const double logit = final_logit(std::span<const double>(z_).subspan(i * columns_, columns_), heads,
                                         std::span(slopes_).subspan(i * columns_, columns_));
        if (i == 0) from_ = logit;
        if (i == steps_) to_ = logit;
    }
}

/// Between two places the derivative is taken as linear. Returns the sum over pieces of mean derivative times
/// step of the logit.
template <typename Scalar>
double SlopeIntegral<Scalar>::integrate(const Pieces<Scalar>& pieces, std::size_t column, std::size_t head,
                                        Matrix<Scalar>& weights) const {
    const auto n = static_cast<double>(steps_);
    const auto slope = [&](std::size_t i) { return slopes_[i * columns_ + column]; };
    std::size_t at = 0;                     // whole steps behind
    double sum = 0, whole = 0, before = 0;  // whole: the integral up to step `at`
    for (std::size_t s = 0; s < pieces.size(); ++s) {
        const double end = pieces.places[s + 1] * n;
        while (at + 1 < steps_ && static_cast<double>(at + 1) <= end) {
            whole += (slope(at) + slope(at + 1)) / 2 / n;
            ++at;
        }
        const double share = end - static_cast<double>(at);
        const double upto = whole + share * (slope(at) + share / 2 * (slope(at + 1) - slope(at))) / n;
        const double width = pieces.places[s + 1] - pieces.places[s], integral = upto - before;
        before = upto;
        weights(index_of(s), index_of(head)) = static_cast<Scalar>(integral);
        if (width > 0) {
            sum += integral / width *
                   static_cast<double>(pieces.logits(index_of(s + 1), index_of(head)) -
                                       pieces.logits(index_of(s), index_of(head)));
        }
    }
    return sum;
}

template <typename Scalar>
double SlopeIntegral<Scalar>::run(const std::vector<Pieces<Scalar>>& members, std::size_t first,
                                  std::size_t heads, double tolerance, std::vector<Matrix<Scalar>>& weights) {
    columns_ = members.size() * heads;
    weights.resize(members.size());
    for (std::size_t m = 0; m < members.size(); ++m)
        weights[m] = Matrix<Scalar>::Zero(index_of(members[m].size()), members[m].logits.cols());
    double missing = 0;
    for (steps_ = kFewest; steps_ <= kMost; steps_ *= 2) {
        sample(members, first, heads);
        missing = to_ - from_;
        for (std::size_t m = 0; m < members.size(); ++m) {
            for (std::size_t h = 0; h < heads; ++h)
                missing -= integrate(members[m], m * heads + h, first + h, weights[m]);
        }
        if (std::abs(missing) <= tolerance) break;
    }
    return missing;
}

}  // namespace funnel::explain::detail
