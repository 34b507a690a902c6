// SPDX-License-Identifier: MIT
// A small CSV reader for what the program wrote: RFC 4180, kept apart from the reader under test.
#pragma once

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace funnel::support {

struct Csv {
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;

    [[nodiscard]] std::size_t column(std::string_view name) const {
        const auto at = std::ranges::find(header, name);
        if (at == header.end()) throw std::runtime_error("no column " + std::string(name));
        return static_cast<std::size_t>(at - header.begin());
    }
    [[nodiscard]] bool has(std::string_view name) const {
        return std::ranges::find(header, name) != header.end();
    }
    [[nodiscard]] const std::string& at(std::size_t row, std::string_view name) const {
        return rows.at(row).at(column(name));
    }
    [[nodiscard]] std::vector<std::string> values(std::string_view name) const {
        std::vector<std::string> all;
        const std::size_t k = column(name);
        for (const auto& row : rows)
            all.push_back(row.at(k));
        return all;
    }
};

[[nodiscard]] inline Csv parse_csv(std::string_view text) {
    std::vector<std::vector<std::string>> records;
    std::vector<std::string> record(1);
    bool quoted = false, any = false;
    const auto end_record = [&] {
        if (any) records.push_back(record);
        record.assign(1, "");
        any = false;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c != '"') {
                record.back() += c;
            } else if (i + 1 < text.size() && text[i + 1] == '"') {
                record.back() += text[++i];
            } else {
                quoted = false;
            }
        } else if (c == '"') {
            quoted = any = true;
        } else if (c == ',') {
            record.emplace_back();
            any = true;
        } else if (c == '\n') {
            end_record();
        } else {
            record.back() += c;
            any = true;
        }
    }
    end_record();
    if (records.empty()) throw std::runtime_error("an empty CSV");
    Csv csv{records.front(), {records.begin() + 1, records.end()}};
    for (const auto& row : csv.rows) {
        if (row.size() != csv.header.size())
            throw std::runtime_error("a CSV row with another number of fields");
    }
    return csv;
}

}  // namespace funnel::support
