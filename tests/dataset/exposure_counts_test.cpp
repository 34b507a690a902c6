// SPDX-License-Identifier: MIT
// Counting and learning mean the same by an exposure: what metrics count per exposure is the sum of the
// labels.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "funnel/base/label.hpp"
#include "funnel/base/random.hpp"
#include "funnel/base/time.hpp"
#include "funnel/dataset/examples.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/events/horizon.hpp"
#include "funnel/events/order_duplicates.hpp"
#include "funnel/metrics/measure.hpp"

namespace funnel::dataset {
namespace {

using base::kDay;
using base::kHour;
using base::kMinute;

template <typename T, std::size_t N>
T one_of(base::Rng& rng, const std::array<T, N>& values) {
    return values[rng.below(N)];
}

/// Few users and items, times that are multiples of `step` (the larger, the more ties), events without an
/// item or a visit id, rows out of order, and orders that are written again.
EventLog random_log(base::Rng& rng, std::int64_t step) {
    using enum EventKind;
    constexpr std::array kKinds = {impression, impression, impression, impression,  click, view,
                                   cart_add,   purchase,   page_view,  cart_remove, refund};
    const std::size_t events = 20 + rng.below(400);
    const std::uint64_t users = 1 + rng.below(8), items = 1 + rng.below(5);
    const std::uint64_t steps = 1 + static_cast<std::uint64_t>(12 * kDay / step);
    EventLog log;
    for (std::size_t i = 0; i < events; ++i) {
        const std::string user = "u" + std::to_string(rng.below(users));
        const std::string item = rng.below(10) == 0 ? "" : "i" + std::to_string(rng.below(items));
        const std::string session = rng.below(2) == 0 ? "s" + std::to_string(rng.below(6)) : "";
        const std::string order = "o" + std::to_string(rng.below(20));
        Event event{.time = static_cast<std::int64_t>(rng.below(steps)) * step,
                    .kind = one_of(rng, kKinds),
                    .user = user,
                    .item = item,
                    .session = session};
        if (event.kind == purchase) event.order = order;
        log.add(event);
        if (event.kind == purchase && rng.below(3) == 0) {
            event.time += static_cast<std::int64_t>(rng.below(3)) * step;
            log.add(event);
        }
    }
    return log;
}

/// Exposures whose every label is known, and the sums of the labels of each target.
std::vector<std::int64_t> sums_of_labels(const ExampleList& examples) {
    const std::size_t targets = examples.targets.size();
    std::vector<std::int64_t> sums(targets + 1, 0);
    for (std::size_t i = 0; i < examples.size(); ++i) {
        const auto labels = std::span(examples.labels).subspan(i * targets, targets);
        if (std::ranges::find(labels, base::kUnknownLabel) != labels.end()) continue;
        ++sums[0];
        for (std::size_t k = 0; k < targets; ++k)
            sums[k + 1] += labels[k];
    }
    return sums;
}

std::vector<std::int64_t> counts_of(const EventLog& log, const metrics::MetricsOptions& options) {
    std::vector<std::int64_t> counts;
    for (const metrics::FunnelStep& step : metrics::measure(log, options).steps)
        counts.push_back(step.reached);
    return counts;
}

TEST(ExposureCounts, AreTheSumsOfTheLabels) {
    const std::array<std::string, 5> funnels = {std::string(events::kDefaultFunnel),
                                                "impression,click,purchase", "view+click,cart_add,purchase",
                                                "impression,impression,view", "impression,purchase"};
    constexpr std::array kSteps = {kMinute, 10 * kMinute, 6 * kHour, 2 * kDay};
    constexpr std::array<std::int64_t, 7> kHorizons = {0,    10 * kMinute, 30 * kMinute, 6 * kHour,
                                                       kDay, 3 * kDay,     7 * kDay};
    std::int64_t exposures = 0, later = 0;
    for (std::uint64_t seed = 1; seed <= 600; ++seed) {
        base::Rng rng(seed);
        EventLog log = random_log(rng, one_of(rng, kSteps));
        if (rng.below(2) == 0) (void)events::drop_order_copies(log);
        const Funnel funnel = Funnel::parse(one_of(rng, funnels));
        std::vector<std::int64_t> horizons;
        if (rng.below(4) > 0) {
            for (std::size_t k = 1; k < funnel.stages.size(); ++k)
                horizons.push_back(one_of(rng, kHorizons));
        }
        const std::int64_t gap = one_of(rng, std::array{events::kVisitGap, kHour, kDay});
        ExampleOptions options;
        options.horizons = horizons;
        options.visit_gap = gap;
        options.burn_in = 0;
        const ExampleList examples = build_examples(log, funnel, options);
        const std::vector<std::int64_t> sums = sums_of_labels(examples);
        const std::vector<std::int64_t> counts = counts_of(
            log,
            {.funnel = funnel, .entity = metrics::Entity::exposure, .horizons = horizons, .visit_gap = gap});
        ASSERT_EQ(counts, sums) << "seed " << seed << ", funnel " << funnel.text();
        exposures += sums[0];
        for (std::size_t k = 1; k < sums.size(); ++k)
            later += sums[k];
    }
    EXPECT_GT(exposures, 10'000);  // that something was compared
    EXPECT_GT(later, 1'000);
}

}  // namespace
}  // namespace funnel::dataset
