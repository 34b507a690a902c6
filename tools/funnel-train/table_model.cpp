// SPDX-License-Identifier: MIT
#include "table_model.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "funnel/base/hash.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "funnel/model/predictor.hpp"
#include "log_model.hpp"

namespace funnel::tool {
namespace {

/// Seconds since 1970 or any other number, or ISO 8601, as something that orders rows.
void fill_times(encoding::Dataset& data, const base::ColumnView& column, std::vector<base::BadCell>& bad) {
    std::vector<std::optional<std::int64_t>> times(column.values->size());
    for (std::uint32_t i = 0; i < column.values->size(); ++i) {
        const std::string_view text = column.values->text(i);
        const auto number = base::parse_number(text);
        times[i] = number && std::abs(*number) < 9e18 ? std::optional(static_cast<std::int64_t>(*number))
                                                      : ingest::parse_iso_time(text);
    }
    for (std::size_t row = 0; row < data.size(); ++row) {
        const std::uint32_t code = column.code[row];
        if (code == base::kNone || !times[code]) {
            bad.push_back({row, std::string(column.name), "a time"});
        } else {
            data.keys[row].time = *times[code];
        }
    }
}

void fill_groups(encoding::Dataset& data, const base::ColumnView& column) {
    for (std::size_t row = 0; row < data.size(); ++row) {
        const std::uint32_t code = column.code[row];
        data.keys[row].group = code == base::kNone ? 0 : base::hash_bytes(column.values->text(code));
    }
}

void fill_weights(encoding::Dataset& data, const base::ColumnView& column, std::vector<base::BadCell>& bad) {
    const std::vector<double> weights = base::number_column(column, bad);
    data.weights.resize(weights.size());
    for (std::size_t row = 0; row < weights.size(); ++row) {
        if (!(weights[row] >= 0)) bad.push_back({row, std::string(column.name), "a weight of 0 or more"});
        data.weights[row] = static_cast<float>(weights[row]);
    }
}

encoding::Dataset to_dataset(const ingest::Table& table, const base::TableInputs& inputs,
                             const TableOptions& options, const std::string& label, bool label_required,
                             std::vector<base::BadCell>& bad) {
    const auto columns = columns_of(table);
    encoding::Dataset data = encoding::table_dataset(columns, inputs, label, label_required, bad);
    if (!options.time.empty()) fill_times(data, base::find_column(columns, options.time), bad);
    if (!options.group.empty()) fill_groups(data, base::find_column(columns, options.group));
    if (!options.weight.empty()) fill_weights(data, base::find_column(columns, options.weight), bad);
    return data;
}

/// Cells that cannot be used make their row a bad one; what is left is clean.
LabelledTable without_bad_rows(ingest::Table table, const base::TableInputs& inputs,
                               const TableOptions& options, const std::string& label, bool label_required,
                               const ingest::RowPolicy& policy) {
    std::vector<base::BadCell> cells;
    encoding::Dataset data = to_dataset(table, inputs, options, label, label_required, cells);
    if (!cells.empty()) {
        std::vector<ingest::BadValue> bad;
        for (auto& cell : cells)
            bad.push_back({cell.row, std::move(cell.column), std::move(cell.expected)});
        ingest::reject_rows(table, std::move(bad), policy);
        cells.clear();
        data = to_dataset(table, inputs, options, label, label_required, cells);
    }
    return {std::move(table), std::move(data)};
}

ingest::Table read_rows(std::vector<std::string> paths, const TableOptions& options, const std::string& label,
                        const LogOptions& log, const GeneralOptions& general, Console& console) {
    return ingest::read_table(paths, reading_of(options, label, log, general, console));
}

dataset::Split split_table(const LabelledTable& rows, const TableOptions& options, std::size_t training_files,
                           double share, std::uint64_t seed) {
    if (!options.valid_file.empty()) {
        std::vector<std::uint32_t> valid;
        for (std::size_t row = 0; row < rows.table.rows(); ++row) {
            if (rows.table.origin[row].file >= training_files)
                valid.push_back(static_cast<std::uint32_t>(row));
        }
        return dataset::split_given(rows.data, valid, true);
    }
    if (!options.time.empty()) return dataset::split_last(rows.data, share);
    if (!options.group.empty()) return dataset::split_groups(rows.data, share, seed);
    return dataset::split_at_random(rows.data, share, seed);
}

}  // namespace

std::vector<base::ColumnView> columns_of(const ingest::Table& table) {
    std::vector<base::ColumnView> columns;
    for (const auto& column : table.columns)
        columns.push_back({column.name, &column.values, column.code});
    return columns;
}

ingest::TableOptions reading_of(const TableOptions& options, const std::string& label, const LogOptions& log,
                                const GeneralOptions& general, Console& console) {
    ingest::TableOptions reading;
    reading.verbatim = list_option(options.keep);
    // A label is never missing: "NaN" is a bad one, and shown as it stands.
    reading.verbatim.push_back(label);
    reading.rows = log.next_reading(general);
    reading.threads = general.thread_count();
    reading.progress = console.progress();
    return reading;
}

void TableOptions::add_to(CLI::App& command) {
    command.add_option("--weight", weight, "Tables: column with the weight of a row");
    command.add_option("--group", group, "Tables: column whose rows belong together");
}

void TableOptions::add_training_to(CLI::App& command) {
    command.add_option("--label", label, "Table mode: rows are finished examples with this label column");
    command.add_option("--drop", drop, "Tables: columns that are no inputs, COL,...");
    command.add_option("--categorical", categorical, "Tables: numbers that are categories, COL,...");
    command.add_option("--time", time, "Tables: column of times; the last rows validate");
    command.add_option("--valid-file", valid_file, "Tables: these rows validate");
}

void TableOptions::refuse_for_log() const {
    const std::pair<const char*, const std::string*> given[] = {
        {"--weight", &weight}, {"--group", &group}, {"--drop", &drop},
        {"--time", &time},     {"--keep", &keep},   {"--valid-file", &valid_file}};
    for (const auto& [name, value] : given) {
        if (!value->empty())
            usage_error(std::string(name) +
                        ": it goes with a table (train --label), not with a log; leave it out");
    }
}

LabelledTable read_for_model(const Bundle& bundle, const TableOptions& table, const LogOptions& log,
                             const GeneralOptions& general, bool label_required, Console& console) {
    base::TableInputs inputs;
    for (const auto& feature : bundle.encoder.numeric_features())
        inputs.numeric.push_back(feature.name);
    inputs.categorical = bundle.encoder.categorical_features();
    LabelledTable clean =
        without_bad_rows(read_rows(log.paths, table, bundle.table->label, log, general, console), inputs,
                         table, bundle.table->label, label_required, log.row_policy());
    tell_about_reading(clean.table.report, log, general, console);
    need_rows(clean.table.report);
    return clean;
}

Bundle train_on_table(const TableOptions& table, const LogOptions& log, const GeneralOptions& general,
                      train::ModelOptions options, const std::string& valid_share, Console& console,
                      const train::TrainObserver& observer) {
    std::vector<std::string> paths = log.paths;
    if (!table.valid_file.empty()) paths.push_back(table.valid_file);
    ingest::Table rows = read_rows(std::move(paths), table, table.label, log, general, console);
    const auto columns = columns_of(rows);
    std::vector<std::string> left_out = list_option(table.drop);
    for (const std::string* name : {&table.label, &table.weight, &table.time, &table.group}) {
        if (!name->empty()) left_out.push_back(*name);
    }
    const auto training_rows = static_cast<std::size_t>(std::ranges::count_if(
        rows.origin, [&](const ingest::RowOrigin& origin) { return origin.file < log.paths.size(); }));
    const base::TableInputs inputs =
        base::infer_inputs(columns, training_rows, left_out, list_option(table.categorical));
    const LabelledTable clean =
        without_bad_rows(std::move(rows), inputs, table, table.label, true, log.row_policy());
    tell_about_reading(clean.table.report, log, general, console);

    Bundle bundle;
    bundle.table = model::TableTask{table.label};
    bundle.heads = {{.name = table.label, .horizon = 0}};
    const double share = percent_option("--valid", valid_share);
    const auto split_by = [&](std::uint64_t seed) {
        return split_table(clean, table, log.paths.size(), share, seed);
    };
    const dataset::Split split = split_by(options.training.seed);
    if (!options.search) {
        train::choose_table_defaults(options, split.train.size());
    } else if (table.valid_file.empty() && table.time.empty()) {
        // Few rows say little about a choice; split again they say more.
        options.search->resplit = [&](std::size_t n) { return split_by(options.training.seed + 1000 * n); };
    }
    train::train_model(bundle, clean.data, split, options, chosen_kernels(general), observer);
    return bundle;
}

score::ScoredExamples score_table(const Bundle& bundle, const encoding::Dataset& data, bool grouped,
                                  const nn::Kernels& kernels) {
    const model::Predictor predictor(bundle, kernels);
    const train::DatasetSource source(bundle.encoder, data, nullptr, kernels);
    std::vector<std::uint32_t> rows(data.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        rows[i] = static_cast<std::uint32_t>(i);
    score::ScoredExamples scored{.targets = data.targets, .grouped = grouped};
    scored.scores.push_back(train::predict_rows(predictor, source, rows));
    scored.labels.push_back(data.labels);
    scored.weights = data.weights;
    scored.keys = data.keys;
    if (grouped) {
        for (const encoding::ExampleKey& key : data.keys)
            scored.clusters.push_back(key.group);
    }
    return scored;
}

}  // namespace funnel::tool
