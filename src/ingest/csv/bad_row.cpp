// SPDX-License-Identifier: MIT
#include "ingest/csv/bad_row.hpp"

#include <array>
#include <utility>

#include "ingest/csv/record.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {
namespace {

constexpr std::array<std::string_view, kReasons> kNames = {
    "none",       "too_long",    "bad_quote", "unclosed_quote", "nul",  "utf8",  "field_count", "time",
    "empty_user", "empty_event", "number",    "value",          "json", "ahead", "behind"};

constexpr const char* kSkip = "correct the line, or skip such rows with --bad-rows skip";

std::string in_quotes(std::string_view text) {
    return '"' + escaped(text) + '"';
}

BadRow make(Reason reason, std::size_t column, std::string_view line) {
    BadRow bad;
    bad.reason = reason;
    bad.column = column;
    bad.advice = kSkip;
    bad.text = without_line_end(line).substr(0, kMostText);
    return bad;
}

}  // namespace

std::string_view reason_name(Reason reason) noexcept {
    return kNames[static_cast<std::size_t>(reason)];
}

BadRow bad_record(Reason reason, std::size_t column, std::string_view line, std::size_t max_line) {
    BadRow bad = make(reason, reason == Reason::too_long ? kNoColumn : column, line);
    bad.got = in_quotes(bad.text);
    if (reason == Reason::too_long) {
        bad.expected = "a record of at most " + std::to_string(max_line) + " bytes";
        bad.advice =
            "raise --max-line, close a quote that may be open, or skip such rows with --bad-rows skip";
    } else if (reason == Reason::unclosed_quote) {
        bad.expected = "a closing quote";
    } else {
        bad.expected = "quotes around the whole field and doubled inside it";
    }
    return bad;
}

BadRow bad_field_count(std::size_t expected, std::size_t got, std::string_view line) {
    BadRow bad = make(Reason::field_count, kNoColumn, line);
    bad.expected = std::to_string(expected) + (expected == 1 ? " field" : " fields");
    bad.got = in_quotes(bad.text) + ", which has " + std::to_string(got);
    return bad;
}

std::optional<BadRow> bad_bytes(std::string_view record, char delimiter, std::string_view line) {
    const std::size_t zero = record.find('\0');
    const std::size_t invalid = zero == std::string_view::npos ? find_invalid_utf8(record) : zero;
    if (invalid == std::string_view::npos) return std::nullopt;
    std::size_t column = 0;
    bool inside = false;
    for (const char c : record.substr(0, invalid)) {
        inside ^= c == '"';
        column += c == delimiter && !inside;
    }
    BadRow bad = make(zero == invalid ? Reason::nul : Reason::utf8, column, line);
    bad.expected = std::string(zero == invalid ? "text without NUL" : "UTF-8") + " at byte " +
                   std::to_string(invalid + 1) + " of the record";
    bad.got = in_quotes(record.substr(invalid, 1));
    return bad;
}

BadRow bad_value(Reason reason, std::size_t column, std::string expected, std::string_view got,
                 std::string_view line) {
    BadRow bad = make(reason, column, line);
    bad.expected = std::move(expected);
    bad.got = in_quotes(got);
    return bad;
}

std::string message(const std::string& file, const std::string& column, const BadRow& bad) {
    std::string out =
        (file == "-" ? "standard input" : escaped(file)) + ':' + std::to_string(bad.line) + ": ";
    if (bad.column != kNoColumn) out += "column " + escaped(column) + ": ";
    return out + "expected " + bad.expected + ", got " + bad.got + "; " + bad.advice;
}

}  // namespace funnel::ingest::detail
