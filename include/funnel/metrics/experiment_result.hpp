// SPDX-License-Identifier: MIT
// ExperimentResult: the variants of an experiment compared with their control, as finish() of experiment.hpp
// gives them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "funnel/base/warning.hpp"
#include "funnel/metrics/metric_difference.hpp"
#include "funnel/metrics/metrics_result.hpp"

namespace funnel::metrics {

/// Below this the numbers of users do not fit the plan: the split is broken and no difference is to be
/// believed.
inline constexpr double kSampleRatioAlarm = 0.001;

struct ExperimentArm {
    std::string key;
    SegmentResult result = {};
    std::vector<MetricDifference> against_control = {};  ///< empty for the control
};

struct ExperimentResult {
    std::string control = {};
    std::vector<ExperimentArm> arms = {};
    std::int64_t users_in_several = 0, users_in_none = 0;
    std::optional<double> sample_ratio_p = {};  ///< chi-square of the numbers of users; empty with one arm
    base::Warnings warnings = {};
};

}  // namespace funnel::metrics
