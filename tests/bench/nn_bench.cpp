// SPDX-License-Identifier: MIT
// Training steps and scoring of a 32-64-1 and a 32-256-128-1 net, per set of kernels: rows in order or
// shuffled, on one thread or two. items_per_second are rows; GFLOPs counts the multiply-adds of the products
// only.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/nn/eigen_kernels.hpp"
#include "funnel/nn/inference.hpp"
#include "funnel/train/detail/training.hpp"
#include "setting.hpp"

namespace {

using namespace funnel;

const std::size_t kRows = bench::setting("FUNNEL_BENCH_ROWS", 1 << 18);  // 32 MB: shuffled rows are far
constexpr std::size_t kInputs = 32;

/// Made-up rows; speed does not depend on what they say.
struct Table {
    Table() : labels(kRows), rows(kRows), shuffled(kRows) {
        Rng rng(1);
        Matrix<float> inputs(static_cast<Eigen::Index>(kRows), static_cast<Eigen::Index>(kInputs));
        for (float& value : inputs.reshaped<Eigen::RowMajor>())
            value = static_cast<float>(rng.normal());
        for (std::uint8_t& label : labels)
            label = rng.below(3) == 0 ? 1 : 0;
        std::iota(rows.begin(), rows.end(), 0U);
        shuffled = rows;
        for (std::size_t i = shuffled.size(); i > 1; --i)
            std::swap(shuffled[i - 1], shuffled[rng.below(i)]);
        dense.assign(inputs.data(), inputs.data() + inputs.size());
        source = train::MatrixSource(std::move(inputs));
    }
    train::MatrixSource source{Matrix<float>{}};
    std::vector<float> dense;
    std::vector<std::uint8_t> labels;
    std::vector<std::uint32_t> rows, shuffled;
};

const Table& table() {
    static const Table made;
    return made;
}

nn::NetShape shape_of(const std::vector<std::size_t>& hidden) {
    return {.dense = kInputs, .embeddings = {}, .hidden = hidden, .outputs = 1};
}

struct Steps {
    std::vector<std::size_t> hidden;
    bool shuffled = false;
    unsigned threads = 1;
};

void train_steps(benchmark::State& state, const nn::Kernels& kernels, const Steps& steps) {
    const auto batch = static_cast<std::size_t>(state.range(0));
    train::TrainOptions options;
    options.batch_size = batch;
    options.dropout = 0.0;
    options = train::resolved(options, kRows);
    const train::Examples examples(table().source, {table().rows, table().labels, {}}, options);
    const nn::NetShape shape = shape_of(steps.hidden);
    const std::vector<std::uint32_t>& order = steps.shuffled ? table().shuffled : table().rows;
    Rng rng(1);
    train::WorkerTeam team(steps.threads);
    train::Training<float> training(nn::Net<float>(shape, rng), examples, options, 0.0, kernels, team);
    std::size_t first = 0;
    for (auto _ : state) {
        const auto positions = std::span(order).subspan(first, batch);
        double total = 0.0;
        examples.totals(positions, &total);
        benchmark::DoNotOptimize(training.step(positions, &total, 1e-3, 0));
        first = (first + batch) % kRows;
    }
    double products = 0.0;  // forward and weights in every layer, inputs in all but the first
    for (std::size_t l = 0; l < shape.layers(); ++l) {
        products += (l == 0 ? 4.0 : 6.0) * static_cast<double>(shape.layer_in(l) * shape.layer_out(l));
    }
    const double rows = static_cast<double>(state.iterations()) * static_cast<double>(batch);
    state.SetItemsProcessed(static_cast<std::int64_t>(rows));
    state.counters["GFLOPs"] = benchmark::Counter(rows * products * 1e-9, benchmark::Counter::kIsRate);
}

void score_rows(benchmark::State& state, const nn::Kernels& kernels, const std::vector<std::size_t>& hidden) {
    const auto n = static_cast<std::size_t>(state.range(0));
    Rng rng(1);
    const nn::NetPredictor predictor(nn::Net<float>(shape_of(hidden), rng), nn::Chains(), kernels);
    nn::Workspace<float> workspace;
    std::vector<float> p(n);
    std::size_t first = 0;
    for (auto _ : state) {
        const auto dense = std::span(table().dense).subspan(first * kInputs, n * kInputs);
        predictor.probabilities({n, dense, {}}, workspace, p);
        benchmark::DoNotOptimize(p.data());
        first = (first + n) % kRows;
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(n));
}

void register_for(const nn::Kernels& kernels) {
    const std::string name(kernels.name);
    for (const std::vector<std::size_t>& hidden : {std::vector<std::size_t>{64}, {256, 128}}) {
        const std::string net = hidden.size() == 1 ? "/32-64-1" : "/32-256-128-1";
        for (const Steps& steps : {Steps{hidden}, Steps{hidden, true}, Steps{hidden, true, 2}}) {
            const std::string how = std::string(steps.shuffled ? "/shuffled" : "/in_order") +
                                    "/threads:" + std::to_string(steps.threads);
            auto* bench = benchmark::RegisterBenchmark((name + net + "/train" + how).c_str(), train_steps,
                                                       kernels, steps);
            for (const std::int64_t batch : {32, 256, 1024, 8192})
                bench->Arg(batch);
            bench->UseRealTime();
        }
        benchmark::RegisterBenchmark((name + net + "/score").c_str(), score_rows, kernels, hidden)
            ->Arg(1)
            ->Arg(8192);
    }
}

const bool registered = [] {
    register_for(nn::eigen_kernels());
    for (const std::string_view name : kernel::names())
        register_for(kernel::named(name));
    return true;
}();

}  // namespace
