// SPDX-License-Identifier: MIT
// Small tables beside the log: finished scores to judge, and candidates to score.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/history/history.hpp"
#include "funnel/ingest/read_table.hpp"
#include "options.hpp"

namespace funnel::tool {

/// Scores that somebody else computed, on any scale.
struct FinishedScores {
    std::vector<double> scores;        ///< n
    std::vector<std::uint8_t> labels;  ///< n: 0 or 1
    std::vector<float> weights;        ///< n, or empty: all 1
};

/// A file with the columns score, label and perhaps weight.
[[nodiscard]] FinishedScores read_scores(const std::string& path, const LogOptions& log, Run& run);

/// Pairs to score; the events borrow the texts of the table.
struct Candidates {
    ingest::Table table;
    std::vector<Event> events;
};

/// user_id,item_id[,event_time,list,position]. Without a time a candidate comes right after all that is
/// known.
[[nodiscard]] Candidates read_candidates(const std::string& path, const LogOptions& log,
                                         const history::History& history, const EventLog& events, Run& run);

}  // namespace funnel::tool
