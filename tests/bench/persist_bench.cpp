// SPDX-License-Identifier: MIT
// Saving and loading a model whose history knows a million ids.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "funnel/events/event_log.hpp"
#include "funnel/history/history.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/simulate/shopper_model.hpp"
#include "funnel/train/train_on_log.hpp"
#include "setting.hpp"

namespace {

using namespace funnel;

/// Users and items together.
const std::size_t kIds = bench::setting("FUNNEL_BENCH_IDS", 1'000'000);

/// A model of a small shop whose history goes on with kIds new users and items, one item to ten users.
Bundle large_model() {
    EventLog log;
    simulate::ShopperModel({.users = 2'000, .days = 30}).run([&](const Event& event) { log.add(event); });
    train::LogModelOptions options;
    options.task.funnel = Funnel::parse("impression,click+view,cart_add,purchase");
    options.model.training.epochs = 1;
    options.model.refit = false;
    Bundle bundle = train::train_on_log(log, options, kernel::best());
    const std::int64_t start = bundle.history->watermark();
    const std::size_t items = kIds / 11;
    for (std::size_t i = 0; i < kIds - items; ++i) {
        const std::string user = "visitor-" + std::to_string(i),
                          item = "product-" + std::to_string(i % items);
        bundle.history->observe({.time = start + base::kSecond * static_cast<std::int64_t>(i),
                                 .kind = EventKind::impression,
                                 .user = user,
                                 .item = item});
    }
    return bundle;
}

void load(benchmark::State& state) {
    const std::string path = (std::filesystem::temp_directory_path() / "funnel_bench.model").string();
    persist::save_model(path, large_model());
    for (auto _ : state) {
        const Bundle bundle = persist::load_model(path);
        benchmark::DoNotOptimize(bundle.history->watermark());
    }
    state.counters["bytes"] = static_cast<double>(std::filesystem::file_size(path));
    std::filesystem::remove(path);
}
BENCHMARK(load)->Unit(benchmark::kMillisecond);

}  // namespace
