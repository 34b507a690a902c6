// SPDX-License-Identifier: MIT
// SideTable: what is known of items, users or visits beside the log, looked up by id. SideInput: a column of
// such a table that a model uses, as a further input of an example.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/columns.hpp"
#include "funnel/base/error.hpp"
#include "funnel/base/flat_map.hpp"
#include "funnel/base/hash.hpp"
#include "funnel/base/string_table.hpp"
#include "funnel/events/event_log.hpp"

namespace funnel::events {

/// What the rows of a side table stand for. Written into model files: append only.
enum class SideKey : std::uint8_t { item, user, session, item_vector, user_vector };

inline constexpr std::array<std::string_view, 5> kSideNames = {"items", "users", "sessions", "item_vectors",
                                                               "user_vectors"};
[[nodiscard]] constexpr std::string_view side_name(SideKey key) noexcept {
    return kSideNames[static_cast<std::size_t>(key)];
}

/// A column of a side table that a model uses. `category`, `brand` and `price` of items are no inputs of
/// their own: they stand in for what an event does not say, see SideTables::complete.
struct SideInput {
    SideKey key = SideKey::item;
    std::string column;
    bool is_number = false;

    [[nodiscard]] std::string name() const { return std::string(side_name(key)) + "." + column; }
    [[nodiscard]] bool completes_events() const noexcept {
        return key == SideKey::item && (column == "category" || column == "brand" || column == "price");
    }
    friend bool operator==(const SideInput&, const SideInput&) = default;
};

/// The names of the id columns of a table: its own, or what the log calls them.
struct SideIds {
    std::string item, user, session;  ///< empty: there is none
};

/// Immutable after construction: share freely.
class SideTable {
 public:
    /// Sessions are looked up by user and session if the table has both. Rows without an id are left out.
    /// Columns are copied. Throws Error(schema) if the id column is missing, or for a repeated id whose row
    /// is not the same again.
    SideTable(SideKey key, std::span<const base::ColumnView> columns, const SideIds& ids);

    /// The row of an event, or base::kNone. session: as events::session_key gives it.
    [[nodiscard]] std::uint32_t row(std::string_view user, std::string_view item,
                                    std::uint64_t session) const noexcept;
    /// The value in a row, empty for base::kNone and where it is missing.
    [[nodiscard]] std::string_view text(std::size_t column, std::uint32_t row) const noexcept {
        const std::uint32_t code = row == base::kNone ? base::kNone : columns_[column].code[row];
        return code == base::kNone ? std::string_view{} : columns_[column].values.text(code);
    }
    [[nodiscard]] SideKey key() const noexcept { return key_; }
    /// All columns but the ids.
    [[nodiscard]] std::vector<base::ColumnView> columns() const;

 private:
    struct Column {
        std::string name;
        base::StringTable values;
        std::vector<std::uint32_t> code;
    };
    struct VisitRow {
        std::uint64_t key = 0;
        std::uint32_t row = 0, unused = 0;
    };
    [[nodiscard]] std::uint64_t visit_key(std::string_view user, std::uint64_t session) const noexcept;
    [[nodiscard]] bool equal_rows(std::uint32_t a, std::uint32_t b) const noexcept;
    void index(const base::ColumnView& id, const base::ColumnView* user);

