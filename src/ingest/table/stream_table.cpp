// SPDX-License-Identifier: MIT
#include "funnel/ingest/stream_table.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <optional>
#include <utility>

#include "funnel/base/hash.hpp"
#include "ingest/csv/block_reader.hpp"
#include "ingest/csv/field_value.hpp"
#include "ingest/log/tuned_read.hpp"
#include "ingest/source/ordered_pipeline.hpp"
#include "ingest/table/table_reader.hpp"

namespace funnel::ingest {
namespace detail {
namespace {

/// The rows of one block.
struct StreamBlock {
    Block block;
    BlockOutcome outcome;
    std::uint64_t file_bytes = 0;
    std::vector<float> numbers;
    std::vector<std::uint64_t> categories;
    std::vector<std::uint8_t> labels;
};

/// Where a column's cells go.
struct Cell {
    CellKind kind = CellKind::ignored;
    std::size_t slot = 0;   // of the table
    std::size_t place = 0;  // among the numbers or categories of a row
    bool verbatim = false;
};

struct StreamPlan {
    std::vector<Cell> cells;
    std::size_t numbers = 0, categories = 0;
    CellKinds kinds;
    base::MissingWords missing;
};

StreamPlan make_plan(CellKinds kinds, const std::vector<std::uint8_t>& verbatim,
                     const base::MissingWords& missing) {
    StreamPlan plan;
    plan.missing = missing;
    for (std::size_t slot = 0; slot < kinds.kinds.size(); ++slot) {
        Cell cell{.kind = kinds.kinds[slot], .slot = slot, .verbatim = verbatim[slot] != 0};
        if (cell.kind == CellKind::ignored) continue;
        if (cell.kind == CellKind::number) cell.place = plan.numbers++;
        if (cell.kind == CellKind::category) cell.place = plan.categories++;
        plan.cells.push_back(cell);
    }
    plan.kinds = std::move(kinds);
    return plan;
}

/// One thread at a time.
class StreamParser final : public BatchSink {
 public:
    StreamParser(const StreamPlan& plan, const BlockParserOptions& options)
        : plan_(plan), block_parser_(options) {}

    void parse(StreamBlock& out, bool keep_all_bad) {
        out.outcome.reset(keep_all_bad);
        out.numbers.clear();
        out.categories.clear();
        out.labels.clear();
        out_ = &out;
        block_parser_.parse(out.block, *this, out.outcome);
    }

    void consume(const Block& block, RowBatch& batch, BlockOutcome& outcome) override {
        const std::size_t n = batch.size();
        first_ = out_->labels.size();
        out_->numbers.resize((first_ + n) * plan_.numbers);
        out_->categories.resize((first_ + n) * plan_.categories);
        out_->labels.resize(first_ + n);
        bad_.clear();
        for (const Cell& cell : plan_.cells)
            batch.with_column(cell.slot, [&](const auto& column) { read_column(cell, column, n); });
        if (!bad_.empty()) drop_bad(block, batch, outcome);
    }

 private:
    struct BadCell {
        std::size_t row = 0;
        const Cell* cell = nullptr;
    };

    template <typename Column>
    void read_column(const Cell& cell, const Column& column, std::size_t n) {
        if (cell.kind == CellKind::number) return read_numbers(cell, column, n);
        if (cell.kind == CellKind::category) return read_categories(cell, column, n);
        std::uint8_t* to = out_->labels.data() + first_;
        for (std::size_t row = 0; row < n; ++row) {
            const auto label = plan_.kinds.parse_label(column(row));
            if (!label) bad_.push_back({row, &cell});
            to[row] = label.value_or(0);
        }
    }

    template <typename Column>
    void read_numbers(const Cell& cell, const Column& column, std::size_t n) {
        float* to = out_->numbers.data() + first_ * plan_.numbers + cell.place;
        for (std::size_t row = 0; row < n; ++row, to += plan_.numbers) {
            const std::string_view text = column(row);
            double value = std::numeric_limits<double>::quiet_NaN();
            if (!plan_.missing.contain(text) && !read_number(text, value)) bad_.push_back({row, &cell});
            *to = static_cast<float>(value);
        }
    }

    [[nodiscard]] bool read_number(std::string_view text, double& value) const {
        if (plan_.kinds.numbers.plain()) return parse_number(text, value) == NumberKind::number;
        const std::optional<double> read = base::parse_number(text, plan_.kinds.numbers);
        if (read) value = *read;
        return read.has_value();
    }

    template <typename Column>
    void read_categories(const Cell& cell, const Column& column, std::size_t n) {
        std::uint64_t* to = out_->categories.data() + first_ * plan_.categories + cell.place;
        for (std::size_t row = 0; row < n; ++row, to += plan_.categories) {
            const std::string_view text = column(row);
            *to = base::hash_bytes(!cell.verbatim && plan_.missing.contain(text) ? std::string_view() : text);
        }
    }

    /// Rejects the rows with bad cells, each for the first one in the table's order, and closes the gaps.
    void drop_bad(const Block& block, const RowBatch& batch, BlockOutcome& outcome) {
        std::ranges::sort(bad_, [](const BadCell& a, const BadCell& b) {
            return a.row != b.row ? a.row < b.row : a.cell->slot < b.cell->slot;
        });
        std::size_t kept = first_, next = 0;
        for (std::size_t row = 0; row < batch.size(); ++row) {
            if (next < bad_.size() && bad_[next].row == row) {
                reject(block, batch, outcome, bad_[next]);
                while (next < bad_.size() && bad_[next].row == row)
                    ++next;
                continue;
            }
            move_row(out_->numbers, plan_.numbers, first_ + row, kept);
            move_row(out_->categories, plan_.categories, first_ + row, kept);
            out_->labels[kept++] = out_->labels[first_ + row];
        }
        out_->numbers.resize(kept * plan_.numbers);
        out_->categories.resize(kept * plan_.categories);
        out_->labels.resize(kept);
    }

