// SPDX-License-Identifier: MIT
// Progress: how far a long job is. The library reports to the caller; it never prints.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace funnel::base {

struct Progress {
    std::string_view job;     ///< "reading", "features", "training", "scoring"
    std::uint64_t done = 0;   ///< in units of the job
    std::uint64_t total = 0;  ///< 0: not known
    std::string_view unit;    ///< "bytes", "events", "rows", "epochs"
};

/// Called now and then from the thread that runs the job. Throw Error(cancelled) from it to stop the job.
using ProgressObserver = std::function<void(const Progress&)>;

}  // namespace funnel::base
