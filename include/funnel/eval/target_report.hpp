// SPDX-License-Identifier: MIT
// TargetReport: every figure that `evaluate` prints about one target, from one sort (docs/evaluation.md).
//
//     const eval::TargetReport report = eval::evaluate(scores, labels, {.weights = weights});
//     if (report.roc_auc.value) show(std::to_string(*report.roc_auc.value));  // else .reason says why
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "funnel/eval/average_precision.hpp"
#include "funnel/eval/calibration.hpp"
#include "funnel/eval/detail/ranked_labels.hpp"
#include "funnel/eval/figure.hpp"
#include "funnel/eval/log_loss.hpp"
#include "funnel/eval/roc_auc.hpp"

namespace funnel::eval {

struct TargetReport {
    std::uint64_t examples = 0;   ///< rows with a known label
    std::uint64_t masked = 0;     ///< rows whose label is unknown; in no figure
    std::uint64_t positives = 0;  ///< rows with label 1
    Figure base_rate, mean_prediction;
    Figure roc_auc, average_precision;
    Figure log_loss, normalized_entropy, brier;
    Figure ece, ece_width;
    Figure accuracy, lift_at_10pct;
    Figure grouped_auc;
    std::uint64_t groups_used = 0;  ///< groups with both classes, those that grouped_auc is made of
};

/// scores: n probabilities; if one is outside [0, 1], only the figures of rank are defined. labels: n values,
/// 0, 1 or unknown (2). n log n, single-threaded; the same to the last bit for any order of rows.
/// Throws Error(shape) if sizes differ, Error(invalid_argument) for a NaN score or a bad weight.
[[nodiscard]] TargetReport evaluate(std::span<const float> scores, std::span<const std::uint8_t> labels,
                                    const RowOptions& options = {});
[[nodiscard]] TargetReport evaluate(std::span<const double> scores, std::span<const std::uint8_t> labels,
                                    const RowOptions& options = {});

/// Calls visit(name, figure) for every figure under its JSON name, in the order of the report.
template <typename Visit>
void for_each_figure(const TargetReport& report, Visit&& visit) {
    visit(std::string_view("base_rate"), report.base_rate);
    visit(std::string_view("mean_prediction"), report.mean_prediction);
    visit(std::string_view("roc_auc"), report.roc_auc);
    visit(std::string_view("average_precision"), report.average_precision);
    visit(std::string_view("log_loss"), report.log_loss);
    visit(std::string_view("normalized_entropy"), report.normalized_entropy);
    visit(std::string_view("brier"), report.brier);
    visit(std::string_view("ece"), report.ece);
    visit(std::string_view("ece_width"), report.ece_width);
    visit(std::string_view("accuracy"), report.accuracy);
    visit(std::string_view("lift_at_10pct"), report.lift_at_10pct);
    visit(std::string_view("grouped_auc"), report.grouped_auc);
}

namespace detail {

[[nodiscard]] inline Figure figure(std::optional<double> value, std::string_view reason) noexcept {
    return value ? Figure::of(*value) : Figure::undefined(reason);
}

/// Why a figure that needs some weight is undefined.
[[nodiscard]] inline std::string_view reason_for_none(const RankedLabels& ranked) noexcept {
    return ranked.size() == 0 ? kNoRows : kNoWeight;
}

/// Why a figure that needs both classes is undefined.
[[nodiscard]] inline std::string_view reason_for_classes(const RankedLabels& ranked) noexcept {
    return ranked.weight() > 0 ? kOneClass : reason_for_none(ranked);
}

inline void add_rank_figures(TargetReport& report, const RankedLabels& ranked) {
    const std::string_view why = reason_for_classes(ranked);
    report.base_rate = figure(base_rate(ranked), why);
    report.roc_auc = figure(roc_auc(ranked), why);
    report.average_precision = figure(average_precision(ranked), why);
    report.lift_at_10pct = figure(lift_at_10pct(ranked), ranked.has_both_classes() ? kNoWeight : why);
}

inline void add_probability_figures(TargetReport& report, const RankedLabels& ranked) {
    if (!ranked.are_probabilities()) {
        for (Figure* f : {&report.mean_prediction, &report.log_loss, &report.normalized_entropy,
                          &report.brier, &report.ece, &report.ece_width, &report.accuracy}) {
            *f = Figure::undefined(kNotProbabilities);
        }
        return;
    }
    const std::string_view why = reason_for_none(ranked);
    const LossSum loss = loss_of(ranked);
    report.mean_prediction = figure(mean_prediction(ranked), why);
    report.log_loss = figure(loss.log_loss(), why);
    report.normalized_entropy = figure(loss.normalized_entropy(), reason_for_classes(ranked));
    report.brier = figure(brier(ranked), why);
    report.ece = figure(expected_calibration_error(bins_of_equal_weight(ranked)), why);
    report.ece_width = figure(expected_calibration_error(bins_of_equal_width(ranked)), why);
    report.accuracy = figure(accuracy(ranked), why);
}

template <typename Scalar>
[[nodiscard]] TargetReport evaluate_rows(std::span<const Scalar> scores, std::span<const std::uint8_t> labels,
                                         const RowOptions& options) {
    TargetReport report;
    std::string_view why;
    {
        const RankedLabels ranked(scores, labels, options);
        report.examples = ranked.size();
        report.masked = ranked.masked();
        report.positives = ranked.positive_rows();
        add_rank_figures(report, ranked);
        add_probability_figures(report, ranked);
        why = options.groups.empty() ? kNoGroups : reason_for_classes(ranked);
    }
    const GroupedAuc grouped = grouped_auc(scores, labels, options);
    report.grouped_auc = figure(grouped.value, why);
    report.groups_used = grouped.groups_used;
    return report;
}

}  // namespace detail

inline TargetReport evaluate(std::span<const float> scores, std::span<const std::uint8_t> labels,
                             const RowOptions& options) {
    return detail::evaluate_rows(scores, labels, options);
}

inline TargetReport evaluate(std::span<const double> scores, std::span<const std::uint8_t> labels,
                             const RowOptions& options) {
    return detail::evaluate_rows(scores, labels, options);
}

}  // namespace funnel::eval
