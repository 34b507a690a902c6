// SPDX-License-Identifier: MIT
#include "ingest/log/row_shaper.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "ingest/csv/field_value.hpp"
#include "ingest/csv/scan.hpp"

namespace funnel::ingest::detail {

void TextArena::clear() noexcept {
    chunk_ = used_ = 0;
}

std::string_view TextArena::keep(std::string_view text) {
    constexpr std::size_t kChunk = std::size_t{1} << 16;
    const std::size_t needed = text.size() + kPadding;
    while (chunk_ < chunks_.size() && chunks_[chunk_].size - used_ < needed) {
        ++chunk_;
        used_ = 0;
    }
    if (chunk_ == chunks_.size()) {
        const std::size_t size = std::max(kChunk, needed);
        chunks_.push_back({std::make_unique<char[]>(size), size});
        used_ = 0;
    }
    char* const to = chunks_[chunk_].chars.get() + used_;
    std::memcpy(to, text.data(), text.size());
    used_ += text.size();  // the padding may be overwritten, it only has to be readable
    return {to, text.size()};
}

RowBatch& RowShaper::shape(const FileFormat& format, const RowBatch& rows) {
    arena_.clear();
    kinds_.clear();
    out_.no_number.clear();
    out_.set_listed(format, rows.size() * shape_.events.size());
    out_.hash.resize(rows.hash.empty() ? 0 : rows.size() * shape_.events.size());
    fields_.resize(format.column_of.size());
    bool made_once = false;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        take_row(rows, row);
        // All rows of a line are in one batch. What is made once of a line hangs on the first that counts.
        if (row == 0 || rows.text(row).data() != rows.text(row - 1).data()) made_once = false;
        const bool once = !made_once && !is_ignored();
        made_once |= once;
        for (std::size_t i = 0; i < shape_.events.size(); ++i) {
            if (once || !shape_.events[i].once) add_event(shape_.events[i], rows, row, i);
        }
    }
    return out_;
}

void RowShaper::follow(const FileFormat& format, const RowBatch& rows) {
    arena_.clear();
    fields_.resize(format.column_of.size());
    for (std::size_t row = 0; row < rows.size(); ++row)
        take_row(rows, row);
}

/// The fields of a row, with what is missing in them taken from the row before.
void RowShaper::take_row(const RowBatch& rows, std::size_t row) {
    for (const std::size_t slot : shape_.columns) {
        std::string_view& field = fields_[slot];
        field = rows.field(slot, row);
        if (std::ranges::find(shape_.missing, field) != shape_.missing.end()) field = {};
    }
    if (shape_.fill_by) fill_row();
}

bool RowShaper::is_ignored() const {
    return std::ranges::any_of(shape_.ignores, [&](const RowShape::Ignore& ignore) {
        return fields_[ignore.slot] == ignore.equals;
    });
}

void RowShaper::fill_row() {
    const std::string_view by = fields_[*shape_.fill_by];
    const bool same = !by.empty() && !fill_.values.empty() && by == fill_.by;
    fill_.by = by;
    fill_.values.resize(shape_.filled.size());
    for (std::size_t i = 0; i < shape_.filled.size(); ++i) {
        std::string_view& field = fields_[shape_.filled[i]];
        if (field.empty() && same)
            field = arena_.keep(fill_.values[i]);
        else
            fill_.values[i] = field;
    }
}

void RowShaper::add_event(const RowShape::Event& event, const RowBatch& rows, std::size_t row,
                          std::size_t number) {
    std::size_t no_number = kNoColumn;
    for (const RowShape::Test& test : event.when) {
        const std::optional<bool> held = holds(test);
        if (held && !*held) return;
        if (!held) no_number = test.slot;
    }
    const std::size_t at = out_.add_row(rows.line(row), rows.text(row));
    kinds_.push_back(number);
    for (const std::size_t slot : shape_.columns)
        out_.set_field(slot, at, fields_[slot]);
    for (const std::size_t slot : shape_.number_columns)
        out_.set_field(slot, at, plain_number(fields_[slot]));
    for (const RowShape::Value& made : event.values)
        out_.set_field(made.slot, at, value(made));
    if (no_number != kNoColumn) {  // nobody knows whether there is such an event: the row is bad
        out_.no_number.resize(rows.size() * shape_.events.size(), kNoColumn);
        out_.no_number[at] = no_number;
        out_.set_field(no_number, at, fields_[no_number]);
    }
    // The second event of a row is no copy of the first.
    if (!rows.hash.empty()) out_.hash[at] = rows.hash[row] + number * 0x9E3779B97F4A7C15ull;
}

std::size_t RowShaper::source_of(std::size_t slot, std::size_t event) const {
    for (const RowShape::Value& made : shape_.events[kinds_[event]].values) {
        if (made.slot == slot && !made.sources.empty()) return made.sources.front().slot;
    }
    return slot;
}

std::optional<bool> RowShaper::holds(const RowShape::Test& test) const {
    const std::string_view field = fields_[test.slot];
    const Condition& condition = test.condition;
    switch (condition.test) {
        case Condition::Test::equals:
            return field == condition.text;
        case Condition::Test::prefix:
            return field.starts_with(condition.text);
        case Condition::Test::filled:
            return field.empty() != condition.filled;
        case Condition::Test::above:
        case Condition::Test::below:
            break;
    }
    if (is_missing(field)) return false;
    const auto number = base::parse_number(field, shape_.numbers);
    if (!number) return std::nullopt;
    return condition.test == Condition::Test::above ? *number > condition.number : *number < condition.number;
}

std::string_view RowShaper::value(const RowShape::Value& value) {
    if (value.constant) return arena_.keep(*value.constant);
    if (!value.factors.empty()) return product(value.factors);
    scratch_.clear();
    for (const RowShape::Source& source : value.sources) {
        const std::string_view field = fields_[source.slot];
        if (field.empty()) continue;
        if (value.joined) {
            if (!scratch_.empty()) scratch_ += ' ';
            scratch_ += field;
            continue;
        }
        if (value.number) return plain_number(field);
        if (source.tag.empty()) return field;
        scratch_ = source.tag;
        scratch_ += field;
        break;
    }
    return arena_.keep(scratch_);
}

/// Nothing if a factor is missing or no number; the factor itself is judged where it stands.
std::string_view RowShaper::product(const std::vector<std::size_t>& factors) {
    double value = 1;
    for (const std::size_t slot : factors) {
        const auto factor = base::parse_number(fields_[slot], shape_.numbers);
        if (!factor) return {};
        value *= *factor;
    }
    return written(value);
}

/// An amount as it is written in the log, in the form that parse_number reads; anything else as it is.
std::string_view RowShaper::plain_number(std::string_view text) {
    if (shape_.numbers.plain() || is_missing(text)) return text;
    const auto number = base::parse_number(text, shape_.numbers);
    if (!number) {
        scratch_ = text;
        scratch_ += kNoNumber;
        return arena_.keep(scratch_);
    }
    return written(*number);
}

std::string_view RowShaper::written(double number) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    return arena_.keep({digits.data(), static_cast<std::size_t>(end.ptr - digits.data())});
}

}  // namespace funnel::ingest::detail
