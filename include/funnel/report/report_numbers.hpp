// SPDX-License-Identifier: MIT
// ReportNumbers and ModelNumbers: everything that the page shows of a log and of a model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "funnel/eval/calibration.hpp"
#include "funnel/eval/curves.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/files/same_containers.hpp"
#include "funnel/kernel/same_alignment.hpp"
#include "funnel/metrics/change_causes.hpp"
#include "funnel/metrics/cohorts.hpp"
#include "funnel/metrics/metrics_result.hpp"
#include "funnel/metrics/paths.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/score/evaluation.hpp"

namespace funnel::report {

/// The last `days` of a log beside as many days before them: whole weeks, so that both have the same
/// weekdays. Of a period that was asked for: the period beside the one before it in the same log.
struct PeriodChange {
    std::int64_t days = 0;
    bool asked = false;  ///< options.from was given
    metrics::MetricsResult before, after;
    /// Of funnels of users: why, by the usual breakdowns and the columns of options.by.
    std::optional<metrics::ChangeCauses> why = {};
};

struct ReportNumbers {
    metrics::MetricsResult whole;   ///< its breakdown holds `trend` first, then what was asked for
    std::string trend;              ///< day, week or month: what suits the length of the log
    std::int64_t from = 0, to = 0;  ///< local time of the first and the last event that counts
    /// Empty for a log of less than two weeks, and for a period that the log does not reach far enough back
    /// for.
    std::optional<PeriodChange> change;
    metrics::Paths paths = {};      ///< of visits, by stages
    metrics::Cohorts cohorts = {};  ///< of users by the week of their first event
};

/// Measures a log as metrics::measure does, by trend as well, and twice more for the change. Columns of
/// options.by with more than metrics::kMaxSegments values are refused there.
[[nodiscard]] ReportNumbers measure_report(const EventLog& log, const metrics::MetricsOptions& options,
                                           const metrics::LogFacts& facts);

/// Columns of the log that make a breakdown worth reading without being asked for: list, category and brand
/// where loaded, with 2 to metrics::kMaxSegments values; and the hour of the day.
[[nodiscard]] std::vector<std::string> usual_breakdowns(const EventLog& log);

struct TargetCurves {
    std::vector<eval::CurvePoint> roc, precision_recall;
    std::vector<eval::CalibrationBin> bins;  ///< of equal weight, lowest prediction first
};

/// Of a model on rows it did not see. Points into the bundle.
struct ModelNumbers {
    const Bundle* bundle = nullptr;
    score::Evaluation evaluation;
    std::vector<TargetCurves> curves;  ///< per target
};

/// Figures and curves; n log n per target. The bundle must outlive the result.
[[nodiscard]] ModelNumbers judge_model(const Bundle& bundle, const score::ScoredExamples& examples,
                                       std::uint64_t already_observed);

}  // namespace funnel::report
