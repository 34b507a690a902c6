// SPDX-License-Identifier: MIT
// table_dataset: turns columns of text into a Dataset, and says which of their cells are bad.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "funnel/base/columns.hpp"
#include "funnel/base/feature.hpp"
#include "funnel/base/label.hpp"
#include "funnel/base/string_table.hpp"
#include "funnel/encoding/dataset.hpp"

namespace funnel::encoding {

/// Rows with these inputs by name; keys hold row and nothing else. With a label column its values become the
/// one target; without one (label empty, or the column not there and not required) labels are unknown. Cells
/// that cannot be used are added to `bad`, in row order. Throws Error(schema) naming a missing column.
[[nodiscard]] Dataset table_dataset(std::span<const base::ColumnView> columns,
                                    const base::TableInputs& inputs, const std::string& label,
                                    bool label_required, std::vector<base::BadCell>& bad);

namespace detail {

inline void fill_labels(Dataset& data, const base::ColumnView& column, std::vector<base::BadCell>& bad) {
    for (std::size_t row = 0; row < column.code.size(); ++row) {
        const std::uint32_t code = column.code[row];
        const auto label = code == base::kNone ? std::nullopt : base::parse_label(column.values->text(code));
        if (!label) bad.push_back({row, std::string(column.name), std::string(base::kExpectedLabel)});
        data.labels[row] = label.value_or(base::kUnknownLabel);
    }
}

}  // namespace detail

inline Dataset table_dataset(std::span<const base::ColumnView> columns, const base::TableInputs& inputs,
                             const std::string& label, bool label_required, std::vector<base::BadCell>& bad) {
    const std::size_t rows = columns.empty() ? 0 : columns.front().code.size();
    const std::size_t d = inputs.numeric.size(), c = inputs.categorical.size();
    Dataset data;
    data.keys.resize(rows);
    for (std::size_t row = 0; row < rows; ++row)
        data.keys[row].row = row;
    data.numeric.resize(rows * d);
    data.categorical.resize(rows * c);
    for (std::size_t i = 0; i < d; ++i) {
        const std::vector<double> values =
            base::number_column(base::find_column(columns, inputs.numeric[i]), bad, inputs.numbers);
        for (std::size_t row = 0; row < rows; ++row)
            data.numeric[row * d + i] = static_cast<float>(values[row]);
        data.numeric_features.push_back({inputs.numeric[i], base::Transform::identity});
    }
    for (std::size_t i = 0; i < c; ++i) {
        const base::ColumnView& column = base::find_column(columns, inputs.categorical[i]);
        for (std::size_t row = 0; row < rows; ++row)
            data.categorical[row * c + i] = column.code[row];
        data.categorical_features.push_back(inputs.categorical[i]);
        data.categories.push_back(*column.values);
    }
    data.targets = {label};
    data.labels.assign(rows, base::kUnknownLabel);
    if (label_required) detail::fill_labels(data, base::find_column(columns, label), bad);
    std::ranges::stable_sort(bad, {}, &base::BadCell::row);
    return data;
}

}  // namespace funnel::encoding