    template <typename T>
    static void move_row(std::vector<T>& values, std::size_t width, std::size_t from, std::size_t to) {
        if (from == to) return;
        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(from * width), width,
                    values.begin() + static_cast<std::ptrdiff_t>(to * width));
    }

    void reject(const Block& block, const RowBatch& batch, BlockOutcome& outcome, const BadCell& bad) const {
        outcome.reject(batch.line(bad.row), Reason::value, [&] {
            const bool is_label = bad.cell->kind == CellKind::label;
            return bad_value(Reason::value, block.format->column_of[bad.cell->slot],
                             is_label ? plan_.kinds.expected_label : "a number",
                             batch.field(bad.cell->slot, bad.row), batch.text(bad.row));
        });
    }

    const StreamPlan& plan_;
    BlockParser block_parser_;
    StreamBlock* out_ = nullptr;  // while parse runs
    std::size_t first_ = 0;       // row of the block that a batch begins with
    std::vector<BadCell> bad_;
};

/// The rows of a block as a table of their own; bad ones are left out.
Table sample_of(const TableRules& rules, const std::vector<std::uint8_t>& verbatim,
                const base::MissingWords& missing, const BlockParserOptions& parsing, Block& block) {
    Table table;
    RowPolicy policy;
    policy.bad_rows = BadRows::skip;
    TableBuilder builder(policy, table, 1);
    TableBlock sample;
    std::swap(sample.block, block);
    TableParser(verbatim, missing, parsing).parse(sample, false);
    builder.add(rules, sample);
    std::swap(sample.block, block);
    return table;
}

/// Reads, asks what the columns are once the first block is there, and hands rows on.
class TableStream {
 public:
    TableStream(std::span<const std::string> paths, const TableOptions& options,
                const std::function<CellKinds(const Table&)>& choose,
                const std::function<void(const TableRows&)>& use, const Tuning& tuning)
        : options_(options),
          choose_(choose),
          use_(use),
          rules_(options.delimiter),
          reader_(paths, rules_, options.rows.max_line, tuning, stop_),
          parsing_{.dialect = rules_.dialect(),
                   .max_line = options.rows.max_line,
                   .window_bytes = tuning.window_bytes,
                   .hash_rows = false,
                   .stop_at_bad = options.rows.bad_rows == BadRows::fail},
          total_(check_inputs(paths, options.rows, report_)),
          rejects_(options.rows, report_) {
        if (options.rows.digests) reader_.keep_digests(report_.digests);
    }

    ReadReport run() {
        const unsigned threads = std::max(options_.threads, 1u);
        std::vector<std::optional<StreamParser>> parsers(threads);
        const bool keep_all = options_.rows.bad_rows == BadRows::skip && !options_.rows.rejects_path.empty();
        PipelineSteps<StreamBlock> steps;
        steps.produce = [&](StreamBlock& block) { return produce(block); };
        steps.work = [&](unsigned worker, StreamBlock& block) {
            if (!parsers[worker]) parsers[worker].emplace(*plan_, parsing_);
            parsers[worker]->parse(block, keep_all);
        };
        steps.commit = [&](StreamBlock& block) { commit(block); };
        steps.observe = byte_progress(options_.progress, done_, total_);
        OrderedPipeline<StreamBlock>(std::move(steps), threads, stop_).run();
        report_.bytes = reader_.text_bytes();
        rejects_.finish();
        return std::move(report_);
    }

 private:
    bool produce(StreamBlock& block) {
        const bool more = reader_.next(block.block);
        block.file_bytes = reader_.file_bytes();
        done_ = block.file_bytes;
        if (more && !plan_) {
            std::vector<std::uint8_t> verbatim;
            for (const std::string& name : rules_.columns())
                verbatim.push_back(std::ranges::find(options_.verbatim, name) != options_.verbatim.end());
            plan_ = make_plan(choose_(sample_of(rules_, verbatim, options_.missing, parsing_, block.block)),
                              verbatim, options_.missing);
        }
        return more;
    }

    void commit(StreamBlock& block) {
        const FileFormat& format = *block.block.format;
        if (block.block.first_of_file) line_ = format.lines_before;
        rejects_.add(format, block.outcome, line_);
        line_ += block.outcome.lines;
        report_.rows += block.outcome.rows;
        report_.accepted += block.labels.size();
        if (!block.labels.empty()) use_({block.numbers, block.categories, block.labels, block.file_bytes});
    }

    const TableOptions& options_;
    const std::function<CellKinds(const Table&)>& choose_;
    const std::function<void(const TableRows&)>& use_;
    std::atomic<bool> stop_{false};
    std::atomic<std::uint64_t> done_{0};
    ReadReport report_;
    TableRules rules_;
    BlockReader reader_;
    BlockParserOptions parsing_;
    std::uint64_t total_;
    RejectLog rejects_;
    std::optional<StreamPlan> plan_;
    std::uint64_t line_ = 0;
};

}  // namespace

ReadReport stream_table(std::span<const std::string> paths, const TableOptions& options,
                        const std::function<CellKinds(const Table&)>& choose,
                        const std::function<void(const TableRows&)>& use, const Tuning& tuning) {
    return TableStream(paths, options, choose, use, tuning).run();
}

}  // namespace detail

ReadReport stream_table(std::span<const std::string> paths, const TableOptions& options,
                        const std::function<CellKinds(const Table&)>& choose,
                        const std::function<void(const TableRows&)>& use) {
    return detail::stream_table(paths, options, choose, use, detail::Tuning{});
}

}  // namespace funnel::ingest
