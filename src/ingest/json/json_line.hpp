// SPDX-License-Identifier: MIT
// JsonLine: the wanted values of one JSON object. Numbers stay the text that they are, so that no id is
// rounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "ingest/csv/bad_row.hpp"
#include "ingest/json/json_path.hpp"
#include "ingest/log/row_shaper.hpp"

namespace funnel::ingest::detail {

/// Whether this build can read JSON lines.
[[nodiscard]] bool reads_json_lines() noexcept;

/// One thread at a time. Cost: linear in the line. All of it is judged, also what nobody wants.
class JsonLine {
 public:
    /// Borrows both; texts with escapes go to the arena.
    JsonLine(JsonPaths& paths, TextArena& arena);
    ~JsonLine();

    /// Reads the object that is the whole line. kPadding readable bytes must follow it, the first of them a
    /// blank or line end. What is wrong with it, if anything; the column of that is a slot.
    [[nodiscard]] std::optional<BadRow> read(std::string_view line);

    /// How many rows come of it: the elements of the exploded list, at least one.
    [[nodiscard]] std::size_t rows() const noexcept { return elements_ == 0 ? 1 : elements_; }
    /// The value of a slot in row `row`, without quotes and escapes; empty if it is not there or null. A list
    /// or an object is its JSON text. Valid until the arena is cleared and while the line is.
    [[nodiscard]] std::string_view value(std::size_t slot, std::size_t row) const noexcept {
        if (paths_.of_element[slot] == 0) return values_[slot];
        return elements_ == 0 ? std::string_view() : of_elements_[row * values_.size() + slot];
    }
    /// Per slot: whether some line had its key, be it null. Adds up until it is set to 0.
    [[nodiscard]] std::vector<std::uint8_t>& found() noexcept { return found_; }

 private:
    struct Reader;

    JsonPaths& paths_;
    TextArena& arena_;
    std::vector<std::string_view> values_;       // by slot
    std::vector<std::string_view> of_elements_;  // by element, then slot
    std::vector<std::uint8_t> found_;
    std::size_t elements_ = 0;
    std::unique_ptr<Reader> reader_;
};

}  // namespace funnel::ingest::detail
