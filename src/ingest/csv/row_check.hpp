// SPDX-License-Identifier: MIT
// check_structure: everything about a record that can be judged without knowing what its columns mean.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "ingest/csv/bad_row.hpp"
#include "ingest/csv/record.hpp"

namespace funnel::ingest::detail {

struct RowStructure {
    RecordStatus status = RecordStatus::complete;
    std::optional<BadRow>
        bad;  ///< also of a complete record with NUL, invalid UTF-8 or a wrong number of fields
};

/// The record that `text` begins with; `at_end`: nothing follows the text. Its fields are in `parser`.
[[nodiscard]] inline RowStructure check_structure(RecordParser& parser, std::string_view text, bool at_end,
                                                  std::size_t columns, char delimiter, std::size_t max_line) {
    RowStructure row;
    row.status = parser.parse(text, at_end);
    if (row.status == RecordStatus::need_more) return row;
    const std::string_view line = parser.first_line() == 0 ? text : text.substr(0, parser.first_line());
    if (row.status == RecordStatus::bad) {
        row.bad = bad_record(parser.reason(), parser.column(), line, max_line);
        return row;
    }
    row.bad = bad_bytes(text.substr(0, parser.size()), delimiter, line);
    if (!row.bad && parser.fields().size() != columns) {
        row.bad = bad_field_count(columns, parser.fields().size(), line);
    }
    return row;
}

}  // namespace funnel::ingest::detail
