// SPDX-License-Identifier: MIT
// Options that several subcommands share: how they are declared and what they mean to the library.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/events/funnel_stages.hpp"
#include "funnel/ingest/read_log.hpp"
#include "run.hpp"

namespace funnel::tool {

/// What is read and what of it counts.
struct LogOptions {
    std::vector<std::string> paths;
    std::string schema = "auto";
    std::string time_unit;
    std::string from, to, as_of, period;
    std::string tz = "UTC";
    std::string clock = "drop";
    std::string bad_rows = "fail";
    std::string max_bad = "1%";
    std::string rejects;
    std::uint64_t max_line = 1u << 20;
    std::optional<std::string> funnel;

    /// The positional LOG... and all of the above.
    void add_to(CLI::App& command, bool log_required = true);
    /// The logs and the schema file: no output may overwrite them.
    [[nodiscard]] std::vector<std::string> inputs() const;
    /// What is done with bad rows.
    [[nodiscard]] ingest::RowPolicy row_policy() const;
    /// The same for one more reading of this run: its rejects follow those of the earlier ones, and its files
    /// get their digests if a manifest is wanted.
    [[nodiscard]] ingest::RowPolicy next_reading(Run& run) const;
    [[nodiscard]] ingest::ReadOptions read_options(Run& run) const;
    /// What is known and whose clocks are believed: what reading needs. Throws Error(invalid_argument) for
    /// wrong options of time, those of the period too.
    [[nodiscard]] events::Timeline timeline() const;
    /// --from and --to, or --period before --as-of or the end of the log, its last time.
    [[nodiscard]] events::Period asked(std::int64_t last_time) const;
    /// The same; Error(schema) if no row is in it.
    [[nodiscard]] events::Period asked(const EventLog& log) const;
    /// The offsets of --tz between two times, for what cuts days; none for a log without rows.
    [[nodiscard]] std::vector<events::OffsetChange> offsets(std::int64_t first_time,
                                                            std::int64_t last_time) const;
    /// --funnel parsed, or empty.
    [[nodiscard]] std::optional<Funnel> funnel_override() const;
};

/// Option values to numbers; each throws Error(invalid_argument) "--name: expected ..., got ...".
[[nodiscard]] std::int64_t duration_option(const std::string& name, const std::string& text);
/// Without an offset: local to the zone.
[[nodiscard]] std::int64_t time_option(const std::string& name, const std::string& text,
                                       const std::string& zone = "UTC");
/// "20%" -> 0.2
[[nodiscard]] double percent_option(const std::string& name, const std::string& text);
/// "512MiB", "2GiB", "1000000" -> bytes
[[nodiscard]] std::uint64_t size_option(const std::string& name, const std::string& text);
/// For options that are whole numbers: CLI11 itself takes -1 for 2^64 - 1, and cuts what is too large.
[[nodiscard]] CLI::Validator whole_number(std::uint64_t least = 0);
/// "a,b,c" -> {a, b, c}; an empty text gives none.
[[nodiscard]] std::vector<std::string> list_option(const std::string& text);

/// Throws Error(invalid_argument) if `output` is one of the inputs or the model (links followed): before
/// anything is opened for writing.
void refuse_overwriting_input(const std::string& output, const std::vector<std::string>& inputs);

/// What reading found out, for people and for the record: schema, rejects, warnings.
void tell_about_reading(const ingest::ReadReport& report, const LogOptions& options, Run& run);

/// For commands with a model, whose rows are an empty night or a file that is not there yet. Throws
/// Error(schema) for a header alone.
void need_rows(const ingest::ReadReport& report);

[[noreturn]] void usage_error(const std::string& message);

/// "a.csv", or "a.csv and 2 more files", for messages about rows.
[[nodiscard]] std::string names_of(std::span<const std::string> paths);

/// What `call` gives. An Error(schema) about rows that names none of the files gets their names in front.
template <typename Call>
auto naming_files(std::span<const std::string> paths, Call&& call) {
    try {
        return call();
    } catch (const Error& error) {
        const std::string_view what = error.what();
        const auto is_named = [&](const std::string& path) {
            return what.find(path) != std::string_view::npos;
        };
        if (error.code() != ErrorCode::schema || paths.empty() || std::ranges::any_of(paths, is_named)) throw;
        throw Error(ErrorCode::schema, names_of(paths) + ": " + error.what());
    }
}

}  // namespace funnel::tool
