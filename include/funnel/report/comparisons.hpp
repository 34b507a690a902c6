// SPDX-License-Identifier: MIT
// Comparisons: what stands beside the metrics of a log: another log, an experiment, another dialect.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "funnel/files/same_containers.hpp"
#include "funnel/metrics/experiment_result.hpp"
#include "funnel/metrics/funnel_disagreement.hpp"

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
    std::optional<metrics::ExperimentResult> experiment = {};
    std::optional<std::vector<metrics::FunnelDisagreement>> disagreements = {};  ///< with ClickHouse
};

}  // namespace funnel::report
