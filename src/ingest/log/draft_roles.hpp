// SPDX-License-Identifier: MIT
// Guesses of draft_schema: which column is what, by its name and its values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ingest/log/draft_sample.hpp"

namespace funnel::ingest::detail {

/// How the times of a column are written.
struct TimeGuess {
    std::string format;     ///< strptime's letters; empty: found by itself
    std::string doubt;      ///< what else the values may mean; empty: nothing
    bool has_clock = true;  ///< not a date alone
};

/// Empty if the values are no times from 1990 to 2100.
[[nodiscard]] std::optional<TimeGuess> guess_time(const SampleColumn& column);

/// The column that is most likely to be `role` among those that `taken` does not name; null if none is.
[[nodiscard]] const SampleColumn* guess_column(const DraftSample& sample, const std::string& role,
                                               const std::vector<std::string>& taken);

/// Our event type of a log's own name ("Add to cart": cart_add); empty if it means nothing.
[[nodiscard]] std::string guess_event(const std::string& name);

}  // namespace funnel::ingest::detail
