// SPDX-License-Identifier: MIT
// Scale: where a value lies on an axis, and the round values that label it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace funnel::report::html {

/// Immutable: share freely.
class Scale {
 public:
    /// From `low` to `high`, both widened to multiples of a round step (1, 2 or 5 times a power of ten) of
    /// which about `steps` fit between them.
    [[nodiscard]] static Scale linear(double low, double high, std::size_t steps = 4);

    /// From exactly `low` to exactly `high`, labelled at the round values between.
    [[nodiscard]] static Scale exact(double low, double high, std::size_t steps = 4);

    /// Logarithmic, both ends widened to 1, 2 or 5 times a power of ten. 0 < low <= high.
    [[nodiscard]] static Scale logarithmic(double low, double high);

    /// 0 at the low end, 1 at the high end; values outside lie at the nearer end.
    [[nodiscard]] double at(double value) const noexcept;

    [[nodiscard]] double low() const noexcept { return low_; }
    [[nodiscard]] double high() const noexcept { return high_; }
    [[nodiscard]] std::span<const double> ticks() const noexcept { return ticks_; }

 private:
    Scale(double low, double high, bool is_log, std::vector<double> ticks);

    double low_, high_;
    bool is_log_;
    std::vector<double> ticks_;
};

}  // namespace funnel::report::html
