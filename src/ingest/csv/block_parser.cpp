// SPDX-License-Identifier: MIT
#include "ingest/csv/block_parser.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "funnel/base/error.hpp"
#include "ingest/csv/row_check.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {
namespace {

constexpr std::size_t npos = std::string_view::npos;

std::uint64_t hash_text(std::string_view text, std::uint64_t seed) {
    return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

}  // namespace

BlockParser::BlockParser(const BlockParserOptions& options)
    : options_(options), record_parser_(options.dialect, options.max_line) {}

void BlockParser::parse(const Block& block, BatchSink& sink, BlockOutcome& outcome) {
    std::size_t at = 0;
    auto verdict = block.verdicts.begin();
    while (at < block.size && !(options_.stop_at_bad && outcome.any_bad())) {
        if (verdict != block.verdicts.end() && at == verdict->offset) {
            at = handle_verdict(block, *verdict++, sink, outcome);
            continue;
        }
        const std::size_t limit = verdict == block.verdicts.end() ? block.size : verdict->offset;
        at = options_.dialect.plain() ? parse_window(block, at, limit, outcome)
                                      : parse_lines(block, at, limit, outcome);
        if (batch_.size() > 0) sink.consume(block, batch_, outcome);
    }
}

/// The rows of one window of [begin, limit), which ends at a line end, to batch_. Returns where the next one
/// begins.
std::size_t BlockParser::parse_window(const Block& block, std::size_t begin, std::size_t limit,
                                      BlockOutcome& outcome) {
    const FileFormat& format = *block.format;
    const char* const base = block.text.data() + begin;
    std::size_t size = 0;
    for (std::size_t window = options_.window_bytes; size < limit - begin; window *= 2) {
        size = std::min(limit - begin, window);
        scan_rows(base, size, options_.dialect.delimiter, block.quoted, format.columns(), index_);
        if (index_.rows > 0) break;
    }
    if (index_.rows == 0) throw Error(ErrorCode::internal, format.name + ": a block without a line end");
    const std::size_t last =
        index_.regular ? index_.rows * format.columns() - 1 : index_.row_ends[index_.rows - 1];
    const std::size_t end = std::size_t{index_.separators()[last]} + 1;
    const std::string_view text(base, end);
    const bool odd_bytes = index_.zero_bytes || (index_.high_bytes && find_invalid_utf8(text) != npos);
    // A line of a single column may be blank, and then it is no row.
    if (index_.regular && !odd_bytes && size <= options_.max_line && format.columns() > 1) {
        batch_.set_regular(format, base, index_.separators(), index_.rows, outcome.lines);
        outcome.lines += index_.rows;
        outcome.rows += index_.rows;
        if (options_.hash_rows) hash_regular_rows(format);
    } else {
        if (index_.regular) index_.rank_regular(format.columns());
        list_rows(format, text, odd_bytes, block.quoted, outcome);
    }
    return begin + end;
}

/// The same of a dialect that the scan does not know: lines, each of which is a record by itself.
std::size_t BlockParser::parse_lines(const Block& block, std::size_t begin, std::size_t limit,
                                     BlockOutcome& outcome) {
    const std::string_view text = block.view().substr(begin, limit - begin);
    constexpr std::size_t kMostRows = 1024;
    batch_.set_listed(*block.format, kMostRows);
    if (options_.hash_rows) batch_.hash.resize(kMostRows);
    unescaped_.clear();
    unescaped_.reserve(std::min(text.size(), options_.window_bytes + options_.max_line + 2) + kPadding);
    std::size_t at = 0;
    for (std::size_t rows = 0; rows < kMostRows && at < text.size() && at < options_.window_bytes; ++rows) {
        const std::size_t line_end = text.find('\n', at);
        if (line_end == npos)
            throw Error(ErrorCode::internal, block.format->name + ": a line without its end");
        const std::string_view line = text.substr(at, line_end + 1 - at);
        if (!options_.dialect.is_comment(line)) add_slow_row(*block.format, line, outcome);
        ++outcome.lines;
        at = line_end + 1;
    }
    return begin + at;
}

/// Hash of the text of each row; of its fields in another order if the file has them in another order.
void BlockParser::hash_regular_rows(const FileFormat& format) {
    batch_.hash.resize(batch_.size());
    for (std::size_t row = 0; row < batch_.size(); ++row) {
        const std::string_view record = batch_.text(row);
        if (format.hash_order.empty()) {
            batch_.hash[row] = hash_text(without_line_end(record), format.hash_seed);
        } else {
            split(record, index_.separators() + row * format.columns(), format.columns());
            batch_.hash[row] = hash_fields(format, fields_);
        }
    }
}

/// The rows of a window some of which need a closer look.
void BlockParser::list_rows(const FileFormat& format, std::string_view text, bool odd_bytes, bool quoted,
                            BlockOutcome& outcome) {
    batch_.set_listed(format, index_.rows);
    if (options_.hash_rows) batch_.hash.resize(index_.rows);
    unescaped_.clear();
    if (quoted) unescaped_.reserve(text.size() + kPadding);
    const std::uint32_t* const separators = index_.separators();
    std::uint32_t first = 0, quotes_before = 0;
    for (std::size_t i = 0; i < index_.rows; ++i) {
        const std::uint32_t last = index_.row_ends[i];
        const std::uint32_t begin = separators[std::ptrdiff_t{first} - 1] + 1;
        const std::string_view record = text.substr(begin, separators[last] + 1 - begin);
        const std::uint32_t quotes = quoted ? index_.quotes[i] - quotes_before : 0;
        const bool plain = last - first + 1 == format.columns() && !odd_bytes &&
                           record.size() <= options_.max_line && format.columns() > 1;
        if (plain) split(record, separators + first, format.columns());
        if (plain && take_quotes_off(quotes)) {
            ++outcome.rows;
            add_row(format, fields_, record, record, outcome.lines);
        } else {
            add_slow_row(format, record, outcome);
        }
        ++outcome.lines;
        first = last + 1;
        if (quoted) quotes_before = index_.quotes[i];
    }
}

/// fields_ becomes the text between the separators of a record.
void BlockParser::split(std::string_view record, const std::uint32_t* separators, std::size_t columns) {
    fields_.resize(columns);
    const std::uint32_t offset = separators[-1] + 1;
    std::size_t begin = 0;
    for (std::size_t column = 0; column < columns; ++column) {
        const std::size_t end = separators[column] - offset;
        fields_[column] = record.substr(begin, end - begin);
        begin = end + 1;
    }
    if (fields_.back().ends_with('\r')) fields_.back().remove_suffix(1);
}

/// Takes the quotes off fields_ if all of the record's quotes enclose a field; else some are doubled or
/// wrong.
bool BlockParser::take_quotes_off(std::uint32_t quotes) {
    if (quotes == 0) return true;
    std::uint32_t enclosing = 0;
    for (std::string_view& field : fields_) {
        if (field.size() < 2 || field.front() != '"' || field.back() != '"') continue;
        field = field.substr(1, field.size() - 2);
        enclosing += 2;
    }
    return enclosing == quotes;
}

/// A line that is a record by itself, but not a simple one.
void BlockParser::add_slow_row(const FileFormat& format, std::string_view record, BlockOutcome& outcome) {
    if (without_line_end(record).empty()) return;
    ++outcome.rows;
    const RowStructure row = check_structure(record_parser_, record, true, format.columns(),
                                             options_.dialect.delimiter, options_.max_line);
    if (row.bad) {
        outcome.reject(outcome.lines, *row.bad);
    } else {
        add_row(format, record_parser_.fields(), record, record, outcome.lines);
    }
}

/// Appends a record to the listed rows. `first_line`: of the record.
void BlockParser::add_row(const FileFormat& format, const std::vector<std::string_view>& fields,
                          std::string_view record, std::string_view first_line, std::uint64_t line) {
    const std::size_t row = batch_.add_row(line, first_line);
    for (std::size_t slot = 0; slot < format.column_of.size(); ++slot) {
        const std::size_t column = format.column_of[slot];
        batch_.set_field(slot, row, column == kNoColumn ? std::string_view() : kept(fields[column], record));
    }
    if (options_.hash_rows) batch_.hash[row] = hash_fields(format, fields);
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
    const char specials[] = {options_.dialect.delimiter, '"', '\n'};
    canonical_.clear();
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const std::string_view field = fields[format.hash_order.empty() ? i : format.hash_order[i]];
        if (i > 0) canonical_ += options_.dialect.delimiter;
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
    batch_.set_listed(*block.format, 1);
    if (options_.hash_rows) batch_.hash.resize(1);
    unescaped_.clear();
    unescaped_.reserve(record.size() + kPadding);
    add_row(*block.format, record_parser_.fields(), record, text.substr(0, record_parser_.first_line()),
            outcome.lines);
    outcome.lines += static_cast<std::uint64_t>(std::ranges::count(record, '\n'));
    sink.consume(block, batch_, outcome);
    return verdict.offset + record.size();
}

}  // namespace funnel::ingest::detail
