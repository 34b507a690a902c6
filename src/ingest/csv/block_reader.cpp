// SPDX-License-Identifier: MIT
#include "ingest/csv/block_reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "funnel/base/error.hpp"
#include "ingest/csv/row_check.hpp"
#include "ingest/csv/scan.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {
namespace {

constexpr std::size_t kMostColumns = 10'000;

std::size_t after_last_line_end(std::string_view text) {
    const std::size_t at = text.rfind('\n');
    return at == std::string_view::npos ? 0 : at + 1;
}

}  // namespace

BlockReader::BlockReader(std::span<const std::string> paths, RowRules& rules, std::size_t max_line,
                         const Tuning& tuning, const std::atomic<bool>& stop)
    : paths_(paths),
      rules_(rules),
      max_line_(max_line),
      tuning_(tuning),
      stop_(stop),
      parser_(Dialect{}, max_line) {}

bool BlockReader::next(Block& block) {
    while (!stop_) {
        if (!source_ && !open_next()) return false;
        if (discarding_) discard_line();
        if (ended_ && carry_.empty()) {
            close();
            continue;
        }
        fill(block, std::max(tuning_.block_bytes, 2 * carry_.size()));
        if (!format_ && !read_header(block)) continue;
        finish(block, cut(block));
        if (block.size > 0) return true;
    }
    return false;
}

bool BlockReader::open_next() {
    if (next_path_ == paths_.size()) return false;
    source_.emplace(paths_[next_path_], tuning_.input_bytes, digests_ != nullptr, rules_.reads_json());
    ended_ = false;
    first_block_ = true;
    lines_before_ = 0;
    return true;
}

void BlockReader::close() {
    if (!format_) {
        throw Error(ErrorCode::parse, source_->name() + ": the file is empty; expected " +
                                          (rules_.has_header() ? "a header and rows" : "rows"));
    }
    if (digests_ != nullptr) digests_->push_back(source_->digest());
    closed_bytes_ += source_->consumed();
    source_.reset();
    format_.reset();
    ++next_path_;
}

/// Makes the block begin with the text left over and fills it up to `target` bytes.
void BlockReader::fill(Block& block, std::size_t target) {
    block.size = carry_.size();
    if (block.text.size() < target + kPadding) block.text.resize(target + kPadding);
    std::ranges::copy(carry_, block.text.begin());
    carry_.clear();
    block.verdicts.clear();
    extend(block);
}

/// Reads until the block is full: at least one byte more, unless the text has ended.
void BlockReader::extend(Block& block) {
    if (ended_) return;
    if (block.size + kPadding >= block.text.size()) block.text.resize(2 * block.size + kPadding);
    const std::size_t room = block.text.size() - kPadding - block.size;
    const std::size_t got = source_->read(std::span(block.text).subspan(block.size, room));
    block.size += got;
    text_bytes_ += got;
    ended_ = got < room;
}

/// Reads on to the end of the line whose beginning was given out as too long.
void BlockReader::discard_line() {
    std::vector<char> scratch(std::max<std::size_t>(tuning_.block_bytes, 4096));
    while (discarding_ && !ended_ && !stop_) {
        const std::size_t got = source_->read(scratch);
        text_bytes_ += got;
        ended_ = got < scratch.size();
        const std::string_view text(scratch.data(), got);
        const std::size_t line_end = text.find('\n');
        if (line_end == std::string_view::npos) continue;
        carry_.assign(text.begin() + static_cast<std::ptrdiff_t>(line_end) + 1, text.end());
        discarding_ = false;
    }
    if (ended_) discarding_ = false;
}

/// Bytes before the first record: lines that the schema skips, comments and blank lines.
std::size_t BlockReader::skip_preamble(Block& block) {
    const Dialect dialect = rules_.dialect();
    std::uint64_t skip = dialect.skip_lines;
    for (std::size_t at = 0;;) {
        while (!ended_ && block.view().find('\n', at) == std::string_view::npos &&
               block.size - at < max_line_ + 2)
            extend(block);
        const std::string_view text = block.view().substr(at);
        if (text.empty()) return at;
        const bool blank = text.front() == '\n' || text.starts_with("\r\n");
        if (skip == 0 && !blank && !dialect.is_comment(text)) return at;
        const std::size_t line_end = text.find('\n');
        if (skip > 0) --skip;
        ++lines_before_;
        at += line_end == std::string_view::npos ? text.size() : line_end + 1;
    }
}

