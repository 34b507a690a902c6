// SPDX-License-Identifier: MIT
// RowBatch: the wanted fields of some rows, column by column; BlockOutcome: what became of a block's rows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/csv/bad_row.hpp"
#include "ingest/csv/file_format.hpp"

namespace funnel::ingest::detail {

/// The fields of a column that were listed one by one.
struct ListedColumn {
    const std::string_view* fields;
    [[nodiscard]] std::string_view operator()(std::size_t row) const noexcept { return fields[row]; }
};

/// The fields of a column between every stride-th separator and the one before it.
template <bool kLast>
struct RegularColumn {
    const char* base;
    const std::uint32_t* ends;
    std::size_t stride;
    [[nodiscard]] std::string_view operator()(std::size_t row) const noexcept {
        const std::uint32_t* const end = ends + row * stride;
        const std::uint32_t begin = end[-1] + 1;  // wraps to 0 at the text's begin
        std::size_t size = *end - begin;
        if (kLast && size > 0 && base[begin + size - 1] == '\r') --size;
        return {base + begin, size};
    }
};

/// Rows that are well-formed; valid while the block's text is. Either regular, a view of the separators that
/// the scan has found, or listed. Fields are without quotes and have kPadding readable bytes behind them.
class RowBatch {
 public:
    /// Rows without quotes and with the right number of fields, and no other: `separators` has one per field,
    /// and the element before it is the offset -1.
    void set_regular(const FileFormat& format, const char* base, const std::uint32_t* separators,
                     std::size_t rows, std::uint64_t first_line) {
        format_ = &format;
        base_ = base;
        separators_ = separators;
        first_line_ = first_line;
        regular_ = true;
        size_ = rows;
    }

    /// An empty batch with room for some rows, to be listed.
    void set_listed(const FileFormat& format, std::size_t rows);
    /// Appends a row to be filled in with set_field. `text`: its first physical line.
    std::size_t add_row(std::uint64_t line, std::string_view text) {
        lines_[size_] = static_cast<std::uint32_t>(line);
        texts_[size_] = text;
        return size_++;
    }
    void set_field(std::size_t slot, std::size_t row, std::string_view field) { fields_[slot][row] = field; }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// use(column) with a column that gives the field of a row, column(row).
    template <typename Use>
    void with_column(std::size_t slot, Use&& use) const {
        const std::size_t column = regular_ ? format_->column_of[slot] : 0;
        if (!regular_ || column == kNoColumn) {
            use(ListedColumn{regular_ ? missing(size_) : fields_[slot].data()});
        } else if (column + 1 == format_->columns()) {
            use(RegularColumn<true>{base_, separators_ + column, format_->columns()});
        } else {
            use(RegularColumn<false>{base_, separators_ + column, format_->columns()});
        }
    }

    [[nodiscard]] std::string_view field(std::size_t slot, std::size_t row) const {
        std::string_view text;
        with_column(slot, [&](const auto& column) { text = column(row); });
        return text;
    }
    /// Physical line in the block, from 0.
    [[nodiscard]] std::uint64_t line(std::size_t row) const noexcept {
        return regular_ ? first_line_ + row : lines_[row];
    }
    /// The first physical line of the row's record.
    [[nodiscard]] std::string_view text(std::size_t row) const noexcept;

    /// Keeps the rows for which keep(row); the batch is listed then.
    template <typename Keep>
    void filter(const Keep& keep) {
        if (regular_) list_all();
        std::size_t kept = 0;
        for (std::size_t row = 0; row < size_; ++row) {
            if (!keep(row)) continue;
            for (auto& fields : fields_)
                fields[kept] = fields[row];
            lines_[kept] = lines_[row];
            texts_[kept] = texts_[row];
            if (!hash.empty()) hash[kept] = hash[row];
            if (!no_number.empty()) no_number[kept] = no_number[row];
            ++kept;
        }
        size_ = kept;
    }

    std::vector<std::uint64_t> hash;  ///< of all fields, per row; empty if not wanted
    /// Per row: the slot of a field that had to be a number and is none, or kNoColumn; empty: none.
    std::vector<std::size_t> no_number;

 private:
    void list_all();
    [[nodiscard]] const std::string_view* missing(std::size_t rows) const;

    const FileFormat* format_ = nullptr;
    const char* base_ = nullptr;
    const std::uint32_t* separators_ = nullptr;
    std::uint64_t first_line_ = 0;
    bool regular_ = false;
    std::size_t size_ = 0;
    std::vector<std::vector<std::string_view>> fields_;  // [slot][row]
    std::vector<std::uint32_t> lines_;
    std::vector<std::string_view> texts_;
    mutable std::vector<std::string_view> missing_;  // empty fields, of columns that the file lacks
};

/// Counts and bad rows of one block. `all`: every bad row is kept, else only the first in file order.
class BlockOutcome {
 public:
    void reset(bool all) {
        all_ = all;
        bad_.clear();
        counts_ = {};
        rows = lines = ignored = after = 0;
    }

    /// make() builds the BadRow, without its line; it is called only if the row is kept.
    template <typename Make>
    void reject(std::uint64_t line, Reason reason, Make&& make) {
        ++counts_[static_cast<std::size_t>(reason)];
        if (!all_ && !bad_.empty() && bad_.front().line <= line) return;
        if (!all_) bad_.clear();
        bad_.push_back(std::forward<Make>(make)());
        bad_.back().line = line;
    }
    void reject(std::uint64_t line, const BadRow& bad) {
        reject(line, bad.reason, [&] { return bad; });
    }

    [[nodiscard]] bool any_bad() const noexcept { return !bad_.empty(); }
    /// Sorts the bad rows by line.
    std::vector<BadRow>& bad();
    [[nodiscard]] std::uint64_t count(Reason reason) const noexcept {
        return counts_[static_cast<std::size_t>(reason)];
    }

    std::uint64_t rows = 0;     ///< accepted + rejected + ignored
    std::uint64_t lines = 0;    ///< physical lines
    std::uint64_t ignored = 0;  ///< by the schema
    std::uint64_t after = 0;    ///< accepted, but not known as of the time asked for

 private:
    bool all_ = false;
    std::vector<BadRow> bad_;
    std::array<std::uint64_t, kReasons> counts_{};
};

}  // namespace funnel::ingest::detail
