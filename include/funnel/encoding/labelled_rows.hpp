// SPDX-License-Identifier: MIT
// LabelledRows: which rows of a Dataset are used, and with which labels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace funnel::encoding {

/// Rows of a Dataset with labels of their own: a label may be known and yet masked here.
struct LabelledRows {
    std::vector<std::uint32_t> rows;   ///< n, ascending; each has at least one label that is not masked
    std::vector<std::uint8_t> labels;  ///< n x K: 0, 1 or kUnknownLabel (masked)
    std::int64_t from = 0, to = 0;     ///< times of the first and the last row

    [[nodiscard]] std::size_t size() const noexcept { return rows.size(); }
};

}  // namespace funnel::encoding
