// SPDX-License-Identifier: MIT
#include "ingest/csv/row_batch.hpp"

#include <algorithm>

namespace funnel::ingest::detail {

void RowBatch::set_listed(const FileFormat& format, std::size_t rows) {
    format_ = &format;
    regular_ = false;
    size_ = 0;
    fields_.resize(format.column_of.size());
    for (auto& fields : fields_) {
        if (fields.size() < rows) fields.resize(rows);
    }
    if (lines_.size() < rows) {
        lines_.resize(rows);
        texts_.resize(rows);
    }
}

std::string_view RowBatch::text(std::size_t row) const noexcept {
    if (!regular_) return texts_[row];
    const std::uint32_t* const first = separators_ + row * format_->columns();
    const std::uint32_t begin = first[-1] + 1;
    return {base_ + begin, first[format_->columns() - 1] + 1 - begin};
}

void RowBatch::list_all() {
    RowBatch listed;
    listed.set_listed(*format_, size_);
    for (std::size_t row = 0; row < size_; ++row)
        listed.add_row(line(row), text(row));
    for (std::size_t slot = 0; slot < format_->column_of.size(); ++slot) {
        with_column(slot, [&](const auto& column) {
            for (std::size_t row = 0; row < size_; ++row)
                listed.set_field(slot, row, column(row));
        });
    }
    listed.hash = std::move(hash);
    *this = std::move(listed);
}

const std::string_view* RowBatch::missing(std::size_t rows) const {
    if (missing_.size() < rows) missing_.resize(rows);
    return missing_.data();
}

std::vector<BadRow>& BlockOutcome::bad() {
    std::ranges::sort(bad_, {}, &BadRow::line);
    return bad_;
}

}  // namespace funnel::ingest::detail
