// SPDX-License-Identifier: MIT
// TextTable: text in aligned columns for people, with numbers formatted for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/count_words.hpp"
#include "funnel/files/same_containers.hpp"

namespace funnel::report {

enum class Align { left, right };

struct TableColumn {
    std::string title;
    Align align = Align::right;
};

/// Columns stand two spaces apart and are as wide as their widest cell; no line ends in a space.
/// One thread at a time.
class TextTable {
 public:
    explicit TextTable(std::vector<TableColumn> columns);

    /// One cell per column; missing ones are empty. Cells are printed as they are: see printable.
    void add_row(std::vector<std::string> cells);

    /// A title line and one line per row, each with `indent` spaces before it. Without titles (all empty) no
    /// title line.
    [[nodiscard]] std::string text(std::size_t indent = 0) const;

    /// As a table of GitHub's Markdown.
    [[nodiscard]] std::string markdown() const;

 private:
    std::vector<TableColumn> columns_;
    std::vector<std::vector<std::string>> rows_;
};

using base::format_count;

/// 0.1234 -> "12.34 %"; three significant digits below 1 %: "0.778 %". "n/a" without a value.
[[nodiscard]] std::string format_share(const std::optional<double>& share);

/// `digits` places after the point, with thousands separators: "5,239,240.56". "n/a" without a value.
[[nodiscard]] std::string format_number(const std::optional<double>& value, int digits);

/// Data for a terminal: control characters and bytes that are not UTF-8 as \xNN, cut after `limit` bytes.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 200);

/// Columns that `text` (UTF-8) takes on a terminal; East Asian wide characters count as two.
[[nodiscard]] std::size_t display_width(std::string_view text) noexcept;

}  // namespace funnel::report
