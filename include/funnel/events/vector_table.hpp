// SPDX-License-Identifier: MIT
// VectorTable: vectors of items or users, known apart from the log and looked up by id.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/string_table.hpp"
#include "funnel/events/side_table.hpp"

namespace funnel::events {

/// Numbers of items or users, such as what a model of texts or images says of them: a table of numbers alone,
/// four bytes each. Immutable after construction: share freely.
class VectorTable {
 public:
    /// names: of the d columns; ids: n, none empty; values: (n, d) row-major, NaN = missing. Throws
    /// Error(shape) for sizes that do not fit, Error(schema) for a repeated id whose numbers are not the same
    /// again.
    VectorTable(SideKey key, std::vector<std::string> names, std::span<const std::string_view> ids,
                std::vector<float> values);

    [[nodiscard]] SideKey key() const noexcept { return key_; }
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
    /// The row of an event, or base::kNone.
    [[nodiscard]] std::uint32_t row(std::string_view user, std::string_view item) const noexcept {
        const std::uint32_t index = ids_.find(key_ == SideKey::item_vector ? item : user);
        return index == base::kNone ? base::kNone : rows_[index];
    }
    [[nodiscard]] float value(std::uint32_t row, std::size_t column) const noexcept {
        return row == base::kNone ? std::nanf("") : values_[row * names_.size() + column];
    }

 private:
    SideKey key_;
    std::vector<std::string> names_;
    base::StringTable ids_;
    std::vector<std::uint32_t> rows_;  // per id
    std::vector<float> values_;
};

/// All columns of a table of vectors.
[[nodiscard]] std::vector<SideInput> side_inputs(const VectorTable& vectors);

inline VectorTable::VectorTable(SideKey key, std::vector<std::string> names,
                                std::span<const std::string_view> ids, std::vector<float> values)
    : key_(key), names_(std::move(names)), values_(std::move(values)) {
    const std::size_t width = names_.size();
    if (values_.size() != ids.size() * width)
        throw Error(ErrorCode::shape, "vectors: expected as many rows of numbers as ids, got others");
    const auto numbers = [&](std::uint32_t row) { return std::span(values_).subspan(row * width, width); };
    for (std::uint32_t row = 0; row < ids.size(); ++row) {
        const std::uint32_t index = ids_.intern(ids[row]);
        if (index == rows_.size()) rows_.push_back(row);
        const bool same = std::ranges::equal(numbers(rows_[index]), numbers(row), [](float a, float b) {
            return a == b || (std::isnan(a) && std::isnan(b));
        });
        if (same) continue;
        throw Error(ErrorCode::schema, "vectors: expected one row per id, got two that differ for \"" +
                                           std::string(ids[row]) + "\"; remove one of them");
    }
}

inline std::vector<SideInput> side_inputs(const VectorTable& vectors) {
    std::vector<SideInput> inputs;
    for (const std::string& name : vectors.names())
        inputs.push_back({vectors.key(), name, true});
    return inputs;
}

}  // namespace funnel::events
