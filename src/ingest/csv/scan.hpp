// SPDX-License-Identifier: MIT
// The places of delimiters and line ends in a stretch of CSV text, 64 bytes at a time with the widest vectors
// of the machine. A separator inside quotes is found with the prefix XOR of the quote bits (Langdale and
// Lemire, "Parsing gigabytes of JSON per second", 2019): right wherever quotes come in pairs, which the
// callers verify row by row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace funnel::ingest::detail {

/// Bytes that must be readable behind any text that is scanned or whose fields are hashed.
inline constexpr std::size_t kPadding = 64;

/// What scan_rows found; buffers are kept between calls.
struct RowIndex {
    std::vector<std::uint32_t> buffer;    ///< offset -1, then the separators
    std::vector<std::uint32_t> row_ends;  ///< per row: which separator is its line end; not if regular
    std::vector<std::uint32_t> quotes;    ///< per row: quotes in the text up to its line end; only if quoted
    std::size_t rows = 0;
    bool regular = false;     ///< every row has the number of fields that was expected, and there is no quote
    bool high_bytes = false;  ///< some byte >= 0x80
    bool zero_bytes = false;  ///< some NUL

    /// Offsets of delimiters and line ends; the element before the first is the offset -1.
    [[nodiscard]] const std::uint32_t* separators() const noexcept { return buffer.data() + 1; }
    /// Fills in row_ends of regular rows.
    void rank_regular(std::size_t columns) {
        for (std::size_t i = 0; i < rows; ++i)
            row_ends[i] = static_cast<std::uint32_t>((i + 1) * columns - 1);
    }
};

/// The functions below as one kind of CPU runs them.
struct Scans {
    std::size_t (*scan_plain)(const char* text, std::size_t size, char delimiter, std::uint32_t* separators,
                              std::size_t& line_ends);
    void (*scan_quoted)(const char* text, std::size_t size, char delimiter, RowIndex& index);
    void (*note_odd_bytes)(const char* text, std::size_t size, RowIndex& index);
    std::size_t (*open_line_end)(const char* text, std::size_t size);
    std::size_t (*line_ends)(const char* text, std::size_t size);
};
/// Those that this CPU can run, the fastest last.
[[nodiscard]] std::span<const Scans* const> runnable_scans();
[[nodiscard]] const Scans& best_scans();

/// Splits text[0, size), size < 2^32, at a record border; what follows the last line end is left out.
/// `quoted`: the text has quotes. kPadding bytes behind the text must be readable.
void scan_rows(const char* text, std::size_t size, char delimiter, bool quoted, std::size_t columns,
               RowIndex& index, const Scans& scans = best_scans());

/// Offset of the first line end at which the number of quotes before it is odd, or npos. The text begins at a
/// record border. kPadding bytes behind it must be readable.
[[nodiscard]] std::size_t find_open_line_end(const char* text, std::size_t size,
                                             const Scans& scans = best_scans());

/// Line feeds in the text.
[[nodiscard]] std::size_t count_line_ends(const char* text, std::size_t size);

}  // namespace funnel::ingest::detail
