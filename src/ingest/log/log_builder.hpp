// SPDX-License-Identifier: MIT
// LogBuilder: the blocks of a log, in order, to one EventLog and its report.
#pragma once

#include <cstdint>
#include <vector>

#include "funnel/ingest/read_log.hpp"
#include "ingest/log/clock_check.hpp"
#include "ingest/log/duplicates.hpp"
#include "ingest/log/log_block.hpp"
#include "ingest/log/log_ids.hpp"
#include "ingest/log/log_sink.hpp"
#include "ingest/log/order_amounts.hpp"
#include "ingest/log/report_builder.hpp"

namespace funnel::ingest::detail {

/// One thread at a time.
class LogBuilder final : public LogSink {
 public:
    /// `file_bytes`: of all files together, 0 if that is not known.
    LogBuilder(const ReadOptions& options, ReadResult& result, unsigned workers, std::uint64_t file_bytes);

    void absorb(LogBlock& block) override {
        block.marks.fill(block.row_hash);
        clocks_.absorb(block);
    }
    /// Appends a block. Throws Error(parse) for its first bad row under `fail`.
    void add(const LogPlan& plan, LogBlock& block) override;

    /// After the last block: columns that no file has go, duplicates are counted or dropped, rows with wrong
    /// clocks dropped, the policy for bad rows is applied. Throws Error(parse).
    void finish(const LogPlan& plan, const std::vector<std::uint8_t>& found) override;

    /// After finish: which rows have been kept.
    [[nodiscard]] const events::ClockCut& clock_cut() const noexcept { return clocks_.cut(); }

 private:
    void add_rows(const LogPlan& plan, const LogBlock& block);
    void count_duplicates();
    void check_clocks();
    void reserve(const LogBlock& block);
    void check_memory(std::uint64_t rows) const;

    const ReadOptions& options_;
    ReadResult& result_;
    ReportBuilder report_;
    LogIds ids_;
    ClockCheck clocks_;
    DuplicateFinder duplicates_;
    OrderAmounts amounts_;
    std::uint64_t file_bytes_;
};

}  // namespace funnel::ingest::detail
