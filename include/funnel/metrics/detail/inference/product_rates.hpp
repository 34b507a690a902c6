// SPDX-License-Identifier: MIT
// products_of: from the counts of all keys to rates that can be compared.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/parallel.hpp"
#include "funnel/eval/place_factors.hpp"
#include "funnel/eval/shrunk_rate.hpp"
#include "funnel/metrics/detail/tally/product_tally.hpp"
#include "funnel/metrics/products.hpp"

namespace funnel::metrics::detail {

/// Per code; empty with `reason` set where the places say nothing.
[[nodiscard]] inline std::vector<double> over_expected(const ProductTally& tally, const ProductKeys& keys,
                                                       std::string_view& reason) {
    if (!keys.has_places() || tally.places().size() == 0) {
        reason = "no_positions";
        return {};
    }
    std::vector<eval::PlaceCell> cells;
    cells.reserve(tally.places().size());
    std::size_t places = 0;
    tally.places().for_each([&](const PlaceCount& cell) {
        const auto code = static_cast<std::uint32_t>(cell.key >> 32),
                   place = static_cast<std::uint32_t>(cell.key);
        cells.push_back({code, place, static_cast<double>(cell.shown), static_cast<double>(cell.clicked)});
        places = std::max<std::size_t>(places, place + 1);
    });
    // Sums of doubles must not depend on where the map keeps its cells.
    std::ranges::sort(cells, {},
                      [](const eval::PlaceCell& c) { return std::uint64_t{c.item} << 32 | c.place; });
    eval::PlaceFactors factors = eval::place_factors(cells, keys.size(), places);
    reason = factors.reason;
    return std::move(factors.observed_over_expected);
}

[[nodiscard]] inline eval::ShrunkRates shrunk_ctr(const ProductTally& tally) {
    std::vector<double> clicked, shown;
    for (const ProductCounts& counts : tally.counts()) {
        clicked.push_back(static_cast<double>(counts.clicked));
        shown.push_back(static_cast<double>(counts.impressions));
    }
    return eval::ShrunkRates::fit(clicked, shown, eval::design_effect(tally.clusters()));
}

[[nodiscard]] inline Product product_of(const ProductCounts& counts, const eval::ShrunkRates& ctr) {
    Product product;
    product.counts = counts;
    if (counts.impressions > 0) {
        const auto rate =
            ctr.of(static_cast<double>(counts.clicked), static_cast<double>(counts.impressions));
        product.ctr = rate.rate;
        if (ctr.reason().empty()) product.ctr_interval = rate.interval;
    }
    if (counts.ripe_carts > 0) {
        const auto carts = static_cast<double>(counts.ripe_carts);
        product.cart_abandonment = static_cast<double>(counts.abandoned) / carts;
        product.abandonment_interval = eval::wilson(static_cast<double>(counts.abandoned), carts);
    }
    return product;
}

inline constexpr std::size_t kProductsPerTask = 512;

/// Intervals take most of the time: 8 us per key.
[[nodiscard]] inline Products products_of(const ProductTally& tally, const ProductKeys& keys,
                                          const LogFacts& facts, unsigned threads) {
    Products products{.by = keys.by(),
                      .has_amounts = facts.has_revenue || facts.has_price,
                      .order_totals = facts.order_totals};
    const eval::ShrunkRates ctr = shrunk_ctr(tally);
    products.ctr_reason = ctr.reason() == "no_events" ? "no_impressions" : ctr.reason();
    if (products.ctr_reason != "no_impressions") products.ctr = ctr.mean();
    const std::vector<double> over = over_expected(tally, keys, products.place_reason);
    std::vector<std::uint32_t> codes;
    for (std::uint32_t code = 0; code < keys.size(); ++code) {
        if (tally.counts()[code] != ProductCounts{}) codes.push_back(code);
    }
    products.rows.resize(codes.size());
    base::for_each_task(codes.size() / kProductsPerTask + 1, threads, [&](std::size_t task) {
        const std::size_t end = std::min(codes.size(), (task + 1) * kProductsPerTask);
        for (std::size_t i = task * kProductsPerTask; i < end; ++i) {
            const std::uint32_t code = codes[i];
            Product& product = products.rows[i] = product_of(tally.counts()[code], ctr);
            if (code < keys.names().size()) product.key = std::string(keys.names().text(code));
            if (code < over.size() && std::isfinite(over[code])) product.observed_over_expected = over[code];
        }
    });
    std::ranges::sort(products.rows, [](const Product& a, const Product& b) {
        return a.key && b.key ? *a.key < *b.key : a.key.has_value() && !b.key.has_value();
    });
    return products;
}

}  // namespace funnel::metrics::detail
