// SPDX-License-Identifier: MIT
// Shopper: one simulated person, and the true probabilities of what they do. docs/simulate.md has the
// formulas.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/base/time.hpp"
#include "funnel/simulate/detail/catalogue.hpp"

namespace funnel::simulate {

enum class List : std::uint8_t { none, home, category, search, related };

inline constexpr std::array<std::string_view, 5> kListNames = {"", "Home", "Category", "Search Results",
                                                               "Related Products"};

struct CartLine {
    std::uint32_t item;
    std::uint16_t quantity;
};

/// When something that is used up will be needed again.
struct Need {
    std::uint32_t item;
    std::int64_t time;
};

/// One thread at a time.
struct Shopper {
    Taste taste{};
    double eagerness = 0;  ///< clicks more than others, in logits, about +-0.5
    double readiness = 0;  ///< buys more than others, in logits, about +-0.7
    double thrift = 0;     ///< minds dear goods, >= 0
    double visits_per_day = 0;
    std::uint64_t stream = 0;  ///< seed of this shopper's visits
    std::uint32_t visits = 0;
    std::vector<CartLine> cart;         ///< stays from visit to visit
    std::vector<std::uint32_t> viewed;  ///< the last goods looked at, at most kMemory
    std::vector<std::uint32_t> bought;  ///< the last goods bought, at most kMemory
    std::vector<Need> needs;

    static constexpr std::size_t kMemory = 24;

    [[nodiscard]] static Shopper draw(std::uint64_t seed);

    /// How much they like an item, before position and mood; about +-1.2.
    [[nodiscard]] double liking(const Item& item) const noexcept {
        return agreement(taste, item.taste) + item.quality - thrift * item.dearness;
    }
    [[nodiscard]] bool has_viewed(std::uint32_t item) const noexcept {
        return std::ranges::count(viewed, item) > 0;
    }
    [[nodiscard]] bool has_bought(std::uint32_t item) const noexcept {
        return std::ranges::count(bought, item) > 0;
    }
};

/// What is true of a visit as a whole; not in the log.
struct Mood {
    bool wants_to_buy = false;
};

/// Share of people who look at a place of a list at all; position counts from 1.
[[nodiscard]] inline double examination(std::size_t position) noexcept {
    return 1 / (1 + 0.12 * static_cast<double>(position - 1));
}

/// That an impression is clicked.
[[nodiscard]] double click_probability(const Shopper& shopper, const Item& item, std::uint32_t index,
                                       List list, std::size_t position, Mood mood) noexcept;

/// That a look at the product page ends in the cart.
[[nodiscard]] double cart_probability(const Shopper& shopper, const Item& item, std::uint32_t index,
                                      Mood mood) noexcept;

/// That a cart of this worth goes to the checkout before the visit ends.
[[nodiscard]] double checkout_probability(const Shopper& shopper, double worth, Mood mood) noexcept;

/// That a checkout is paid.
inline constexpr double kPaymentProbability = 0.8;

namespace detail {

[[nodiscard]] inline double sigmoid(double z) noexcept {
    return 1 / (1 + std::exp(-z));
}

inline void remember(std::vector<std::uint32_t>& memory, std::uint32_t item) {
    if (std::ranges::count(memory, item) > 0) return;
    if (memory.size() == Shopper::kMemory) memory.erase(memory.begin());
    memory.push_back(item);
}

}  // namespace detail

inline Shopper Shopper::draw(std::uint64_t seed) {
    Rng rng(seed);
    Shopper shopper;
    shopper.taste = detail::draw_taste(rng);
    shopper.eagerness = 0.5 * rng.normal();
    shopper.readiness = 0.7 * rng.normal();
    shopper.thrift = 0.5 * std::abs(rng.normal());
    shopper.visits_per_day = 0.14 * std::exp(0.8 * rng.normal());
    shopper.stream = rng.next();
    return shopper;
}

inline double click_probability(const Shopper& shopper, const Item& item, std::uint32_t index, List list,
                                std::size_t position, Mood mood) noexcept {
    constexpr std::array<double, kListNames.size()> kOfList = {0, -0.3, 0, 0.5, 0.2};
    double z =
        -3.7 + 0.9 * shopper.liking(item) + shopper.eagerness + kOfList[static_cast<std::size_t>(list)];
    if (mood.wants_to_buy) z += 0.3;
    if (shopper.has_viewed(index)) z += 0.7;
    if (shopper.has_bought(index)) z += kCategories[item.category].used_up ? 1.0 : -1.0;
    return examination(position) * detail::sigmoid(z);
}

inline double cart_probability(const Shopper& shopper, const Item& item, std::uint32_t index,
                               Mood mood) noexcept {
    double z = -4.6 + 0.7 * shopper.liking(item) + shopper.readiness;
    if (mood.wants_to_buy) z += 1.4;
    if (shopper.has_viewed(index)) z += 0.5;
    if (shopper.has_bought(index)) z += kCategories[item.category].used_up ? 1.5 : -1.0;
    return detail::sigmoid(z);
}

inline double checkout_probability(const Shopper& shopper, double worth, Mood mood) noexcept {
    double z = -0.6 + 0.5 * shopper.readiness - 0.4 * std::log(worth / 50);
    if (mood.wants_to_buy) z += 1;
    return detail::sigmoid(z);
}

}  // namespace funnel::simulate
