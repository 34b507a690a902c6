// SPDX-License-Identifier: MIT
// ClockCheck: finds the rows of a log whose clock was wrong while it is read, counts and names them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "funnel/events/clock_gaps.hpp"
#include "funnel/ingest/read_log.hpp"
#include "ingest/log/log_block.hpp"

namespace funnel::ingest::detail {

class ClockCheck {
 public:
    ClockCheck(const ReadOptions& options, unsigned workers)
        : drop_(options.timeline.clocks == events::Clocks::drop),
          known_gap_(options.timeline.known_gap),
          spans_(workers) {}

    /// Any thread, one at a time per block.worker.
    void absorb(const LogBlock& block) {
        if (drop_) spans_[block.worker].add(block.time);
    }

    /// After the last block. gaps().any(): the users decide, see events::UsersBehind.
    void finish();
    [[nodiscard]] const events::ClockGaps& gaps() const noexcept { return gaps_; }

    /// Writes into the report what the cut leaves out, and warns of gaps that it cannot explain.
    /// Throws Error(parse) for a gap of more than a year with many rows on both sides.
    void judge(const events::ClockCut& cut, ReadReport& report);
    [[nodiscard]] const events::ClockCut& cut() const noexcept { return cut_; }

 private:
    bool drop_;
    std::uint64_t known_gap_;
    std::vector<events::TimeSpans> spans_;  // per worker, until finish
    std::vector<events::TimeSpan> sorted_;
    events::ClockGaps gaps_;
    events::ClockCut cut_;
};

/// Drops the rows outside the cut, as if they had not been read.
void keep_rows(EventLog& log, const events::ClockCut& cut);

/// After reading: names the rows outside the cut in the report, the first with file and line, and writes them
/// to the rejects file if there is one. Reads the files again; those that cannot be read twice are passed
/// over.
void name_clock_rows(std::span<const std::string> paths, const ReadOptions& options,
                     const events::ClockCut& cut, ReadReport& report);

}  // namespace funnel::ingest::detail
