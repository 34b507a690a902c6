// SPDX-License-Identifier: MIT
// Tables beside a log: --items, --users, --sessions, --use and --vectors, for the commands that make or use a
// model.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "funnel/events/side_tables.hpp"
#include "funnel/ingest/read_table.hpp"
#include "funnel/model/bundle.hpp"
#include "options.hpp"

namespace funnel::tool {

/// Tables and the columns of them that are inputs.
struct LoadedSide {
    std::vector<events::SideInput> inputs;
    events::SideTables tables;
};

/// The columns that tables have, by their name and with the table's ("users.plan"); ids too.
struct SideColumns {
    std::vector<std::string> all, of_items;
    std::vector<std::string> plain;  ///< by their names alone, table after table

    [[nodiscard]] bool contains(const std::string& name) const {
        return std::ranges::find(all, name) != all.end();
    }
};

/// The name of an id column ("item", "user", "session"): the log's if the table has it, else ours, else
/// empty.
[[nodiscard]] std::string id_column(const ingest::Table& table, const ingest::Schema& schema,
                                    const std::string& ours);

/// How a table beside a log is read: ids as they stand.
[[nodiscard]] ingest::TableOptions side_reading(const ingest::Schema& schema, const LogOptions& log,
                                                Run& run);

/// Rows with such cells are bad ones.
void reject_cells(ingest::Table& table, std::vector<base::BadCell> cells, const ingest::RowPolicy& policy);

/// Says how many ids of the log each table knows. Below half of them is a warning; throws Error(schema) if it
/// knows none.
void tell_about_ids(const events::SideTables& side, const EventLog& log, Run& run);

struct SideOptions {
    std::vector<std::string> items, users, sessions;  ///< files; those of one kind are one table
    std::vector<std::string> vectors;                 ///< at most one of items and one of users
    std::string use;

    void add_to(CLI::App& command);
    /// --items, --users and --sessions alone.
    void add_keys_to(CLI::App& command);
    [[nodiscard]] bool empty() const noexcept {
        return items.empty() && users.empty() && sessions.empty() && vectors.empty();
    }
    /// All files, for the check that no output overwrites them.
    [[nodiscard]] std::vector<std::string> paths() const;

    /// The tables of a training: every column that is no id, or those of --use. Throws
    /// Error(invalid_argument) for a name that no table has.
    [[nodiscard]] LoadedSide load(const ingest::Schema& schema, const std::vector<std::string>& categorical,
                                  const LogOptions& log, Run& run) const;
    /// The tables that a model needs. Throws Error(invalid_argument) naming the option that is missing.
    [[nodiscard]] events::SideTables load(const model::LogTask& task, const LogOptions& log, Run& run) const;

    /// For counting; nothing without tables.
    [[nodiscard]] SideColumns columns(const LogOptions& log, const Run& run) const;
    /// Gives the log the columns of `wanted` that it lacks, and says how many ids were found.
    void add_columns(EventLog& to, const ingest::Schema& schema, const std::vector<std::string>& wanted,
                     const LogOptions& log, Run& run) const;

 private:
    /// The files of --vectors, at most one of a kind.
    [[nodiscard]] std::vector<events::VectorTable> load_vectors(const ingest::Schema& schema,
                                                                const LogOptions& log, Run& run) const;
    [[nodiscard]] const std::vector<std::string>& files(events::SideKey key) const noexcept;
};

}  // namespace funnel::tool
