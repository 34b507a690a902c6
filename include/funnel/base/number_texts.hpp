// SPDX-License-Identifier: MIT
// number_texts: columns of a table that are read as text although most of their values look like numbers, and
// the option that would read them as numbers. A model that learns "$3,568.48" as a word learns next to
// nothing from a price.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/columns.hpp"
#include "funnel/base/number_format.hpp"

namespace funnel::base {

/// One such column, counted over the training rows.
struct NumberText {
    std::string column;
    std::uint64_t values = 0;   ///< that are not missing
    std::uint64_t numbers = 0;  ///< of these, that `format` reads
    std::string example = {};   ///< a value that is no number as the table is read
    NumberFormat format = {};   ///< the one the table is read with, if other words are what stands in the way
    std::string word = {};      ///< then the most frequent of these words, or empty
    std::uint64_t words = 0;    ///< and how often it stands there
    bool percent = false;       ///< numbers with a % behind them, which no format reads
};

/// Of the categorical inputs but those in `chosen`, the ones of whose non-missing values in the first
/// `training_rows` rows at least 80 % are numbers, in some way of writing them.
[[nodiscard]] std::vector<NumberText> number_texts(std::span<const ColumnView> columns,
                                                   std::size_t training_rows, const TableInputs& inputs,
                                                   std::span<const std::string> chosen);

namespace detail {

/// A text that stands in a column, and in how many training rows.
struct CountedText {
    std::string_view text;
    std::uint64_t rows = 0;
};

[[nodiscard]] inline std::vector<CountedText> counted_texts(const ColumnView& column, std::size_t rows) {
    std::vector<CountedText> counts(column.values->size());
    for (const std::uint32_t code : column.code.first(std::min(rows, column.code.size()))) {
        if (code != kNone) ++counts[code].rows;
    }
    for (std::uint32_t i = 0; i < counts.size(); ++i)
        counts[i].text = column.values->text(i);
    std::erase_if(counts, [](const CountedText& count) { return count.rows == 0; });
    return counts;
}

template <typename Fits>
[[nodiscard]] std::uint64_t rows_that(std::span<const CountedText> texts, Fits&& fits) {
    std::uint64_t rows = 0;
    for (const CountedText& text : texts)
        rows += fits(text.text) ? text.rows : 0;
    return rows;
}

[[nodiscard]] inline bool is_percentage(std::string_view text) noexcept {
    if (!text.ends_with('%')) return false;
    text.remove_suffix(1);
    return std::ranges::any_of(
        usual_formats(), [&](const NumberFormat& format) { return parse_number(text, format).has_value(); });
}

/// What the other words of a column are that is full of numbers as they are read already.
inline void name_word(NumberText& found, std::span<const CountedText> texts) {
    for (const CountedText& text : texts) {
        if (parse_number(text.text, found.format) || text.rows <= found.words) continue;
        found.word = text.text;
        found.words = text.rows;
    }
    found.example = found.word;
}

[[nodiscard]] inline std::optional<NumberText> number_text(const ColumnView& column, std::size_t rows,
                                                           const NumberFormat& now) {
    const std::vector<CountedText> texts = counted_texts(column, rows);
    NumberText found{.column = std::string(column.name), .format = now};
    found.values = rows_that(texts, [](std::string_view) { return true; });
    const auto is_most = [&](std::uint64_t part) { return found.values > 0 && part * 5 >= found.values * 4; };
    const auto has_digit = [](std::string_view text) { return std::ranges::any_of(text, detail::is_digit); };
    if (!is_most(rows_that(texts, has_digit))) return std::nullopt;
    const auto read_by = [&](const NumberFormat& format) {
        return rows_that(texts, [&](std::string_view t) { return parse_number(t, format).has_value(); });
    };
    found.numbers = read_by(now);
    const std::uint64_t plain = found.numbers;
    for (const NumberFormat& format : usual_formats()) {
        const std::uint64_t numbers = read_by(format);
        if (numbers <= found.numbers) continue;
        found.numbers = numbers;
        found.format = format;
    }
    if (is_most(found.numbers)) {
        if (found.numbers == plain) name_word(found, texts);
    } else if (is_most(rows_that(texts, is_percentage))) {
        found.percent = true;
        found.numbers = rows_that(texts, is_percentage);
    } else {
        return std::nullopt;
    }
    for (const CountedText& text : texts) {
        if (found.example.empty() && !parse_number(text.text, now)) found.example = text.text;
    }
    return found;
}

}  // namespace detail

inline std::vector<NumberText> number_texts(std::span<const ColumnView> columns, std::size_t training_rows,
                                            const TableInputs& inputs, std::span<const std::string> chosen) {
    std::vector<NumberText> all;
    for (const std::string& name : inputs.categorical) {
        if (detail::contains(chosen, name)) continue;
        auto found = detail::number_text(find_column(columns, name), training_rows, inputs.numbers);
        if (found) all.push_back(std::move(*found));
    }
    return all;
}

}  // namespace funnel::base
