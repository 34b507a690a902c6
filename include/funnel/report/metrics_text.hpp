// SPDX-License-Identifier: MIT
// Metrics as text for people: what was read, the numbers, a drawn funnel, breakdowns, and what to look at.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "funnel/metrics/measure.hpp"
#include "funnel/report/comparisons.hpp"
#include "funnel/report/log_summary.hpp"

namespace funnel::report {

struct TextOptions {
    bool color = false;                               ///< ANSI colours, for terminals
    std::size_t bar_width = 40;                       ///< of the widest bar of the funnel, in columns
    bool markdown = false;                            ///< GitHub's Markdown instead, without colours
    bool gains = false;                               ///< what one point more at each step would bring
    std::size_t breakdown_rows = 60;                  ///< keys shown of each breakdown; JSON and CSV hold all
    std::string zone = "UTC";                         ///< the name under which the page gives its days
    std::vector<metrics::OffsetChange> offsets = {};  ///< of that zone; empty: UTC
};

/// The first page: what was read, the questions that most people ask with answer, interval and counts, the
/// funnel drawn, then breakdowns and comparisons if there are any, and warnings. Figures without a value are
/// left out. UTF-8, no line wider than 80 columns unless a name of the log is.
[[nodiscard]] std::string to_page(const metrics::MetricsResult& result, const LogSummary& log,
                                  const TextOptions& options = {}, const Comparisons& beside = {});

/// Every figure under its key name. UTF-8, several lines, the last one ended. Texts from the log are shown
/// with control characters escaped.
[[nodiscard]] std::string to_text(const metrics::MetricsResult& result, const LogSummary& log,
                                  const TextOptions& options = {}, const Comparisons& beside = {});

}  // namespace funnel::report
