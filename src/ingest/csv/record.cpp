// SPDX-License-Identifier: MIT
#include "ingest/csv/record.hpp"

#include <algorithm>

#include "ingest/csv/scan.hpp"

namespace funnel::ingest::detail {

std::string_view without_line_end(std::string_view line) noexcept {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// A record is bad as too_long exactly if its content, without the line end, has a byte at or behind
// max_line_. Whatever else is wrong there is not looked at, so that the verdict does not depend on how much
// text follows.
RecordStatus RecordParser::parse(std::string_view text, bool at_end) {
    fields_.clear();
    unescaped_.clear();
    patches_.clear();
    const std::size_t line_end = text.find('\n');
    first_line_ = line_end == std::string_view::npos ? 0 : line_end + 1;
    if (first_line_ == 0 && !at_end && text.size() < max_line_ + 2) return RecordStatus::need_more;
    const std::string_view line = text.substr(0, first_line_ == 0 ? text.size() : first_line_);
    if (without_line_end(line).size() > max_line_) return fail(Reason::too_long);
    std::size_t at = 0;
    for (Step step = Step::next_field; step == Step::next_field;) {
        const bool quoted = at < text.size() && text[at] == '"';
        if (!dialect_.plain()) {
            step = odd_field(text, at, at_end);
        } else if (quoted && at >= max_line_) {
            return fail(Reason::too_long);
        } else {
            step = quoted ? quoted_field(text, at, at_end) : plain_field(text, at, at_end);
        }
        if (step == Step::need_more) return RecordStatus::need_more;
        if (step == Step::failed) return RecordStatus::bad;
    }
    size_ = at;
    patch_fields();
    return RecordStatus::complete;
}

/// Fields with doubled quotes become views of unescaped_ once that does not move any more.
void RecordParser::patch_fields() {
    if (patches_.empty()) return;
    unescaped_.append(kPadding, '\0');
    for (const Patch& patch : patches_) {
        fields_[patch.field] = std::string_view(unescaped_).substr(patch.begin, patch.size);
    }
}

RecordParser::Step RecordParser::failed(Reason reason) noexcept {
    reason_ = reason;
    return Step::failed;
}

RecordParser::Step RecordParser::plain_field(std::string_view text, std::size_t& at, bool at_end) {
    const std::size_t begin = at;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c != delimiter_ && c != '"' && c != '\n') continue;
        if (c != '\n' && at >= max_line_) return failed(Reason::too_long);
        if (c == '"') return failed(Reason::bad_quote);
        if (c == '\n') break;
        fields_.push_back(text.substr(begin, at++ - begin));
        return Step::next_field;
    }
    if (at == text.size() && !at_end) {
        return at < max_line_ + 2 ? Step::need_more : failed(Reason::too_long);
    }
    std::size_t end = at;
    if (end > begin && text[end - 1] == '\r') --end;
    if (end > max_line_) return failed(Reason::too_long);
    if (at < text.size()) ++at;
    fields_.push_back(text.substr(begin, end - begin));
    return Step::record_end;
}

RecordParser::Step RecordParser::quoted_field(std::string_view text, std::size_t& at, bool at_end) {
    const std::string_view content = text.substr(0, max_line_);
    std::size_t begin = ++at;
    const std::size_t unescaped_begin = unescaped_.size();
    bool escapes = false;
    for (;;) {
        const std::size_t quote = content.find('"', at);
        if (quote == std::string_view::npos) {
            if (text.size() > max_line_) return failed(Reason::too_long);
            return at_end ? failed(Reason::unclosed_quote) : Step::need_more;
        }
        at = quote + 1;
        if (at == text.size() && !at_end) return Step::need_more;
        if (at == text.size() || text[at] != '"') break;
        if (at >= max_line_) return failed(Reason::too_long);
        escapes = true;
        unescaped_ += text.substr(begin, at - begin);
        begin = ++at;
    }
    const std::string_view tail = text.substr(begin, at - 1 - begin);
    if (escapes) {
        unescaped_ += tail;
        patches_.push_back({fields_.size(), unescaped_begin, unescaped_.size() - unescaped_begin});
    }
    return after_quote(text, at, at_end, tail);
}

