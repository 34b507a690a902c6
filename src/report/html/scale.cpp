// SPDX-License-Identifier: MIT
#include "scale.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

#include "funnel/base/portable_math.hpp"

namespace funnel::report::html {
namespace {

/// 10^exponent, correctly rounded.
double power_of_ten(int exponent) {
    const std::string text = "1e" + std::to_string(exponent);
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// floor(log10(value)) for value > 0, read off its digits.
int exponent_of(double value) {
    std::array<char, 32> digits{};
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::scientific).ptr;
    const char* e = std::find(digits.data(), end, 'e');
    int exponent = 0;
    std::from_chars(e[1] == '+' ? e + 2 : e + 1, end, exponent);
    return exponent;
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `value` (but for rounding).
double round_up(double value) {
    const int exponent = exponent_of(value);
    for (const double digit : {1.0, 2.0, 5.0}) {
        if (value <= digit * power_of_ten(exponent) * (1 + 1e-9)) return digit * power_of_ten(exponent);
    }
    return power_of_ten(exponent + 1);
}

/// The largest of them that is not above `value`.
double round_down(double value) {
    const int exponent = exponent_of(value);
    for (const double digit : {5.0, 2.0}) {
        if (value >= digit * power_of_ten(exponent) * (1 - 1e-9)) return digit * power_of_ten(exponent);
    }
    return power_of_ten(exponent);
}

/// A step that is a power of ten below 1 divides; multiplying would show 0.30000000000000004.
double multiple(double k, double step) {
    return step < 1 ? k / std::round(1 / step) : k * step;
}

double step_of(double low, double high, std::size_t steps) {
    return round_up(std::max((high - low) / static_cast<double>(std::max<std::size_t>(steps, 1)), 1e-12));
}

}  // namespace

Scale::Scale(double low, double high, bool is_log, std::vector<double> ticks)
    : low_(low), high_(high), is_log_(is_log), ticks_(std::move(ticks)) {}

Scale Scale::linear(double low, double high, std::size_t steps) {
    if (!(high > low)) high = low + 1;
    const double step = step_of(low, high, steps);
    const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
    std::vector<double> ticks;
    for (double k = first; k <= last; ++k)
        ticks.push_back(multiple(k, step));
    const double from = ticks.front(), to = ticks.back();
    return {from, to, false, std::move(ticks)};
}

Scale Scale::exact(double low, double high, std::size_t steps) {
    if (!(high > low)) high = low + 1;
    const double step = step_of(low, high, steps);
    std::vector<double> ticks;
    for (double k = std::ceil(low / step - 1e-9); k <= std::floor(high / step + 1e-9); ++k)
        ticks.push_back(multiple(k, step));
    return {low, high, false, std::move(ticks)};
}

Scale Scale::logarithmic(double low, double high) {
    const double from = round_down(low);
    const double to = std::max(round_up(high), round_up(from * 1.5));
    const bool powers_only = exponent_of(to) - exponent_of(from) >= 2;
    std::vector<double> ticks;
    for (int exponent = exponent_of(from); exponent <= exponent_of(to); ++exponent) {
        for (const double digit : {1.0, 2.0, 5.0}) {
            const double tick = digit * power_of_ten(exponent);
            const bool inside = tick >= from * (1 - 1e-9) && tick <= to * (1 + 1e-9);
            if (inside && (digit == 1.0 || !powers_only)) ticks.push_back(tick);
        }
    }
    return {from, to, true, std::move(ticks)};
}

double Scale::at(double value) const noexcept {
    if (!(value > low_)) return 0;
    if (value >= high_) return 1;
    if (!is_log_) return (value - low_) / (high_ - low_);
    return base::natural_log(value / low_) / base::natural_log(high_ / low_);
}

}  // namespace funnel::report::html
