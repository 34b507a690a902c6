// SPDX-License-Identifier: MIT
// MetricsResult: all metrics of a log.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/warning.hpp"
#include "funnel/metrics/detail/funnel/funnel_steps.hpp"
#include "funnel/metrics/detail/inference/censoring.hpp"
#include "funnel/metrics/detail/inference/step_gains.hpp"
#include "funnel/metrics/metric.hpp"
#include "funnel/metrics/metric_difference.hpp"
#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

struct SegmentResult {
    std::string by;
    std::optional<std::string> key;  ///< of several columns: their values, to be read by people
    std::vector<Metric> metrics;
    std::vector<FunnelStep> steps;
    std::vector<std::optional<std::string>> values = {};  ///< per column of `by`
    std::vector<MetricDifference> differences = {};       ///< to the whole log, with options.differences
};

/// What is left when the users that a bot rule names are left out.
struct WithoutBots {
    std::int64_t users = 0;  ///< the bots: how many of uv the rule names
    std::vector<Metric> metrics = {};
    std::vector<FunnelStep> steps = {};
};

struct MetricsResult {
    std::int64_t rows = 0, outside = 0, users = 0, visits = 0;
    events::Period period = {};  ///< that was asked for
    std::string where = {};      ///< the condition of the figures; empty: none
    std::int64_t fitting = 0;    ///< with a condition: rows that fit it
    /// Per column of `by` and the condition that takes a touch: purchases that took a value.
    std::map<std::string, std::int64_t> touched = {};
    TouchRule touch = {};
    std::int64_t first_time = 0, last_time = 0;  ///< of all rows; meaningless if rows is 0
    std::vector<Metric> metrics = {};
    Entity entity = Entity::user;
    FunnelRules rules = {};
    std::int64_t window = 0;
    std::vector<std::string> left_out = {};
    std::vector<FunnelStep> steps = {};
    std::optional<Censoring> censoring = {};  ///< empty for exposures, open funnels and entries
    std::vector<StepGain> gains = {};         ///< of plain funnels of entities; none with fewer than 2 stages
    std::optional<WithoutBots> without_bots = {};  ///< with a bot rule
    std::vector<SegmentResult> breakdown = {};
    base::Warnings warnings = {};
    base::Warnings notes = {};  ///< how it was counted: no reason for doubt

    /// Throws Error(invalid_argument) for a name that is no metric.
    [[nodiscard]] const Metric& metric(std::string_view name) const;
};

inline const Metric& MetricsResult::metric(std::string_view name) const {
    const Metric* found = find(metrics, name);
    if (found == nullptr) {
        throw Error(ErrorCode::invalid_argument, "no metric of the name \"" + std::string(name) + "\"");
    }
    return *found;
}

}  // namespace funnel::metrics
