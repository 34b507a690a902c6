// SPDX-License-Identifier: MIT
// BlockParser: a block to batches of rows. Rows without quotes go through the vector scan alone; everything
// else is decided by RecordParser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/csv/block_reader.hpp"
#include "ingest/csv/row_batch.hpp"
#include "ingest/csv/scan.hpp"

namespace funnel::ingest::detail {

/// Takes the rows of a block. One thread at a time.
class BatchSink {
 public:
    virtual ~BatchSink() = default;
    /// Well-formed rows in file order. Rejects what has bad values.
    virtual void consume(const Block& block, RowBatch& batch, BlockOutcome& outcome) = 0;
};

struct BlockParserOptions {
    Dialect dialect;
    std::size_t max_line = 1u << 20;
    std::size_t window_bytes = 1u << 15;
    bool hash_rows = false;
    bool stop_at_bad = false;  ///< rows behind the first bad one are not looked at
};

/// One thread at a time.
class BlockParser {
 public:
    explicit BlockParser(const BlockParserOptions& options);

    void parse(const Block& block, BatchSink& sink, BlockOutcome& outcome);

 private:
    std::size_t parse_window(const Block& block, std::size_t begin, std::size_t limit, BlockOutcome& outcome);
    std::size_t parse_lines(const Block& block, std::size_t begin, std::size_t limit, BlockOutcome& outcome);
    void hash_regular_rows(const FileFormat& format);
    void list_rows(const FileFormat& format, std::string_view text, bool odd_bytes, bool quoted,
                   BlockOutcome& outcome);
    void split(std::string_view record, const std::uint32_t* separators, std::size_t columns);
    [[nodiscard]] bool take_quotes_off(std::uint32_t quotes);
    void add_slow_row(const FileFormat& format, std::string_view record, BlockOutcome& outcome);
    void add_row(const FileFormat& format, const std::vector<std::string_view>& fields,
                 std::string_view record, std::string_view first_line, std::uint64_t line);
    [[nodiscard]] std::string_view kept(std::string_view field, std::string_view record);
    [[nodiscard]] std::uint64_t hash_fields(const FileFormat& format,
                                            const std::vector<std::string_view>& fields);
    std::size_t handle_verdict(const Block& block, const Verdict& verdict, BatchSink& sink,
                               BlockOutcome& outcome);

    BlockParserOptions options_;
    RecordParser record_parser_;
    RowIndex index_;
    RowBatch batch_;
    std::vector<std::string_view> fields_;  // of one row
    std::string unescaped_;                 // fields that are no stretch of the text
    std::string canonical_;
};

}  // namespace funnel::ingest::detail
