// SPDX-License-Identifier: MIT
// Comparisons: what the metrics of a log are compared with: another log, an experiment, another funnel
// definition, their users week after week.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "funnel/files/same_containers.hpp"
#include "funnel/metrics/change_causes.hpp"
#include "funnel/metrics/cohorts.hpp"
#include "funnel/metrics/experiment_result.hpp"
#include "funnel/metrics/funnel_disagreement.hpp"
#include "funnel/metrics/gate.hpp"

namespace funnel::report {

/// Another log, and the differences ours - theirs.
struct ComparedLog {
    std::vector<std::string> files;
    std::int64_t rows = 0;
    std::vector<metrics::Metric> metrics;
    std::vector<metrics::FunnelStep> steps;
    std::vector<metrics::MetricDifference> differences;
};

struct Comparisons {
    std::optional<ComparedLog> other = {};
    std::optional<metrics::ChangeCauses> why = {};  ///< the figures moved, against `other`
    std::optional<metrics::ExperimentResult> experiment = {};
    std::optional<std::vector<metrics::FunnelDisagreement>> disagreements = {};  ///< with ClickHouse
    std::optional<metrics::Cohorts> cohorts = {};
    std::vector<metrics::GateResult> gates = {};  ///< in the order given
};

/// "3.10 % (2.50 to 3.80)": what a gate was judged by, or why it could not be.
[[nodiscard]] std::string gate_figure(const metrics::GateResult& result);

}  // namespace funnel::report
