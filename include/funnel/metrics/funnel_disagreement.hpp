// SPDX-License-Identifier: MIT
// FunnelDisagreement: a user whose funnel ClickHouse counts differently, as explain_clickhouse finds them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace funnel::metrics {

/// A user whom the two count differently.
struct FunnelDisagreement {
    std::string user;
    std::size_t ours = 0, theirs = 0;  ///< stages reached
    std::string_view rule = {};        ///< which rule did it; static text
};

}  // namespace funnel::metrics
