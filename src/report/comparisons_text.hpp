// SPDX-License-Identifier: MIT
// Differences for people: two logs, variants, segments, dialects.
#pragma once

#include <string>
#include <vector>

#include "funnel/metrics/metrics_result.hpp"
#include "funnel/report/comparisons.hpp"
#include "paint.hpp"

namespace funnel::report {

/// Everything that was compared, section by section; empty if nothing was.
[[nodiscard]] std::string comparisons_text(const Comparisons& beside, const Paint& paint);

/// The segments of one breakdown against the whole log: only differences beyond their interval.
[[nodiscard]] std::string segment_differences_text(std::span<const metrics::SegmentResult> segments,
                                                   const Paint& paint);

}  // namespace funnel::report
