// SPDX-License-Identifier: MIT
#include "funnel/ingest/read_table.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "funnel/base/csv.hpp"
#include "funnel/base/error.hpp"
#include "ingest/csv/block_reader.hpp"
#include "ingest/log/tuned_read.hpp"
#include "ingest/source/ordered_pipeline.hpp"
#include "ingest/source/utf8_scan.hpp"
#include "ingest/table/table_reader.hpp"

namespace funnel::ingest {
namespace detail {
namespace {

void check_options(const TableOptions& options) {
    const char c = options.delimiter;
    if (c <= 0 || c == '"' || c == '\n' || c == '\r') {
        throw Error(ErrorCode::invalid_argument,
                    "delimiter: expected one ASCII character other than a quote or a "
                    "line end, got \"" +
                        escaped(std::string_view(&c, 1)) + '"');
    }
}

std::vector<std::uint8_t> verbatim_columns(const std::vector<std::string>& columns,
                                           const TableOptions& options) {
    std::vector<std::uint8_t> verbatim;
    for (const std::string& column : columns)
        verbatim.push_back(std::ranges::find(options.verbatim, column) != options.verbatim.end());
    return verbatim;
}

/// A row's values as they were read, for the rejects file.
std::string row_text(const Table& table, std::size_t row) {
    std::string text;
    for (const TableTextColumn& column : table.columns) {
        if (&column != table.columns.data()) text += ',';
        if (column.code[row] != kNone) base::append_csv_field(text, column.values.text(column.code[row]));
    }
    return text.substr(0, kMostText);
}

void remove_rows(Table& table, const std::vector<std::uint8_t>& removed) {
    const auto compact = [&](auto& values) {
        std::size_t kept = 0;
        for (std::size_t row = 0; row < values.size(); ++row) {
            if (removed[row] == 0) values[kept++] = values[row];
        }
        values.resize(kept);
    };
    for (TableTextColumn& column : table.columns)
        compact(column.code);
    compact(table.origin);
}

}  // namespace

Table read_table(std::span<const std::string> paths, const TableOptions& options, const Tuning& tuning) {
    check_options(options);
    Table table;
    const std::uint64_t total = check_inputs(paths, options.rows, table.report);
    table.files.assign(paths.begin(), paths.end());
    const unsigned threads = std::max(options.threads, 1u);
    TableRules rules(options.delimiter);
    TableBuilder builder(options.rows, table, threads);
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> done{0};
    BlockReader reader(paths, rules, options.rows.max_line, tuning, stop);
    if (options.rows.digests) reader.keep_digests(table.report.digests);
    std::vector<std::optional<TableParser>> parsers(threads);
    const bool keep_all_bad = options.rows.bad_rows == BadRows::skip && !options.rows.rejects_path.empty();

    PipelineSteps<TableBlock> steps;
    steps.produce = [&](TableBlock& block) {
        const bool more = reader.next(block.block);
        block.file_bytes = reader.file_bytes();
        done = block.file_bytes;
        return more;
    };
    steps.work = [&](unsigned worker, TableBlock& block) {
        if (!parsers[worker]) {
            parsers[worker].emplace(
                verbatim_columns(rules.columns(), options), options.missing,
                BlockParserOptions{.dialect = rules.dialect(),
                                   .max_line = options.rows.max_line,
                                   .window_bytes = tuning.window_bytes,
                                   .hash_rows = false,
                                   .stop_at_bad = options.rows.bad_rows == BadRows::fail});
        }
        block.worker = worker;
        parsers[worker]->parse(block, keep_all_bad);
    };
    steps.commit = [&](TableBlock& block) { builder.add(rules, block); };
    steps.observe = byte_progress(options.progress, done, total);
    OrderedPipeline<TableBlock>(std::move(steps), threads, stop).run();

    if (table.columns.empty()) {  // a header and no rows
        for (const std::string& column : rules.columns())
            table.columns.push_back({column, {}, {}});
    }
    table.report.bytes = reader.text_bytes();
    builder.finish();
    return table;
}

void reject_values(Table& table, std::vector<BadValue> bad, const RowPolicy& policy) {
    if (bad.empty()) return;
    std::ranges::stable_sort(bad, {}, &BadValue::row);
    std::vector<std::uint8_t> removed(table.rows(), 0);
    RejectLog rejects(policy, table.report, RejectLog::Mode::append);
    for (const BadValue& value : bad) {
        if (removed[value.row] != 0) continue;  // a row is rejected once, for its first bad value
        removed[value.row] = 1;
        const RowOrigin origin = table.origin[value.row];
        const TableTextColumn* const column = table.column(value.column);
        const std::uint32_t code = column == nullptr ? kNone : column->code[value.row];
        BadRow row = bad_value(Reason::value, 0, value.expected,
                               code == kNone ? std::string_view() : column->values.text(code),
                               row_text(table, value.row));
        row.line = origin.line;
        rejects.add(table.files[origin.file], value.column, row);
        --table.report.accepted;
    }
    remove_rows(table, removed);
    rejects.finish();
}

}  // namespace detail

Table read_table(std::span<const std::string> paths, const TableOptions& options) {
    return detail::read_table(paths, options, detail::Tuning{});
}

const TableTextColumn* Table::column(std::string_view name) const noexcept {
    const auto at = std::ranges::find(columns, name, &TableTextColumn::name);
    return at == columns.end() ? nullptr : &*at;
}

void reject_rows(Table& table, std::vector<BadValue> bad, const RowPolicy& policy) {
    detail::reject_values(table, std::move(bad), policy);
}

}  // namespace funnel::ingest
