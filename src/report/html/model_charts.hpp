// SPDX-License-Identifier: MIT
// The charts of one target of a model, and of its training.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "funnel/eval/interval.hpp"
#include "funnel/eval/target_report.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/report/report_numbers.hpp"

namespace funnel::report::html {

/// A tenth of the examples by the rank of their prediction; tenths of equal predictions are one.
struct Tenth {
    std::string name;  ///< "highest", "2", ...
    double weight = 0, mean_prediction = 0, rate = 0;
    std::optional<eval::Interval> interval = {};  ///< of the rate, as if examples were independent
    std::optional<double> lift = {};              ///< rate over the base rate
};

/// Highest predictions first.
[[nodiscard]] std::vector<Tenth> tenths_of(std::span<const eval::CalibrationBin> bins,
                                           const std::optional<double>& base_rate);

[[nodiscard]] std::string roc_chart(const TargetCurves& curves, const eval::TargetReport& report);
[[nodiscard]] std::string precision_recall_chart(const TargetCurves& curves,
                                                 const eval::TargetReport& report);
[[nodiscard]] std::string calibration_chart(const TargetCurves& curves, const eval::TargetReport& report);
[[nodiscard]] std::string lift_chart(const TargetCurves& curves, const eval::TargetReport& report);

/// Loss and AUC by epoch with a table; empty for a model of one pass.
[[nodiscard]] std::string training_figure(const Bundle& bundle);

}  // namespace funnel::report::html
