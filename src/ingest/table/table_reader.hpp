// SPDX-License-Identifier: MIT
// The rows of a table of finished examples: every column is a slot, and no value is judged.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/ingest/read_table.hpp"
#include "ingest/csv/block_parser.hpp"
#include "ingest/csv/id_table.hpp"
#include "ingest/csv/reject_log.hpp"

namespace funnel::ingest::detail {

/// One thread at a time.
class TableRules final : public RowRules {
 public:
    explicit TableRules(char delimiter) : delimiter_(delimiter) {}

    [[nodiscard]] Dialect dialect() const override { return {.delimiter = delimiter_}; }
    [[nodiscard]] bool has_header() const override { return true; }
    FileFormat open_file(std::uint32_t file, const std::string& name,
                         const std::vector<std::string>& first) override;
    std::optional<TimeUnit> detect_unit(const FileFormat&, const std::vector<std::string_view>&) override {
        return std::nullopt;
    }
    std::optional<BadRow> judge(const FileFormat&, const std::vector<std::string_view>&,
                                std::string_view) override {
        return std::nullopt;
    }

    /// Of the first file, once it is open.
    [[nodiscard]] const std::vector<std::string>& columns() const noexcept { return columns_; }

 private:
    char delimiter_;
    std::vector<std::string> columns_;
    std::string first_name_;
};

/// The rows of one block, with codes of the thread that parsed it.
struct TableBlock {
    Block block;
    BlockOutcome outcome;
    std::uint64_t file_bytes = 0;
    unsigned worker = 0;
    std::vector<std::uint32_t> lines;               ///< per row: its line in the block, from 0
    std::vector<std::vector<std::uint32_t>> codes;  ///< per column
    std::vector<NewIds> fresh;                      ///< per column
};

/// One thread at a time; keeps its tables of values from block to block.
class TableParser final : public BatchSink {
 public:
    /// verbatim: per column, whether no word is missing there.
    TableParser(std::vector<std::uint8_t> verbatim, base::MissingWords missing,
                const BlockParserOptions& options)
        : verbatim_(std::move(verbatim)),
          missing_(std::move(missing)),
          block_parser_(options),
          tables_(verbatim_.size()) {}

    void parse(TableBlock& out, bool keep_all_bad);
    void consume(const Block& block, RowBatch& batch, BlockOutcome& outcome) override;

 private:
    std::vector<std::uint8_t> verbatim_;
    base::MissingWords missing_;
    BlockParser block_parser_;
    std::vector<IdTable> tables_;
    TableBlock* out_ = nullptr;  // while parse runs
};

/// One thread at a time.
class TableBuilder {
 public:
    TableBuilder(const RowPolicy& policy, Table& table, unsigned workers)
        : table_(table), rejects_(policy, table.report), maps_(workers) {}

    /// Appends a block. Throws Error(parse) for its first bad row under `fail`.
    void add(const TableRules& rules, TableBlock& block);
    /// Applies the policy for bad rows. Throws Error(parse).
    void finish() { rejects_.finish(); }

 private:
    Table& table_;
    RejectLog rejects_;
    std::vector<std::vector<std::vector<std::uint32_t>>>
        maps_;  // per worker and column: codes to the table's
    std::uint64_t line_ = 0;
};

}  // namespace funnel::ingest::detail
