// SPDX-License-Identifier: MIT
// LogBlock: the events of one block, with codes of the thread that parsed it; LogParser makes them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/events/clock_gaps.hpp"
#include "funnel/events/event_log.hpp"
#include "ingest/csv/block_parser.hpp"
#include "ingest/csv/id_table.hpp"
#include "ingest/json/json_rows.hpp"
#include "ingest/log/duplicates.hpp"
#include "ingest/log/log_checker.hpp"
#include "ingest/log/log_plan.hpp"
#include "ingest/log/row_shaper.hpp"

namespace funnel::ingest::detail {

/// Plain data, reused from block to block. Codes are those of worker `worker`.
struct LogBlock {
    Block block;
    BlockOutcome outcome;
    std::uint64_t file_bytes = 0;  ///< read from all files up to the end of this block
    std::uint64_t sequence = 0;    ///< of the block in the log
    unsigned worker = 0;

    std::uint64_t accepted = 0;  ///< rows of the file; the vectors have one entry per event
    std::vector<std::int64_t> time;
    std::vector<events::EventKind> kind;
    std::vector<std::uint32_t> user, item;
    std::vector<std::uint64_t> session, row_hash;
    BlockMarks marks;                               ///< of row_hash
    std::vector<events::OrderLine> order_lines;     ///< rows from 0
    std::vector<std::vector<std::uint32_t>> texts;  ///< per text column of the plan
    std::vector<std::vector<float>> numbers;        ///< per number column of the plan

    std::vector<BadRow> clock_rows;  ///< outside the cut, if the parser has one

    NewIds new_users, new_items, new_orders;
    std::vector<NewIds> new_texts;  ///< per text column

    struct EventCount {
        std::string label;
        bool own = false;  ///< a name of the log's own that nobody mapped
        std::uint64_t rows = 0;
    };
    std::vector<EventCount> events;  ///< in order of first appearance

    void reset(const LogPlan& plan, bool keep_all_bad);
};

/// One thread at a time; keeps its tables of ids from block to block.
class LogParser {
 public:
    /// cut: null, or rows outside it are all that is wanted.
    LogParser(std::shared_ptr<const LogPlan> plan, const BlockParserOptions& options,
              const events::ClockCut* cut = nullptr);

    /// Parses out.block into the rest of out.
    void parse(LogBlock& out, bool keep_all_bad);

 private:
    struct EventName {
        EventMeaning meaning;
        std::uint64_t rows = 0;  // in this block
    };

    void consume(const Block& block, RowBatch& batch, LogBlock& out);
    void find_clock_rows(const Block& block, const RowBatch& batch, LogBlock& out) const;
    [[nodiscard]] std::size_t column_of(const FileFormat& format, std::size_t event) const;
    RowBatch& reshape(const Block& block, RowBatch& rows, LogBlock& out);
    void drop_unusable(const Block& block, RowBatch& batch, LogBlock& out);
    void add_events(const RowBatch& batch, LogBlock& out);
    void apply_rules(const RowBatch& batch);
    void add_codes(IdTable& table, const RowBatch& batch, std::size_t slot, std::vector<std::uint32_t>& into,
                   NewIds& fresh);
    void add_columns(const RowBatch& batch, LogBlock& out);
    void add_order_lines(const RowBatch& batch, std::size_t first_row, LogBlock& out);
    void forget_event_names();

    std::shared_ptr<const LogPlan> plan_;
    const events::ClockCut* cut_;
    BlockParserOptions options_;
    BlockParser block_parser_;
    std::optional<JsonRows> json_rows_;
    LogChecker checker_;
    std::optional<RowShaper> shaper_;
    std::vector<std::uint8_t> keep_;  // per event of a batch
    IdTable users_, items_, orders_;
    std::vector<IdTable> texts_;
    IdTable event_names_;
    std::vector<EventName> names_;  // of the constant, of the rules, then of each code of event_names_
    std::vector<std::uint32_t> names_in_block_;
    std::vector<std::uint32_t> row_names_;  // per row of the batch: its entry of names_
    NewIds scratch_ids_;
};

}  // namespace funnel::ingest::detail
