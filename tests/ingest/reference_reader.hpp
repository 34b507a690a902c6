// SPDX-License-Identifier: MIT
// A reader of the columns event_time,event_type,user_id,item_id,price that follows docs/ingest.md one
// character at a time and shares no code with the library: what the fast reader is held against.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace funnel::ingest::reference {

struct Row {
    std::int64_t time = 0;
    std::string event, user, item;
    bool operator==(const Row&) const = default;
};
struct Reject {
    std::uint64_t line = 0;
    std::string reason;
    bool operator==(const Reject&) const = default;
};
struct Result {
    std::vector<Row> rows;
    std::vector<Reject> rejects;
};

struct Options {
    std::size_t columns = 5, max_line = 100;
};

/// Microseconds of an ISO 8601 time.
inline std::optional<std::int64_t> parse_time(const std::string& text) {
    static const std::regex form(
        R"((\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z| UTC| ?([+-])(\d\d)(?::?(\d\d))?)?)?)");
    std::smatch m;
    if (!std::regex_match(text, m, form)) return std::nullopt;
    const auto number = [&](std::size_t i) { return m[i].matched ? std::stoi(m[i]) : 0; };
    std::tm tm{};
    tm.tm_year = number(1) - 1900;
    tm.tm_mon = number(2) - 1;
    tm.tm_mday = number(3);
    if (number(4) > 23 || number(5) > 59 || number(6) > 59 || number(10) > 23 || number(11) > 59)
        return std::nullopt;
    const std::time_t day = timegm(&tm);
    if (tm.tm_mon != number(2) - 1 || tm.tm_mday != number(3)) return std::nullopt;  // 30 February
    const int offset = (number(10) * 60 + number(11)) * (m[9] == "-" ? -60 : 60);
    const std::string micros = (m[7].str() + "000000").substr(0, 6);
    return (day + number(4) * 3600 + number(5) * 60 + number(6) - offset) * 1'000'000 + std::stoi(micros);
}

/// An integer and what its size says it counts: seconds, milliseconds, microseconds or nanoseconds.
struct Integer {
    std::int64_t value = 0;
    int unit = 0;  ///< 0 to 3

    static std::optional<Integer> parse(const std::string& text) {
        static const std::regex form("-?\\d+");
        Integer integer;
        if (!std::regex_match(text, form)) return std::nullopt;
        const auto result = std::from_chars(text.data(), text.data() + text.size(), integer.value);
        if (result.ec != std::errc{}) return std::nullopt;
        for (const std::int64_t least : {100'000'000'000, 100'000'000'000'000, 100'000'000'000'000'000})
            integer.unit += integer.value >= least || integer.value <= -least;
        return integer;
    }
    [[nodiscard]] std::int64_t micros() const {
        if (unit == 3) return value / 1000 - (value % 1000 < 0);
        return value * (unit == 0 ? 1'000'000 : unit == 1 ? 1000 : 1);
    }
};

/// Times of a file are all of the kind of the first one: ISO 8601, or integers of one size.
struct TimeKind {
    enum { open, iso, integers } kind = open;
    int unit = 0;
    std::optional<std::int64_t> parse(const std::string& text) {
        const auto time = parse_time(text);
        const auto integer = Integer::parse(text);
        if (kind == open && (time || integer)) {
            kind = time ? iso : integers;
            unit = integer ? integer->unit : 0;
        }
        if (kind == iso) return time;
        if (kind == integers && integer && integer->unit == unit) return integer->micros();
        return std::nullopt;
    }
};

inline bool number_or_missing(const std::string& text) {
    static const std::regex form(R"(-?(\d+\.?\d*|\.\d+)([eE][+-]?\d\d?)?|NA|nan|NaN|null|NULL|)");
    return std::regex_match(text, form);
}

