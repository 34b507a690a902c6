// SPDX-License-Identifier: MIT
#include "funnel/report/text_table.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace funnel::report {

namespace {

struct Character {
    std::uint32_t code = 0;
    std::size_t bytes = 0;  // 0: not UTF-8
};

// The first character of a text that is not empty. Overlong forms and surrogates are not UTF-8.
Character first_character(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
    };
    const std::uint32_t lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
    std::uint32_t code = lead & (0x7Fu >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return {};
        code = code << 6 | (byte(i) & 0x3F);
    }
    constexpr std::array<std::uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
    if (code < kSmallest[bytes] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
    return {code, bytes};
}

// The blocks of Unicode's East_Asian_Width W and F that occur in names of goods.
bool is_wide(std::uint32_t code) noexcept {
    constexpr std::pair<std::uint32_t, std::uint32_t> kWide[] = {
        {0x1100, 0x115F}, {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97F},
        {0xAC00, 0xD7A3}, {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
        {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
    return std::ranges::any_of(
        kWide, [&](const auto& range) { return code >= range.first && code <= range.second; });
}

// Digits with separators in the part before the point.
std::string group_thousands(std::string digits) {
    const std::size_t begin = digits.starts_with('-') ? 1 : 0;
    const std::size_t point = std::min(digits.find('.'), digits.size());
    for (std::size_t at = point; at > begin + 3;) {
        at -= 3;
        digits.insert(at, 1, ',');
    }
    return digits;
}

}  // namespace

TextTable::TextTable(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}

void TextTable::add_row(std::vector<std::string> cells) {
    cells.resize(columns_.size());
    rows_.push_back(std::move(cells));
}

std::string TextTable::text(std::size_t indent) const {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        widths.push_back(display_width(columns_[c].title));
        for (const auto& row : rows_)
            widths[c] = std::max(widths[c], display_width(row[c]));
    }
    std::string out;
    const auto add_line = [&](const auto& cell) {
        std::string line(indent, ' ');
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            const std::string& text = cell(c);
            const std::size_t pad = widths[c] - display_width(text);
            if (c > 0) line += "  ";
            if (columns_[c].align == Align::right) line.append(pad, ' ');
            line += text;
            if (columns_[c].align == Align::left) line.append(pad, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    };
    const auto title = [&](std::size_t c) -> const std::string& { return columns_[c].title; };
    if (std::ranges::any_of(columns_, [](const TableColumn& column) { return !column.title.empty(); })) {
        add_line(title);
    }
    for (const auto& row : rows_)
        add_line([&](std::size_t c) -> const std::string& { return row[c]; });
    return out;
}

std::string TextTable::markdown() const {
    std::string out;
    const auto add_line = [&](const auto& cell) {
        out += '|';
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            out += ' ';
            for (const char letter : cell(c)) {
                if (letter == '|' || letter == '\\') out += '\\';
                out += letter;
            }
            out += " |";
        }
        out += '\n';
    };
    add_line([&](std::size_t c) { return columns_[c].title; });
    add_line(
        [&](std::size_t c) -> std::string { return columns_[c].align == Align::right ? "---:" : "---"; });
    for (const auto& row : rows_)
        add_line([&](std::size_t c) { return row[c]; });
    return out;
}

std::string format_number(const std::optional<double>& value, int digits) {
    if (!value) return "n/a";
    std::array<char, 400> buffer{};  // the largest double has 309 digits
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), *value,
                                   std::chars_format::fixed, std::clamp(digits, 0, 60));
    return group_thousands({buffer.data(), end.ptr});
}

std::string format_share(const std::optional<double>& share) {
    if (!share) return "n/a";
    const double percent = *share * 100;
    int digits = 2;
    if (percent != 0 && std::abs(percent) < 1) {
        digits = std::min(8, 2 - static_cast<int>(std::floor(std::log10(std::abs(percent)))));
    }
    return format_number(percent, digits) + " %";
}

std::string printable(std::string_view text, std::size_t limit) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (std::size_t taken = 0; !text.empty();) {
        const Character next = first_character(text);
        const std::size_t bytes = std::max<std::size_t>(next.bytes, 1);
        if (taken + bytes > limit) return out + "...";
        const bool control = next.code < 0x20 || (next.code >= 0x7F && next.code < 0xA0);
        if (next.bytes == 0 || control) {
            for (const char c : text.substr(0, bytes)) {
                const auto byte = static_cast<unsigned char>(c);
                out += "\\x";
                out += kHex[byte >> 4];
                out += kHex[byte & 15];
            }
        } else {
            out += text.substr(0, bytes);
        }
        text.remove_prefix(bytes);
        taken += bytes;
    }
    return out;
}

std::size_t display_width(std::string_view text) noexcept {
    std::size_t width = 0;
    while (!text.empty()) {
        const Character next = first_character(text);
        width += is_wide(next.code) ? 2 : 1;
        text.remove_prefix(std::max<std::size_t>(next.bytes, 1));
    }
    return width;
}

}  // namespace funnel::report
