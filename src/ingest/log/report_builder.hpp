// SPDX-License-Identifier: MIT
// ReportBuilder: the ReadReport of a log, block by block; applies the policy for bad rows.
#pragma once

#include <cstdint>

#include "funnel/ingest/read_log.hpp"
#include "ingest/csv/reject_log.hpp"
#include "ingest/log/log_block.hpp"

namespace funnel::ingest::detail {

/// One thread at a time, blocks in file order.
class ReportBuilder {
 public:
    ReportBuilder(const ReadOptions& options, ReadReport& report)
        : report_(report), rejects_(options.rows, report) {}

    /// Throws Error(parse) for the first bad row of the block under `fail`.
    void add(LogBlock& block);

    /// After the last block. Throws Error(parse) if too many rows are bad.
    void finish(const LogPlan& plan);

 private:
    void add_counts(const LogBlock& block);

    ReadReport& report_;
    RejectLog rejects_;
    std::uint64_t line_ = 0;  // physical lines of this file so far
    std::size_t own_names_ = 0;
};

}  // namespace funnel::ingest::detail
