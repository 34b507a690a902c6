// SPDX-License-Identifier: MIT
// read_log: reads plain, gzip or zstd files, CSV (RFC 4180) or JSON lines, into one EventLog and a
// ReadReport.
//
//     const ingest::ReadResult read = ingest::read_log(paths, {});  // the columns tell the schema
//     for (const base::Warning& warning : read.report.warnings) show(warning.message);
//     const EventLog& events = read.log;
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "funnel/base/progress.hpp"
#include "funnel/base/warning.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/events/needed_columns.hpp"
#include "funnel/events/timeline.hpp"
#include "funnel/files/digest.hpp"
#include "funnel/files/same_containers.hpp"
#include "funnel/ingest/schema.hpp"

namespace funnel::ingest {

enum class BadRows { fail, skip };

/// At most `count` rejected rows, or `share` of the rows read when `count` is negative.
struct BadRowLimit {
    std::int64_t count = -1;
    double share = 0.01;
};

struct RowPolicy {
    BadRows bad_rows = BadRows::fail;
    BadRowLimit max_bad;
    std::string rejects_path;         ///< file for `file,line,column,reason,text`; empty: none
    bool append_rejects = false;      ///< to rejects_path, which an earlier reading of this run has begun
    std::size_t max_line = 1u << 20;  ///< bytes of one record
    bool digests = false;             ///< fill ReadReport::digests
};

/// Which columns to load beside time, user, item, kind, session and the order lines. Fewer are faster.
struct LogColumns {
    bool row_hash = false;          ///< EventLog::row_hash, for duplicates
    bool price = false;             ///< number column "price" of every row
    std::vector<std::string> text;  ///< by our name or the log's; a name the log lacks: Error(schema)
    std::vector<std::string> text_if_there;  ///< likewise, as far as the log has them
    std::vector<std::string> numbers;        ///< as `text`
    std::vector<std::string> beside;         ///< columns of tables beside the log, for messages
    bool text_if_mapped = false;             ///< also category, brand, list as far as the schema maps them
    bool text_unmapped = false;  ///< also what the schema maps to nothing, of the first header; not of JSON
    bool position_if_mapped = false;
};

struct ReadOptions {
    std::string schema = "auto";            ///< preset, file or auto
    std::optional<Schema> explicit_schema;  ///< used as it is, in place of `schema`
    std::string time_unit;                  ///< empty: the schema's
    /// Event names of the log's own that are funnel stages; none given: those of the schema's funnel.
    std::optional<std::vector<std::string>> custom_kinds;
    LogColumns columns;
    RowPolicy rows;
    events::Timeline timeline;     ///< as_of, clocks and known_gap; the period is up to who counts
    bool drop_duplicates = false;  ///< keep the first of rows equal in every field; needs row_hash
    std::uint64_t memory = 0;      ///< bytes the log of read_log may need; 0: no limit
    unsigned threads = 1;
    base::ProgressObserver progress;
};

/// Reads what `needed` names, with its schema: see model::columns_needed. A file that lacks one of these
/// columns is Error(schema). Further ones that features are made from come as far as the schema maps them.
/// Throws Error(schema) if needed.schema is no schema.
[[nodiscard]] ReadOptions reading_for(const events::NeededColumns& needed);

/// rows = accepted + rejected + ignored, always.
struct ReadReport {
    std::vector<std::string> files;
    std::string schema;  ///< name of the one used
    std::uint64_t rows = 0, accepted = 0, rejected = 0, ignored = 0;
    std::uint64_t events = 0;       ///< what came of the accepted rows
    std::uint64_t duplicates = 0;   ///< events - distinct; only with row_hash
    std::uint64_t after = 0;        ///< accepted rows at or after timeline.as_of: read by nothing
    std::uint64_t ahead = 0;        ///< accepted rows ahead of their clock, which are not in the log
    std::uint64_t behind = 0;       ///< likewise behind
    std::uint64_t ahead_gap = 0;    ///< microseconds from the last good row to them; 0: none
    std::uint64_t behind_gap = 0;   ///< likewise
    std::uint64_t longest_gap = 0;  ///< microseconds, of the rows of the log; only with Clocks::drop
    std::uint64_t bytes = 0;        ///< unpacked
    std::map<std::string, std::uint64_t> rejected_by_reason;
    /// Our type names for mapped events, the log's own for others (10,000 names at most, then "other").
    std::map<std::string, std::uint64_t> by_event;
    base::Warnings warnings;
    std::vector<std::string> notes;  ///< what was found out about the files, one line each, for people
    std::vector<files::FileDigest> digests;  ///< of the files, packed as they are, exactly as they were read
};

/// Writes the number into the report, with a warning where it is worth one.
void add_duplicates(ReadReport& report, std::uint64_t duplicates, bool dropped);

struct ReadResult {
    EventLog log;
    ReadReport report;
    Schema schema;
};

/// Reads the paths in order as one log; "-" is standard input. Rows keep their order, whatever the threads.
/// Throws Error(io): cannot open or read; Error(schema): no schema fits, a column is missing, header twice;
/// Error(parse): a bad row under `fail`, too many under `skip`, no row accepted, a damaged gzip or zstd, a
/// gap of more than a year between many rows under Clocks::drop; Error(memory): the log will exceed its
/// limit, by the share of the files that is read. Memory: the log plus some blocks of text per thread.
[[nodiscard]] ReadResult read_log(std::span<const std::string> paths, const ReadOptions& options);

}  // namespace funnel::ingest
