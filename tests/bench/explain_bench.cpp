// SPDX-License-Identifier: MIT
// What it costs to explain a row, beside scoring it.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/encoding/matrix_dataset.hpp"
#include "funnel/explain/explainer.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/model/predictor.hpp"
#include "funnel/train/train_on_table.hpp"

namespace funnel {
namespace {

constexpr std::size_t kNumbers = 60, kRows = 2000;

std::vector<float> bench_rows() {
    Rng rng(1);
    std::vector<float> values(kRows * kNumbers);
    for (float& x : values)
        x = static_cast<float>(rng.normal());
    return values;
}

/// 60 numbers with 8 bins each. hidden: layers; members: nets.
Bundle bench_model(std::vector<std::size_t> hidden, std::size_t members) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < kNumbers; ++i)
        names.push_back("x" + std::to_string(i));
    const std::vector<float> values = bench_rows();
    std::vector<std::uint8_t> labels;
    for (std::size_t i = 0; i < kRows; ++i)
        labels.push_back(values[i * kNumbers] + values[i * kNumbers + 1] > 0 ? 1 : 0);
    train::TableModelOptions options;
    options.model.training.hidden = std::move(hidden);
    options.model.training.epochs = 2;
    options.model.encoder.bins = 8;
    options.model.members = members;
    return train::train_on_table(encoding::matrix_dataset(names, values, "y", labels), options,
                                 kernel::best());
}

Bundle bench_model(const benchmark::State& state) {
    const auto width = static_cast<std::size_t>(state.range(0));
    return bench_model({width, width / 2}, static_cast<std::size_t>(state.range(1)));
}

void score_row(benchmark::State& state) {
    const model::Predictor predictor(bench_model(state), kernel::best());
    model::Predictor::Workspace workspace;
    const std::vector<float> rows = bench_rows();
    std::vector<float> p(1);
    std::size_t i = 0;
    for (auto _ : state) {
        predictor.predict(std::span(rows).subspan(i++ % kRows * kNumbers, kNumbers), {}, p, workspace);
        benchmark::DoNotOptimize(p[0]);
    }
}
BENCHMARK(score_row)->Args({64, 1})->Args({128, 1})->Args({128, 8})->Unit(benchmark::kMicrosecond);

void explain_row(benchmark::State& state) {
    const explain::Explainer explainer(bench_model(state));
    explain::Explainer::Workspace workspace;
    const std::vector<float> rows = bench_rows();
    std::vector<double> parts(kNumbers);
    std::size_t i = 0;
    for (auto _ : state) {
        const auto ends = explainer.explain(std::span(rows).subspan(i++ % kRows * kNumbers, kNumbers), {}, 0,
                                            parts, workspace);
        benchmark::DoNotOptimize(ends.logit);
    }
}
BENCHMARK(explain_row)->Args({64, 1})->Args({128, 1})->Args({128, 8})->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace funnel
