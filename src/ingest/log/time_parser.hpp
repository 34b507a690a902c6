// SPDX-License-Identifier: MIT
// TimeParser: the text of a time to microseconds since 1970 UTC, as docs/ingest.md describes it.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "funnel/ingest/schema.hpp"

namespace funnel::ingest::detail {

/// Local times of one IANA zone to UTC. Keeps what it looked up last: one thread at a time.
class LocalZone {
 public:
    /// Throws Error(schema) for a name that the zone database does not know.
    LocalZone(const std::string& name, const std::string& where);

    /// A local time that a clock change skips is read with the offset before the change; of one that occurs
    /// twice the first is meant.
    [[nodiscard]] std::int64_t to_utc(std::int64_t local_micros);

 private:
    const void* zone_;  // date::time_zone, which lives as long as the program
    // Local times, in seconds, in [first_, last_) all have this offset.
    std::int64_t first_ = 0, last_ = 0, offset_ = 0;
};

/// Which unit the text of a time is in by its form and size, or empty if it is no time at all.
[[nodiscard]] std::optional<TimeUnit> time_unit_of(std::string_view text) noexcept;

/// An integer that can hardly be a time: why, with both readings where it may be the digits of a date; else
/// empty. For what `auto` found in the first row: a time before 1990 or from 2100 on, or 8, 10, 12 or 14
/// digits that read as YYYYMMDD[HH[MM[SS]]] of those years.
[[nodiscard]] std::string doubt_about(std::string_view integer, TimeUnit unit);

/// What a message expects of a time in this unit.
[[nodiscard]] std::string expected_time(TimeUnit unit, bool detected);
/// " from -A to B" of an integer beyond what the unit reaches, which is a time all the same; else empty.
[[nodiscard]] std::string time_range(std::string_view got, TimeUnit unit);

/// One thread at a time.
class TimeParser {
 public:
    /// detected: the unit was found from the first row, so that an integer of another magnitude is no time.
    TimeParser(TimeUnit unit, bool detected, const std::string& zone, const std::string& where);
    /// Times in the form of `format`, see time_format.hpp.
    TimeParser(std::string format, const std::string& zone, const std::string& where);

    /// False if the text is not such a time, or one beyond 64 bits. `text` must have 16 readable bytes behind
    /// its begin.
    [[nodiscard]] bool parse(std::string_view text, std::int64_t& micros) {
        if (unit_ == TimeUnit::iso && !zone_ && parse_common(text, micros)) return true;
        return parse_any(text, micros);
    }

 private:
    bool parse_common(std::string_view text, std::int64_t& micros) noexcept;
    bool parse_minute(std::string_view text) noexcept;
    bool parse_any(std::string_view text, std::int64_t& micros);

    TimeUnit unit_;
    bool detected_;
    std::string format_;  // of strptime; empty: by unit_
    std::optional<LocalZone> zone_;
    // The minute and the date parsed last: logs are nearly sorted.
    std::uint64_t minute_head_ = 0, minute_tail_ = 0;
    std::int64_t minute_micros_ = 0;
    std::uint64_t date_head_ = 0, date_tail_ = 0;
    std::int64_t date_micros_ = 0;
};

}  // namespace funnel::ingest::detail
