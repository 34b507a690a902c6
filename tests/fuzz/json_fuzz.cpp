// SPDX-License-Identifier: MIT
// Logs of JSON lines, with paths, a list to explode and every kind of column: all rows are accounted for,
// whatever the blocks, and a line is bad exactly if the grammar of JSON says so or a value cannot be used.
#include <cstdint>
#include <string>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/ingest/read_log.hpp"
#include "fuzz/expect.hpp"
#include "fuzz/memory_file.hpp"
#include "ingest/csv/record.hpp"
#include "ingest/json/json_text.hpp"
#include "ingest/log/tuned_read.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace {

using namespace funnel;

const char* const kSchema =
    R"({"columns":{"time":"t","event":"e.name","user":["u","p[key=user].value"],"item":"items.id","order":"o",
        "revenue":"items.total","category":"items.tags[0]","session":"s","position":"p[0].n"},"explode":"items"})";

/// Lines that are one JSON object each, and how many there are.
std::uint64_t good_lines(std::string_view text, std::size_t max_line, std::uint64_t& all) {
    std::uint64_t good = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line =
            ingest::detail::without_line_end(text.substr(at, std::min(end + 1, text.size()) - at));
        at = end + 1;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        ++all;
        const bool bytes = line.find('\0') == std::string_view::npos &&
                           ingest::detail::find_invalid_utf8(line) == std::string_view::npos;
        good += bytes && line.size() <= max_line && !ingest::detail::find_json_fault(line) ? 1 : 0;
    }
    return good;
}

std::string outcome(const std::string& path, const ingest::ReadOptions& options, std::size_t block,
                    ingest::ReadReport& report) {
    try {
        const auto read = ingest::detail::read_log(std::vector{path}, options, {.block_bytes = block});
        report = read.report;
        std::string out = std::to_string(report.rows) + ' ' + std::to_string(report.accepted) + ' ' +
                          std::to_string(report.ignored);
        for (std::size_t row = 0; row < read.log.size(); ++row) {
            const Event event = read.log.event(row);
            out += '\n' + std::to_string(event.time) + ' ' + std::string(event.user) + ' ' +
                   std::string(event.item);
        }
        return out;
    } catch (const Error& error) {
        const std::string message = error.what();
        fuzz::expect(error.code() != ErrorCode::internal, "no internal error: " + message);
        fuzz::expect(message.find('\n') == std::string::npos, "one line: " + message);
        return message;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::MemoryFile file;
    std::string text = "{";  // else it is CSV
    text += fuzz::text_of(data, size);
    const std::string path = file.holding(text);
    ingest::ReadOptions options;
    options.explicit_schema = ingest::parse_schema(kSchema, "fuzz");
    options.rows.bad_rows = ingest::BadRows::skip;
    options.rows.max_bad = {.count = 1'000'000};
    options.rows.max_line = 4096;
    options.columns.row_hash = true;
    options.columns.text_if_mapped = options.columns.position_if_mapped = true;
    ingest::ReadReport report;
    const std::string whole = outcome(path, options, 1u << 18, report);
    fuzz::expect(outcome(path, options, 1 + size % 100, report) == whole, "blocks change nothing");
    if (report.rows == 0) return 0;
    std::uint64_t all = 0;
    const std::uint64_t good = good_lines(text, 4096, all);
    fuzz::expect(report.rows == all, "every line is a row");
    fuzz::expect(report.rows == report.accepted + report.rejected + report.ignored,
                 "every row is accounted for");
    fuzz::expect(report.accepted + report.ignored <= good, "no line is taken that is no JSON");
    return 0;
}
