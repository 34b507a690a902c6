// SPDX-License-Identifier: MIT
// One record at a time, character by character: RFC 4180 with strict quotes. The slow and exact path that
// decides wherever quotes are involved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/csv/bad_row.hpp"
#include "ingest/csv/dialect.hpp"

namespace funnel::ingest::detail {

enum class RecordStatus {
    complete,   ///< well-formed
    bad,        ///< reason and column say why
    need_more,  ///< the text ends inside the record
};

/// One thread at a time; reused, since it keeps the buffers of the fields.
class RecordParser {
 public:
    RecordParser(const Dialect& dialect, std::size_t max_line)
        : dialect_(dialect), delimiter_(dialect.delimiter), max_line_(max_line) {}

    /// Parses the record that `text` begins with. `at_end`: nothing follows the text. A record of more than
    /// max_line bytes without its line end is bad.
    RecordStatus parse(std::string_view text, bool at_end);

    // After `complete`:
    /// The fields without quotes; valid until the next parse and while the text is.
    [[nodiscard]] const std::vector<std::string_view>& fields() const noexcept { return fields_; }
    [[nodiscard]] std::size_t size() const noexcept {
        return size_;
    }  ///< bytes of the record with its line end

    // After `bad`:
    [[nodiscard]] Reason reason() const noexcept { return reason_; }
    [[nodiscard]] std::size_t column() const noexcept { return fields_.size(); }  ///< from 0

    /// Bytes of the first physical line with its line end, 0 if it is not whole.
    [[nodiscard]] std::size_t first_line() const noexcept { return first_line_; }

 private:
    enum class Step { next_field, record_end, need_more, failed };
    struct Patch {
        std::size_t field, begin, size;
    };

    RecordStatus fail(Reason reason) noexcept {
        reason_ = reason;
        return RecordStatus::bad;
    }
    Step failed(Reason reason) noexcept;
    Step plain_field(std::string_view text, std::size_t& at, bool at_end);
    Step quoted_field(std::string_view text, std::size_t& at, bool at_end);
    Step after_quote(std::string_view text, std::size_t& at, bool at_end, std::string_view field);
    Step odd_field(std::string_view text, std::size_t& at, bool at_end);
    bool take_escaped(std::string_view text, std::size_t& at, bool alone, bool at_end);
    void patch_fields();

    Dialect dialect_;
    char delimiter_;
    std::size_t max_line_;
    std::vector<std::string_view> fields_;
    std::string unescaped_;  // fields with doubled quotes or escapes, without them
    std::vector<Patch> patches_;
    std::size_t size_ = 0, first_line_ = 0;
    Reason reason_ = Reason::none;
};

/// The line without its line end: "\n", "\r\n", or at the end of the text "\r".
[[nodiscard]] std::string_view without_line_end(std::string_view line) noexcept;

}  // namespace funnel::ingest::detail
