// SPDX-License-Identifier: MIT
// Timeline: which rows of a log are known, which clocks are trusted, and which units a command asks for.
// docs/time.md has the rules.
//
//     const events::Timeline timeline{.as_of = now};  // what was known then
//     const bool counts = timeline.knows(log.time.front());
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace funnel::events {

/// From `from` on, local time = UTC + offset (both in microseconds).
struct OffsetChange {
    std::int64_t from = 0;
    std::int64_t offset = 0;
};

/// What is asked for: [from, to) in UTC microseconds. Rows outside are context.
struct Period {
    std::optional<std::int64_t> from = {}, to = {};

    [[nodiscard]] bool whole() const noexcept { return !from && !to; }
    [[nodiscard]] bool covers(std::int64_t time) const noexcept {
        return (!from || time >= *from) && (!to || time < *to);
    }
};

/// What becomes of rows that are ahead of their clock or behind it (clock_gaps.hpp).
enum class Clocks : std::uint8_t { keep, drop };

/// Immutable once made: share freely.
struct Timeline {
    std::optional<std::int64_t> as_of = {};  ///< what is known: rows at or after it are read by nothing
    Clocks clocks = Clocks::keep;
    std::uint64_t known_gap =
        0;               ///< microseconds: the largest gap of earlier logs, which counts as one before
    Period period = {};  ///< what is asked for; it never moves the end of the log
    std::vector<OffsetChange> zone = {};  ///< ascending; what cuts days; empty: UTC

    [[nodiscard]] bool knows(std::int64_t time) const noexcept { return !as_of || time < *as_of; }
};

}  // namespace funnel::events
