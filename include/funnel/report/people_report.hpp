// SPDX-License-Identifier: MIT
// Lists of people as CSV for a mailing tool, as JSON and as text (docs/metrics.md, "People").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "funnel/base/warning.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/events/funnel_stages.hpp"
#include "funnel/events/timeline.hpp"
#include "funnel/metrics/people.hpp"

namespace funnel::report {

struct PeopleView {
    const EventLog* log = nullptr;  ///< borrowed
    metrics::PeopleGroup group = {};
    std::span<const metrics::Person> people = {};  ///< those shown
    std::int64_t all = 0;                          ///< as many are in the group
    Funnel funnel = {};
    std::string zone = "UTC";                        ///< of times in the text
    std::vector<events::OffsetChange> offsets = {};  ///< of that zone; empty: UTC
    base::Warnings warnings = {};
};

/// `user_id,since,last_event,items,value,step`: times as ISO 8601 UTC, items separated by a blank, the step
/// by its name; ids verbatim.
[[nodiscard]] std::string to_csv(const PeopleView& view);
[[nodiscard]] std::string to_json(const PeopleView& view);
/// The first 20, with times local to the zone, and how many there are.
[[nodiscard]] std::string to_text(const PeopleView& view);

}  // namespace funnel::report
