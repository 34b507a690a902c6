// SPDX-License-Identifier: MIT
// The funnel for people: drawn, with what is censored, how long it takes and which step to look at first.
#pragma once

#include <string>
#include <vector>

#include "funnel/metrics/metrics_result.hpp"
#include "funnel/report/metrics_text.hpp"
#include "paint.hpp"

namespace funnel::report {

/// The drawn funnel and what belongs to it.
[[nodiscard]] std::string funnel_text(const metrics::MetricsResult& result, const TextOptions& options,
                                      const Paint& paint);

/// The steps with and without the users that a bot rule names, side by side. The same funnel in both.
[[nodiscard]] std::string steps_without_bots_text(const std::vector<metrics::FunnelStep>& all,
                                                  const std::vector<metrics::FunnelStep>& without,
                                                  const Paint& paint);

/// "strict order", "only the first entry", ...: what is not plain.
[[nodiscard]] std::vector<std::string> describe(const metrics::FunnelRules& rules,
                                                const std::vector<metrics::FunnelStep>& steps);

}  // namespace funnel::report