    SideKey key_;
    bool by_user_ = false;
    std::vector<Column> columns_;
    base::StringTable ids_;            // of items or users
    std::vector<std::uint32_t> rows_;  // per id
    base::FlatMap<VisitRow> visits_;
};

/// The columns of a table that are inputs: those of `use`, or all; numeric as in infer_inputs.
[[nodiscard]] std::vector<SideInput> side_inputs(const SideTable& table, std::span<const std::string> use,
                                                 std::span<const std::string> categorical);

inline SideTable::SideTable(SideKey key, std::span<const base::ColumnView> columns, const SideIds& ids)
    : key_(key) {
    const auto find = [&](const std::string& name) -> const base::ColumnView* {
        const auto at = std::ranges::find(columns, std::string_view(name), &base::ColumnView::name);
        return name.empty() || at == columns.end() ? nullptr : &*at;
    };
    const std::string& own = key == SideKey::item ? ids.item : key == SideKey::user ? ids.user : ids.session;
    const base::ColumnView& id =
        own.empty() ? base::find_column(columns, "id") : base::find_column(columns, own);
    const base::ColumnView* user = key == SideKey::session ? find(ids.user) : nullptr;
    by_user_ = user != nullptr;
    for (const base::ColumnView& column : columns) {
        if (&column == &id || &column == user) continue;
        columns_.push_back(
            {std::string(column.name), *column.values, {column.code.begin(), column.code.end()}});
    }
    index(id, user);
}

inline std::uint64_t SideTable::visit_key(std::string_view user, std::uint64_t session) const noexcept {
    return base::mix64(session ^ (by_user_ ? base::mix64(base::hash_bytes(user)) : 0)) >> 1;
}

inline bool SideTable::equal_rows(std::uint32_t a, std::uint32_t b) const noexcept {
    return std::ranges::all_of(columns_,
                               [&](const Column& column) { return column.code[a] == column.code[b]; });
}

inline void SideTable::index(const base::ColumnView& id, const base::ColumnView* user) {
    const auto text = [](const base::ColumnView& of, std::uint32_t row) {
        return of.code[row] == base::kNone ? std::string_view{} : of.values->text(of.code[row]);
    };
    for (std::uint32_t row = 0; row < id.code.size(); ++row) {
        const std::string_view own = text(id, row);
        if (own.empty() || (user != nullptr && text(*user, row).empty())) continue;
        std::uint32_t first = row;
        if (key_ == SideKey::session) {
            const std::string_view who = user != nullptr ? text(*user, row) : std::string_view{};
            first = visits_.insert({.key = visit_key(who, events::session_key(own)), .row = row}).row;
        } else {
            const std::uint32_t index = ids_.intern(own);
            if (index == rows_.size()) rows_.push_back(row);
            first = rows_[index];
        }
        if (first != row && !equal_rows(first, row)) {
            throw Error(ErrorCode::schema, std::string(side_name(key_)) + ": expected one row per " +
                                               std::string(id.name) + ", got two that differ for \"" +
                                               std::string(own) + "\"; remove one of them");
        }
    }
}

inline std::uint32_t SideTable::row(std::string_view user, std::string_view item,
                                    std::uint64_t session) const noexcept {
    if (key_ == SideKey::session) {
        const VisitRow* found = session == 0 ? nullptr : visits_.find(visit_key(user, session));
        return found == nullptr ? base::kNone : found->row;
    }
    const std::uint32_t index = ids_.find(key_ == SideKey::item ? item : user);
    return index == base::kNone ? base::kNone : rows_[index];
}

inline std::vector<base::ColumnView> SideTable::columns() const {
    std::vector<base::ColumnView> views;
    for (const Column& column : columns_)
        views.push_back({column.name, &column.values, column.code});
    return views;
}

inline std::vector<SideInput> side_inputs(const SideTable& table, std::span<const std::string> use,
                                          std::span<const std::string> categorical) {
    std::vector<std::string> left_out, texts;
    std::size_t rows = 0;
    const std::vector<base::ColumnView> columns = table.columns();
    for (const base::ColumnView& column : columns) {
        const std::string name(column.name), full = SideInput{table.key(), name}.name();
        const auto listed = [&](std::span<const std::string> names) {
            return base::detail::contains(names, name) || base::detail::contains(names, full);
        };
        const SideInput input{table.key(), name};
        if (!use.empty() && !listed(use)) left_out.push_back(name);
        if (listed(categorical) || (input.completes_events() && name != "price")) texts.push_back(name);
        rows = column.code.size();
    }
    const base::TableInputs found = base::infer_inputs(columns, rows, left_out, texts);
    std::vector<SideInput> inputs;
    for (const std::string& name : found.numeric)
        inputs.push_back({table.key(), name, true});
    for (const std::string& name : found.categorical)
        inputs.push_back({table.key(), name, false});
    return inputs;
}

}  // namespace funnel::events
