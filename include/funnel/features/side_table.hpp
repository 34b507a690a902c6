// SPDX-License-Identifier: MIT
// SideTable: what is known of items, users or visits beside the log, looked up by id. SideInputs: the columns
// of such tables that a model uses, as further inputs of an example.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/hash.hpp"
#include "funnel/base/string_table.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/features/flat_map.hpp"
#include "funnel/features/table_dataset.hpp"

namespace funnel::features {

/// What the rows of a side table stand for. Written into model files: append only.
enum class SideKey : std::uint8_t { item, user, session };

inline constexpr std::array<std::string_view, 3> kSideNames = {"items", "users", "sessions"};
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
    SideTable(SideKey key, std::span<const ColumnView> columns, const SideIds& ids);

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
    [[nodiscard]] std::vector<ColumnView> columns() const;

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
    void index(const ColumnView& id, const ColumnView* user);

    SideKey key_;
    bool by_user_ = false;
    std::vector<Column> columns_;
    base::StringTable ids_;            // of items or users
    std::vector<std::uint32_t> rows_;  // per id
    FlatMap<VisitRow> visits_;
};

/// The columns of a table that are inputs: those of `use`, or all; numeric as in infer_inputs.
[[nodiscard]] std::vector<SideInput> side_inputs(const SideTable& table, std::span<const std::string> use,
                                                 std::span<const std::string> categorical);

/// Where the inputs of an example come from that neither the History nor the log has. A host may write its
/// own. Const calls run concurrently.
class FurtherInputs {
 public:
    FurtherInputs() = default;
    FurtherInputs(const FurtherInputs&) = default;
    FurtherInputs& operator=(const FurtherInputs&) = default;
    virtual ~FurtherInputs() = default;

    /// numbers: NaN = missing; texts: empty = missing, valid as long as *this and the event. In the order of
    /// the model's inputs. session: the key of the visit (event.session may be empty).
    virtual void write(const events::Event& event, std::uint64_t session, std::span<float> numbers,
                       std::span<std::string_view> texts) const noexcept = 0;
    /// Fills in what the event does not say of its item: category, brand, price.
    virtual void complete(events::Event&) const noexcept {}
};

/// The inputs that a model takes from its side tables. Immutable after construction: share freely.
class SideTables final : public FurtherInputs {
 public:
    SideTables() = default;
    /// Throws Error(invalid_argument) naming the table that `inputs` need and `tables` lack, Error(schema)
    /// for a missing column. Cells of number columns that are no numbers are missing.
    SideTables(std::vector<SideTable> tables, const std::vector<SideInput>& inputs);

    void write(const events::Event& event, std::uint64_t session, std::span<float> numbers,
               std::span<std::string_view> texts) const noexcept override;

    void complete(events::Event& event) const noexcept override;
    /// The same for every row of a log: before a history observes it.
    void complete(events::EventLog& log) const;

    [[nodiscard]] const std::vector<SideTable>& tables() const noexcept { return tables_; }

 private:
    struct Input {
        std::size_t table = 0, column = 0;
        std::vector<float> numbers = {};  // per row, of a number column
    };
    [[nodiscard]] Input find(const SideInput& input) const;
    /// Per item of the log its row of the table, or base::kNone.
    [[nodiscard]] std::vector<std::uint32_t> item_rows(const events::EventLog& log, std::size_t table) const;
    void complete_text(events::EventLog& log, const Input& input, std::string_view name) const;

    std::vector<SideTable> tables_;
    std::vector<Input> numbers_, texts_;
    std::optional<Input> category_, brand_, price_;
};

