// SPDX-License-Identifier: MIT
#include "table_model.hpp"

#include <algorithm>
#include <utility>

#include "funnel/base/utf8.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "funnel/score/score_table.hpp"
#include "funnel/train/train_on_table.hpp"
#include "log_model.hpp"
#include "side_tables.hpp"

namespace funnel::tool {
namespace {

/// Cells that cannot be used make their row a bad one; what is left is clean.
LabelledTable without_bad_rows(ingest::Table table, const base::TableInputs& inputs,
                               const encoding::TableRoles& roles, const ingest::RowPolicy& policy) {
    std::vector<base::BadCell> cells;
    encoding::Dataset data = encoding::table_examples(columns_of(table), inputs, roles, cells);
    if (!cells.empty()) {
        reject_cells(table, std::move(cells), policy);
        cells.clear();
        data = encoding::table_examples(columns_of(table), inputs, roles, cells);
    }
    return {std::move(table), std::move(data)};
}

ingest::Table read_rows(std::vector<std::string> paths, const TableOptions& options, const std::string& label,
                        const std::vector<std::string>& missing, const LogOptions& log, Run& run) {
    ingest::Table table = ingest::read_table(paths, reading_of(options, label, missing, log, run));
    if (table.rows() == 0) no_rows(paths);
    return table;
}

/// Which rows validate, by the options. The rows of --valid-file come after those of the training files.
dataset::TableSplit split_of(const LabelledTable& rows, const TableOptions& options,
                             std::size_t training_files, double share) {
    using dataset::SplitWay;
    if (options.valid_file.empty()) {
        return {.way = !options.time.empty()    ? SplitWay::last
                       : !options.group.empty() ? SplitWay::groups
                                                : SplitWay::at_random,
                .share = share};
    }
    dataset::TableSplit split{.way = SplitWay::given};
    const auto& origin = rows.table.origin;
    for (std::uint32_t row = 0; row < origin.size(); ++row) {
        if (origin[row].file >= training_files) split.valid_rows.push_back(row);
    }
    const std::span<const std::string> files(rows.table.files);
    if (split.valid_rows.size() == origin.size()) no_rows(files.first(training_files));
    if (split.valid_rows.empty()) no_rows(files.subspan(training_files));
    return split;
}

}  // namespace

void no_rows(std::span<const std::string> files) {
    throw Error(ErrorCode::schema,
                names_of(files) +
                    ": no rows under the header, expected at least one; check how the file "
                    "was written");
}

std::vector<base::ColumnView> columns_of(const ingest::Table& table) {
    std::vector<base::ColumnView> columns;
    for (const auto& column : table.columns)
        columns.push_back({column.name, &column.values, column.code});
    return columns;
}

ingest::TableOptions reading_of(const TableOptions& options, const std::string& label,
                                const std::vector<std::string>& missing, const LogOptions& log, Run& run) {
    ingest::TableOptions reading;
    reading.missing = base::MissingWords(missing);
    reading.verbatim = list_option(options.keep);
    // A label is never missing: "NaN" is a bad one, and shown as it stands.
    reading.verbatim.push_back(label);
    reading.rows = log.next_reading(run);
    reading.threads = run.threads();
    reading.progress = run.console.progress();
    return reading;
}

base::NumberFormat TableOptions::number_format() const {
    const base::NumberFormat format{.decimal = decimal, .thousands = thousands};
    try {
        format.check();
    } catch (const Error& error) {
        usage_error("--" + std::string(error.what()));
    }
    return format;
}

std::vector<std::string> TableOptions::missing_words() const {
    return list_option(missing);
}

base::ColumnChoice TableOptions::column_choice() const {
    base::ColumnChoice choice{.left_out = list_option(drop),
                              .categorical = list_option(categorical),
                              .numeric = list_option(numeric),
                              .numbers = number_format()};
    for (const std::string* name : {&label, &weight, &time, &group}) {
        if (!name->empty()) choice.left_out.push_back(*name);
    }
    return choice;
}

void TableOptions::add_reading_to(CLI::App& command) {
    command.add_option(
        "--missing", missing,
        "Tables: further words for no value beside NA, N/A, nan, null, None and \\N, WORD,...");
    command.add_option("--decimal", decimal,
                       "Tables: the mark before decimals, . or , (with it or --thousands, currency signs are "
                       "dropped)");
    command.add_option("--thousands", thousands,
                       "Tables: the mark between thousands, such as , or . or \"'\"");
}

void TableOptions::add_to(CLI::App& command) {
    command.add_option("--weight", weight, "Tables: column with the weight of a row");
    command.add_option("--group", group, "Tables: column whose rows belong together");
}

void TableOptions::add_training_to(CLI::App& command) {
    command.add_option("--label", label, "Table mode: rows are finished examples with this label column");
    command.add_option("--drop", drop, "Tables: columns that are no inputs, COL,...");
    command.add_option("--categorical", categorical, "Tables: numbers that are categories, COL,...");
    command.add_option("--numeric", numeric, "Tables: words in these columns are bad rows, COL,...");
    command.add_option("--time", time, "Tables: column of times; the last rows validate");
    command.add_option("--valid-file", valid_file, "Tables: these rows validate");
}

void TableOptions::refuse_for_log() const {
    const std::pair<const char*, const std::string*> given[] = {
        {"--weight", &weight},      {"--group", &group},     {"--drop", &drop},
        {"--time", &time},          {"--keep", &keep},       {"--valid-file", &valid_file},
        {"--numeric", &numeric},    {"--missing", &missing}, {"--decimal", &decimal},
        {"--thousands", &thousands}};
    for (const auto& [name, value] : given) {
        if (!value->empty())
            usage_error(std::string(name) +
                        ": it goes with a table (train --label), not with a log; leave it out");
    }
}

encoding::TableRoles TableOptions::roles(const std::string& label_column, bool label_required) const {
    return {.label = label_column,
            .label_required = label_required,
            .weight = weight,
            .time = time,
            .group = group,
            .parse_time = ingest::parse_iso_time};
}

model::TableTask TableOptions::task() const {
    return {.label = label, .missing = missing_words(), .numbers = number_format()};
}

namespace {

std::string percent_of(std::uint64_t part, std::uint64_t all) {
    return std::to_string(part * 100 / all) + " %";
}

/// "--decimal , --thousands ." as a shell takes it.
std::string marks_option(const base::NumberFormat& format) {
    const auto quoted = [](const std::string& mark) {
        return mark == "'" ? "\"'\"" : mark == " " ? "\" \"" : mark;
    };
    if (format.thousands.empty()) return "--decimal " + format.decimal;
    if (format.decimal == ".") return "--thousands " + quoted(format.thousands);
    return "--decimal " + format.decimal + " --thousands " + quoted(format.thousands);
}

/// What reads a column of words that look like numbers.
std::string remedy_for(const base::NumberText& found, const base::NumberFormat& now) {
    if (found.percent) return "write them without % to have them read";
    if (!(found.format == now)) return marks_option(found.format) + " reads them";
    if (found.words * 2 > found.values - found.numbers) return "--missing " + found.word + " reads the rest";
    return "--numeric " + found.column + " reads them, and then other words are bad rows";
}

}  // namespace

void warn_about_texts(std::span<const base::ColumnView> columns, std::size_t training_rows,
                      const base::TableInputs& inputs, const TableOptions& options, Run& run) {
    for (const base::NumberText& found :
         base::number_texts(columns, training_rows, inputs, list_option(options.categorical))) {
        run.console.warn("numbers_read_as_text",
                         "column " + base::escaped(found.column) + " is read as text although " +
                             percent_of(found.numbers, found.values) + " of its values look like numbers" +
                             (found.word.empty() ? ", such as \"" : ", the others are words such as \"") +
                             base::escaped(found.example) + "\": " + remedy_for(found, inputs.numbers) +
                             "; --categorical " + found.column + " says that they are names");
    }
}

namespace {

/// A column of --numeric that another way of writing reads: its words would end the run one by one.
void refuse_unread_numbers(std::span<const base::ColumnView> columns, std::size_t training_rows,
                           const base::TableInputs& inputs, const std::vector<std::string>& numeric) {
    const base::TableInputs chosen{.numeric = {}, .categorical = numeric, .numbers = inputs.numbers};
    for (const base::NumberText& found : base::number_texts(columns, training_rows, chosen, {})) {
        if (found.format == inputs.numbers) continue;
        throw Error(ErrorCode::schema,
                    "column " + base::escaped(found.column) + ": expected numbers, got values such as \"" +
                        base::escaped(found.example) + "\"; " + remedy_for(found, inputs.numbers));
    }
}

}  // namespace

LabelledTable read_for_model(const Bundle& bundle, const TableOptions& table, const LogOptions& log,
                             bool label_required, Run& run) {
    base::TableInputs inputs = score::table_inputs(bundle);
    const base::NumberFormat given = table.number_format();
    if (!given.plain()) inputs.numbers = given;
    std::vector<std::string> missing = bundle.table->missing;
    for (std::string& word : table.missing_words())
        missing.push_back(std::move(word));
    ingest::Table rows = read_rows(log.paths, table, bundle.table->label, missing, log, run);
    LabelledTable clean = naming_files(log.paths, [&] {
        return without_bad_rows(std::move(rows), inputs, table.roles(bundle.table->label, label_required),
                                log.row_policy());
    });
    tell_about_reading(clean.table.report, log, run);
    need_rows(clean.table.report);
    return clean;
}

Bundle train_on_table(const TableOptions& table, const LogOptions& log, train::ModelOptions options,
                      const std::string& valid_share, const train::TrainObserver& observer, Run& run) {
    std::vector<std::string> paths = log.paths;
    if (!table.valid_file.empty()) paths.push_back(table.valid_file);
    ingest::Table rows = read_rows(std::move(paths), table, table.label, table.missing_words(), log, run);
    const auto columns = columns_of(rows);
    const auto training_rows = static_cast<std::size_t>(std::ranges::count_if(
        rows.origin, [&](const ingest::RowOrigin& origin) { return origin.file < log.paths.size(); }));
    const base::TableInputs inputs = base::infer_inputs(columns, training_rows, table.column_choice());
    warn_about_texts(columns, training_rows, inputs, table, run);
    if (log.bad_rows == "fail")
        refuse_unread_numbers(columns, training_rows, inputs, list_option(table.numeric));
    const LabelledTable clean =
        without_bad_rows(std::move(rows), inputs, table.roles(table.label, true), log.row_policy());
    tell_about_reading(clean.table.report, log, run);
    const train::TableModelOptions training{
        .split = split_of(clean, table, log.paths.size(), percent_option("--valid", valid_share)),
        .task = table.task(),
        .model = std::move(options)};
    return train::train_on_table(clean.data, training, run.kernels(), observer);
}

}  // namespace funnel::tool
