// SPDX-License-Identifier: MIT
// read_log and read_table with their sizes open: for tests and measurements.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "funnel/ingest/log_parts.hpp"
#include "funnel/ingest/read_log.hpp"
#include "funnel/ingest/read_table.hpp"
#include "funnel/ingest/stream_table.hpp"
#include "ingest/source/tuning.hpp"

namespace funnel::ingest::detail {

[[nodiscard]] ReadResult read_log(std::span<const std::string> paths, const ReadOptions& options,
                                  const Tuning& tuning);
[[nodiscard]] LogParts read_log_parts(std::span<const std::string> paths, const ReadOptions& options,
                                      const PartsOptions& parts, const Tuning& tuning);
[[nodiscard]] Table read_table(std::span<const std::string> paths, const TableOptions& options,
                               const Tuning& tuning);
ReadReport stream_table(std::span<const std::string> paths, const TableOptions& options,
                        const std::function<CellKinds(const Table&)>& choose,
                        const std::function<void(const TableRows&)>& use, const Tuning& tuning);

/// What both do with the paths before they read: each can be opened, and a warning for one given twice.
/// Returns the size of all files, 0 if that is not known. Throws Error(io), Error(invalid_argument).
[[nodiscard]] std::uint64_t check_inputs(std::span<const std::string> paths, const RowPolicy& rows,
                                         ReadReport& report);

/// Tells `progress` how many bytes are read of how many; for PipelineSteps::observe.
[[nodiscard]] std::function<void()> byte_progress(const base::ProgressObserver& progress,
                                                  const std::atomic<std::uint64_t>& done,
                                                  std::uint64_t total);

}  // namespace funnel::ingest::detail
