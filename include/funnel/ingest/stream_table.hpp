// SPDX-License-Identifier: MIT
// stream_table: reads a CSV table of finished examples block by block, never whole in memory: numbers as
// floats, categories as hashes of their texts.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/number_format.hpp"
#include "funnel/ingest/read_table.hpp"

namespace funnel::ingest {

enum class CellKind : std::uint8_t { ignored, number, category, label };

/// What the columns of a table are, in its order, with one label.
struct CellKinds {
    std::vector<CellKind> kinds;
    /// 0 or 1; empty for a text that is no label.
    std::function<std::optional<std::uint8_t>(std::string_view)> parse_label;
    std::string expected_label;  ///< for messages
    base::NumberFormat numbers;  ///< how numbers are written
};

/// Rows in file order, valid during the call that gets them.
struct TableRows {
    std::span<const float> numbers;             ///< (n, d) row-major, NaN = missing
    std::span<const std::uint64_t> categories;  ///< (n, c) row-major: base::hash_bytes, missing = no text
    std::span<const std::uint8_t> labels;       ///< n
    std::uint64_t bytes = 0;                    ///< read of all files, up to the end of these rows

    [[nodiscard]] std::size_t size() const noexcept { return labels.size(); }
};

/// Reads the paths in order as one table. `choose` is called once, with the first rows of the first file
/// (some thousands), and says what the columns are; then `use` gets all rows. Both are called by one thread
/// at a time, while others read ahead. Values that do not fit their column make a bad row. Throws as
/// read_table.
ReadReport stream_table(std::span<const std::string> paths, const TableOptions& options,
                        const std::function<CellKinds(const Table&)>& choose,
                        const std::function<void(const TableRows&)>& use);

}  // namespace funnel::ingest