inline SideTable::SideTable(SideKey key, std::span<const ColumnView> columns, const SideIds& ids)
    : key_(key) {
    const auto find = [&](const std::string& name) -> const ColumnView* {
        const auto at = std::ranges::find(columns, std::string_view(name), &ColumnView::name);
        return name.empty() || at == columns.end() ? nullptr : &*at;
    };
    const std::string& own = key == SideKey::item ? ids.item : key == SideKey::user ? ids.user : ids.session;
    const ColumnView& id = own.empty() ? find_column(columns, "id") : find_column(columns, own);
    const ColumnView* user = key == SideKey::session ? find(ids.user) : nullptr;
    by_user_ = user != nullptr;
    for (const ColumnView& column : columns) {
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

inline void SideTable::index(const ColumnView& id, const ColumnView* user) {
    const auto text = [](const ColumnView& of, std::uint32_t row) {
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

inline std::vector<ColumnView> SideTable::columns() const {
    std::vector<ColumnView> views;
    for (const Column& column : columns_)
        views.push_back({column.name, &column.values, column.code});
    return views;
}

inline std::vector<SideInput> side_inputs(const SideTable& table, std::span<const std::string> use,
                                          std::span<const std::string> categorical) {
    std::vector<std::string> left_out, texts;
    std::size_t rows = 0;
    const std::vector<ColumnView> columns = table.columns();
    for (const ColumnView& column : columns) {
        const std::string name(column.name), full = SideInput{table.key(), name}.name();
        const auto listed = [&](std::span<const std::string> names) {
            return detail::contains(names, name) || detail::contains(names, full);
        };
        const SideInput input{table.key(), name};
        if (!use.empty() && !listed(use)) left_out.push_back(name);
        if (listed(categorical) || (input.completes_events() && name != "price")) texts.push_back(name);
        rows = column.code.size();
    }
    const TableInputs found = infer_inputs(columns, rows, left_out, texts);
    std::vector<SideInput> inputs;
    for (const std::string& name : found.numeric)
        inputs.push_back({table.key(), name, true});
    for (const std::string& name : found.categorical)
        inputs.push_back({table.key(), name, false});
    return inputs;
}

inline SideTables::SideTables(std::vector<SideTable> tables, const std::vector<SideInput>& inputs)
    : tables_(std::move(tables)) {
    for (const SideInput& input : inputs) {
        Input found = find(input);
        if (input.completes_events()) {
            (input.column == "category" ? category_
             : input.column == "brand"  ? brand_
                                        : price_) = std::move(found);
        } else {
            (input.is_number ? numbers_ : texts_).push_back(std::move(found));
        }
    }
}

inline SideTables::Input SideTables::find(const SideInput& input) const {
    for (std::size_t t = 0; t < tables_.size(); ++t) {
        if (tables_[t].key() != input.key) continue;
        const std::vector<ColumnView> columns = tables_[t].columns();
        const ColumnView& column = find_column(columns, input.column);
        Input found{.table = t, .column = static_cast<std::size_t>(&column - columns.data())};
        if (input.is_number) {
            std::vector<BadCell> bad;  // the caller has judged them
            for (const double value : number_column(column, bad))
                found.numbers.push_back(static_cast<float>(value));
        }
        return found;
    }
    throw Error(ErrorCode::invalid_argument, "expected the table of " + std::string(side_name(input.key)) +
                                                 ", whose column " + input.column + " the model uses");
}

inline void SideTables::write(const events::Event& event, std::uint64_t session, std::span<float> numbers,
                              std::span<std::string_view> texts) const noexcept {
    std::array<std::uint32_t, kSideNames.size()> row{};
    for (std::size_t t = 0; t < tables_.size() && t < row.size(); ++t)
        row[t] = tables_[t].row(event.user, event.item, session);
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
        const std::uint32_t at = row[numbers_[i].table];
        numbers[i] = at == base::kNone ? std::nanf("") : numbers_[i].numbers[at];
    }
    for (std::size_t i = 0; i < texts_.size(); ++i)
        texts[i] = tables_[texts_[i].table].text(texts_[i].column, row[texts_[i].table]);
}

inline void SideTables::complete(events::Event& event) const noexcept {
    const auto row = [&](const Input& input) { return tables_[input.table].row({}, event.item, 0); };
    if (category_ && event.category.empty())
        event.category = tables_[category_->table].text(category_->column, row(*category_));
    if (brand_ && event.brand.empty())
        event.brand = tables_[brand_->table].text(brand_->column, row(*brand_));
    if (price_ && std::isnan(event.price)) {
        const std::uint32_t at = row(*price_);
        if (at != base::kNone) event.price = static_cast<double>(price_->numbers[at]);
    }
}

inline std::vector<std::uint32_t> SideTables::item_rows(const events::EventLog& log,
                                                        std::size_t table) const {
    std::vector<std::uint32_t> rows(log.items.size());
    for (std::uint32_t i = 0; i < rows.size(); ++i)
        rows[i] = tables_[table].row({}, log.items.text(i), 0);
    return rows;
}

inline void SideTables::complete_text(events::EventLog& log, const Input& input,
                                      std::string_view name) const {
    events::TextColumn& column = log.add_text_column(name);
    std::vector<std::uint32_t> codes = item_rows(log, input.table);  // then the code per item of the log
    for (std::uint32_t& code : codes) {
        const std::string_view text = tables_[input.table].text(input.column, code);
        code = text.empty() ? base::kNone : column.values.intern(text);
    }
    for (std::size_t row = 0; row < log.size(); ++row) {
        if (column.code[row] == base::kNone && log.item[row] != base::kNone)
            column.code[row] = codes[log.item[row]];
    }
}

inline void SideTables::complete(events::EventLog& log) const {
    if (category_) complete_text(log, *category_, "category");
    if (brand_) complete_text(log, *brand_, "brand");
    if (!price_) return;
    const std::vector<std::uint32_t> rows = item_rows(log, price_->table);
    events::NumberColumn& column = log.add_number_column("price");
    for (std::size_t row = 0; row < log.size(); ++row) {
        const std::uint32_t at = log.item[row] == base::kNone ? base::kNone : rows[log.item[row]];
        if (std::isnan(column.value[row]) && at != base::kNone) column.value[row] = price_->numbers[at];
    }
}

}  // namespace funnel::features
