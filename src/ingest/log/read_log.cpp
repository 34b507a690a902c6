// SPDX-License-Identifier: MIT
#include "ingest/log/tuned_read.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/files/atomic_file.hpp"
#include "ingest/csv/block_reader.hpp"
#include "ingest/log/log_builder.hpp"
#include "ingest/log/log_rules.hpp"
#include "ingest/log/log_sink.hpp"
#include "ingest/source/ordered_pipeline.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest {
namespace detail {

std::uint64_t check_inputs(std::span<const std::string> paths, const RowPolicy& rows, ReadReport& report) {
    constexpr std::size_t kMostLine = std::size_t{1} << 30;
    if (paths.empty())
        throw Error(ErrorCode::invalid_argument, "expected at least one file to read, got none");
    if (rows.max_line < 1 || rows.max_line > kMostLine) {
        throw Error(ErrorCode::invalid_argument,
                    "max line: expected 1 to 1073741824 bytes, got " + std::to_string(rows.max_line));
    }
    report.files.assign(paths.begin(), paths.end());
    std::uint64_t bytes = 0;
    bool known = true;
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const std::uint64_t size = check_input(paths[i]);
        known &= size > 0;
        bytes += size;
        for (std::size_t j = 0; j < i; ++j) {
            const bool twice = paths[i] == paths[j] || files::same_file(paths[i], paths[j]);
            if (twice && paths[i] == "-") {
                throw Error(ErrorCode::invalid_argument, "standard input: expected it once, got it twice");
            }
            if (twice) {
                report.warnings.push_back(
                    {"file_given_twice", escaped(paths[i]) + " is given twice: its rows count twice"});
                break;
            }
        }
    }
    return known ? bytes : 0;
}

std::function<void()> byte_progress(const base::ProgressObserver& progress,
                                    const std::atomic<std::uint64_t>& done, std::uint64_t total) {
    if (!progress) return {};
    return [&progress, &done, total] { progress({"reading", done, total, "bytes"}); };
}

void read_blocks(std::span<const std::string> paths, const ReadOptions& options, const Tuning& tuning,
                 std::uint64_t file_bytes, LogSink& sink, ReadReport& report, Schema& schema) {
    const unsigned threads = std::max(options.threads, 1u);
    LogRules rules(options);
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> done{0};
    std::uint64_t sequence = 0;
    BlockReader reader(paths, rules, options.rows.max_line, tuning, stop);
    if (options.rows.digests) reader.keep_digests(report.digests);
    std::vector<std::optional<LogParser>> parsers(threads);
    const bool keep_all_bad = options.rows.bad_rows == BadRows::skip && !options.rows.rejects_path.empty();

    PipelineSteps<LogBlock> steps;
    steps.produce = [&](LogBlock& block) {
        const bool more = reader.next(block.block);
        block.file_bytes = reader.file_bytes();
        block.sequence = sequence++;
        done = block.file_bytes;
        return more;
    };
    steps.work = [&](unsigned worker, LogBlock& block) {
        if (!parsers[worker]) {
            parsers[worker].emplace(rules.plan(),
                                    BlockParserOptions{.dialect = rules.dialect(),
                                                       .max_line = options.rows.max_line,
                                                       .window_bytes = tuning.window_bytes,
                                                       .hash_rows = rules.plan()->hash_rows,
                                                       .stop_at_bad = options.rows.bad_rows == BadRows::fail},
                                    sink.cut());
        }
        block.worker = worker;
        parsers[worker]->parse(block, keep_all_bad);
        sink.absorb(block);
    };
    steps.commit = [&](LogBlock& block) { sink.add(*rules.plan(), block); };
    steps.observe = byte_progress(options.progress, done, file_bytes);
    OrderedPipeline<LogBlock>(std::move(steps), threads, stop).run();

    report.bytes = reader.text_bytes();
    rules.finish(report.warnings);
    schema = rules.plan()->schema;
    report.notes.insert(report.notes.end(), rules.notes().begin(), rules.notes().end());
    sink.finish(*rules.plan(), rules.found());
}

ReadResult read_log(std::span<const std::string> paths, const ReadOptions& options, const Tuning& tuning) {
    ReadResult result;
    const std::uint64_t bytes = check_inputs(paths, options.rows, result.report);
    LogBuilder builder(options, result, std::max(options.threads, 1u), bytes);
    read_blocks(paths, options, tuning, bytes, builder, result.report, result.schema);
    name_clock_rows(paths, options, builder.clock_cut(), result.report);
    return result;
}

}  // namespace detail

ReadOptions reading_for(const events::NeededColumns& needed) {
    ReadOptions options;
    if (!needed.schema.empty()) options.explicit_schema = parse_schema(needed.schema, "the model's schema");
    options.custom_kinds = needed.custom_kinds;
    options.columns = {.price = true,
                       .text = needed.text,
                       .text_if_there = {},
                       .numbers = needed.numbers,
                       .beside = {},
                       .text_if_mapped = true,
                       .position_if_mapped = true};
    return options;
}

ReadResult read_log(std::span<const std::string> paths, const ReadOptions& options) {
    return detail::read_log(paths, options, detail::Tuning{});
}

}  // namespace funnel::ingest
