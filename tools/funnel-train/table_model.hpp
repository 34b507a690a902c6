// SPDX-License-Identifier: MIT
// Table mode: rows that are finished examples, for train, evaluate and score.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "funnel/base/number_texts.hpp"
#include "funnel/encoding/table_examples.hpp"
#include "funnel/ingest/read_table.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/train/train_model.hpp"
#include "options.hpp"

namespace funnel::tool {

struct TableOptions {
    std::string label;
    std::string drop, categorical, numeric, weight, time, group, valid_file;
    std::string keep;
    std::string missing, decimal, thousands;

    /// How cells are read, options of every judging command, and those that only training has.
    void add_reading_to(CLI::App& command);
    void add_to(CLI::App& command);
    void add_training_to(CLI::App& command);
    /// --decimal and --thousands; --missing. Throws Error(invalid_argument) for marks that are none.
    [[nodiscard]] base::NumberFormat number_format() const;
    [[nodiscard]] std::vector<std::string> missing_words() const;
    /// What the columns are, by the options of training.
    [[nodiscard]] base::ColumnChoice column_choice() const;
    /// The columns that say something about rows.
    [[nodiscard]] encoding::TableRoles roles(const std::string& label_column, bool label_required) const;
    /// What a model trained with these options remembers of them.
    [[nodiscard]] model::TableTask task() const;
    /// Ends the run if an option was given that only tables know.
    void refuse_for_log() const;
};

/// A table without its bad rows, as a Dataset with labels, weights, times and groups.
struct LabelledTable {
    ingest::Table table;
    encoding::Dataset data;
};

/// The rows of a table for a model that is trained already; columns are matched by name.
[[nodiscard]] LabelledTable read_for_model(const Bundle& bundle, const TableOptions& table,
                                           const LogOptions& log, bool label_required, Run& run);

[[nodiscard]] Bundle train_on_table(const TableOptions& table, const LogOptions& log,
                                    train::ModelOptions options, const std::string& valid_share,
                                    const train::TrainObserver& observer, Run& run);

/// Trains from rows that are read once and not kept: no part of them validates.
[[nodiscard]] Bundle train_in_one_pass(const TableOptions& table, const LogOptions& log,
                                       const train::ModelOptions& options, Run& run);

/// Throws Error(schema) naming the files, which hold a header and nothing else.
[[noreturn]] void no_rows(std::span<const std::string> files);

/// Warns of columns of words that look like numbers, and says what would read them.
void warn_about_texts(std::span<const base::ColumnView> columns, std::size_t training_rows,
                      const base::TableInputs& inputs, const TableOptions& options, Run& run);

/// The columns of a table as features see them. Borrows it.
[[nodiscard]] std::vector<base::ColumnView> columns_of(const ingest::Table& table);

/// How a table is read, by the options of a command.
[[nodiscard]] ingest::TableOptions reading_of(const TableOptions& options, const std::string& label,
                                              const std::vector<std::string>& missing, const LogOptions& log,
                                              Run& run);

}  // namespace funnel::tool
