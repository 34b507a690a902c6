// SPDX-License-Identifier: MIT
// SideTable: what is known of items, users or visits apart from the log, looked up by id. SideInput: a column
// of such a table that a model uses, as a further input of an example.
//
//     const events::SideIds ids{.item = "item_id", .user = "", .session = ""};
//     const events::SideTable items(events::SideKey::item, columns, ids);
//     show(items.text(0, items.row("u1", "i1", 0)));  // of item i1; empty if the table lacks it
#pragma once

#include <algorithm>
#include <array>
#include <compare>
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

/// How many of the ids of a log a table knows. A visit is a pair of user and visit id.
struct IdsFound {
    std::uint64_t all = 0, found = 0;
    std::string unknown = {};  ///< one that it does not know, if there is any
};
[[nodiscard]] IdsFound ids_found(const events::EventLog& log, const SideTable& table);

/// A column of a table for every row of a log, as a column of the log named `name`.
[[nodiscard]] events::TextColumn side_column(const events::EventLog& log, const SideTable& table,
                                             std::size_t column, const std::string& name);

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

namespace detail {

/// The row of the table for every row of the log; what ids repeat is looked up once.
[[nodiscard]] inline std::vector<std::uint32_t> side_rows(const events::EventLog& log,
                                                          const SideTable& table) {
    std::vector<std::uint32_t> rows(log.size(), base::kNone);
    if (table.key() == SideKey::session) {
        for (std::size_t row = 0; row < rows.size(); ++row)
            rows[row] = table.row(log.users.text(log.user[row]), {}, log.session[row]);
        return rows;
    }
    const bool items = table.key() == SideKey::item;
    const base::StringTable& ids = items ? log.items : log.users;
    std::vector<std::uint32_t> row_of(ids.size());
    for (std::uint32_t id = 0; id < row_of.size(); ++id)
        row_of[id] = items ? table.row({}, ids.text(id), 0) : table.row(ids.text(id), {}, 0);
    const std::vector<std::uint32_t>& id_of = items ? log.item : log.user;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        if (id_of[row] != base::kNone) rows[row] = row_of[id_of[row]];
    }
    return rows;
}

}  // namespace detail

inline IdsFound ids_found(const events::EventLog& log, const SideTable& table) {
    const std::vector<std::uint32_t> rows = detail::side_rows(log, table);
    struct Id {
        std::uint64_t id = 0, visit = 0;
        std::size_t row = 0;
        auto operator<=>(const Id&) const = default;
    };
    std::vector<Id> ids;
    for (std::size_t row = 0; row < log.size(); ++row) {
        const bool session = table.key() == SideKey::session;
        const std::uint32_t id = table.key() == SideKey::item ? log.item[row] : log.user[row];
        if (id != base::kNone && (!session || log.session[row] != 0))
            ids.push_back({id, session ? log.session[row] : 0, row});
    }
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end(),
                          [](const Id& a, const Id& b) { return a.id == b.id && a.visit == b.visit; }),
              ids.end());
    IdsFound found{.all = ids.size()};
    for (const Id& id : ids) {
        found.found += rows[id.row] != base::kNone ? 1 : 0;
        if (rows[id.row] != base::kNone || !found.unknown.empty() || table.key() == SideKey::session)
            continue;
        found.unknown = table.key() == SideKey::item ? log.items.text(log.item[id.row])
                                                     : log.users.text(log.user[id.row]);
    }
    return found;
}

inline events::TextColumn side_column(const events::EventLog& log, const SideTable& table, std::size_t column,
                                      const std::string& name) {
    events::TextColumn out{name, name, {}, {}};
    for (const std::uint32_t row : detail::side_rows(log, table)) {
        const std::string_view text = table.text(column, row);
        out.code.push_back(text.empty() ? base::kNone : out.values.intern(text));
    }
    return out;
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
    const base::TableInputs found =
        base::infer_inputs(columns, rows, {.left_out = left_out, .categorical = texts, .numeric = {}});
    std::vector<SideInput> inputs;
    for (const std::string& name : found.numeric)
        inputs.push_back({table.key(), name, true});
    for (const std::string& name : found.categorical)
        inputs.push_back({table.key(), name, false});
    return inputs;
}

}  // namespace funnel::events