inline bool valid_utf8(std::string_view s) {
    for (std::size_t i = 0; i < s.size();) {
        const auto c = static_cast<unsigned char>(s[i]);
        std::size_t n = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;
        if (n == 0 || i + n > s.size()) return false;
        std::uint32_t code = n == 1 ? c : c & (0x7Fu >> n);
        for (std::size_t k = 1; k < n; ++k) {
            const auto next = static_cast<unsigned char>(s[i + k]);
            if (next >> 6 != 2) return false;
            code = code << 6 | (next & 0x3F);
        }
        constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        if (code < least[n] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
        i += n;
    }
    return true;
}

/// One record at `at`. Returns its end, and the fields or a reason.
struct Record {
    std::size_t end = 0;
    std::vector<std::string> fields{""};
    std::string reason;
};

inline Record parse_record(std::string_view text, std::size_t at, std::size_t max_line) {
    Record record;
    enum { field_begin, plain, quoted, quote_seen } state = field_begin;
    const std::size_t begin = at;
    const auto over = [&](std::size_t end) { return end - begin > max_line; };
    for (;; ++at) {
        if (at == text.size()) {
            if (state == quoted) record.reason = over(at) ? "too_long" : "unclosed_quote";
            record.end = at;
            if (over(at)) record.reason = "too_long";
            return record;
        }
        const char c = text[at];
        const bool crlf = c == '\r' && (at + 1 == text.size() || text[at + 1] == '\n');
        if (state != quoted && (c == '\n' || crlf)) {
            record.end = std::min(text.size(), at + (crlf ? 2 : 1));
            if (over(at)) record.reason = "too_long";
            return record;
        }
        if (over(at + 1)) {
            record.reason = "too_long";
            return record;
        }
        if (state == quoted) {
            if (c == '"')
                state = quote_seen;
            else
                record.fields.back() += c;
        } else if (c == ',') {
            record.fields.emplace_back();
            state = field_begin;
        } else if (c == '"' && state == quote_seen) {
            record.fields.back() += c;
            state = quoted;
        } else if (c == '"' && state == field_begin) {
            state = quoted;
        } else if (c == '"' || state == quote_seen) {
            record.reason = "bad_quote";
            return record;
        } else {
            record.fields.back() += c;
            state = plain;
        }
    }
}

inline std::string judge(const Record& record, std::string_view text, const Options& options,
                         TimeKind& times) {
    if (!record.reason.empty()) return record.reason;
    if (text.find('\0') != text.npos) return "nul";
    if (!valid_utf8(text)) return "utf8";
    if (record.fields.size() != options.columns) return "field_count";
    if (!times.parse(record.fields[0])) return "time";
    if (record.fields[2].empty()) return "empty_user";
    if (record.fields[1].empty()) return "empty_event";
    if (!number_or_missing(record.fields[4])) return "number";
    return "";
}

/// `text` is what follows the header, which was one line.
inline Result read(std::string_view text, const Options& options) {
    Result result;
    TimeKind times;
    std::uint64_t line = 2;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t newline = text.find('\n', at);
        const std::size_t next_line = newline == text.npos ? text.size() : newline + 1;
        std::string_view first = text.substr(at, next_line - at);
        if (first.ends_with('\n')) first.remove_suffix(1);
        if (first.ends_with('\r')) first.remove_suffix(1);
        if (first.empty()) {
            at = next_line;
            ++line;
            continue;
        }
        Record record = parse_record(text, at, options.max_line);
        if (first.size() > options.max_line) record.reason = "too_long";
        const std::string reason = judge(record, text.substr(at, record.end - at), options, times);
        if (!reason.empty()) {
            result.rejects.push_back({line, reason});
            at = next_line;
            ++line;
            continue;
        }
        const auto& f = record.fields;
        result.rows.push_back({*times.parse(f[0]), f[1], f[2], f[3]});
        for (; at < record.end; ++at)
            line += text[at] == '\n';
    }
    return result;
}

}  // namespace funnel::ingest::reference