/// `at` is behind the closing quote of `field`.
RecordParser::Step RecordParser::after_quote(std::string_view text, std::size_t& at, bool at_end,
                                             std::string_view field) {
    const auto end_record = [&](std::size_t next) {
        fields_.push_back(field);
        at = next;
        return Step::record_end;
    };
    if (at == text.size()) return end_record(at);
    if (text[at] == '\n') return end_record(at + 1);
    if (text[at] == '\r') {
        if (at + 1 == text.size()) return at_end ? end_record(at + 1) : Step::need_more;
        if (text[at + 1] == '\n') return end_record(at + 2);
    }
    if (at >= max_line_) return failed(Reason::too_long);
    if (text[at] != delimiter_) return failed(Reason::bad_quote);
    fields_.push_back(field);
    ++at;
    return Step::next_field;
}

/// A field of a dialect with another quote or an escape, character by character.
RecordParser::Step RecordParser::odd_field(std::string_view text, std::size_t& at, bool at_end) {
    const auto is_quote = [&](char c) { return dialect_.quote != 0 && c == dialect_.quote; };
    const std::size_t unescaped_begin = unescaped_.size();
    const bool quoted = at < text.size() && is_quote(text[at]);
    bool open = quoted, ends_record = false;
    if (quoted && at >= max_line_) return failed(Reason::too_long);
    if (quoted) ++at;
    for (; !ends_record; ++at) {
        if (at == text.size()) {
            if (at > max_line_ + 1) return failed(Reason::too_long);
            if (!at_end) return Step::need_more;
            if (open) return failed(at > max_line_ ? Reason::too_long : Reason::unclosed_quote);
            break;
        }
        const char c = text[at];
        const bool last = at + 1 == text.size();
        if (!open && c == '\r' && last && !at_end) return Step::need_more;
        if (!open && (c == '\n' || (c == '\r' && (last || text[at + 1] == '\n')))) {
            if (c == '\r' && !last) ++at;
            ends_record = true;
            continue;
        }
        if (at >= max_line_) return failed(Reason::too_long);
        if (dialect_.escape != 0 && c == dialect_.escape && !(open && is_quote(c))) {
            const bool alone = !quoted && unescaped_.size() == unescaped_begin;
            if (!take_escaped(text, at, alone, at_end)) return Step::need_more;
        } else if (open && is_quote(c)) {
            if (last && !at_end) return Step::need_more;
            open = !last && is_quote(text[at + 1]);
            if (open) unescaped_ += text[++at];
            if (!open && !last && text[at + 1] != delimiter_ && text[at + 1] != '\n' && text[at + 1] != '\r')
                return failed(Reason::bad_quote);
        } else if (!open && c == delimiter_) {
            break;
        } else if (!open && (quoted || is_quote(c))) {
            return failed(Reason::bad_quote);
        } else {
            unescaped_ += c;
        }
    }
    patches_.push_back({fields_.size(), unescaped_begin, unescaped_.size() - unescaped_begin});
    fields_.push_back({});
    if (ends_record || at == text.size()) return Step::record_end;
    ++at;  // the delimiter
    return Step::next_field;
}

/// The escape at `at` and what it stands before, as it is; at the end of the text the escape itself. `at`
/// moves to the last character taken. A field that is "\N" alone stays so: databases write it where a value
/// is missing. False if more text is needed.
bool RecordParser::take_escaped(std::string_view text, std::size_t& at, bool alone, bool at_end) {
    const std::string_view rest = text.substr(at + 1);
    if (rest.size() < 2 && !at_end) return false;
    if (rest.empty()) {
        unescaped_ += dialect_.escape;
        return true;
    }
    const bool ends = rest.size() == 1 || rest[1] == delimiter_ || rest[1] == '\n' || rest[1] == '\r';
    if (alone && rest[0] == 'N' && ends) unescaped_ += dialect_.escape;
    unescaped_ += rest[0];
    ++at;
    if (rest.starts_with("\r\n")) {
        unescaped_ += '\n';
        ++at;
    }
    return true;
}

}  // namespace funnel::ingest::detail
