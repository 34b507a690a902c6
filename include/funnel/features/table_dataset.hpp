// SPDX-License-Identifier: MIT
// table_dataset: columns of text to a Dataset: which columns are numbers, what a label is, which cells are
// bad.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/number.hpp"
#include "funnel/base/string_table.hpp"
#include "funnel/features/dataset.hpp"

namespace funnel::features {

/// One column of a table, borrowed: a code per row, kNone = missing.
struct ColumnView {
    std::string_view name;
    const base::StringTable* values = nullptr;
    std::span<const std::uint32_t> code;
};

/// The inputs of a table model by name, in the order of the table it was trained on.
struct TableInputs {
    std::vector<std::string> numeric, categorical;
};

/// A cell that cannot be used; its row is a bad row.
struct BadCell {
    std::size_t row = 0;
    std::string column, expected;
};

inline constexpr std::string_view kExpectedLabel = "a label: 0 or 1, true or false, yes or no";

/// 0 1, true false, yes no in any case; empty for anything else.
[[nodiscard]] std::optional<std::uint8_t> parse_label(std::string_view text) noexcept;

/// Inputs are all columns but `left_out`; one is numeric if at least 95 % of its non-missing values in the
/// first `training_rows` rows are numbers and it is not in `categorical`. A column without values is no
/// input. Throws Error(schema) for a name in either list that is no column.
[[nodiscard]] TableInputs infer_inputs(std::span<const ColumnView> columns, std::size_t training_rows,
                                       std::span<const std::string> left_out,
                                       std::span<const std::string> categorical);

/// Rows with these inputs by name; keys hold row and nothing else. With a label column its values become the
/// one target; without one (label empty, or the column not there and not required) labels are unknown. Cells
/// that cannot be used are added to `bad`, in row order. Throws Error(schema) naming a missing column.
[[nodiscard]] Dataset table_dataset(std::span<const ColumnView> columns, const TableInputs& inputs,
                                    const std::string& label, bool label_required, std::vector<BadCell>& bad);

/// A column as numbers, NaN where missing; other texts are added to `bad`.
[[nodiscard]] std::vector<double> number_column(const ColumnView& column, std::vector<BadCell>& bad);

/// The column of that name. Throws Error(schema) naming it and the columns there are.
[[nodiscard]] const ColumnView& find_column(std::span<const ColumnView> columns, std::string_view name);

namespace detail {

/// A number per distinct text of a column: each is parsed once.
[[nodiscard]] inline std::vector<std::optional<double>> numbers_of(const base::StringTable& values) {
    std::vector<std::optional<double>> numbers(values.size());
    for (std::uint32_t i = 0; i < values.size(); ++i)
        numbers[i] = base::parse_number(values.text(i));
    return numbers;
}

[[nodiscard]] inline bool contains(std::span<const std::string> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

inline void fill_labels(Dataset& data, const ColumnView& column, std::vector<BadCell>& bad) {
    for (std::size_t row = 0; row < column.code.size(); ++row) {
        const std::uint32_t code = column.code[row];
        const auto label = code == base::kNone ? std::nullopt : parse_label(column.values->text(code));
        if (!label) bad.push_back({row, std::string(column.name), std::string(kExpectedLabel)});
        data.labels[row] = label.value_or(kUnknownLabel);
    }
}

}  // namespace detail

inline std::optional<std::uint8_t> parse_label(std::string_view text) noexcept {
    const auto is = [text](std::string_view word) {
        return std::ranges::equal(
            text, word, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
    };
    if (text == "1" || is("true") || is("yes")) return std::uint8_t{1};
    if (text == "0" || is("false") || is("no")) return std::uint8_t{0};
    return std::nullopt;
}

inline const ColumnView& find_column(std::span<const ColumnView> columns, std::string_view name) {
    const auto at = std::ranges::find(columns, name, &ColumnView::name);
    if (at != columns.end()) return *at;
    std::string known;
    for (const ColumnView& column : columns)
        known += (known.empty() ? "" : ", ") + std::string(column.name);
    throw Error(ErrorCode::schema, "expected a column \"" + std::string(name) + "\", got the columns " +
                                       known + "; check the header");
}

inline TableInputs infer_inputs(std::span<const ColumnView> columns, std::size_t training_rows,
                                std::span<const std::string> left_out,
                                std::span<const std::string> categorical) {
    for (const auto names : {left_out, categorical}) {
        for (const std::string& name : names)
            (void)find_column(columns, name);
    }
    TableInputs inputs;
    for (const ColumnView& column : columns) {
        if (detail::contains(left_out, column.name)) continue;
        const auto numbers = detail::numbers_of(*column.values);
        std::uint64_t present = 0, numeric = 0;
        for (const std::uint32_t code : column.code.first(std::min(training_rows, column.code.size()))) {
            if (code == base::kNone) continue;
            ++present;
            numeric += numbers[code].has_value();
        }
        if (present == 0) continue;
        const bool is_number = numeric * 100 >= present * 95 && !detail::contains(categorical, column.name);
        (is_number ? inputs.numeric : inputs.categorical).emplace_back(column.name);
    }
    return inputs;
}

inline std::vector<double> number_column(const ColumnView& column, std::vector<BadCell>& bad) {
    const auto numbers = detail::numbers_of(*column.values);
    std::vector<double> result(column.code.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t row = 0; row < result.size(); ++row) {
        const std::uint32_t code = column.code[row];
        if (code == base::kNone) continue;
        if (numbers[code]) {
            result[row] = *numbers[code];
        } else {
            bad.push_back({row, std::string(column.name), "a number"});
        }
    }
    return result;
}

inline Dataset table_dataset(std::span<const ColumnView> columns, const TableInputs& inputs,
                             const std::string& label, bool label_required, std::vector<BadCell>& bad) {
    const std::size_t rows = columns.empty() ? 0 : columns.front().code.size();
    const std::size_t d = inputs.numeric.size(), c = inputs.categorical.size();
    Dataset data;
    data.keys.resize(rows);
    for (std::size_t row = 0; row < rows; ++row)
        data.keys[row].row = row;
    data.numeric.resize(rows * d);
    data.categorical.resize(rows * c);
    for (std::size_t i = 0; i < d; ++i) {
        const std::vector<double> values = number_column(find_column(columns, inputs.numeric[i]), bad);
        for (std::size_t row = 0; row < rows; ++row)
            data.numeric[row * d + i] = static_cast<float>(values[row]);
        data.numeric_features.push_back({inputs.numeric[i], Transform::identity});
    }
    for (std::size_t i = 0; i < c; ++i) {
        const ColumnView& column = find_column(columns, inputs.categorical[i]);
        for (std::size_t row = 0; row < rows; ++row)
            data.categorical[row * c + i] = column.code[row];
        data.categorical_features.push_back(inputs.categorical[i]);
        data.categories.push_back(*column.values);
    }
    data.targets = {label};
    data.labels.assign(rows, kUnknownLabel);
    if (label_required) detail::fill_labels(data, find_column(columns, label), bad);
    std::ranges::stable_sort(bad, {}, &BadCell::row);
    return data;
}

}  // namespace funnel::features
