// SPDX-License-Identifier: MIT
// Reading a log and counting it: bytes_per_second are those of the unpacked text. The log is the one of
// FUNNEL_BENCH_LOG, or a small invented one. Run on an idle machine; tests/bench/run.sh does.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/ingest/log_parts.hpp"
#include "funnel/metrics/count_parts.hpp"
#include "support/temporary_folder.hpp"

namespace {

using namespace funnel;

/// Rows as a shop writes them: 8 columns, 120 bytes.
std::string invented_log(std::size_t rows) {
    static const char* const kinds[] = {"view", "view", "view", "cart", "purchase"};
    Rng rng(1);
    std::string text = "event_time,event_type,product_id,category_code,brand,price,user_id,user_session\n";
    const auto two = [](std::uint64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    for (std::size_t row = 0; row < rows; ++row) {
        const std::uint64_t second = row * 86400 / rows,
                            user = rng.below(static_cast<std::uint32_t>(rows / 20 + 1));
        text += "2019-10-01 " + two(second / 3600) + ":" + two(second / 60 % 60) + ":" + two(second % 60) +
                " UTC," + kinds[rng.below(5)] + "," + std::to_string(1'000'000 + rng.below(5000)) +
                ",electronics.smartphone,samsung," + std::to_string(rng.below(900)) + ".99," +
                std::to_string(500'000'000 + user) + ",26dd6e6e-4dac-4778-8d2c-" +
                std::to_string(100'000'000'000 + user) + "\n";
    }
    return text;
}

const std::vector<std::string>& paths() {
    static const support::TemporaryFolder folder;
    static const std::vector<std::string> made = [] {
        const char* const given = std::getenv("FUNNEL_BENCH_LOG");
        return std::vector<std::string>{given != nullptr ? given
                                                         : folder.write("log.csv", invented_log(50'000))};
    }();
    return made;
}

ingest::ReadOptions options(unsigned threads) {
    ingest::ReadOptions options;
    options.threads = threads;
    return options;
}

void count_bytes(benchmark::State& state, std::uint64_t bytes) {
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
}

/// Time, event, user, item and price of every row; quotes, UTF-8 and numbers checked.
void read_whole(benchmark::State& state) {
    ingest::ReadOptions reading = options(static_cast<unsigned>(state.range(0)));
    reading.columns.price = true;
    std::uint64_t bytes = 0;
    for (auto _ : state)
        bytes = ingest::read_log(paths(), reading).report.bytes;
    count_bytes(state, bytes);
}

/// What metrics reads.
void read_parts(benchmark::State& state) {
    ingest::ReadOptions reading = options(static_cast<unsigned>(state.range(0)));
    reading.columns.row_hash = true;
    std::uint64_t bytes = 0;
    for (auto _ : state)
        bytes = ingest::read_log_parts(paths(), reading).report().bytes;
    count_bytes(state, bytes);
}

/// Loading and counting of parts that are read.
void count_read_parts(benchmark::State& state) {
    const auto threads = static_cast<unsigned>(state.range(0));
    ingest::ReadOptions reading = options(threads);
    reading.columns.row_hash = true;
    const ingest::LogParts log = ingest::read_log_parts(paths(), reading);
    const ingest::LogOutline& outline = log.outline();
    metrics::MetricsOptions asked{.funnel = Funnel::parse("view,cart_add,purchase")};
    asked.threads = threads;
    const metrics::LogFacts facts{.first_time = outline.first_time,
                                  .last_time = outline.last_time,
                                  .kinds = outline.kinds,
                                  .has_sessions = outline.has_sessions,
                                  .has_price = outline.has_price};
    for (auto _ : state) {
        benchmark::DoNotOptimize(metrics::count_parts(
            log.size(), [&](std::size_t i, EventLog& part) { log.load(i, part); }, asked, facts, 0));
    }
    count_bytes(state, log.report().bytes);
}

BENCHMARK(read_whole)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(read_parts)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(count_read_parts)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
