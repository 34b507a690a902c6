// SPDX-License-Identifier: MIT
// LogSink: what becomes of the parsed blocks of a log; read_blocks feeds it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "funnel/events/clock_gaps.hpp"
#include "funnel/ingest/read_log.hpp"
#include "ingest/log/log_block.hpp"
#include "ingest/log/log_plan.hpp"
#include "ingest/source/tuning.hpp"

namespace funnel::ingest::detail {

class LogSink {
 public:
    virtual ~LogSink() = default;
    /// Any thread, one at a time per block.worker; each block once, before it is added.
    virtual void absorb(LogBlock& block) = 0;
    /// One thread at a time, blocks in file order. May throw: nothing behind the block is added then.
    virtual void add(const LogPlan& plan, LogBlock& block) = 0;
    /// After the last block. `found`: per slot of the plan, whether some file has the column.
    virtual void finish(const LogPlan& plan, const std::vector<std::uint8_t>& found) = 0;
    /// Not null: only the rows outside the cut are wanted, as block.clock_rows, and nothing else.
    [[nodiscard]] virtual const events::ClockCut* cut() const noexcept { return nullptr; }
};

/// Reads all files into the sink. `file_bytes`: as check_inputs returns it. Completes schema and bytes.
void read_blocks(std::span<const std::string> paths, const ReadOptions& options, const Tuning& tuning,
                 std::uint64_t file_bytes, LogSink& sink, ReadReport& report, Schema& schema);

}  // namespace funnel::ingest::detail
