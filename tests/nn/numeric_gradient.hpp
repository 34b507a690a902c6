// SPDX-License-Identifier: MIT
// Central differences, to hold analytic gradients against.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace funnel::testing {

/// dF/dx for every x by (F(x + h) - F(x - h)) / 2h; error about h^2 and 1e-16 / h, so some 1e-10 for h =
/// 1e-5.
template <typename F>
[[nodiscard]] std::vector<double> numeric_gradient(std::span<double> x, F&& f, double h = 1e-5) {
    std::vector<double> gradient(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double at = x[i];
        x[i] = at + h;
        const double above = f();
        x[i] = at - h;
        const double below = f();
        x[i] = at;
        gradient[i] = (above - below) / (2.0 * h);
    }
    return gradient;
}

}  // namespace funnel::testing
