// SPDX-License-Identifier: MIT
// LogBuilder: the blocks of a log, in order, to one EventLog and its report.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "funnel/ingest/read_log.hpp"
#include "ingest/duplicates.hpp"
#include "ingest/log_block.hpp"
#include "ingest/reject_log.hpp"

namespace funnel::ingest::detail {

/// One thread at a time.
class LogBuilder {
 public:
    /// `file_bytes`: of all files together, 0 if that is not known.
    LogBuilder(const ReadOptions& options, ReadResult& result, unsigned workers, std::uint64_t file_bytes);

    /// Appends a block. Throws Error(parse) for its first bad row under `fail`.
    void add(const LogPlan& plan, LogBlock& block);

    /// After the last block: columns that no file has go, duplicates are counted or dropped, the policy for
    /// bad rows is applied. Throws Error(parse).
    /// `found`: per slot of the plan, whether some file has the column.
    void finish(const LogPlan& plan, const std::vector<std::uint8_t>& found);

 private:
    using Codes = std::vector<std::uint32_t>;
    /// Codes of one worker to those of the log.
    struct CodeMaps {
        Codes users, items, orders;
        std::vector<Codes> texts;
    };

    void add_counts(const LogBlock& block);
    void add_rows(const LogBlock& block, CodeMaps& maps);
    void make_columns(const LogPlan& plan);
    void count_duplicates();
    void reserve(const LogBlock& block);

    const ReadOptions& options_;
    ReadResult& result_;
    RejectLog rejects_;
    std::vector<CodeMaps> maps_;
    DuplicateFinder duplicates_;
    std::uint64_t file_bytes_;
    std::uint64_t line_ = 0;  // physical lines of this file so far
    std::size_t own_names_ = 0;
};

}  // namespace funnel::ingest::detail
