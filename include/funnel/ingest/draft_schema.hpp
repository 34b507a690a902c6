// SPDX-License-Identifier: MIT
// draft_schema: drafts a schema file for an unknown log, and says what it is unsure of.
#pragma once

#include <string>
#include <vector>

namespace funnel::ingest {

struct SchemaDraft {
    std::string json;                 ///< text of a schema file that parse_schema reads, indented
    std::vector<std::string> doubts;  ///< one line each: what was guessed, and what to check or add
    std::vector<std::string> unused;  ///< columns that the draft makes nothing of
};

/// Looks at the first MiB of a CSV file or of JSON lines. Where a preset fits it is that preset. The guesses
/// come from the names of the columns and from their values. Throws Error(schema) if no column looks like a
/// time or nothing tells users apart, Error(io) and Error(parse) as read_log.
[[nodiscard]] SchemaDraft draft_schema(const std::string& path);

}  // namespace funnel::ingest
