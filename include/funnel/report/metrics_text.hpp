// SPDX-License-Identifier: MIT
// Metrics as text for people: what was read, the numbers, a drawn funnel, breakdowns, and what to look at.
#pragma once

#include <cstddef>
#include <string>

#include "funnel/metrics/measure.hpp"
#include "funnel/report/comparisons.hpp"
#include "funnel/report/log_summary.hpp"

namespace funnel::report {

struct TextOptions {
    bool color = false;               ///< ANSI colours, for terminals
    std::size_t bar_width = 40;       ///< of the widest bar of the funnel, in columns
    bool markdown = false;            ///< GitHub's Markdown instead, without colours
    bool gains = false;               ///< what one point more at each step would bring
    std::size_t breakdown_rows = 60;  ///< keys shown of each breakdown; JSON and CSV hold all
};

/// UTF-8, several lines, the last one ended. Texts from the log are shown with control characters escaped.
[[nodiscard]] std::string to_text(const metrics::MetricsResult& result, const LogSummary& log,
                                  const TextOptions& options = {}, const Comparisons& beside = {});

}  // namespace funnel::report
