// SPDX-License-Identifier: MIT
// Money: exact sums of amounts, as 128-bit integers of 1e-6 units of the log's currency (docs/metrics.md).
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "funnel/events/event.hpp"

namespace funnel::events {

namespace detail {
__extension__ using int128 = __int128;
}

/// A value: sums are exact and do not depend on their order, up to 10^14 amounts of the largest size.
class Money {
 public:
    static constexpr std::int64_t kUnit = 1'000'000;  ///< parts of one unit of currency

    constexpr Money() noexcept = default;

    /// `amount` rounded half-even to 1e-6. Empty for NaN (no amount) and beyond +-1e18 (not an amount).
    [[nodiscard]] static std::optional<Money> of(double amount) noexcept;

    /// price x quantity, each read to 1e-6, the product rounded half-even. Empty if one is NaN or beyond
    /// +-1e12.
    [[nodiscard]] static std::optional<Money> of(double price, double quantity) noexcept;

    constexpr Money& operator+=(Money other) noexcept {
        parts_ += other.parts_;
        return *this;
    }
    constexpr Money& operator-=(Money other) noexcept {
        parts_ -= other.parts_;
        return *this;
    }
    [[nodiscard]] constexpr bool operator==(const Money&) const noexcept = default;
    [[nodiscard]] constexpr bool at_least(Money other) const noexcept { return parts_ >= other.parts_; }
    [[nodiscard]] constexpr Money magnitude() const noexcept { return Money(parts_ < 0 ? -parts_ : parts_); }

    /// All digits, no trailing zeros: "5239240.56", "-0.000001", "0".
    [[nodiscard]] std::string text() const;

    /// The double nearest to text().
    [[nodiscard]] double value() const;

 private:
    explicit constexpr Money(detail::int128 parts) noexcept : parts_(parts) {}
    detail::int128 parts_ = 0;
};

/// What a purchase row is worth: `revenue` in a log that has this field, else price x quantity, with
/// quantity 1 in a log that has none. Empty if a field that is needed is missing in the row.
struct AmountRule {
    bool has_revenue = false;
    bool has_quantity = false;

    [[nodiscard]] std::optional<Money> amount(double price, double quantity, double revenue) const noexcept {
        return has_revenue ? Money::of(revenue) : Money::of(price, has_quantity ? quantity : 1.0);
    }
};

inline std::optional<Money> Money::of(double amount) noexcept {
    if (!(std::abs(amount) <= 1e18)) return std::nullopt;
    // Whole units apart: times 1e6 they would not fit the 53 bits of a double.
    const double whole = std::trunc(amount),
                 rest = std::nearbyint((amount - whole) * static_cast<double>(kUnit));
    return Money(static_cast<detail::int128>(whole) * kUnit + static_cast<detail::int128>(rest));
}

inline std::optional<Money> Money::of(double price, double quantity) noexcept {
    if (!(std::abs(price) <= 1e12) || !(std::abs(quantity) <= 1e12)) return std::nullopt;
    const detail::int128 product = of(price)->parts_ * of(quantity)->parts_;
    const detail::int128 magnitude = product < 0 ? -product : product;
    detail::int128 rounded = magnitude / kUnit;
    const detail::int128 rest = magnitude % kUnit;
    if (rest * 2 > kUnit || (rest * 2 == kUnit && rounded % 2 == 1)) ++rounded;
    return Money(product < 0 ? -rounded : rounded);
}

inline std::string Money::text() const {
    detail::int128 rest = parts_ < 0 ? -parts_ : parts_;
    std::string reversed;
    for (int digit = 0; rest != 0 || digit <= 6; ++digit) {
        if (digit == 6 && !reversed.empty()) reversed += '.';
        const char c = static_cast<char>('0' + static_cast<int>(rest % 10));
        if (digit >= 6 || c != '0' || !reversed.empty()) reversed += c;
        rest /= 10;
    }
    if (parts_ < 0) reversed += '-';
    return {reversed.rbegin(), reversed.rend()};
}

inline double Money::value() const {
    const std::string digits = text();
    double value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

}  // namespace funnel::events
