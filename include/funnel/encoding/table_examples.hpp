// SPDX-License-Identifier: MIT
// table_examples: turns a table into a Dataset with its label, weights, times and groups, each from a named
// column.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/hash.hpp"
#include "funnel/encoding/table_dataset.hpp"

namespace funnel::encoding {

/// Which columns are no inputs but say something about their rows; an empty name: none.
struct TableRoles {
    std::string label = {};      ///< the target
    bool label_required = true;  ///< else the labels are unknown, and the column may be absent
    std::string weight = {};     ///< 0 or more
    std::string time = {};       ///< a number, or what parse_time reads
    std::string group = {};      ///< rows of one text belong together
    std::function<std::optional<std::int64_t>(std::string_view)> parse_time = {};  ///< for times as text
};

/// As table_dataset, with Dataset::weights and ExampleKey::time and group filled in. Cells that cannot be
/// used are added to `bad`; their rows are bad rows. Throws Error(schema) naming a column that is not there.
[[nodiscard]] Dataset table_examples(std::span<const base::ColumnView> columns,
                                     const base::TableInputs& inputs, const TableRoles& roles,
                                     std::vector<base::BadCell>& bad);

namespace detail {

/// Seconds since 1970, any other number or a text that is a time: what orders rows.
inline void fill_times(Dataset& data, const base::ColumnView& column, const TableRoles& roles,
                       std::vector<base::BadCell>& bad) {
    std::vector<std::optional<std::int64_t>> times(column.values->size());
    for (std::uint32_t i = 0; i < column.values->size(); ++i) {
        const std::string_view text = column.values->text(i);
        const auto number = base::parse_number(text);
        if (number && std::abs(*number) < 9e18) {
            times[i] = static_cast<std::int64_t>(*number);
        } else if (roles.parse_time) {
            times[i] = roles.parse_time(text);
        }
    }
    for (std::size_t row = 0; row < data.size(); ++row) {
        const std::uint32_t code = column.code[row];
        if (code == base::kNone || !times[code]) {
            bad.push_back({row, std::string(column.name), "a time"});
        } else {
            data.keys[row].time = *times[code];
        }
    }
}

inline void fill_groups(Dataset& data, const base::ColumnView& column) {
    for (std::size_t row = 0; row < data.size(); ++row) {
        const std::uint32_t code = column.code[row];
        data.keys[row].group = code == base::kNone ? 0 : base::hash_bytes(column.values->text(code));
    }
}

inline void fill_weights(Dataset& data, const base::ColumnView& column, const base::NumberFormat& format,
                         std::vector<base::BadCell>& bad) {
    const std::vector<double> weights = base::number_column(column, bad, format);
    data.weights.resize(weights.size());
    for (std::size_t row = 0; row < weights.size(); ++row) {
        if (!(weights[row] >= 0)) bad.push_back({row, std::string(column.name), "a weight of 0 or more"});
        data.weights[row] = static_cast<float>(weights[row]);
    }
}

}  // namespace detail

inline Dataset table_examples(std::span<const base::ColumnView> columns, const base::TableInputs& inputs,
                              const TableRoles& roles, std::vector<base::BadCell>& bad) {
    Dataset data = table_dataset(columns, inputs, roles.label, roles.label_required, bad);
    if (!roles.time.empty()) detail::fill_times(data, base::find_column(columns, roles.time), roles, bad);
    if (!roles.group.empty()) detail::fill_groups(data, base::find_column(columns, roles.group));
    if (!roles.weight.empty())
        detail::fill_weights(data, base::find_column(columns, roles.weight), inputs.numbers, bad);
    return data;
}

}  // namespace funnel::encoding
