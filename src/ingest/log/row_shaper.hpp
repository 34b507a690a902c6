// SPDX-License-Identifier: MIT
// RowShaper: rows of a file to rows of events, as a RowShape says.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/csv/row_batch.hpp"
#include "ingest/log/row_shape.hpp"

namespace funnel::ingest::detail {

/// Texts that were made, each with kPadding readable bytes behind its begin; they never move.
class TextArena {
 public:
    void clear() noexcept;
    [[nodiscard]] std::string_view keep(std::string_view text);

 private:
    struct Chunk {
        std::unique_ptr<char[]> chars;
        std::size_t size = 0;
    };
    std::vector<Chunk> chunks_;
    std::size_t chunk_ = 0, used_ = 0;
};

/// One thread at a time.
class RowShaper {
 public:
    explicit RowShaper(const RowShape& shape) : shape_(shape) {}

    /// Rows that follow take what is missing in them from here. Only for shapes with fill_by.
    void start(const FillState& before) { fill_ = before; }
    /// What the row behind the last one would take.
    [[nodiscard]] const FillState& fill() const noexcept { return fill_; }
    /// Moves on over rows without making events of them.
    void follow(const FileFormat& format, const RowBatch& rows);

    /// The events of the rows, in their order; those of one row share its line. Valid until the next call and
    /// while `rows` is.
    [[nodiscard]] RowBatch& shape(const FileFormat& format, const RowBatch& rows);
    /// The column that a value of an event of the last shape comes from: the first one that could give it.
    [[nodiscard]] std::size_t source_of(std::size_t slot, std::size_t event) const;

 private:
    void take_row(const RowBatch& rows, std::size_t row);
    void fill_row();
    void add_event(const RowShape::Event& event, const RowBatch& rows, std::size_t row, std::size_t number);
    /// Empty: it asks for a number, and the field is none.
    [[nodiscard]] std::optional<bool> holds(const RowShape::Test& test) const;
    [[nodiscard]] std::string_view value(const RowShape::Value& value);
    [[nodiscard]] bool is_ignored() const;
    [[nodiscard]] std::string_view product(const std::vector<std::size_t>& factors);
    [[nodiscard]] std::string_view plain_number(std::string_view text);
    [[nodiscard]] std::string_view written(double number);

    const RowShape& shape_;
    FillState fill_;
    std::vector<std::string_view> fields_;  // of the row, by slot
    RowBatch out_;
    std::vector<std::size_t> kinds_;  // per row of out_: which of the events of a row it is
    TextArena arena_;
    std::string scratch_;
};

}  // namespace funnel::ingest::detail
