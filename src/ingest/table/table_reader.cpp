// SPDX-License-Identifier: MIT
#include "ingest/table/table_reader.hpp"

#include <algorithm>
#include <utility>

#include "funnel/base/error.hpp"
#include "ingest/csv/names.hpp"
#include "ingest/log/log_plan.hpp"

namespace funnel::ingest::detail {

FileFormat TableRules::open_file(std::uint32_t file, const std::string& name,
                                 const std::vector<std::string>& first) {
    expect_distinct(name, first);
    if (columns_.empty()) {
        columns_ = first;
        first_name_ = name;
    }
    FileFormat format;
    format.file = file;
    format.name = name;
    format.header = first;
    format.unit = TimeUnit::iso;  // a table has no time column: nothing is to be found out
    for (const std::string& column : columns_) {
        const auto at = std::ranges::find(first, column);
        if (at == first.end()) {
            throw Error(ErrorCode::schema, escaped(name) + ": column " + escaped(column) +
                                               ": expected it as in " + escaped(first_name_) + ", got \"" +
                                               list(first) + "\"; give tables with the same columns");
        }
        format.column_of.push_back(static_cast<std::size_t>(at - first.begin()));
    }
    if (first.size() > columns_.size()) {
        const auto extra = std::ranges::find_if(first, [&](const std::string& column) {
            return std::ranges::find(columns_, column) == columns_.end();
        });
        throw Error(ErrorCode::schema, escaped(name) + ": column " + escaped(*extra) +
                                           ": expected the columns of " + escaped(first_name_) +
                                           ", got one more; give tables with the same columns");
    }
    return format;
}

void TableParser::parse(TableBlock& out, bool keep_all_bad) {
    out.outcome.reset(keep_all_bad);
    out.lines.clear();
    out.codes.resize(tables_.size());
    out.fresh.resize(tables_.size());
    for (auto& codes : out.codes)
        codes.clear();
    for (auto& fresh : out.fresh)
        fresh.clear();
    out_ = &out;
    block_parser_.parse(out.block, *this, out.outcome);
}

void TableParser::consume(const Block&, RowBatch& batch, BlockOutcome&) {
    for (std::size_t row = 0; row < batch.size(); ++row)
        out_->lines.push_back(static_cast<std::uint32_t>(batch.line(row)));
    for (std::size_t i = 0; i < tables_.size(); ++i) {
        auto& codes = out_->codes[i];
        const std::size_t before = codes.size();
        codes.resize(before + batch.size());
        const bool verbatim = verbatim_[i] != 0;
        batch.with_column(i, [&](const auto& column) {
            const auto text_at = [&](std::size_t row) {
                const std::string_view text = column(row);
                return !verbatim && missing_.contain(text) ? std::string_view() : text;
            };
            tables_[i].intern(batch.size(), text_at, codes.data() + before, out_->fresh[i]);
        });
    }
}

void TableBuilder::add(const TableRules& rules, TableBlock& block) {
    const FileFormat& format = *block.block.format;
    if (block.block.first_of_file) line_ = format.lines_before;
    if (table_.columns.empty()) {
        table_.columns.resize(rules.columns().size());
        for (std::size_t i = 0; i < table_.columns.size(); ++i)
            table_.columns[i].name = rules.columns()[i];
    }
    rejects_.add(format, block.outcome, line_);
    ReadReport& report = table_.report;
    report.rows += block.outcome.rows;
    report.accepted += block.lines.size();
    for (const std::uint32_t line : block.lines)
        table_.origin.push_back({format.file, line_ + line + 1});
    line_ += block.outcome.lines;
    auto& maps = maps_[block.worker];
    maps.resize(table_.columns.size());
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
        TableTextColumn& column = table_.columns[i];
        const NewIds& fresh = block.fresh[i];
        for (std::size_t id = 0; id < fresh.size(); ++id)
            maps[i].push_back(column.values.intern(fresh.text(id), fresh.hashes[id]));
        for (const std::uint32_t code : block.codes[i])
            column.code.push_back(code == kNone ? kNone : maps[i][code]);
    }
}

}  // namespace funnel::ingest::detail
