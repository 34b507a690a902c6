// SPDX-License-Identifier: MIT
// The tables that the first page and the full text of metrics share.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "funnel/metrics/measure.hpp"
#include "funnel/report/metrics_text.hpp"
#include "paint.hpp"

namespace funnel::report {

/// The whole log again without the users that a bot rule names.
[[nodiscard]] std::string without_bots_text(const metrics::MetricsResult& result, const Paint& paint);

using Segments = std::span<const metrics::SegmentResult>;

/// Every breakdown as `text` writes it and what in it is beyond its interval, each with a blank line before
/// it.
[[nodiscard]] std::string each_breakdown(const metrics::MetricsResult& result, const Paint& paint,
                                         const std::function<std::string(Segments)>& text);

}  // namespace funnel::report
