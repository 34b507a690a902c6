// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>

#include "funnel/encoding/table_dataset.hpp"
#include "funnel/ingest/stream_table.hpp"
#include "funnel/train/one_pass.hpp"
#include "log_model.hpp"
#include "table_model.hpp"

namespace funnel::tool {
namespace {

/// What the columns of the first rows are, and their names in the order of the kinds.
ingest::CellKinds kinds_of(const ingest::Table& sample, const TableOptions& options,
                           train::OnePassInputs& inputs, const LogOptions& log, Run& run) {
    if (sample.rows() == 0 && sample.report.rejected == 0) no_rows(log.paths);
    const auto columns = columns_of(sample);
    const base::TableInputs found = base::infer_inputs(columns, sample.rows(), options.column_choice());
    warn_about_texts(columns, sample.rows(), found, options, run);
    ingest::CellKinds cells{.kinds = {},
                            .parse_label = base::parse_label,
                            .expected_label = std::string(base::kExpectedLabel),
                            .numbers = found.numbers};
    for (const base::ColumnView& column : columns) {
        const auto is_in = [&](const std::vector<std::string>& names) {
            return std::ranges::find(names, column.name) != names.end();
        };
        if (column.name == options.label) {
            cells.kinds.push_back(ingest::CellKind::label);
        } else if (is_in(found.numeric)) {
            cells.kinds.push_back(ingest::CellKind::number);
            inputs.numeric.emplace_back(column.name);
        } else if (is_in(found.categorical)) {
            cells.kinds.push_back(ingest::CellKind::category);
            inputs.categorical.emplace_back(column.name);
        } else {
            cells.kinds.push_back(ingest::CellKind::ignored);
        }
    }
    if (inputs.numeric.empty() && inputs.categorical.empty()) {
        throw Error(ErrorCode::schema,
                    "expected a column with values beside the label in the first rows, got none");
    }
    return cells;
}

}  // namespace

Bundle train_in_one_pass(const TableOptions& table, const LogOptions& log, const train::ModelOptions& options,
                         Run& run) {
    for (const std::string* other : {&table.weight, &table.time, &table.group, &table.valid_file}) {
        if (!other->empty()) {
            usage_error(
                "--one-pass: expected a table without --weight, --time, --group and --valid-file; its rows "
                "count alike, in file order, and none validates");
        }
    }
    if (options.members.value_or(1) > 1) usage_error("--one-pass: expected one net, got --members");
    // One thread reads ahead. On two threads a second one for the steps would only be in its way.
    train::ModelOptions learning = options;
    learning.training.threads = std::max(run.threads(), 2U) - 1;
    train::OnePassInputs inputs{.target = table.label};
    std::optional<train::OnePass> pass;
    const ingest::ReadReport report = ingest::stream_table(
        log.paths, reading_of(table, table.label, table.missing_words(), log, run),
        [&](const ingest::Table& sample) { return kinds_of(sample, table, inputs, log, run); },
        [&](const ingest::TableRows& rows) {
            if (!pass) pass.emplace(inputs, learning, run.kernels());
            pass->add(rows.numbers, rows.categories, rows.labels);
        });
    tell_about_reading(report, log, run);
    if (!pass) no_rows(log.paths);
    Bundle bundle = pass->finish();
    bundle.table = table.task();
    return bundle;
}

}  // namespace funnel::tool
