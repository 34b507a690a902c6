// SPDX-License-Identifier: MIT
#include "ingest/block_parser.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "funnel/base/error.hpp"
#include "ingest/row_check.hpp"
#include "ingest/utf8.hpp"

namespace funnel::ingest::detail {
namespace {

constexpr std::size_t npos = std::string_view::npos;

std::uint64_t hash_text(std::string_view text, std::uint64_t seed) {
    return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

}  // namespace

std::vector<BadRow>& BlockOutcome::bad() {
    std::ranges::sort(bad_, {}, &BadRow::line);
    return bad_;
}

BlockParser::BlockParser(const BlockParserOptions& options)
    : options_(options), record_parser_(options.delimiter, options.max_line) {}

void BlockParser::parse(const Block& block, BatchSink& sink, BlockOutcome& outcome) {
    std::size_t at = 0;
    auto verdict = block.verdicts.begin();
    while (at < block.size && !(options_.stop_at_bad && outcome.any_bad())) {
        if (verdict != block.verdicts.end() && at == verdict->offset) {
            at = handle_verdict(block, *verdict++, sink, outcome);
            continue;
        }
        at = parse_window(block, at, verdict == block.verdicts.end() ? block.size : verdict->offset, outcome);
        if (batch_.size > 0) sink.consume(block, batch_, outcome);
    }
}

/// The rows of one window of [begin, limit), which ends at a line end, to batch_. Returns where the next one
/// begins.
std::size_t BlockParser::parse_window(const Block& block, std::size_t begin, std::size_t limit,
                                      BlockOutcome& outcome) {
    const char* const base = block.text.data() + begin;
    std::size_t size = 0;
    for (std::size_t window = options_.window_bytes; size < limit - begin; window *= 2) {
        size = std::min(limit - begin, window);
        scan_rows(base, size, options_.delimiter, block.quoted, index_);
        if (index_.rows > 0) break;
    }
    if (index_.rows == 0)
        throw Error(ErrorCode::internal, block.format->name + ": a block without a line end");
    const std::size_t columns = block.format->columns();
    const bool odd_bytes =
        index_.zero_bytes || (index_.high_bytes && find_invalid_utf8({base, size}) != npos);
    batch_.resize(block.format->column_of.size(), index_.rows);
    plain_.clear();
    plain_first_.clear();
    unescaped_.clear();
    if (block.quoted) unescaped_.reserve(size + kPadding);
    std::uint32_t first = 0, quotes = 0;
    std::size_t row_begin = 0;
    for (std::size_t i = 0; i < index_.rows; ++i) {
        const std::uint32_t last = index_.row_ends[i];
        const std::size_t row_end = std::size_t{index_.separators[last]} + 1;
        const std::string_view record(base + row_begin, row_end - row_begin);
        const bool has_quotes = block.quoted && index_.quotes[i] != std::exchange(quotes, index_.quotes[i]);
        // A line of a single column may be blank, and then it is no row.
        if (last - first + 1 == columns && !has_quotes && !odd_bytes && record.size() <= options_.max_line &&
            columns > 1) {
            const auto k = static_cast<std::uint32_t>(batch_.size++);
            plain_.push_back(k);
            plain_first_.push_back(first);
            batch_.line[k] = static_cast<std::uint32_t>(outcome.lines);
            batch_.text[k] = record;
        } else {
            add_slow_row(block, record, outcome);
        }
        ++outcome.lines;
        first = last + 1;
        row_begin = row_end;
    }
    outcome.rows += plain_.size();
    fill_plain_rows(*block.format, base);
    if (options_.hash_rows) hash_plain_rows(*block.format, base);
    return begin + row_begin;
}

void BlockParser::fill_plain_rows(const FileFormat& format, const char* base) {
    const std::uint32_t* const separators = index_.separators.data();
    for (std::size_t slot = 0; slot < format.column_of.size(); ++slot) {
        const std::size_t column = format.column_of[slot];
        auto& fields = batch_.fields[slot];
        const bool is_last = column + 1 == format.columns();
        for (std::size_t i = 0; i < plain_.size(); ++i) {
            if (column == kNoColumn) {
                fields[plain_[i]] = {};
                continue;
            }
            const std::size_t at = plain_first_[i] + column;
            const std::uint32_t begin = at == 0 ? 0 : separators[at - 1] + 1;
            std::string_view field(base + begin, separators[at] - begin);
            if (is_last && field.ends_with('\r')) field.remove_suffix(1);
            fields[plain_[i]] = field;
        }
    }
}

void BlockParser::hash_plain_rows(const FileFormat& format, const char* base) {
    if (format.hash_order.empty()) {
        for (const std::uint32_t k : plain_)
            batch_.hash[k] = hash_text(without_line_end(batch_.text[k]), format.hash_seed);
        return;
    }
    std::vector<std::string_view> fields(format.columns());
    for (std::size_t i = 0; i < plain_.size(); ++i) {
        for (std::size_t column = 0; column < fields.size(); ++column) {
            const std::size_t at = plain_first_[i] + column;
            const std::uint32_t begin = at == 0 ? 0 : index_.separators[at - 1] + 1;
            fields[column] = {base + begin, index_.separators[at] - begin};
        }
        if (fields.back().ends_with('\r')) fields.back().remove_suffix(1);
        batch_.hash[plain_[i]] = hash_fields(format, fields);
    }
}

/// A line that is a record by itself, but not a plain one.
void BlockParser::add_slow_row(const Block& block, std::string_view record, BlockOutcome& outcome) {
    if (without_line_end(record).empty()) return;
    ++outcome.rows;
    const RowStructure row = check_structure(record_parser_, record, true, block.format->columns(),
                                             options_.delimiter, options_.max_line);
    if (row.bad) {
        outcome.reject(outcome.lines, *row.bad);
    } else {
        add_fields(*block.format, record, outcome.lines);
    }
}

/// Appends the record that record_parser_ holds.
void BlockParser::add_fields(const FileFormat& format, std::string_view record, std::uint64_t line) {
    const auto& fields = record_parser_.fields();
    const std::size_t k = batch_.size++;
    for (std::size_t slot = 0; slot < format.column_of.size(); ++slot) {
        const std::size_t column = format.column_of[slot];
        batch_.fields[slot][k] = column == kNoColumn ? std::string_view() : kept(fields[column], record);
    }
    batch_.line[k] = static_cast<std::uint32_t>(line);
    batch_.text[k] = record.substr(0, record_parser_.first_line());
    if (options_.hash_rows) batch_.hash[k] = hash_fields(format, fields);
}

/// A field that is no stretch of the record lies in record_parser_, which goes on to the next record.
std::string_view BlockParser::kept(std::string_view field, std::string_view record) {
    const std::less<const char*> before;
    if (field.empty()) return {};
    if (!before(field.data(), record.data()) && before(field.data(), record.data() + record.size()))
        return field;
    const std::size_t begin = unescaped_.size();
    unescaped_ += field;  // reserved for all fields of the window: never moves
    return {unescaped_.data() + begin, field.size()};
}

/// Hash of the record as the shortest CSV text of its fields: that of a plain row is the row itself.
std::uint64_t BlockParser::hash_fields(const FileFormat& format,
                                       const std::vector<std::string_view>& fields) {
    const char specials[] = {options_.delimiter, '"', '\n'};
    canonical_.clear();
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const std::string_view field = fields[format.hash_order.empty() ? i : format.hash_order[i]];
        if (i > 0) canonical_ += options_.delimiter;
        if (field.find_first_of({specials, sizeof specials}) == npos) {
            canonical_ += field;
            continue;
        }
        canonical_ += '"';
        for (const char c : field) {
            if (c == '"') canonical_ += '"';
            canonical_ += c;
        }
        canonical_ += '"';
    }
    return hash_text(canonical_, format.hash_seed);
}

/// Returns where reading goes on.
std::size_t BlockParser::handle_verdict(const Block& block, const Verdict& verdict, BatchSink& sink,
                                        BlockOutcome& outcome) {
    const std::string_view text = block.view().substr(verdict.offset);
    ++outcome.rows;
    if (verdict.bad) {
        outcome.reject(outcome.lines, *verdict.bad);
        ++outcome.lines;
        return verdict.offset + text.find('\n') + 1;
    }
    if (record_parser_.parse(text, true) != RecordStatus::complete) {
        throw Error(ErrorCode::internal, block.format->name + ": a record that was well-formed a moment ago");
    }
    const std::string_view record = text.substr(0, record_parser_.size());
    batch_.resize(block.format->column_of.size(), 1);
    unescaped_.clear();
    unescaped_.reserve(record.size() + kPadding);
    add_fields(*block.format, record, outcome.lines);
    outcome.lines += static_cast<std::uint64_t>(std::ranges::count(record, '\n'));
    sink.consume(block, batch_, outcome);
    return verdict.offset + record.size();
}

}  // namespace funnel::ingest::detail
