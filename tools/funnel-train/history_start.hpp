// SPDX-License-Identifier: MIT
// Where the history of a run begins and ends: the model's state or a saved one, which rows of the log it
// knows already, and the state for the next run.
#pragma once

#include <cstdint>
#include <string>

#include "funnel/events/recent_rows.hpp"
#include "funnel/history/history.hpp"
#include "funnel/model/bundle.hpp"
#include "options.hpp"

namespace funnel::tool {

struct HistoryOptions {
    std::string history = "model";  ///< or none
    std::string state;
    std::string save_state;
    std::string score_from;
    bool allow_older_state = false;
    std::string late_memory = "3d", max_late = "1%";

    void add_to(CLI::App& command);
    /// Throws Error(invalid_argument) for values that are none, and for those that do not go together.
    void check(const LogOptions& log) const;
    /// The examples that are asked for; --score-from is another name of --from.
    [[nodiscard]] events::Period asked(const LogOptions& log, const EventLog& rows) const;
};

/// What a run goes on from. One thread at a time.
struct HistoryStart {
    history::History history;
    events::RecentRows recent;
    std::int64_t watermark;       ///< of the history, before this log
    events::LateRows known = {};  ///< rows of this log at or before it
};

/// --state, else the model's, else with --history none an empty one. Throws Error(format) for a state of
/// another model, Error(schema) for one that is older than the history inside the model.
[[nodiscard]] HistoryStart history_start(const Bundle& bundle, const HistoryOptions& options, Run& run);

/// Counts the rows of the log that came before, for start.known and for the record, with a warning of late
/// ones, and one of a gap before the first new row.
void find_known_rows(const EventLog& log, HistoryStart& start, const HistoryOptions& options, Run& run);

/// The state for --save-state, if given, as it is after the log: it is written when all else is. Notes the
/// watermarks of the run.
void keep_state(const HistoryOptions& options, HistoryStart& start, const EventLog& log, Run& run);

}  // namespace funnel::tool
