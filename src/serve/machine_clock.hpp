// SPDX-License-Identifier: MIT
// machine_time: the clock of the host, which the recommender is told.
#pragma once

#include <chrono>
#include <cstdint>

namespace funnel::serve {

/// Microseconds since 1970 UTC.
[[nodiscard]] inline std::int64_t machine_time() {
    using std::chrono::microseconds;
    return std::chrono::duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace funnel::serve
