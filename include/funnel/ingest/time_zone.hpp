// SPDX-License-Identifier: MIT
// Offsets of an IANA time zone over a span of time, to find local days. Reads the system's zone database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/files/same_containers.hpp"

namespace funnel::ingest {

/// From `from` on, local time = UTC + offset (both in microseconds).
struct ZoneOffset {
    std::int64_t from = 0;
    std::int64_t offset = 0;
};

/// The offsets in force from `first` to `last` (UTC microseconds), ascending; the first entry reaches back to
/// the beginning of time. "UTC" needs no database. Throws Error(invalid_argument) for an unknown zone.
[[nodiscard]] std::vector<ZoneOffset> zone_offsets(const std::string& zone, std::int64_t first,
                                                   std::int64_t last);

/// "2016-09-01", "2016-09-01T12:00:00", with Z, an offset or " UTC"; no offset means UTC. Empty if it is
/// none.
[[nodiscard]] std::optional<std::int64_t> parse_iso_time(std::string_view text);

}  // namespace funnel::ingest
