// SPDX-License-Identifier: MIT
// What visits, orders per visit and revenue per order add to a change of revenue.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "funnel/metrics/change_causes.hpp"
#include "funnel/metrics/detail/inference/change_tests.hpp"
#include "funnel/metrics/detail/inference/mix_and_rate.hpp"
#include "funnel/metrics/detail/tally/cause_tally.hpp"

namespace funnel::metrics::detail {

/// Fewer than kFewUsers customers in a period: no tests.
[[nodiscard]] inline RevenueChange revenue_change(const CauseCounts& before, const CauseCounts& after,
                                                  bool has_amounts) {
    RevenueChange out{
        .factors = {{{.name = "visits"}, {.name = "orders_per_session"}, {.name = "revenue_per_order"}}}};
    const auto sum = [](const CauseCounts& counts, std::size_t without) {
        RevenueParts parts;
        for (std::size_t g = 0; g < kUserGroups; ++g) {
            if (g != without) parts += counts.revenue[g];
        }
        return parts;
    };
    const auto factors = [](const RevenueParts& of) {
        const auto visits = static_cast<double>(of.visits), orders = static_cast<double>(of.orders);
        return std::array<double, 3>{visits, orders / visits, of.revenue.value() / orders};
    };
    const RevenueParts a = sum(before, kUserGroups), b = sum(after, kUserGroups);
    out.before = a.revenue.value();
    out.after = b.revenue.value();
    if (!has_amounts) out.reason = "no_amounts";
    if (has_amounts && (!(out.before > 0) || !(out.after > 0))) out.reason = "no_revenue";
    if (!out.reason.empty()) return out;
    out.change.value = out.after - out.before;
    const auto f0 = factors(a), f1 = factors(b);
    const auto effects = lmdi(f0, f1);
    for (std::size_t f = 0; f < effects.size(); ++f) {
        out.factors[f].before = f0[f];
        out.factors[f].after = f1[f];
        out.factors[f].effect.value = effects[f];
    }
    if (std::min(a.customers, b.customers) < kFewUsers) return out;
    WithoutGroups change{};
    std::array<WithoutGroups, 3> without{};
    constexpr double kScale =
        static_cast<double>(kUserGroups) / (kUserGroups - 1);  // sums of all from all but one
    for (std::size_t g = 0; g < kUserGroups; ++g) {
        const RevenueParts x = sum(before, g), y = sum(after, g);
        change[g] = (y.revenue.value() - x.revenue.value()) * kScale;
        const auto parts = lmdi(factors(x), factors(y));
        for (std::size_t f = 0; f < parts.size(); ++f)
            without[f][g] = parts[f] * kScale;
    }
    set_jackknife(out.change, change);
    for (std::size_t f = 0; f < without.size(); ++f)
        set_jackknife(out.factors[f].effect, without[f]);
    return out;
}

}  // namespace funnel::metrics::detail
