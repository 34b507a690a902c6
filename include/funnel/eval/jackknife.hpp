// SPDX-License-Identifier: MIT
// Intervals that account for the rows of one user belonging together: the jackknife that leaves out one of 64
// groups of users at a time (Efron and Stein 1981; Tukey's t interval).
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>

#include "funnel/eval/interval.hpp"

namespace funnel::eval {

/// Users are spread over this many groups by a hash.
inline constexpr std::size_t kUserGroups = 64;

/// Below this many users for or against, a jackknife would say more than is known.
inline constexpr std::size_t kFewUsers = 20;

/// 97.5 % point of t with 63 degrees of freedom.
inline constexpr double kT63 = 1.9983405425207412;

/// What is roughly normal: log(x / (1 - x)) of a share, log(x) of a ratio, x of a difference.
enum class Scale { logit, log, plain };

/// The 95 % interval around `estimate` from the estimates without each of kUserGroups groups. Empty where the
/// scale does not reach: a share of 0 or 1, a ratio of 0 or less.
[[nodiscard]] inline std::optional<Interval> jackknife(double estimate, std::span<const double> without_group,
                                                       Scale scale) {
    const auto to = [&](double x) {
        return scale == Scale::plain ? x : scale == Scale::log ? std::log(x) : std::log(x / (1 - x));
    };
    const auto from = [&](double y) {
        return scale == Scale::plain ? y : scale == Scale::log ? std::exp(y) : 1 / (1 + std::exp(-y));
    };
    const auto groups = static_cast<double>(without_group.size());
    double mean = 0, squares = 0;
    for (const double theta : without_group)
        mean += to(theta) / groups;
    for (const double theta : without_group)
        squares += (to(theta) - mean) * (to(theta) - mean);
    const double half = kT63 * std::sqrt((groups - 1) / groups * squares);
    if (!std::isfinite(half) || !std::isfinite(to(estimate))) return std::nullopt;
    return Interval{from(to(estimate) - half), from(to(estimate) + half)};
}

}  // namespace funnel::eval
