// SPDX-License-Identifier: MIT
// What metrics can be asked beyond its defaults: rules of the funnel, metrics that cost something, cleaning.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/metrics/metrics_options.hpp"
#include "options.hpp"

namespace funnel::tool {

/// Rules of the way through the funnel.
struct FunnelRuleOptions {
    std::string order = "in-order";
    std::string hold = "nothing";
    std::string count = "entities";
    std::string exclude;
    std::string step_windows;
    bool strict_increase = false, first_entry = false, open = false, timing = false;

    void add_to(CLI::App& command);
    /// optional: the stages with a question mark in --funnel.
    [[nodiscard]] metrics::FunnelRules rules(const Funnel& funnel, std::vector<bool> optional) const;
};

/// "view,cart_add?,purchase" without its question marks, and which stages had one.
[[nodiscard]] std::pair<std::string, std::vector<bool>> without_marks(const std::string& funnel);

/// Metrics that are computed only when asked for, and what is cleaned before.
struct MoreOptions {
    bool all = false;
    std::string retention, repeat_within = "30d", warmup = "0";
    bool rolling_days = false;
    std::string aliases, bot_rule;

    void add_to(CLI::App& command);
    /// Throws Error(invalid_argument) for values that are none.
    void apply(metrics::MetricsOptions& options) const;
    /// Reads --aliases and renames the users of the log.
    void apply_aliases(EventLog& log, Run& run) const;
};

}  // namespace funnel::tool
