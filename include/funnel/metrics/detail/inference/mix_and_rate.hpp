// SPDX-License-Identifier: MIT
// How a change splits up: of a rate into mix and rate of the keys of a column (Kitagawa, "Components of a
// difference between two rates", 1955), of a product into its factors (LMDI: Ang, "The LMDI approach to
// decomposition analysis", 2005).
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "funnel/metrics/change_causes.hpp"

namespace funnel::metrics::detail {

struct TwoPeriods {
    RateUnits before = {}, after = {};

    TwoPeriods& operator+=(const TwoPeriods& other) noexcept {
        before.units += other.before.units;
        before.hits += other.before.hits;
        after.units += other.after.units;
        after.hits += other.after.hits;
        return *this;
    }
    TwoPeriods& operator-=(const TwoPeriods& other) noexcept {
        before.units -= other.before.units;
        before.hits -= other.before.hits;
        after.units -= other.after.units;
        after.hits -= other.after.hits;
        return *this;
    }
};

struct MixAndRate {
    double mix = 0, rate = 0;
};

/// Per key of a partition; all of them sum to the change of the rate of the whole. A key without units in one
/// period takes the rate of the other. NaN where a period has no units at all.
inline void kitagawa(std::span<const TwoPeriods> keys, std::vector<MixAndRate>& out) {
    TwoPeriods all;
    for (const TwoPeriods& key : keys)
        all += key;
    const double middle = (all.before.rate() + all.after.rate()) / 2;
    out.resize(keys.size());
    for (std::size_t k = 0; k < keys.size(); ++k) {
        const RateUnits &a = keys[k].before, &b = keys[k].after;
        if (!(a.units > 0) && !(b.units > 0)) {
            out[k] = {};
            continue;
        }
        const double r0 = a.units > 0 ? a.rate() : b.rate(), r1 = b.units > 0 ? b.rate() : r0;
        const double s0 = a.units / all.before.units, s1 = b.units / all.after.units;
        out[k] = {(s1 - s0) * ((r0 + r1) / 2 - middle), (r1 - r0) * (s0 + s1) / 2};
    }
}

/// Per factor of a product before and after: what it adds to the change of the product. NaN unless all
/// factors are above 0.
template <std::size_t N>
[[nodiscard]] std::array<double, N> lmdi(const std::array<double, N>& before,
                                         const std::array<double, N>& after) noexcept {
    double v0 = 1, v1 = 1;
    for (std::size_t f = 0; f < N; ++f) {
        v0 *= before[f];
        v1 *= after[f];
    }
    // L(a, b) = (a - b) / ln(a / b), which goes to a as b does; log1p keeps the digits of small changes.
    const double change = v1 - v0, ratio = std::log1p(change / v0);
    const double mean = std::abs(ratio) < 1e-12 ? v0 : change / ratio;
    std::array<double, N> out{};
    for (std::size_t f = 0; f < N; ++f)
        out[f] = mean * std::log(after[f] / before[f]);
    return out;
}

}  // namespace funnel::metrics::detail
