// SPDX-License-Identifier: MIT
// Periods by name, such as "last-week", and the period that each is compared with, in local days of a time
// zone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "funnel/events/timeline.hpp"

namespace funnel::ingest {

/// yesterday, last-week (Monday to Sunday), last-month or last-Nd (N from 1 to 36500): the last whole local
/// day, week, month or N days before `reference` (UTC microseconds). Empty for another name. Throws
/// Error(schema) for an unknown zone.
[[nodiscard]] std::optional<events::Period> named_period(std::string_view name, std::int64_t reference,
                                                         const std::string& zone);

/// Of a period with both ends: "previous", the one of as much local time that ends where it begins, or
/// "year-ago", between the same local dates and clock times a year before (29 February: the 28th; a period of
/// whole days stays one). Empty for another name. Throws as named_period.
[[nodiscard]] std::optional<events::Period> period_before(std::string_view name, const events::Period& period,
                                                          const std::string& zone);

/// A time as parse_iso_time reads it; without an offset it is local to the zone. Throws as named_period.
[[nodiscard]] std::optional<std::int64_t> parse_local_time(std::string_view text, const std::string& zone);

}  // namespace funnel::ingest
