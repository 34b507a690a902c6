// SPDX-License-Identifier: MIT
// Whole files as they come: header, packing and schema included, as a log and as a table. Nothing but an
// Error leaves.
#include <cstdint>
#include <string>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/ingest/read_log.hpp"
#include "funnel/ingest/read_table.hpp"
#include "fuzz/expect.hpp"
#include "fuzz/memory_file.hpp"

namespace {

using namespace funnel;

template <typename Read>
void attempt(Read&& read) {
    try {
        read();
    } catch (const Error& error) {
        const std::string message = error.what();
        fuzz::expect(error.code() != ErrorCode::internal, "no internal error: " + message);
        fuzz::expect(message.find('\n') == std::string::npos, "one line: " + message);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::MemoryFile file;
    const std::vector<std::string> paths{file.holding(fuzz::text_of(data, size))};
    attempt([&] {
        ingest::ReadOptions options;
        options.rows.bad_rows = ingest::BadRows::skip;
        options.rows.max_bad = {.count = 1'000'000};
        options.rows.max_line = 4096;
        options.columns.row_hash = options.columns.price = true;
        options.columns.text_if_mapped = options.columns.position_if_mapped = true;
        const auto read = ingest::read_log(paths, options);
        const auto& report = read.report;
        fuzz::expect(report.rows == report.accepted + report.rejected + report.ignored,
                     "every row is accounted for");
        fuzz::expect(read.log.size() == report.accepted, "accepted rows are in the log");
    });
    attempt([&] { (void)ingest::read_table(paths, {}); });
    return 0;
}
