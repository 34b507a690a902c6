// SPDX-License-Identifier: MIT
#include "vector_files.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "funnel/files/npy.hpp"
#include "funnel/ingest/read_table.hpp"
#include "side_tables.hpp"
#include "table_model.hpp"

namespace funnel::tool {
namespace {

using events::SideKey;
using events::VectorTable;

/// Which rows the table has, and the name of the column that says so.
std::pair<SideKey, std::string> key_of(const ingest::Table& table, const ingest::Schema& schema,
                                       const std::string& path) {
    const std::string item = id_column(table, schema, "item"), user = id_column(table, schema, "user");
    if (item.empty() == user.empty()) {
        throw Error(ErrorCode::schema,
                    path + ": expected one id column, item_id or user_id or the log's name " +
                        "for it, got " + (item.empty() ? "none" : "both") + "; check the header");
    }
    return item.empty() ? std::pair(SideKey::user_vector, user) : std::pair(SideKey::item_vector, item);
}

/// Cells that are no numbers, and rows without an id, are bad rows.
void reject_bad_rows(ingest::Table& table, const std::string& id, const ingest::RowPolicy& policy) {
    std::vector<base::BadCell> cells;
    for (const base::ColumnView& column : columns_of(table)) {
        if (column.name != id) {
            (void)base::number_column(column, cells);
            continue;
        }
        for (std::uint32_t row = 0; row < column.code.size(); ++row) {
            if (column.code[row] == base::kNone) cells.push_back({row, id, "an id"});
        }
    }
    reject_cells(table, std::move(cells), policy);
}

std::vector<std::string_view> texts_of(const base::ColumnView& column) {
    std::vector<std::string_view> texts;
    for (const std::uint32_t code : column.code)
        texts.push_back(column.values->text(code));
    return texts;
}

/// Numbers of all columns but the id, row-major.
std::vector<float> numbers_of(const std::vector<base::ColumnView>& columns, const std::string& id,
                              std::size_t rows, std::vector<std::string>& names) {
    std::vector<std::vector<double>> numbers;
    for (const base::ColumnView& column : columns) {
        if (column.name == id) continue;
        std::vector<base::BadCell> bad;  // they are gone
        numbers.push_back(base::number_column(column, bad));
        names.emplace_back(column.name);
    }
    std::vector<float> values;
    values.reserve(rows * numbers.size());
    for (std::size_t row = 0; row < rows; ++row) {
        for (const std::vector<double>& column : numbers)
            values.push_back(static_cast<float>(column[row]));
    }
    return values;
}

}  // namespace

std::string ids_file(const std::string& path) {
    constexpr std::string_view kNpy = ".npy";
    return path.ends_with(kNpy) ? path.substr(0, path.size() - kNpy.size()) + ".ids" : std::string{};
}

VectorTable read_vectors(const std::string& path, const ingest::Schema& schema, const LogOptions& log,
                         Run& run) {
    const std::string ids = ids_file(path), source = ids.empty() ? path : ids;
    ingest::Table table = ingest::read_table(std::vector{source}, side_reading(schema, log, run));
    const auto [key, id] = key_of(table, schema, source);
    if (ids.empty()) reject_bad_rows(table, id, log.row_policy());
    tell_about_reading(table.report, log, run);
    const auto columns = columns_of(table);
    const base::ColumnView& id_view = base::find_column(columns, id);
    std::vector<std::string> names;
    if (ids.empty()) {
        std::vector<float> values = numbers_of(columns, id, table.rows(), names);
        return {key, std::move(names), texts_of(id_view), std::move(values)};
    }
    files::FileDigest digest;
    files::NpyMatrix matrix = files::read_npy(path, &digest);
    run.record.add_input(std::move(digest));
    if (matrix.rows != table.rows() || std::ranges::find(id_view.code, base::kNone) != id_view.code.end()) {
        throw Error(ErrorCode::schema, ids + ": expected an id for each of the " +
                                           std::to_string(matrix.rows) + " rows of " + path + ", got " +
                                           std::to_string(table.rows()) + "; write both anew");
    }
    for (std::size_t i = 0; i < matrix.columns; ++i)
        names.push_back("v" + std::to_string(i));
    return {key, std::move(names), texts_of(id_view), std::move(matrix.values)};
}

}  // namespace funnel::tool
