// SPDX-License-Identifier: MIT
// Values of options, one per line, with a small log: every value ends in a documented exit code, never in an
// internal error. No option that names a file to write is among them.
#include <cstdint>
#include <string>
#include <vector>

#include "cli/small_shop.hpp"
#include "fuzz/expect.hpp"
#include "fuzz/memory_file.hpp"
#include "support/temporary_folder.hpp"
#include "support/tool.hpp"

namespace {

constexpr const char* kMetrics[] = {"--window",    "--funnel", "--by",      "--tz",       "--from",
                                    "--to",        "--per",    "--max-bad", "--max-line", "--memory",
                                    "--time-unit", "--dedup",  "--kernel"};
constexpr const char* kTrain[] = {"--horizon",    "--targets", "--valid",         "--learning-rate",
                                  "--batch-size", "--dropout", "--burn-in",       "--lag",
                                  "--forget",     "--seed",    "--negative-rate", "--weight-decay",
                                  "--funnel",     "--label",   "--weight"};

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> all(1);
    for (const char c : text) {
        if (c == '\n') {
            all.emplace_back();
        } else if (c != '\0') {
            all.back() += c;
        }
    }
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace funnel;
    if (size < 2 || size > 512) return 0;
    static fuzz::MemoryFile file;
    const std::string log = file.holding(cli_test::small_shop());
    static const support::TemporaryFolder folder;
    const bool train = data[0] % 2 != 0;
    std::vector<std::string> args = {"metrics", log};
    if (train)
        args = {"train", log, "-o", folder.path("m"), "--epochs", "1", "--hidden", "4", "--threads", "1"};
    std::size_t option = data[0] / 2u;
    for (const std::string& value : words(fuzz::text_of(data + 1, size - 1))) {
        args.emplace_back(train ? kTrain[option++ % std::size(kTrain)]
                                : kMetrics[option++ % std::size(kMetrics)]);
        args.back() += '=' + value;
    }
    const support::ToolResult result = support::run_tool(args);
    fuzz::expect(result.code == 0 || (result.code >= 2 && result.code <= 6),
                 "a documented exit code: " + result.err);
    fuzz::expect(result.code == 0 || result.out.empty(), "no figures beside an error");
    return 0;
}
