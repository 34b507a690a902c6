// SPDX-License-Identifier: MIT
// TableSplit: which rows of a table validate.
#pragma once

#include <cstdint>
#include <vector>

#include "funnel/dataset/split.hpp"

namespace funnel::dataset {

enum class SplitWay : std::uint8_t {
    at_random,  ///< rows drawn by the seed
    last,       ///< the latest rows by ExampleKey::time
    groups,     ///< whole groups by ExampleKey::group, drawn by the seed
    given       ///< TableSplit::valid_rows, which never train, not even in the refit
};

struct TableSplit {
    SplitWay way = SplitWay::at_random;
    double share = 0.2;                          ///< about this part of the rows validates; not for `given`
    std::vector<std::uint32_t> valid_rows = {};  ///< for `given` alone
};

/// Throws Error(invalid_argument) for a share that is not between 0 and 1, Error(shape) for a row beyond the
/// data, Error(schema) if nothing is left to train or to validate on.
[[nodiscard]] inline Split split_table(const encoding::Dataset& data, const TableSplit& how,
                                       std::uint64_t seed) {
    switch (how.way) {
        case SplitWay::last:
            return split_last(data, how.share);
        case SplitWay::groups:
            return split_groups(data, how.share, seed);
        case SplitWay::given:
            return split_given(data, how.valid_rows, true);
        case SplitWay::at_random:
            break;
    }
    return split_at_random(data, how.share, seed);
}

}  // namespace funnel::dataset
