// SPDX-License-Identifier: MIT
// AskedPeriod: the period that a table or page is of, as people read it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "funnel/events/timeline.hpp"
#include "funnel/files/same_containers.hpp"

namespace funnel::report {

struct AskedPeriod {
    events::Period period = {};                      ///< whole: nothing was asked for
    std::int64_t first_time = 0, last_time = 0;      ///< of the log, where the period has no end of its own
    std::vector<events::OffsetChange> offsets = {};  ///< of the zone whose days are said; empty: UTC
};

/// "Figures of 4 Mar to 10 Mar 2024, 7 days"; with times where the ends are no midnights; empty: nothing was
/// asked for.
[[nodiscard]] std::string to_text(const AskedPeriod& asked);

}  // namespace funnel::report
