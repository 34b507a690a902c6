// SPDX-License-Identifier: MIT
// Writes the fields of a CSV row as RFC 4180 has them; read_log reads them back unchanged.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <string>
#include <string_view>

namespace funnel::base {

/// Appends `text` as one field: in quotes if it holds a comma, a quote or a line end, or begins or ends with
/// a space; quotes inside are doubled.
inline void append_csv_field(std::string& out, std::string_view text) {
    const auto needs_quotes = [](char c) { return c == ',' || c == '"' || c == '\n' || c == '\r'; };
    const bool edge_space = !text.empty() && (text.front() == ' ' || text.back() == ' ');
    if (!edge_space && std::ranges::none_of(text, needs_quotes)) {
        out += text;
        return;
    }
    out += '"';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

/// Appends the shortest text that reads back as the same number; nothing for NaN ("missing").
template <std::floating_point T>
void append_csv_number(std::string& out, T value) {
    if (std::isnan(value)) return;
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace funnel::base
