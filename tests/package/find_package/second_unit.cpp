// SPDX-License-Identifier: MIT
#include "funnel/funnel.hpp"

std::size_t count_events_in_second_unit() {
    funnel::EventLog log;
    log.add({.kind = funnel::EventKind::view, .user = "ann", .item = "shoe"});
    return log.size();
}
