// SPDX-License-Identifier: MIT
// What metrics shows beside the numbers of a log: differences to another log, between variants, to
// ClickHouse.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "funnel/metrics/metrics_result.hpp"
#include "funnel/metrics/metrics_state.hpp"
#include "funnel/report/comparisons.hpp"
#include "options.hpp"
#include "side_tables.hpp"

namespace funnel::tool {

/// What a log is compared with: --compare, or what gates speak of.
struct ComparedTo {
    std::string name;  ///< a file, previous or year-ago; empty: nothing

    [[nodiscard]] bool empty() const noexcept { return name.empty(); }
    /// Says what makes the compared period a poor measure: it has no row, or begins before the log.
    void warn_of(const events::Period& period, bool empty, const base::Warnings& warnings, Run& run) const;
    /// Whether it is another period of the same log, and no file.
    [[nodiscard]] bool is_period() const { return name == "previous" || name == "year-ago"; }
    [[nodiscard]] bool is_file() const { return !empty() && !is_period(); }
    /// That period. Throws Error(invalid_argument) without a begin of ours.
    [[nodiscard]] events::Period period(const metrics::MetricsOptions& ours, const metrics::LogFacts& facts,
                                        const std::string& zone) const;
};

struct CompareOptions {
    std::string other;
    bool differences = false, experiment = false, explain = false, why = false;
    std::string control, split;
    std::string semantics = "funnel";

    void add_to(CLI::App& command);
    /// Throws Error(invalid_argument) for options that do not go together. with: --compare or what gates
    /// name.
    void check(const std::vector<std::string>& by, const ComparedTo& with) const;
    /// The column of the variants, or empty; then `by` of the metrics is empty too.
    void apply(metrics::MetricsOptions& options) const;
    /// With --why: loads what it searches. chosen: --use.
    void set_reading(ingest::ReadOptions& reading, const SideColumns& beside,
                     const std::string& chosen) const;
    /// Columns of tables beside the log that --why searches.
    [[nodiscard]] std::vector<std::string> searched(const SideColumns& beside,
                                                    const std::string& chosen) const;
    /// Why the figures of the period that `options` ask for are not those of `before`.
    [[nodiscard]] static metrics::ChangeCauses causes(const EventLog& log,
                                                      const metrics::MetricsOptions& options,
                                                      const metrics::LogFacts& facts,
                                                      const events::Period& before,
                                                      const std::string& chosen);
    /// The experiment and the disagreements with ClickHouse, as far as asked for.
    [[nodiscard]] report::Comparisons compared(const EventLog& log, const metrics::MetricsOptions& options,
                                               const metrics::LogFacts& facts,
                                               const std::vector<std::string>& by, Run& run) const;
};

/// One measured log; groups and result are of the same state.
struct MeasuredLog {
    metrics::MetricsState state;
    metrics::MetricsResult result;
};

/// ours - theirs.
[[nodiscard]] report::ComparedLog compare(const MeasuredLog& ours, const MeasuredLog& theirs,
                                          const metrics::MetricsOptions& options,
                                          const std::vector<std::string>& files);

}  // namespace funnel::tool
