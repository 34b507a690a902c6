// SPDX-License-Identifier: MIT
#include "svg_figure.hpp"

#include <cstdint>
#include <utility>

#include "funnel/report/text_table.hpp"
#include "markup.hpp"

namespace funnel::report::html {

HtmlTable::HtmlTable(std::string_view caption, std::vector<Column> columns, std::size_t limit)
    : caption_(caption), columns_(std::move(columns)), limit_(limit) {}

void HtmlTable::add_row(const std::vector<std::string>& cells) {
    if (rows_++ >= limit_) return;
    body_ += "<tr>";
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        const std::string cell = c < cells.size() ? cells[c] : std::string();
        const std::string_view style = columns_[c].is_text ? "" : "class=\"n\"";
        body_ += c == 0 ? element("th", "scope=\"row\"", cell) : element("td", style, cell);
    }
    body_ += "</tr>\n";
}

std::string HtmlTable::markup() const {
    std::string head;
    for (const Column& column : columns_) {
        head += element("th", column.is_text ? "scope=\"col\"" : "scope=\"col\" class=\"n\"",
                        escape(column.title));
    }
    return "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" + escape(caption_) + "\">" +
           element("table", element("caption", escape(caption_)) + element("thead", element("tr", head)) +
                                element("tbody", body_)) +
           "</div>" + left_out(rows_, std::min(rows_, limit_), "rows");
}

std::string chart(std::string_view title, std::string_view subtitle, std::string_view svg,
                  std::string_view axes) {
    std::string out = element("h4", escape(title));
    if (!subtitle.empty()) out += element("p", "class=\"sub\"", escape(subtitle));
    out += element("div", "class=\"plot\"", svg);
    if (!axes.empty()) out += element("p", "class=\"axes\"", escape(axes));
    return element("div", "class=\"chart\"", out);
}

std::string figure(std::string_view id, std::string_view title, std::string_view note,
                   std::string_view charts, const HtmlTable& table) {
    std::string caption = element("h3", escape(title));
    if (!note.empty()) caption += element("p", note);
    return element(
               "figure", "id=\"" + std::string(id) + "\"",
               element("figcaption", caption) + std::string(charts) +
                   element("details", element("summary", "The same as a table: " + escape(table.caption())) +
                                          table.markup())) +
           "\n";
}

std::string section(std::string_view id, std::string_view title, std::string_view content) {
    const std::string name(id);
    return element("section", "id=\"" + name + "\" aria-labelledby=\"" + name + "-title\"",
                   element("h2", "id=\"" + name + "-title\"", escape(title)) + "\n" + std::string(content)) +
           "\n";
}

std::string left_out(std::size_t all, std::size_t shown, std::string_view what) {
    if (shown >= all) return {};
    return element("p", "class=\"small\"",
                   "Not shown here: " + format_count(static_cast<std::int64_t>(all - shown)) + " more " +
                       escape(what) + ".");
}

}  // namespace funnel::report::html
