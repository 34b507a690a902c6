// SPDX-License-Identifier: MIT
// read_table: a CSV table of finished examples, every column kept as dictionary-coded text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/missing_words.hpp"
#include "funnel/base/progress.hpp"
#include "funnel/base/string_table.hpp"
#include "funnel/ingest/read_log.hpp"

namespace funnel::ingest {

/// One column: the distinct texts and a code per row. What is missing (TableOptions::missing) is kNone.
struct TableTextColumn {
    std::string name;
    base::StringTable values;
    std::vector<std::uint32_t> code;
};

/// Where a row came from, for messages about values that only the caller can judge.
struct RowOrigin {
    std::uint32_t file = 0;
    std::uint64_t line = 0;  ///< physical line where the record starts, from 1
};

struct Table {
    std::vector<std::string> files;
    std::vector<TableTextColumn> columns;
    std::vector<RowOrigin> origin;  ///< per row
    ReadReport report;

    [[nodiscard]] std::size_t rows() const noexcept { return origin.size(); }
    /// The column of that name, or nullptr.
    [[nodiscard]] const TableTextColumn* column(std::string_view name) const noexcept;
};

struct TableOptions {
    char delimiter = ',';
    std::vector<std::string>
        verbatim;                ///< columns in which every word is a text: ids, what is passed through
    base::MissingWords missing;  ///< in all other columns
    RowPolicy rows;
    unsigned threads = 1;
    base::ProgressObserver progress;
};

/// Reads the paths in order as one table; all must have the same columns, in any order.
/// Throws as read_log. The report counts structurally bad rows; see reject_rows for bad values.
[[nodiscard]] Table read_table(std::span<const std::string> paths, const TableOptions& options);

/// A row whose value in `column` cannot be used, found after reading.
struct BadValue {
    std::size_t row = 0;
    std::string column, expected;
};

/// Applies the policy to bad values: `fail` throws Error(parse) for the first in file order; `skip` removes
/// the rows, counts them in table.report, appends them to the rejects file and judges max_bad.
void reject_rows(Table& table, std::vector<BadValue> bad, const RowPolicy& policy);

}  // namespace funnel::ingest
