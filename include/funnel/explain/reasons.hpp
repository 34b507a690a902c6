// SPDX-License-Identifier: MIT
// reasons: the inputs that moved one prediction most, as people read them: "price=12.5 (+0.84)".
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/explain/explainer.hpp"

namespace funnel::explain {

/// One input of one row: its name, its value in the units of the data and what it adds to the logit.
struct Reason {
    std::string_view input;  ///< of the explainer
    std::string value;       ///< as it came; six digits of a number; empty: missing
    double contribution = 0;
};

/// "price=12.5 (+0.84)": two decimals of the contribution.
[[nodiscard]] std::string to_text(const Reason& reason);

/// The `count` largest contributions of a row in size, the largest first, equal ones in the order of the
/// inputs; fewer if the others are 0. Arguments as of Explainer::explain, which filled `contributions`.
///
///     for (const explain::Reason& reason : explain::reasons(explainer, numbers, texts, parts, 3))
///         std::cout << explain::to_text(reason) << ' ';
[[nodiscard]] std::vector<Reason> reasons(const Explainer& explainer, std::span<const float> numeric,
                                          std::span<const std::string_view> categorical,
                                          std::span<const double> contributions, std::size_t count);

/// A number as Reason::value: six digits, empty for NaN.
[[nodiscard]] std::string value_text(float x);

/// The inputs of the `count` largest contributions in size, as reasons() orders them.
[[nodiscard]] std::vector<std::size_t> largest_contributions(std::span<const double> contributions,
                                                             std::size_t count);

inline std::string value_text(float x) {
    if (!std::isfinite(x)) return {};
    char digits[32];
    return {digits, std::to_chars(digits, digits + sizeof digits, x, std::chars_format::general, 6).ptr};
}

inline std::string to_text(const Reason& reason) {
    char digits[400];
    const auto end = std::to_chars(digits, digits + sizeof digits, std::abs(reason.contribution),
                                   std::chars_format::fixed, 2)
                         .ptr;
    return std::string(reason.input) + "=" + reason.value + " (" + (reason.contribution < 0 ? "-" : "+") +
           std::string(digits, end) + ")";
}

inline std::vector<std::size_t> largest_contributions(std::span<const double> contributions,
                                                      std::size_t count) {
    std::vector<std::size_t> order(contributions.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::erase_if(order, [&](std::size_t i) { return contributions[i] == 0; });
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
        return std::abs(contributions[a]) > std::abs(contributions[b]);
    });
    order.resize(std::min(order.size(), count));
    return order;
}

inline std::vector<Reason> reasons(const Explainer& explainer, std::span<const float> numeric,
                                   std::span<const std::string_view> categorical,
                                   std::span<const double> contributions, std::size_t count) {
    std::vector<Reason> result;
    for (const std::size_t i : largest_contributions(contributions, count)) {
        result.push_back(
            {explainer.input_names()[i],
             i < numeric.size() ? value_text(numeric[i]) : std::string(categorical[i - numeric.size()]),
             contributions[i]});
    }
    return result;
}

}  // namespace funnel::explain
