// SPDX-License-Identifier: MIT
// SideTables: the inputs of every example that a model takes from side tables.
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

#include "funnel/base/columns.hpp"
#include "funnel/base/error.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/events/side_table.hpp"
#include "funnel/events/vector_table.hpp"

namespace funnel::events {

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
    SideTables(std::vector<SideTable> tables, const std::vector<SideInput>& inputs,
               std::vector<VectorTable> vectors = {});

    void write(const events::Event& event, std::uint64_t session, std::span<float> numbers,
               std::span<std::string_view> texts) const noexcept override;

    void complete(events::Event& event) const noexcept override;
    /// The same for every row of a log: before a history observes it.
    void complete(events::EventLog& log) const;

    [[nodiscard]] const std::vector<SideTable>& tables() const noexcept { return tables_; }

 private:
    struct Input {
        std::size_t table = 0, column = 0;  // tables of vectors come after the others
        std::vector<float> numbers = {};    // per row, of a number column of the others
    };
    [[nodiscard]] Input find(const SideInput& input) const;
    /// Per item of the log its row of the table, or base::kNone.
    [[nodiscard]] std::vector<std::uint32_t> item_rows(const events::EventLog& log, std::size_t table) const;
    void complete_text(events::EventLog& log, const Input& input, std::string_view name) const;

    std::vector<SideTable> tables_;
    std::vector<VectorTable> vectors_;
    std::vector<Input> numbers_, texts_;
    std::optional<Input> category_, brand_, price_;
};

inline SideTables::SideTables(std::vector<SideTable> tables, const std::vector<SideInput>& inputs,
                              std::vector<VectorTable> vectors)
    : tables_(std::move(tables)), vectors_(std::move(vectors)) {
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
        const std::vector<base::ColumnView> columns = tables_[t].columns();
        const base::ColumnView& column = base::find_column(columns, input.column);
        Input found{.table = t, .column = static_cast<std::size_t>(&column - columns.data())};
        if (input.is_number) {
            std::vector<base::BadCell> bad;  // the caller has judged them
            for (const double value : base::number_column(column, bad))
                found.numbers.push_back(static_cast<float>(value));
        }
        return found;
    }
    for (std::size_t v = 0; v < vectors_.size(); ++v) {
        if (vectors_[v].key() != input.key) continue;
        const std::vector<std::string>& names = vectors_[v].names();
        const auto at = std::ranges::find(names, input.column);
        if (at == names.end()) {
            throw Error(ErrorCode::schema, "vectors: expected a column " + input.column +
                                               ", which the model uses, got none; give vectors of one kind");
        }
        return {.table = tables_.size() + v, .column = static_cast<std::size_t>(at - names.begin())};
    }
    throw Error(ErrorCode::invalid_argument, "expected the table of " + std::string(side_name(input.key)) +
                                                 ", whose column " + input.column + " the model uses");
}

inline void SideTables::write(const events::Event& event, std::uint64_t session, std::span<float> numbers,
                              std::span<std::string_view> texts) const noexcept {
    std::array<std::uint32_t, kSideNames.size()> row{};
    const std::size_t others = tables_.size();
    for (std::size_t t = 0; t < others && t < row.size(); ++t)
        row[t] = tables_[t].row(event.user, event.item, session);
    for (std::size_t v = 0; v < vectors_.size() && others + v < row.size(); ++v)
        row[others + v] = vectors_[v].row(event.user, event.item);
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
        const Input& input = numbers_[i];
        const std::uint32_t at = row[input.table];
        if (input.table >= others) {
            numbers[i] = vectors_[input.table - others].value(at, input.column);
        } else {
            numbers[i] = at == base::kNone ? std::nanf("") : input.numbers[at];
        }
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

}  // namespace funnel::events
