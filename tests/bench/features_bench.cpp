// SPDX-License-Identifier: MIT
// From a log to training examples, and from a history to a ranked list, on one thread. The log is that of
// the invented shop; FUNNEL_BENCH_LOG names another one, for ingest::read_log with FUNNEL_BENCH_SCHEMA and
// the stages of FUNNEL_BENCH_FUNNEL.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/dataset/build_dataset.hpp"
#include "funnel/dataset/examples.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/ingest/read_log.hpp"
#include "funnel/ingest/schema.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/score/scorer.hpp"
#include "funnel/simulate/shopper_model.hpp"
#include "funnel/train/train_on_log.hpp"
#include "setting.hpp"

namespace {

using namespace funnel;
using bench::setting;

struct Shop {
    EventLog log;
    train::LogModelOptions options;
};

EventLog simulated_log() {
    EventLog log;
    const simulate::ShopperOptions options{.users = setting("FUNNEL_BENCH_USERS", 20'000)};
    simulate::ShopperModel(options).run([&](const Event& event) { log.add(event); });
    return log;
}

const Shop& shop() {
    static const Shop made = [] {
        Shop result;
        const std::string path = setting("FUNNEL_BENCH_LOG", "");
        if (path.empty()) {
            result.log = simulated_log();
        } else {
            ingest::ReadOptions reading;
            reading.columns.price = reading.columns.text_if_mapped = reading.columns.position_if_mapped =
                true;
            reading.schema = setting("FUNNEL_BENCH_SCHEMA", "auto");
            const std::vector<std::string> paths{path};
            result.log = ingest::read_log(paths, reading).log;
        }
        result.options.task.funnel =
            Funnel::parse(setting("FUNNEL_BENCH_FUNNEL", "impression,click+view,cart_add,purchase"));
        return result;
    }();
    return made;
}

void count_events(benchmark::State& state) {
    const auto events = static_cast<double>(shop().log.size()) * static_cast<double>(state.iterations());
    state.SetItemsProcessed(static_cast<std::int64_t>(events));
}

void observe(benchmark::State& state) {
    for (auto _ : state) {
        history::History history(train::history_options(shop().log, shop().options));
        history::LogCoder coder(shop().log, history);
        for (const std::uint64_t row : shop().log.time_order())
            coder.observe(row);
        benchmark::DoNotOptimize(history.watermark());
    }
    count_events(state);
}
BENCHMARK(observe)->Unit(benchmark::kMillisecond);

void examples(benchmark::State& state) {
    for (auto _ : state) {
        const dataset::ExampleList list =
            dataset::build_examples(shop().log, shop().options.task.funnel, shop().options.examples);
        benchmark::DoNotOptimize(list.rows.data());
    }
    count_events(state);
}
BENCHMARK(examples)->Unit(benchmark::kMillisecond);

/// What `train` does between reading and fitting: labels, history and all features.
void dataset(benchmark::State& state) {
    std::size_t rows = 0;
    for (auto _ : state) {
        const dataset::ExampleList list =
            dataset::build_examples(shop().log, shop().options.task.funnel, shop().options.examples);
        history::History history(train::history_options(shop().log, shop().options));
        rows = dataset::build_dataset(shop().log, history, list).size();
    }
    count_events(state);
    state.counters["examples"] = static_cast<double>(rows);
}
BENCHMARK(dataset)->Unit(benchmark::kMillisecond);

/// A trained model of the shop's log with its history.
const Bundle& model() {
    static const Bundle trained = [] {
        train::LogModelOptions options = shop().options;
        options.model.training.epochs = 1;
        options.model.refit = false;
        return train::train_on_log(shop().log, options, kernel::best());
    }();
    return trained;
}

/// 100 items for one user: features from the history, scores and the order.
void rank(benchmark::State& state) {
    const score::Scorer scorer(model(), kernel::best());
    const history::History& history = *model().history;
    const EventLog& log = shop().log;
    Rng rng(1);
    std::vector<std::string> users, items;
    for (int i = 0; i < 256; ++i)
        users.emplace_back(log.users.text(static_cast<std::uint32_t>(rng.below(log.users.size()))));
    for (int i = 0; i < 4096; ++i)
        items.emplace_back(log.items.text(static_cast<std::uint32_t>(rng.below(log.items.size()))));
    const auto n = static_cast<std::size_t>(state.range(0));
    std::vector<Event> candidates(n);
    std::vector<std::uint32_t> order(n);
    std::vector<float> p(n * scorer.targets());
    score::Scorer::Workspace workspace;
    std::size_t call = 0;
    for (auto _ : state) {
        const Event context{.time = history.watermark() + 1,
                            .kind = EventKind::impression,
                            .user = users[call % users.size()]};
        for (std::size_t i = 0; i < n; ++i)
            candidates[i].item = items[(call * 37 + i) % items.size()];
        scorer.rank(history, context, candidates, 0, order, p, workspace);
        benchmark::DoNotOptimize(order.data());
        ++call;
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(n));
}
BENCHMARK(rank)->Arg(1)->Arg(100)->Unit(benchmark::kMicrosecond);

}  // namespace
