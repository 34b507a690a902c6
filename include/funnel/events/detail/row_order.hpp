// SPDX-License-Identifier: MIT
// row_before: an order of the rows of a log that does not depend on where they stand in the file.
#pragma once

#include <algorithm>
#include <bit>
#include <compare>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

#include "funnel/base/string_table.hpp"

namespace funnel::events {

namespace detail {

/// Texts by their bytes, none first.
template <typename Table>
[[nodiscard]] std::strong_ordering compare_texts(const Table& table, std::uint32_t a,
                                                 std::uint32_t b) noexcept {
    if (a == b) return std::strong_ordering::equal;
    if (a == base::kNone || b == base::kNone) return (a != base::kNone) <=> (b != base::kNone);
    return std::string_view(table.text(a)) <=> std::string_view(table.text(b));
}

/// Numbers in some order that is one: a missing value is equal to itself.
[[nodiscard]] inline std::uint64_t bits_of(double value) noexcept {
    return value != value ? ~std::uint64_t{0} : std::bit_cast<std::uint64_t>(value);
}

/// Whether the order line of row a comes before that of row b.
template <typename Log>
[[nodiscard]] bool line_before(const Log& log, std::uint64_t a, std::uint64_t b) noexcept {
    const auto line = [&](std::uint64_t row) {
        const auto at =
            std::ranges::lower_bound(log.order_lines, row, {}, [](const auto& of) { return of.row; });
        return at != log.order_lines.end() && at->row == row ? &*at : nullptr;
    };
    const auto *first = line(a), *second = line(b);
    if (first == nullptr || second == nullptr) return first == nullptr && second != nullptr;
    if (const auto order = compare_texts(log.orders, first->order, second->order); order != 0)
        return order < 0;
    const auto amounts = [](const auto& of) {
        return std::tuple(bits_of(of.price), bits_of(of.quantity), bits_of(of.revenue));
    };
    return amounts(*first) < amounts(*second);
}

}  // namespace detail

/// By time, kind, user, item, visit and all that is loaded of a row; rows that are equal in all of it, and so
/// may be exchanged, by their number. Log: an EventLog.
template <typename Log>
[[nodiscard]] bool row_before(const Log& log, std::uint64_t a, std::uint64_t b) noexcept {
    if (log.time[a] != log.time[b]) return log.time[a] < log.time[b];
    if (log.kind[a] != log.kind[b]) return log.kind[a] < log.kind[b];
    if (a == b) return false;
    if (const auto user = detail::compare_texts(log.users, log.user[a], log.user[b]); user != 0)
        return user < 0;
    if (const auto item = detail::compare_texts(log.items, log.item[a], log.item[b]); item != 0)
        return item < 0;
    if (log.session[a] != log.session[b]) return log.session[a] < log.session[b];
    for (const auto& column : log.text_columns) {
        const auto text = detail::compare_texts(column.values, column.code[a], column.code[b]);
        if (text != 0) return text < 0;
    }
    for (const auto& column : log.number_columns) {
        const auto first = detail::bits_of(static_cast<double>(column.value[a]));
        const auto second = detail::bits_of(static_cast<double>(column.value[b]));
        if (first != second) return first < second;
    }
    if (detail::line_before(log, a, b)) return true;
    return !detail::line_before(log, b, a) && a < b;
}

}  // namespace funnel::events
