// SPDX-License-Identifier: MIT
// RoundedSum: figures rounded so that what is printed sums, by the method of the largest remainder.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "funnel/report/text_table.hpp"

namespace funnel::report {

class RoundedSum {
 public:
    /// Shares as percent: two places, more where both are below 1 %.
    [[nodiscard]] static RoundedSum of_rates(double before, double after) {
        const double most = std::max(before, after) * 100;
        return {100, most >= 1 || most <= 0 ? 2 : most >= 0.1 ? 3 : 4, true};
    }
    [[nodiscard]] static RoundedSum of_money() { return {1, 2, false}; }

    /// In units of the last place.
    [[nodiscard]] std::int64_t round(double value) const { return std::llround(value * factor_ * places()); }
    /// "2.31 %"
    [[nodiscard]] std::string level(double value) const {
        return format_number(static_cast<double>(round(value)) / places(), digits_) + (is_rate_ ? " %" : "");
    }
    /// "-0.21" of a rounded one.
    [[nodiscard]] std::string signed_text(std::int64_t rounded) const {
        return (rounded > 0 ? "+" : "") + format_number(static_cast<double>(rounded) / places(), digits_);
    }
    [[nodiscard]] std::string unit() const { return is_rate_ ? " points" : ""; }

    /// Each at most one unit from its value if `total` is what their sum rounds to; they sum to it in any
    /// case.
    [[nodiscard]] std::vector<std::int64_t> parts(const std::vector<double>& values,
                                                  std::int64_t total) const {
        std::vector<std::int64_t> out;
        std::vector<double> left;
        for (const double value : values) {
            const double exact = value * factor_ * places();
            out.push_back(static_cast<std::int64_t>(std::floor(exact)));
            left.push_back(exact - std::floor(exact));
            total -= out.back();
        }
        std::vector<std::size_t> order(values.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return left[a] > left[b]; });
        const std::int64_t step = total < 0 ? -1 : 1;
        if (total < 0) std::ranges::reverse(order);
        for (std::size_t i = 0; total != 0 && !order.empty(); i = (i + 1) % order.size()) {
            out[order[i]] += step;
            total -= step;
        }
        return out;
    }

 private:
    RoundedSum(double factor, int digits, bool is_rate)
        : factor_(factor), digits_(digits), is_rate_(is_rate) {}
    [[nodiscard]] double places() const { return std::pow(10.0, digits_); }

    double factor_;
    int digits_;
    bool is_rate_;
};

}  // namespace funnel::report
