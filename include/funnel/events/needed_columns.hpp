// SPDX-License-Identifier: MIT
// NeededColumns: the columns that a model, for example, needs in a log besides time, user, item, kind and
// visit.
#pragma once

#include <string>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/events/event_log.hpp"

namespace funnel::events {

/// Plain data; value semantics.
struct NeededColumns {
    std::vector<std::string> text, numbers;  ///< names as EventLog::text_column and number_column know them
    std::vector<std::string> custom_kinds;   ///< event names of the log's own that are stages
    std::string schema;  ///< how columns and events are called in the files: JSON, or empty
};

struct MissingColumns {
    std::vector<std::string> text, numbers;
};

/// The needed columns that the log has not. Scores would do without, and look as good as ever. A column of
/// missing values is no lack: it is known that there is nothing to know.
[[nodiscard]] inline MissingColumns missing_columns(const EventLog& log, const NeededColumns& needed) {
    MissingColumns missing;
    for (const std::string& name : needed.text) {
        if (log.text_column(name) == nullptr) missing.text.push_back(name);
    }
    for (const std::string& name : needed.numbers) {
        if (log.number_column(name) == nullptr) missing.numbers.push_back(name);
    }
    return missing;
}

/// Throws Error(schema) naming the first needed column that the log lacks.
inline void require_columns(const EventLog& log, const NeededColumns& needed) {
    const auto [text, numbers] = missing_columns(log, needed);
    if (text.empty() && numbers.empty()) return;
    const std::string& name = text.empty() ? numbers.front() : text.front();
    throw Error(ErrorCode::schema,
                "log: expected a column \"" + name +
                    "\", which the model learned from, got none; read the log with "
                    "ingest::reading_for(model::columns_needed(bundle)), or say that it has none with " +
                    (text.empty() ? "add_number_column" : "add_text_column") + "(\"" + name + "\")");
}

}  // namespace funnel::events
