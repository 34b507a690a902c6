// SPDX-License-Identifier: MIT
// Small helpers of texts for a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/report/text_table.hpp"

namespace funnel::report {

/// How a text looks: colours of a terminal, plain, or Markdown.
class Paint {
 public:
    explicit Paint(bool colours, bool markdown = false) : on_(colours && !markdown), markdown_(markdown) {}
    [[nodiscard]] bool markdown() const noexcept { return markdown_; }
    /// A heading, its line ended.
    [[nodiscard]] std::string title(std::string_view text) const {
        return (markdown_ ? "## " + std::string(text) + "\n" : wrap("\x1b[1m", text)) + "\n";
    }
    [[nodiscard]] std::string table(const TextTable& table) const {
        return markdown_ ? table.markdown() : table.text(2);
    }
    /// A line of words above a table.
    [[nodiscard]] std::string lead(std::string_view text) const {
        return (markdown_ ? "" : "  ") + std::string(text) + (markdown_ ? "\n\n" : "\n");
    }
    /// A line of words below a table.
    [[nodiscard]] std::string line(std::string_view text) const {
        return (markdown_ ? "\n" : "  ") + std::string(text) + "\n";
    }
    [[nodiscard]] std::string bar(std::string_view text) const { return wrap("\x1b[36m", text); }
    [[nodiscard]] std::string warning(std::string_view text) const { return wrap("\x1b[33m", text); }

 private:
    [[nodiscard]] std::string wrap(std::string_view code, std::string_view text) const {
        if (!on_ || text.empty()) return std::string(text);
        return std::string(code) + std::string(text) + "\x1b[0m";
    }
    bool on_;
    bool markdown_;
};

[[nodiscard]] inline std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts)
        out += (out.empty() ? "" : ", ") + printable(text);
    return out;
}

[[nodiscard]] inline std::string counted(std::int64_t count, std::string_view what) {
    return format_count(count) + " " + std::string(what);
}

}  // namespace funnel::report
