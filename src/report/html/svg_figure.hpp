// SPDX-License-Identifier: MIT
// The blocks of a page: tables, and figures of charts with a table of the same numbers beside them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace funnel::report::html {

struct Column {
    std::string title;     ///< text
    bool is_text = false;  /// else a number: right
};

/// One thread at a time.
class HtmlTable {
 public:
    /// caption: text. Of more than `limit` rows the first are shown and the others counted.
    HtmlTable(std::string_view caption, std::vector<Column> columns, std::size_t limit = 400);

    /// One cell of markup per column; the first is the head of the row.
    void add_row(const std::vector<std::string>& cells);

    [[nodiscard]] std::string markup() const;
    [[nodiscard]] const std::string& caption() const noexcept { return caption_; }

 private:
    std::string caption_;
    std::vector<Column> columns_;
    std::size_t limit_, rows_ = 0;
    std::string body_;
};

/// A small chart under its own title; `axes` tells what lies along x, below the chart. Both texts.
[[nodiscard]] std::string chart(std::string_view title, std::string_view subtitle, std::string_view svg,
                                std::string_view axes = {});

/// charts: markup, side by side where there is room. note: markup of what the numbers are.
[[nodiscard]] std::string figure(std::string_view id, std::string_view title, std::string_view note,
                                 std::string_view charts, const HtmlTable& table);

/// A part of the page with a title (text) and an anchor.
[[nodiscard]] std::string section(std::string_view id, std::string_view title, std::string_view content);

/// "Not shown here: 12 more rows." or nothing.
[[nodiscard]] std::string left_out(std::size_t all, std::size_t shown, std::string_view what);

}  // namespace funnel::report::html
