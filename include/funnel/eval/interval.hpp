// SPDX-License-Identifier: MIT
// Wilson's interval of a rate: Wilson, "Probable inference, the law of succession, and statistical
// inference" (1927). Never leaves [0, 1] and works at 0 and n.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

namespace funnel::eval {

struct Interval {
    double low = 0, high = 0;
};

/// The 97.5 % point of the standard normal: two-sided 95 %.
inline constexpr double kZ95 = 1.9599639845400545;

/// `positive` of `n` independent units (0 <= positive <= n); z standard errors wide on each side.
/// Empty if n is 0.
[[nodiscard]] inline std::optional<Interval> wilson(double positive, double n, double z = kZ95) noexcept {
    if (!(n > 0)) return std::nullopt;
    const double p = positive / n, zz = z * z;
    const double middle = (p + zz / (2 * n)) / (1 + zz / n);
    const double half = z / (1 + zz / n) * std::sqrt(p * (1 - p) / n + zz / (4 * n * n));
    // At 0 and n one end is exact; the formula would miss it by a rounding error.
    return Interval{positive <= 0 ? 0.0 : std::max(0.0, middle - half),
                    positive >= n ? 1.0 : std::min(1.0, middle + half)};
}

}  // namespace funnel::eval
