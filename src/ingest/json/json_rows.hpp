// SPDX-License-Identifier: MIT
// JsonRows: a block of JSON lines to batches of rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "ingest/csv/block_parser.hpp"
#include "ingest/json/json_line.hpp"
#include "ingest/log/log_plan.hpp"
#include "ingest/log/row_shaper.hpp"

namespace funnel::ingest::detail {

/// The paths that a plan looks at: its slots.
[[nodiscard]] JsonPaths paths_of(const LogPlan& plan);

/// One thread at a time.
class JsonRows {
 public:
    JsonRows(const LogPlan& plan, const BlockParserOptions& options);
    JsonRows(const JsonRows&) = delete;
    JsonRows& operator=(const JsonRows&) = delete;

    /// As BlockParser::parse. Rows of one line share its number and come in one batch.
    void parse(const Block& block, BatchSink& sink, BlockOutcome& outcome);

 private:
    void add_line(const Block& block, std::string_view line, BatchSink& sink, BlockOutcome& outcome);
    void add_rows(std::string_view line, std::uint64_t number);
    void flush(const Block& block, BatchSink& sink, BlockOutcome& outcome);

    const BlockParserOptions options_;
    JsonPaths paths_;
    TextArena arena_;
    JsonLine line_;  // borrows both
    RowBatch batch_;
    std::size_t room_ = 0;  // rows that fit the batch
};

}  // namespace funnel::ingest::detail