/// Takes the first record for the header, or only looks at it if the file has none. False if there is no
/// record in the block at all.
bool BlockReader::read_header(Block& block) {
    if (source_->is_json()) return open_json(block);
    const std::size_t at = skip_preamble(block);
    rules_.look_at(block.view().substr(at));
    parser_ = RecordParser(rules_.dialect(), max_line_);
    RecordStatus status = RecordStatus::need_more;
    while (at < block.size) {
        status = parser_.parse(block.view().substr(at), ended_);
        if (status != RecordStatus::need_more) break;
        extend(block);
    }
    if (at == block.size) {
        carry_.clear();
        return false;
    }
    const std::string where = source_->name() + ':' + std::to_string(lines_before_ + 1);
    const std::string_view rest = block.view().substr(at);
    if (status == RecordStatus::bad && rules_.has_header()) {
        BadRow bad =
            bad_record(parser_.reason(), parser_.column(), rest.substr(0, rest.find('\n')), max_line_);
        const char* advice =
            bad.reason == Reason::too_long ? "is this a CSV file with line ends?" : "correct the header";
        throw Error(ErrorCode::parse,
                    where + ": the header: expected " + bad.expected + ", got " + bad.got + "; " + advice);
    }
    std::vector<std::string> first(parser_.fields().begin(), parser_.fields().end());
    if (status == RecordStatus::bad) first.clear();
    if (first.size() > kMostColumns) {
        throw Error(ErrorCode::schema, where + ": expected at most " + std::to_string(kMostColumns) +
                                           " columns, got " + std::to_string(first.size()) +
                                           "; check the delimiter, or drop columns");
    }
    std::size_t taken = at;
    if (rules_.has_header()) {
        const std::string_view header = rest.substr(0, parser_.size());
        if (header.find('\0') != std::string_view::npos ||
            find_invalid_utf8(header) != std::string_view::npos) {
            throw Error(ErrorCode::parse, where + ": the header: expected UTF-8 text, got \"" +
                                              escaped(header) + "\"; save the file as UTF-8");
        }
        if (header.find('\r') < without_line_end(header).size() && rules_.dialect().plain() &&
            header.find('"') == std::string_view::npos) {
            throw Error(ErrorCode::parse, where + ": expected lines that end with LF or CRLF, got \"" +
                                              escaped(header) + "\"; convert the line ends");
        }
        taken += parser_.size();
        lines_before_ += static_cast<std::uint64_t>(std::ranges::count(header, '\n'));
    }
    begin_rows(block, rules_.open_file(static_cast<std::uint32_t>(next_path_), paths_[next_path_], first),
               taken);
    return true;
}

void BlockReader::begin_rows(Block& block, FileFormat format, std::size_t taken) {
    format.lines_before = lines_before_;
    format_ = std::make_shared<const FileFormat>(std::move(format));
    block.size -= taken;
    std::memmove(block.text.data(), block.text.data() + taken, block.size);
}

/// Bytes of the block that are whole records; grows the block until there are some, or judges the first line
/// too long.
std::size_t BlockReader::cut(Block& block) {
    if (format_->json()) return cut_json(block);
    if (!rules_.dialect().plain()) return cut_by_records(block);
    block.quoted = block.view().find('"') != std::string_view::npos;
    const std::size_t end = block.quoted ? cut_quoted(block) : cut_at_last_line_end(block);
    if (format_->unit == TimeUnit::automatic && !block.quoted) detect_unit(block, 0, end);
    return end;
}

std::size_t BlockReader::cut_at_last_line_end(Block& block) {
    for (;;) {
        if (ended_) return block.size;
        const std::size_t end = after_last_line_end(block.view());
        if (end > 0) return end;
        if (block.size >= max_line_ + 2) {
            discarding_ = true;
            return block.size;
        }
        const std::size_t before = block.size;
        extend(block);
        if (!format_->json() && block.view().substr(before).find('"') != std::string_view::npos) {
            block.quoted = true;
            return cut_quoted(block);
        }
    }
}

std::size_t BlockReader::cut_quoted(Block& block) {
    std::size_t border = 0, looked = 0;
    const auto look_until = [&](std::size_t end) {
        detect_unit(block, looked, end);
        looked = end;
    };
    for (;;) {
        const std::string_view text = block.view();
        const std::size_t open = find_open_line_end(text.data() + border, text.size() - border);
        std::size_t begin = 0;  // of the line that may not be a record by itself
        if (open != std::string_view::npos) {
            begin = border + after_last_line_end(text.substr(border, open));
        } else {
            begin = border + after_last_line_end(text.substr(border));
            const bool whole = begin == text.size();
            if (!ended_ && (whole || begin > 0)) {
                look_until(begin);
                return begin;
            }
            if (whole || std::ranges::count(text.substr(begin), '"') % 2 == 0) {
                if (ended_) {
                    look_until(text.size());
                    return text.size();
                }
                if (text.size() >= max_line_ + 2) {  // one line, no end in sight
                    discarding_ = true;
                    return text.size();
                }
                extend(block);
                continue;
            }
        }
        look_until(begin);
        std::size_t next = 0;
        if (judge(block, begin, next) != RecordStatus::need_more) {
            if (next == 0) {  // the line is too long, and its end is not in the block
                discarding_ = !ended_;
                return text.size();
            }
            border = looked = begin + next;
            if (border == text.size()) return border;
            continue;
        }
        if (begin > 0) return begin;
        extend(block);
    }
}

