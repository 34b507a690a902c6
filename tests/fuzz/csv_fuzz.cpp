// SPDX-License-Identifier: MIT
// The fast reader against the plain one: rows, reasons, and the line of the first bad row, at block sizes and
// thread counts that the first byte of the input chooses.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "funnel/base/error.hpp"
#include "fuzz/expect.hpp"
#include "fuzz/memory_file.hpp"
#include "ingest/log/tuned_read.hpp"
#include "ingest/reference_reader.hpp"

namespace {

using namespace funnel;
using fuzz::expect;
using ingest::reference::Row;

constexpr std::string_view kHeader = "event_time,event_type,user_id,item_id,price\n";
const ingest::reference::Options kReference;

struct Setting {
    ingest::detail::Tuning tuning;
    unsigned threads = 1;
};

Setting setting_of(std::uint8_t choice) {
    constexpr std::size_t kBlocks[] = {1, 7, 64, 200, 1000, 1u << 16},
                          kWindows[] = {1, 10, 64, 150, 1u << 15};
    return {{.block_bytes = kBlocks[choice % 6], .window_bytes = kWindows[choice / 6 % 5]},
            choice >= 240 ? 3u : 1u};
}

ingest::ReadOptions options_of(const Setting& setting, ingest::BadRows bad_rows) {
    ingest::ReadOptions options;
    options.rows.bad_rows = bad_rows;
    options.rows.max_bad = {.count = 1'000'000};
    options.rows.max_line = kReference.max_line;
    options.threads = setting.threads;
    options.custom_kinds = {"signup"};
    return options;
}

std::vector<Row> rows_of(const EventLog& log) {
    std::vector<Row> rows;
    for (std::size_t i = 0; i < log.size(); ++i) {
        const Event event = log.event(i);
        const std::string kind = event.kind >= EventKind::custom_first
                                     ? "signup"
                                     : std::string(events::kKindNames[static_cast<std::size_t>(event.kind)]);
        rows.push_back({event.time, kind, std::string(event.user), std::string(event.item)});
    }
    return rows;
}

/// A file whose first time is an integer that can hardly be one is refused as a whole; the plain reader takes
/// it.
bool refused_as_a_whole(const Error& error) {
    return std::string_view(error.what()).find("expected a time from 1990 to 2100") != std::string_view::npos;
}

void check_skip(const std::string& path, const Setting& setting, const ingest::reference::Result& plain) {
    std::map<std::string, std::uint64_t> reasons;
    for (const auto& reject : plain.rejects)
        ++reasons[reject.reason];
    try {
        const auto read = ingest::detail::read_log(
            std::vector{path}, options_of(setting, ingest::BadRows::skip), setting.tuning);
        const auto& report = read.report;
        expect(report.rows == report.accepted + report.rejected, "rows = accepted + rejected");
        expect(report.rejected_by_reason == reasons, "the same reasons");
        expect(rows_of(read.log) == plain.rows, "the same rows");
    } catch (const Error& error) {
        if (refused_as_a_whole(error)) return;
        expect(plain.rows.empty(), std::string("rows that the plain reader takes: ") + error.what());
    }
}

void check_fail(const std::string& path, const Setting& setting, const ingest::reference::Result& plain) {
    try {
        const auto read = ingest::detail::read_log(
            std::vector{path}, options_of(setting, ingest::BadRows::fail), setting.tuning);
        expect(plain.rejects.empty(), "a bad row ends the run");
    } catch (const Error& error) {
        if (refused_as_a_whole(error)) return;
        const std::string what = error.what();
        expect(!plain.rejects.empty(), "no error without a bad row: " + what);
        expect(what.starts_with(path + ':' + std::to_string(plain.rejects.front().line) + ": "),
               "the first bad row is named: " + what);
        expect(what.find('\n') == std::string::npos, "one line");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 4096) return 0;
    static fuzz::MemoryFile file;
    const Setting setting = setting_of(data[0]);
    const std::string_view text = fuzz::text_of(data + 1, size - 1);
    auto plain = ingest::reference::read(text, kReference);
    for (Row& row : plain.rows) {
        if (row.event != "signup" && !events::parse_kind(row.event)) row.event = "other";
    }
    const std::string path = file.holding(std::string(kHeader) + std::string(text));
    check_skip(path, setting, plain);
    check_fail(path, setting, plain);
    return 0;
}
