// SPDX-License-Identifier: MIT
// Dialect: how the records of a text are written.
#pragma once

#include <cstdint>
#include <string_view>

namespace funnel::ingest::detail {

struct Dialect {
    char delimiter = ',';
    char quote = '"';              ///< 0: none
    char escape = 0;               ///< 0: none
    char comment = 0;              ///< at the begin of a line that is no record; 0: none
    std::uint64_t skip_lines = 0;  ///< before the first record

    /// RFC 4180 but for the delimiter: what the vector scan knows.
    [[nodiscard]] bool plain() const noexcept { return quote == '"' && escape == 0 && comment == 0; }
    [[nodiscard]] bool is_comment(std::string_view line) const noexcept {
        return comment != 0 && line.starts_with(comment);
    }
};

}  // namespace funnel::ingest::detail
