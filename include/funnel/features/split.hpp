// SPDX-License-Identifier: MIT
// Split: which labels train, which validate and which refit. Rules: docs/features.md, "Splits".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "funnel/features/dataset.hpp"
#include "funnel/features/examples.hpp"

namespace funnel::features {

/// Rows of a Dataset with labels of their own: a label may be known and yet masked here.
struct LabelledRows {
    std::vector<std::uint32_t> rows;   ///< n, ascending; each has at least one label that is not masked
    std::vector<std::uint8_t> labels;  ///< n x K: 0, 1 or kUnknownLabel (masked)
    std::int64_t from = 0, to = 0;     ///< times of the first and the last row

    [[nodiscard]] std::size_t size() const noexcept { return rows.size(); }
};

struct Split {
    LabelledRows train, valid;
    LabelledRows refit;  ///< everything known
};

/// Each head validates on its own last `share` of the time for which its labels can be known; a label
/// trains only if its window was over when that validation begins.
/// Throws Error(schema) if the log is shorter than three horizons, or nothing is left to train or validate.
[[nodiscard]] Split split_by_time(const Dataset& data, const ExampleList& examples, double share = 0.2);

/// Tables: about `share` of the rows, drawn by (seed, row).
[[nodiscard]] Split split_at_random(const Dataset& data, double share, std::uint64_t seed);
/// Tables: the latest `share` of the rows by ExampleKey::time; rows of one time stay together.
[[nodiscard]] Split split_last(const Dataset& data, double share);
/// Tables: whole groups (ExampleKey::group), drawn by (seed, group), about `share` of them.
[[nodiscard]] Split split_groups(const Dataset& data, double share, std::uint64_t seed);
/// Tables: the given rows validate, all others train; refit is all but these if `keep_apart`.
[[nodiscard]] Split split_given(const Dataset& data, std::span<const std::uint32_t> valid_rows,
                                bool keep_apart);

}  // namespace funnel::features
