// SPDX-License-Identifier: MIT
// What metrics and report share: the options that say what is counted, and what they mean to the library.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "funnel/metrics/metrics_options.hpp"
#include "log_model.hpp"
#include "metrics_options.hpp"
#include "options.hpp"
#include "side_tables.hpp"

namespace funnel::tool {

/// --dedup: adds the option, with its meaning for reading, and drops copies of lines of orders, which it
/// says.
void add_dedup(CLI::App& command, std::string& dedup);
void set_dedup(const std::string& dedup, ingest::ReadOptions& reading);
void drop_copies(const std::string& dedup, EventLog& log, Run& run);

struct CountingOptions {
    std::string window = "7d";
    std::string per = "user";
    std::vector<std::string> by;
    std::optional<std::string> where = {}, touch = {};
    std::string dedup = "none";
    FunnelRuleOptions rules;
    MoreOptions more;
    std::vector<bool> optional = {};  ///< stages of --funnel with a question mark

    /// Here --funnel, which is declared already, may have question marks: the log gets it without them.
    void add_to(CLI::App& command);
    /// --where, --touch, --dedup and the question marks alone.
    void add_choice_to(CLI::App& command);
    /// Wrong values end the run before the long work.
    void check() const;
    /// The same for --touch without a column, where no columns are chosen for the user.
    void check_touch() const;
    /// The columns of --by and --where: of the log or of tables beside it.
    [[nodiscard]] std::vector<std::string> columns() const;
    /// The columns that counting needs beside those already asked for. beside: of the side tables.
    void set_reading(ingest::ReadOptions& reading, const SideColumns& beside) const;
    /// Aliases and orders written twice.
    void clean(EventLog& log, Run& run) const;
    [[nodiscard]] metrics::MetricsOptions metrics_options(ChosenFunnel chosen, const metrics::LogFacts& facts,
                                                          const SideColumns& beside, const LogOptions& log,
                                                          const Run& run) const;
};

}  // namespace funnel::tool
