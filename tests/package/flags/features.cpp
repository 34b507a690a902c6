// SPDX-License-Identifier: MIT
// Prints how many features a log has and a hash of their bits. Header rooms alone. 4: this CPU lacks what the
// program was compiled for.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "funnel/dataset/build_dataset.hpp"
#include "funnel/dataset/examples.hpp"
#include "funnel/simulate/shopper_model.hpp"

namespace {

bool can_run() {
#ifdef __AVX512F__
    if (__builtin_cpu_supports("avx512f") == 0 || __builtin_cpu_supports("avx512vl") == 0) return false;
#endif
#ifdef __FMA__
    if (__builtin_cpu_supports("fma") == 0) return false;
#endif
    return true;
}

funnel::EventLog simulated_log() {
    funnel::EventLog log;
    funnel::simulate::ShopperModel({.users = 300, .days = 20, .seed = 7})
        .run([&](const funnel::Event& event) { log.add(event); });
    return log;
}

}  // namespace

int main() {
    if (!can_run()) return 4;
    const funnel::EventLog log = simulated_log();
    funnel::history::History history;
    const auto examples = funnel::dataset::build_examples(
        log, funnel::Funnel::parse("impression,click,purchase"), {}, &history);
    const auto data = funnel::dataset::build_dataset(log, history, examples);
    std::uint64_t hash = 14695981039346656037u;  // FNV-1a
    std::size_t present = 0;
    for (const float value : data.numeric) {
        present += std::isfinite(value) ? 1 : 0;
        hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 1099511628211u;
    }
    if (data.size() < 100 || present < 1000) return 5;  // nothing is shown by nothing
    std::printf("%zu %zu %016llx", data.size(), present, static_cast<unsigned long long>(hash));
}
