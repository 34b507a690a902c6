// SPDX-License-Identifier: MIT
// Curves over all thresholds: ROC (Fawcett 2006) and precision against recall (Davis and Goadrich 2006),
// thinned to what can be drawn.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "funnel/eval/detail/ranked_labels.hpp"

namespace funnel::eval {

struct CurvePoint {
    double x = 0, y = 0;
};

/// False positive rate against true positive rate, from (0, 0) to (1, 1), one point per threshold; of points
/// closer than 1 / points in both directions only one is kept. Empty for one class. points >= 1.
[[nodiscard]] std::vector<CurvePoint> roc_curve(const RankedLabels& ranked, std::size_t points = 100);

/// Recall against precision from the strictest threshold to the loosest, thinned likewise. Thresholds above
/// which less than `support` of the weight of the positives lies are left out: their precision is noise.
/// Empty without positives.
[[nodiscard]] std::vector<CurvePoint> precision_recall_curve(const RankedLabels& ranked,
                                                             std::size_t points = 100, double support = 0.01);

namespace detail {

/// Keeps the first and the last point, and of the others those that are far enough from the one kept before.
class CurveThinner {
 public:
    explicit CurveThinner(std::size_t points) : step_(1 / static_cast<double>(points)) {}

    void add(CurvePoint point) {
        const bool far = curve_.empty() || std::abs(point.x - curve_.back().x) >= step_ ||
                         std::abs(point.y - curve_.back().y) >= step_;
        if (far) curve_.push_back(point);
        last_ = point;
    }
    [[nodiscard]] std::vector<CurvePoint> take() && {
        if (!curve_.empty() && (curve_.back().x != last_.x || curve_.back().y != last_.y))
            curve_.push_back(last_);
        return std::move(curve_);
    }

 private:
    double step_;
    CurvePoint last_;
    std::vector<CurvePoint> curve_;
};

}  // namespace detail

inline std::vector<CurvePoint> roc_curve(const RankedLabels& ranked, std::size_t points) {
    if (!ranked.has_both_classes()) return {};
    detail::CurveThinner curve(points);
    curve.add({0, 0});
    double positive = 0, negative = 0;
    ranked.from_top([&](const TieGroup& group) {
        positive += group.positive;
        negative += group.negative;
        curve.add({negative / ranked.negative(), positive / ranked.positive()});
    });
    return std::move(curve).take();
}

inline std::vector<CurvePoint> precision_recall_curve(const RankedLabels& ranked, std::size_t points,
                                                      double support) {
    if (!(ranked.positive() > 0)) return {};
    detail::CurveThinner curve(points);
    double positive = 0, weight = 0;
    ranked.from_top([&](const TieGroup& group) {
        positive += group.positive;
        weight += group.weight();
        if (positive > 0 && positive >= support * ranked.positive())
            curve.add({positive / ranked.positive(), positive / weight});
    });
    return std::move(curve).take();
}

}  // namespace funnel::eval
