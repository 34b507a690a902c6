// SPDX-License-Identifier: MIT
// ColumnView: a column of text by dictionary code; also, which columns of a table are numbers, and their
// values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/number_format.hpp"
#include "funnel/base/string_table.hpp"

namespace funnel::base {

/// One column of a table, borrowed: a code per row, kNone = missing.
struct ColumnView {
    std::string_view name;
    const StringTable* values = nullptr;
    std::span<const std::uint32_t> code;
};

/// The inputs of a table model by name, in the order of the table it was trained on.
struct TableInputs {
    std::vector<std::string> numeric, categorical;
    NumberFormat numbers = {};  ///< how the numbers are written
};

/// What is said about the columns of a table before anybody looks at their values.
struct ColumnChoice {
    std::vector<std::string> left_out;     ///< no inputs
    std::vector<std::string> categorical;  ///< names, even if they are digits
    std::vector<std::string> numeric;      ///< numbers, however many of their values are none
    NumberFormat numbers = {};
};

/// A cell that cannot be used; its row is a bad row.
struct BadCell {
    std::size_t row = 0;
    std::string column, expected;
};

/// Inputs are all columns but those left out; one is numeric if at least 95 % of its non-missing values in
/// the first `training_rows` rows are numbers and it is not chosen as categorical, or if it is chosen as
/// numeric. A column without values is no input. Throws Error(schema) for a chosen name that is no column,
/// Error(invalid_argument) for one that is chosen as both.
[[nodiscard]] TableInputs infer_inputs(std::span<const ColumnView> columns, std::size_t training_rows,
                                       const ColumnChoice& choice);

/// A column as numbers, NaN where missing; other texts are added to `bad`.
[[nodiscard]] std::vector<double> number_column(const ColumnView& column, std::vector<BadCell>& bad,
                                                const NumberFormat& format = {});

/// The column of that name. Throws Error(schema) naming it and the columns there are.
[[nodiscard]] const ColumnView& find_column(std::span<const ColumnView> columns, std::string_view name);

namespace detail {

/// A number per distinct text of a column: each is parsed once.
[[nodiscard]] inline std::vector<std::optional<double>> numbers_of(const StringTable& values,
                                                                   const NumberFormat& format) {
    std::vector<std::optional<double>> numbers(values.size());
    for (std::uint32_t i = 0; i < values.size(); ++i)
        numbers[i] = parse_number(values.text(i), format);
    return numbers;
}

[[nodiscard]] inline bool contains(std::span<const std::string> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

void check_choice(std::span<const ColumnView> columns, const ColumnChoice& choice);

}  // namespace detail

inline const ColumnView& find_column(std::span<const ColumnView> columns, std::string_view name) {
    const auto at = std::ranges::find(columns, name, &ColumnView::name);
    if (at != columns.end()) return *at;
    std::string known;
    for (const ColumnView& column : columns)
        known += (known.empty() ? "" : ", ") + std::string(column.name);
    throw Error(ErrorCode::schema, "expected a column \"" + std::string(name) + "\", got the columns " +
                                       known + "; check the header");
}

inline void detail::check_choice(std::span<const ColumnView> columns, const ColumnChoice& choice) {
    for (const auto* names : {&choice.left_out, &choice.categorical, &choice.numeric}) {
        for (const std::string& name : *names)
            (void)find_column(columns, name);
    }
    for (const std::string& name : choice.numeric) {
        if (contains(choice.categorical, name))
            throw Error(ErrorCode::invalid_argument, "column " + name +
                                                         ": expected it as numeric or as categorical, got "
                                                         "both; choose one of them");
    }
    choice.numbers.check();
}

inline TableInputs infer_inputs(std::span<const ColumnView> columns, std::size_t training_rows,
                                const ColumnChoice& choice) {
    detail::check_choice(columns, choice);
    TableInputs inputs{.numeric = {}, .categorical = {}, .numbers = choice.numbers};
    for (const ColumnView& column : columns) {
        if (detail::contains(choice.left_out, column.name)) continue;
        const auto numbers = detail::numbers_of(*column.values, choice.numbers);
        std::uint64_t present = 0, numeric = 0;
        for (const std::uint32_t code : column.code.first(std::min(training_rows, column.code.size()))) {
            if (code == kNone) continue;
            ++present;
            numeric += numbers[code].has_value();
        }
        if (present == 0) continue;
        const bool is_number =
            detail::contains(choice.numeric, column.name) ||
            (numeric * 100 >= present * 95 && !detail::contains(choice.categorical, column.name));
        (is_number ? inputs.numeric : inputs.categorical).emplace_back(column.name);
    }
    return inputs;
}

inline std::vector<double> number_column(const ColumnView& column, std::vector<BadCell>& bad,
                                         const NumberFormat& format) {
    const auto numbers = detail::numbers_of(*column.values, format);
    std::vector<double> result(column.code.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t row = 0; row < result.size(); ++row) {
        const std::uint32_t code = column.code[row];
        if (code == kNone) continue;
        if (numbers[code]) {
            result[row] = *numbers[code];
        } else {
            bad.push_back({row, std::string(column.name), "a number"});
        }
    }
    return result;
}

}  // namespace funnel::base
