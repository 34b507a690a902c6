// SPDX-License-Identifier: MIT
// count_products: the table of a merchandiser (docs/metrics.md, "Products").
//
//     const auto facts = metrics::facts_of(log);
//     const auto products = metrics::count_products(log, {.threads = 2}, facts, "category");
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/metrics/detail/inference/product_rates.hpp"
#include "funnel/metrics/detail/inference/warnings.hpp"
#include "funnel/metrics/detail/tally/product_tally.hpp"
#include "funnel/metrics/metrics_options.hpp"
#include "funnel/metrics/products.hpp"

namespace funnel::metrics {

/// by: "item" or a text column of the log. Of options: from, to, window, visit_gap, warmup, threads. Throws
/// Error(invalid_argument) for a column that the log does not hold.
/// Cost: one pass as for a breakdown; memory: 96 bytes per key and thread, 20 per pair of key and place.
[[nodiscard]] Products count_products(const EventLog& log, const MetricsOptions& options,
                                      const LogFacts& facts, const std::string& by);

inline Products count_products(const EventLog& log, const MetricsOptions& options, const LogFacts& facts,
                               const std::string& by) {
    MetricsOptions plain = options;
    plain.by.clear();
    plain.entity = Entity::user;
    if (plain.funnel.stages.empty()) plain.funnel = Funnel::parse(events::kDefaultFunnel);
    const TallyPlan plan(log, plain, facts);
    const detail::ProductKeys keys(log, plain, facts, by);
    std::vector<detail::ProductTally> workers;
    for (unsigned w = 0; w < std::max(1u, options.threads); ++w)
        workers.emplace_back(plan, keys);
    for_each_user(
        log, [](std::size_t) { return std::uint16_t{0}; }, std::span(workers));
    for (detail::ProductTally& worker : std::span(workers).subspan(1))
        workers.front() += worker;
    Products products = detail::products_of(workers.front(), keys, facts, options.threads);
    LogChecks checks;
    detail::check_orders(log, checks);
    detail::warn_of_rows(workers.front().total(), checks, options, facts, products.warnings);
    if (auto early = early_period(options, facts)) products.warnings.push_back(*std::move(early));
    return products;
}

}  // namespace funnel::metrics
