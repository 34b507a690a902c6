// SPDX-License-Identifier: MIT
// Table mode: rows that are finished examples, for train, evaluate and score.
#pragma once

#include <string>
#include <vector>

#include "funnel/encoding/table_dataset.hpp"
#include "funnel/ingest/read_table.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/score/evaluation.hpp"
#include "funnel/train/train_model.hpp"
#include "options.hpp"

namespace funnel::tool {

struct TableOptions {
    std::string label;
    std::string drop, categorical, weight, time, group, valid_file;
    std::string keep;

    /// Options of every table command, and those that only training has.
    void add_to(CLI::App& command);
    void add_training_to(CLI::App& command);
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
                                           const LogOptions& log, const GeneralOptions& general,
                                           bool label_required, Console& console);

[[nodiscard]] Bundle train_on_table(const TableOptions& table, const LogOptions& log,
                                    const GeneralOptions& general, train::ModelOptions options,
                                    const std::string& valid_share, Console& console,
                                    const train::TrainObserver& observer);

/// Trains from rows that are read once and not kept: no part of them validates.
[[nodiscard]] Bundle train_in_one_pass(const TableOptions& table, const LogOptions& log,
                                       const GeneralOptions& general, const train::ModelOptions& options,
                                       Console& console);

/// The columns of a table as features see them. Borrows it.
[[nodiscard]] std::vector<base::ColumnView> columns_of(const ingest::Table& table);

/// How a table is read, by the options of a command.
[[nodiscard]] ingest::TableOptions reading_of(const TableOptions& options, const std::string& label,
                                              const LogOptions& log, const GeneralOptions& general,
                                              Console& console);

/// The scores of every row, with labels as far as the table has them.
[[nodiscard]] score::ScoredExamples score_table(const Bundle& bundle, const encoding::Dataset& data,
                                                bool grouped, const nn::Kernels& kernels);

}  // namespace funnel::tool