/// The cut of a dialect that the vector scan does not know. Lines that are a record by themselves need no
/// verdict: whoever parses the block finds what is wrong with them.
std::size_t BlockReader::cut_by_records(Block& block) {
    block.quoted = true;
    for (std::size_t at = 0;;) {
        const std::string_view text = block.view().substr(at);
        if (text.empty() && (ended_ || at > 0)) return at;
        if (const std::size_t skipped = skipped_line(block, at); skipped > 0) {
            at += skipped;
            continue;
        }
        const RowStructure row =
            check_structure(parser_, text, ended_, format_->columns(), rules_.dialect().delimiter, max_line_);
        if (row.status == RecordStatus::need_more) {
            if (at > 0) return at;
            extend(block);
            continue;
        }
        const std::size_t line = parser_.first_line() == 0 ? text.size() : parser_.first_line();
        if (row.status == RecordStatus::complete && parser_.size() == line) {
            if (!row.bad && format_->unit == TimeUnit::automatic) detect_unit(parser_.fields());
            at += line;
            continue;
        }
        std::size_t next = 0;
        judge(block, at, next);
        if (next == 0) {  // the line is too long, and its end is not in the block
            discarding_ = !ended_;
            return block.size;
        }
        at += next;
    }
}

/// Bytes of the comment at `at`, 0 if there is none or its end is not in the block.
std::size_t BlockReader::skipped_line(const Block& block, std::size_t at) const {
    const std::string_view text = block.view().substr(at);
    if (!rules_.dialect().is_comment(text)) return 0;
    const std::size_t line_end = text.find('\n');
    if (line_end != std::string_view::npos) return line_end + 1;
    return ended_ ? text.size() : 0;
}

/// Judges the record at `begin`; `next`: bytes to where reading goes on, 0 if that is not in the block.
RecordStatus BlockReader::judge(Block& block, std::size_t begin, std::size_t& next) {
    const std::string_view text = block.view().substr(begin);
    Verdict verdict{begin, std::nullopt};
    RowStructure row =
        check_structure(parser_, text, ended_, format_->columns(), rules_.dialect().delimiter, max_line_);
    if (row.status == RecordStatus::need_more) return row.status;
    if (row.status == RecordStatus::complete && !row.bad) {
        if (format_->unit == TimeUnit::automatic) detect_unit(parser_.fields());
        row.bad = rules_.judge(*format_, parser_.fields(), text.substr(0, parser_.first_line()));
    }
    next = row.bad ? parser_.first_line() : parser_.size();
    if (row.bad && next == 0 && ended_) next = text.size();
    verdict.bad = std::move(row.bad);
    block.verdicts.push_back(std::move(verdict));
    return RecordStatus::complete;
}

/// Looks for the file's time unit in the lines of [begin, end), each of which is a record.
void BlockReader::detect_unit(const Block& block, std::size_t begin, std::size_t end) {
    while (format_->unit == TimeUnit::automatic && begin < end) {
        const std::string_view text = block.view().substr(begin, end - begin);
        const RowStructure row =
            check_structure(parser_, text, true, format_->columns(), rules_.dialect().delimiter, max_line_);
        if (row.status == RecordStatus::complete && !row.bad && detect_unit(parser_.fields())) return;
        if (parser_.first_line() == 0) return;
        begin += parser_.first_line();
    }
}

bool BlockReader::detect_unit(const std::vector<std::string_view>& fields) {
    const auto unit = rules_.detect_unit(*format_, fields);
    if (unit) set_unit(*unit);
    return unit.has_value();
}

void BlockReader::set_unit(TimeUnit unit) {
    FileFormat format = *format_;
    format.unit = unit;
    format.unit_detected = true;
    format_ = std::make_shared<const FileFormat>(std::move(format));
}

/// Leaves [0, end) in the block and keeps the rest for the next one.
void BlockReader::finish(Block& block, std::size_t end) {
    const auto first = block.text.begin();
    carry_.assign(first + static_cast<std::ptrdiff_t>(end), first + static_cast<std::ptrdiff_t>(block.size));
    block.size = end;
    if (end > 0 && block.text[end - 1] != '\n') {
        // An escape at the end of the file must not take the line end that is added here for its own.
        const char escape = format_->json() ? '\0' : rules_.dialect().escape;
        std::size_t escapes = 0;
        while (escape != 0 && escapes < end && block.text[end - 1 - escapes] == escape)
            ++escapes;
        if (escapes % 2 == 1) block.text[block.size++] = escape;
        block.text[block.size++] = '\n';
    }
    block.format = format_;
    block.first_of_file = std::exchange(first_block_, false);
    rules_.follow(block);
}

}  // namespace funnel::ingest::detail
