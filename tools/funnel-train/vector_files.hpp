// SPDX-License-Identifier: MIT
// --vectors FILE: vectors of items or users, from CSV or from .npy with a list of ids.
#pragma once

#include <string>

#include "funnel/events/vector_table.hpp"
#include "funnel/ingest/schema.hpp"
#include "options.hpp"

namespace funnel::tool {

/// CSV: an id column and numbers. FILE.npy: a row per id of FILE.ids, which is CSV with the id column alone.
/// The id column, under the log's name for it or ours, says whether the rows are items or users.
/// Throws Error(schema) for neither or both, and for rows that do not fit.
[[nodiscard]] events::VectorTable read_vectors(const std::string& path, const ingest::Schema& schema,
                                               const LogOptions& log, Run& run);

/// The list of ids of a .npy file, or empty.
[[nodiscard]] std::string ids_file(const std::string& path);

}  // namespace funnel::tool
