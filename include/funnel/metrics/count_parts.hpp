// SPDX-License-Identifier: MIT
// count_parts: counts a log that comes in parts without a common user, part by part on several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/parallel.hpp"
#include "funnel/metrics/count_cohorts.hpp"
#include "funnel/metrics/measure.hpp"

namespace funnel::metrics {

namespace detail {

/// The sum of what count(log) says of each part, on several threads.
template <typename State, typename Load, typename Count>
[[nodiscard]] State sum_of_parts(std::size_t parts, unsigned threads, const Load& load, const Count& count) {
    std::vector<State> states(threads);
    std::atomic<std::size_t> next{0};
    base::for_each_task(threads, threads, [&](std::size_t worker) {
        EventLog log;
        for (std::size_t i; (i = next.fetch_add(1)) < parts;) {
            load(i, log);
            states[worker] += count(log);
        }
    });
    State sum = std::move(states.front());
    for (std::size_t worker = 1; worker < threads; ++worker)
        sum += std::exchange(states[worker], {});
    return sum;
}

}  // namespace detail

/// load(i, log) makes `log`, which is reused, part i of `parts`; it runs concurrently, for one log at a time.
/// `facts` are those of the whole log; `shared_order_ids`: order ids of the whole log that occur with several
/// users. The state is that of the joined log. Throws as count.
template <typename Load>
[[nodiscard]] MetricsState count_parts(std::size_t parts, const Load& load, MetricsOptions options,
                                       LogFacts facts, std::int64_t shared_order_ids) {
    facts.knows_shared_orders = true;
    const unsigned threads = std::max(1u, std::exchange(options.threads, 1u));
    MetricsState sum = detail::sum_of_parts<MetricsState>(
        parts, threads, load, [&](const EventLog& log) { return count(log, options, facts); });
    for (const std::string& by : options.by) {
        const auto keys = static_cast<std::size_t>(std::ranges::count(sum.segments, by, &Segment::by));
        if (keys > kMaxSegments) detail::refuse_segments(by, keys);
    }
    sum.checks.shared_order_ids = shared_order_ids;
    return sum;
}

/// The same for cohorts.
template <typename Load>
[[nodiscard]] CohortCounts count_cohort_parts(std::size_t parts, const Load& load, MetricsOptions options,
                                              const LogFacts& facts, CohortStart start) {
    const unsigned threads = std::max(1u, std::exchange(options.threads, 1u));
    CohortCounts sum = detail::sum_of_parts<CohortCounts>(
        parts, threads, load, [&](const EventLog& log) { return count_cohorts(log, options, facts, start); });
    sum.start = start;
    return sum;
}

}  // namespace funnel::metrics
