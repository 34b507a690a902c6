// SPDX-License-Identifier: MIT
// count_sales: what was sold on each whole day of a log, in all and by item, category or brand
// (docs/metrics.md, "Forecast").
//
//     const auto facts = metrics::facts_of(log);
//     const auto sales = metrics::count_sales(log, {.threads = 2}, facts, "category");
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/metrics/daily_sales.hpp"
#include "funnel/metrics/detail/inference/warnings.hpp"
#include "funnel/metrics/detail/tally/sales_tally.hpp"
#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

/// by: "item", a text column of the log, or empty for all together only. Of options: from, to, zone,
/// visit_gap, threads. An order counts on the local day of its first row; days of which the log, or the
/// period, lacks more than an hour are left out. Throws Error(invalid_argument) for a column that the log
/// does not hold. Cost: one pass; memory: 100 bytes per pair of key and day with an order, and thread.
[[nodiscard]] DailySales count_sales(const EventLog& log, const MetricsOptions& options,
                                     const LogFacts& facts, const std::string& by);

namespace detail {

/// A day is whole if what is missing of it is a time in which few rows come: an hour of a shop that never
/// closes, the night of another.
inline constexpr std::int64_t kRowsInMissingHour = 24;

/// Of the log from the first moment of the period to T, or the end of the period. O(rows).
[[nodiscard]] inline WholeDays whole_days_of(const EventLog& log, const MetricsOptions& options,
                                             const LogFacts& facts) {
    if (log.empty()) return {};
    LocalTime local(options.zone);
    const std::int64_t first =
        local.local(std::max(facts.first_time, options.from.value_or(facts.first_time)));
    const std::int64_t end = local.local(std::min(facts.last_time, options.to.value_or(facts.last_time)));
    std::int64_t before = 0, behind = 0;
    for (const std::int64_t time : log.time) {
        const std::int64_t of_day = base::floor_mod(local.local(time), base::kDay);
        before += of_day < base::floor_mod(first, base::kDay);
        behind += of_day > base::floor_mod(end, base::kDay);
    }
    const auto rows = static_cast<std::int64_t>(log.size());
    const std::int64_t from = base::floor_div(first, base::kDay) + (before * kRowsInMissingHour > rows);
    const std::int64_t to = base::floor_div(end, base::kDay) - (behind * kRowsInMissingHour > rows);
    return {from, to < from ? 0 : static_cast<std::size_t>(to - from + 1)};
}

/// The cells of a tally by key, in order of their names.
inline void add_rows(DailySales& sales, const SalesTally& tally, const ProductKeys* keys) {
    std::vector<SoldCell> cells;
    tally.cells().for_each([&](const SoldCell& cell) { cells.push_back(cell); });
    std::ranges::sort(cells, {}, &SoldCell::key);
    for (const SoldCell& cell : cells) {
        const auto code = static_cast<std::uint32_t>(cell.key >> 32);
        SalesOfKey* row = &sales.all;
        if (code != SalesTally::all()) {
            std::optional<std::string> name;
            if (code < keys->names().size()) name = std::string(keys->names().text(code));
            if (sales.rows.empty() || sales.rows.back().key != name) sales.rows.push_back({name});
            row = &sales.rows.back();
        }
        row->days.push_back(cell.sold);
        row->days.back().day = static_cast<std::uint32_t>(cell.key);
    }
    std::ranges::sort(sales.rows, [](const SalesOfKey& a, const SalesOfKey& b) {
        return a.key && b.key ? *a.key < *b.key : a.key.has_value() && !b.key.has_value();
    });
}

}  // namespace detail

inline DailySales count_sales(const EventLog& log, const MetricsOptions& options, const LogFacts& facts,
                              const std::string& by) {
    MetricsOptions plain = options;
    plain.by.clear();
    plain.entity = Entity::user;
    if (plain.funnel.stages.empty()) plain.funnel = Funnel::parse(events::kDefaultFunnel);
    const TallyPlan plan(log, plain, facts);
    std::optional<detail::ProductKeys> keys;
    if (!by.empty()) keys.emplace(log, plain, facts, by);
    const detail::ProductKeys* of_rows = keys ? &*keys : nullptr;
    const detail::WholeDays days = detail::whole_days_of(log, plain, facts);
    std::vector<detail::SalesTally> workers;
    for (unsigned w = 0; w < std::max(1u, options.threads); ++w)
        workers.emplace_back(plan, of_rows, days);
    for_each_user(
        log, [](std::size_t) { return std::uint16_t{0}; }, std::span(workers));
    for (detail::SalesTally& worker : std::span(workers).subspan(1))
        workers.front() += worker;
    DailySales sales{.by = by,
                     .first_day = days.first,
                     .days = days.count,
                     .has_amounts = facts.has_revenue || facts.has_price,
                     .order_totals = facts.order_totals};
    detail::add_rows(sales, workers.front(), of_rows);
    LogChecks checks;
    detail::check_orders(log, checks);
    detail::warn_of_rows(workers.front().total(), checks, options, facts, sales.warnings);
    if (auto early = early_period(options, facts)) sales.warnings.push_back(*std::move(early));
    return sales;
}

}  // namespace funnel::metrics
