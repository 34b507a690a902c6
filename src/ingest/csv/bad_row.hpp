// SPDX-License-Identifier: MIT
// BadRow: why a row cannot be used, and its message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace funnel::ingest::detail {

/// In the order in which a row is checked; the names are the keys of rejected_by_reason.
enum class Reason : std::uint8_t {
    none,
    too_long,
    bad_quote,
    unclosed_quote,
    nul,
    utf8,
    field_count,
    time,
    empty_user,
    empty_event,
    number,
    value,   ///< found by the caller of read_table
    json,    ///< a line of JSON lines that is no object
    ahead,   ///< of its clock
    behind,  ///< its clock
};

inline constexpr std::size_t kReasons = 15;

[[nodiscard]] std::string_view reason_name(Reason reason) noexcept;

inline constexpr std::size_t kNoColumn = static_cast<std::size_t>(-1);

struct BadRow {
    Reason reason = Reason::none;
    std::uint64_t line = 0;          ///< physical line; within a block counted from 0
    std::size_t column = kNoColumn;  ///< from 0
    std::string expected, got, advice;
    std::string text;  ///< the physical line where the record begins, at most kMostText bytes
};

inline constexpr std::size_t kMostText = 4096;

/// A structurally bad record. `line` is its first physical line. `fields`: how many it has, if it is known.
[[nodiscard]] BadRow bad_record(Reason reason, std::size_t column, std::string_view line,
                                std::size_t max_line);
[[nodiscard]] BadRow bad_field_count(std::size_t expected, std::size_t got, std::string_view line);
/// NUL or invalid UTF-8 in `record`, if there is any; `column` counts the delimiters before it.
[[nodiscard]] std::optional<BadRow> bad_bytes(std::string_view record, char delimiter, std::string_view line);
[[nodiscard]] BadRow bad_value(Reason reason, std::size_t column, std::string expected, std::string_view got,
                               std::string_view line);

/// "FILE:LINE: column NAME: expected X, got "Y"; DO THIS". `column`: its name, empty for none.
[[nodiscard]] std::string message(const std::string& file, const std::string& column, const BadRow& bad);

}  // namespace funnel::ingest::detail
