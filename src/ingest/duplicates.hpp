// SPDX-License-Identifier: MIT
// Rows of a log that equal an earlier row in every field.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "funnel/events/event_log.hpp"

namespace funnel::ingest::detail {

/// The rows, ascending, that equal an earlier one in row_hash, user, time, kind and item. O(n); needs
/// row_hash.
[[nodiscard]] std::vector<std::uint64_t> find_duplicates(const events::EventLog& log, unsigned threads);

/// Removes the rows, given ascending.
void drop_rows(events::EventLog& log, std::span<const std::uint64_t> rows);

}  // namespace funnel::ingest::detail
