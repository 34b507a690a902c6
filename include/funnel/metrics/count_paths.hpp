// SPDX-License-Identifier: MIT
// count_paths: which ways visits take, how many of them buy and what for (docs/metrics.md, "Paths").
//
//   const auto paths = metrics::count_paths(log, options, metrics::facts_of(log), {.length = 4});
//   paths.rows.front().steps  // {"view", "cart", "purchase"}
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/metrics/detail/inference/path_rates.hpp"
#include "funnel/metrics/detail/inference/warnings.hpp"
#include "funnel/metrics/detail/tally/nested_keys.hpp"
#include "funnel/metrics/detail/tally/touch_codes.hpp"
#include "funnel/metrics/detail/tally/visit_path_tally.hpp"
#include "funnel/metrics/metrics_options.hpp"
#include "funnel/metrics/paths.hpp"

namespace funnel::metrics {

/// Visits that begin with a row in the period that fits `where`, by the key of that row. Of options: funnel,
/// from, to, where, touch, item_columns, zone, visit_gap, threads. Throws Error(invalid_argument) for a
/// length out of range, a column that the log does not hold and more than 10,000 keys. Cost: one pass, two if
/// there are more than paths.most different paths. Memory: up to paths.most x 130 bytes per thread. The same
/// rows at any number of threads.
[[nodiscard]] Paths count_paths(const EventLog& log, const MetricsOptions& options, const LogFacts& facts,
                                const PathOptions& paths);

namespace detail {

/// Of rows: their keys, and whether they fit. Empty vectors: one key, all fit.
struct PathKeys {
    SegmentKeys keys = {};
    std::vector<std::uint8_t> fits = {};

    PathKeys(const EventLog& log, const MetricsOptions& options, const LogFacts& facts,
             const std::string& by) {
        TouchedColumns touched(log, options, facts);
        const CodesOf codes_of = [&](const events::TextColumn& column) { return touched.codes_of(column); };
        if (options.where) fits = options.where->rows(log, codes_of);
        if (!by.empty()) keys = keys_of(log, options, by, codes_of);
    }
    [[nodiscard]] std::size_t size() const noexcept { return std::max<std::size_t>(keys.names.size(), 1); }
    [[nodiscard]] std::uint16_t key(std::size_t row) const noexcept {
        const std::size_t key = keys.key_of_row.empty() ? 0 : keys.key_of_row[row];
        return static_cast<std::uint16_t>(fits.empty() || fits[row] != 0 ? key : key + size());
    }
};

/// Cut after at most `length` steps.
[[nodiscard]] inline VisitPathTally tally_paths(const TallyPlan& plan, const PathKeys& keys,
                                                const PathSteps steps, std::size_t length, std::size_t most) {
    const PathCoder coder(plan, steps, length);
    std::vector<VisitPathTally> workers;
    for (unsigned w = 0; w < std::max(1u, plan.options.threads); ++w)
        workers.emplace_back(plan, coder, keys.size(), most);
    for_each_user(
        plan.log, [&](std::size_t row) { return keys.key(row); }, std::span(workers));
    for (VisitPathTally& worker : std::span(workers).subspan(1))
        workers.front() += worker;
    return std::move(workers.front());
}

inline void warn_of_cut(const PathOptions& asked, std::size_t length, base::Warnings& out) {
    out.push_back({"paths_cut", "more than " + std::to_string(asked.most) + " different paths of " +
                                    std::to_string(length + 1) + " steps, so all are cut after " +
                                    std::to_string(length) + "; ask for fewer keys or --length " +
                                    std::to_string(length)});
}

}  // namespace detail

inline Paths count_paths(const EventLog& log, const MetricsOptions& options, const LogFacts& facts,
                         const PathOptions& paths) {
    if (paths.length < 1 || paths.length > kMaxPathLength)
        throw Error(ErrorCode::invalid_argument, "paths: expected a length of 1 to " +
                                                     std::to_string(kMaxPathLength) + ", got " +
                                                     std::to_string(paths.length));
    MetricsOptions plain = options;
    plain.by.clear();
    plain.entity = Entity::user;
    if (plain.funnel.stages.empty()) plain.funnel = Funnel::parse(events::kDefaultFunnel);
    const TallyPlan plan(log, plain, facts);
    const detail::PathKeys keys(log, plain, facts, paths.by);
    const detail::VisitPathTally tally =
        detail::tally_paths(plan, keys, paths.steps, paths.length, paths.most);
    if (tally.length() < paths.length) {
        // Of two paths that became one, it cannot be told who took both.
        PathOptions shorter = paths;
        shorter.length = tally.length();
        Paths out = count_paths(log, options, facts, shorter);
        detail::warn_of_cut(paths, out.length, out.warnings);
        return out;
    }
    Paths out{.by = paths.by,
              .columns = paths.by.empty() ? std::vector<std::string>() : columns_of_by(paths.by),
              .steps = paths.steps,
              .length = tally.length(),
              .has_amounts = facts.has_revenue || facts.has_price};
    detail::add_rows(tally, keys.keys, out);
    LogChecks checks;
    detail::check_orders(log, checks);
    detail::warn_of_rows(tally.total(), checks, options, facts, out.warnings);
    return out;
}

}  // namespace funnel::metrics
