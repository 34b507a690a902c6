// SPDX-License-Identifier: MIT
// Examples: which rows of a log are examples, and their labels. Rules: docs/features.md, "Examples and
// labels".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "funnel/features/history.hpp"

namespace funnel::features {

/// The horizon "until the visit is over"; only with ExampleMode::visit.
inline constexpr std::int64_t kVisitHorizon = -1;

struct ExampleOptions {
    ExampleMode mode = ExampleMode::first;
    std::vector<std::string> targets;    ///< names of stages after the first; empty: all of them
    std::vector<std::int64_t> horizons;  ///< one per target, microseconds; empty: default_horizon
    std::int64_t visit_gap = 30 * base::kMinute;
    /// Time at the begin of the log that gives no examples. Empty: the longest horizon, at most 20 % of the
    /// span, and 0 with a history that has observed events.
    std::optional<std::int64_t> burn_in;
    std::optional<std::int64_t> from;  ///< no examples before
    std::optional<std::int64_t> to;    ///< T, the time until which the log is complete; empty: its last time
    unsigned threads = 1;
};

/// n examples in row order, K targets.
struct ExampleList {
    ExampleMode mode = ExampleMode::first;
    std::vector<std::string> targets;    ///< K
    std::vector<std::int64_t> horizons;  ///< K
    std::vector<std::uint64_t> rows;     ///< n, ascending rows of the log
    std::vector<std::uint64_t> groups;   ///< n, hash of the visit
    std::vector<std::uint8_t> labels;    ///< n x K: 0, 1 or kUnknownLabel
    std::int64_t begin = 0, end = 0;     ///< first time of the log that is not observed yet, and T
    std::uint64_t already_observed = 0;  ///< rows at or before the history's watermark

    [[nodiscard]] std::size_t size() const noexcept { return rows.size(); }
};

/// 30 minutes for a stage named click, 7 days for others.
[[nodiscard]] std::int64_t default_horizon(const std::string& stage) noexcept;

/// Examples of a log. With `history`, rows at or before its watermark are left out and counted, and a
/// visit that it knows goes on, so that daily runs find the same examples as one run.
/// O(n log n) in the rows of one user. Throws Error(invalid_argument) for an unknown target or a bad horizon.
[[nodiscard]] ExampleList build_examples(const EventLog& log, const Funnel& funnel,
                                         const ExampleOptions& options, const History* history = nullptr);

/// First head of each chain: head 0, and every head k+1 with H_(k+1) > H_k.
/// {30 min, 7 d, 7 d} gives {0, 1}: {click} and {cart -> purchase}.
[[nodiscard]] std::vector<std::uint32_t> chains(const std::vector<std::int64_t>& horizons);

}  // namespace funnel::features
