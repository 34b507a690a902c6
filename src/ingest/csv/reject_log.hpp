// SPDX-License-Identifier: MIT
// RejectLog: the bookkeeping of rejected rows: counts, the rejects file, and when there are too many.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "funnel/files/output.hpp"
#include "funnel/ingest/read_log.hpp"
#include "ingest/csv/file_format.hpp"
#include "ingest/csv/row_batch.hpp"

namespace funnel::ingest::detail {

/// One thread at a time, rows in file order.
class RejectLog {
 public:
    enum class Mode {
        fresh,   ///< a new rejects file, unless the policy appends
        append,  ///< what this run wrote to it already stays in front
    };

    /// Opens the rejects file if there is to be one. Throws Error(io).
    RejectLog(const RowPolicy& policy, ReadReport& report, Mode mode = Mode::fresh);

    /// `bad.line` counts from the file's first line, 1. Throws Error(parse) with the message under `fail`.
    void add(const std::string& file, const std::string& column, const BadRow& bad);
    /// The bad rows of a block that begins behind `lines_before` lines of its file. Throws as above.
    void add(const FileFormat& format, BlockOutcome& outcome, std::uint64_t lines_before);

    /// Writes a row to the rejects file, if there is one, without counting it.
    void write(const std::string& file, const std::string& column, const BadRow& bad);
    /// Completes the rejects file.
    void commit();

    /// At the end: completes the rejects file, then throws Error(parse) if there are too many rejected rows
    /// or none was accepted.
    void finish();

 private:
    void count(Reason reason, std::uint64_t rows);
    [[nodiscard]] std::string counts() const;

    const RowPolicy& policy_;
    ReadReport& report_;
    std::optional<files::Output> file_;
    std::string first_;  // message of the first bad row
    bool warned_;
};

}  // namespace funnel::ingest::detail
