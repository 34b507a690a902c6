// SPDX-License-Identifier: MIT
// Catalogue: the invented goods of a simulated shop. Popularity falls with the rank as Zipf's law says; goods
// of a category are near each other in the space of tastes.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/simulate/detail/alias_table.hpp"

namespace funnel::simulate {

/// A point in the space of tastes; shoppers like what lies in their direction.
using Taste = std::array<float, 6>;

/// Agreement of two tastes: about standard normal for independent standard normal ones.
[[nodiscard]] inline double agreement(const Taste& a, const Taste& b) noexcept {
    float sum = 0;
    for (std::size_t k = 0; k < a.size(); ++k)
        sum += a[k] * b[k];
    return static_cast<double>(sum) / std::sqrt(static_cast<double>(a.size()));
}

struct CategoryKind {
    std::string_view name;
    double typical_price;
    bool used_up;  ///< bought again after some weeks
};

inline constexpr std::array<CategoryKind, 12> kCategories = {{{"Shoes", 70, false},
                                                              {"Shirts", 30, false},
                                                              {"Jackets", 110, false},
                                                              {"Bags", 55, false},
                                                              {"Kitchen", 35, false},
                                                              {"Garden", 40, false},
                                                              {"Books", 18, false},
                                                              {"Toys", 25, false},
                                                              {"Coffee & Tea", 14, true},
                                                              {"Skin Care", 22, true},
                                                              {"Pet Food", 28, true},
                                                              {"Lamps", 60, false}}};

inline constexpr std::array<std::string_view, kCategories.size() + 6> kBrands = {
    "Alder", "Brisk",   "Cobalt", "Dunlin", "Ember",  "Fjord", "Grove",  "Hearth", "Indigo",
    "Junco", "Kestrel", "Larch",  "Marl",   "Nimbus", "Osier", "Pebble", "Quill",  "Rowan"};

struct Item {
    std::string id;
    std::uint32_t category = 0;  ///< index into kCategories
    std::string_view brand;      ///< empty for goods without one
    std::int64_t cents = 0;      ///< price per unit
    double dearness = 0;         ///< ln(price / typical price of the category), about +-0.5
    double quality = 0;          ///< what makes everybody like it, about +-0.6
    Taste taste{};

    [[nodiscard]] double price() const noexcept { return static_cast<double>(cents) / 100; }
};

/// Immutable: share freely.
class Catalogue {
 public:
    /// items >= 1.
    Catalogue(std::size_t items, std::uint64_t seed);

    [[nodiscard]] const Item& item(std::uint32_t index) const noexcept { return items_[index]; }
    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
    [[nodiscard]] const Taste& category_taste(std::size_t category) const noexcept {
        return centers_[category];
    }

    /// A popular item of the whole shop.
    [[nodiscard]] std::uint32_t draw(Rng& rng) const noexcept { return all_.draw(rng); }
    /// A popular item of a category; of the whole shop if the category is empty.
    [[nodiscard]] std::uint32_t draw_in(std::uint32_t category, Rng& rng) const noexcept {
        const Shelf& shelf = shelves_[category];
        return shelf.items.empty() ? draw(rng) : shelf.items[shelf.popular.draw(rng)];
    }

 private:
    struct Shelf {
        std::vector<std::uint32_t> items;
        AliasTable popular{std::array{1.0}};
    };
    [[nodiscard]] Item make_item(std::size_t rank, Rng& rng) const;

    std::array<Taste, kCategories.size()> centers_{};
    std::vector<Item> items_;
    AliasTable all_{std::array{1.0}};
    std::array<Shelf, kCategories.size()> shelves_;
};

namespace detail {

[[nodiscard]] inline Taste draw_taste(Rng& rng) noexcept {
    Taste taste;
    for (float& part : taste)
        part = static_cast<float>(rng.normal());
    return taste;
}

}  // namespace detail

inline Catalogue::Catalogue(std::size_t items, std::uint64_t seed) {
    Rng rng(base::random_at(seed, 0));
    for (Taste& center : centers_)
        center = detail::draw_taste(rng);
    std::vector<double> popularity;
    std::array<std::vector<double>, kCategories.size()> on_shelf;
    for (std::size_t rank = 0; rank < items; ++rank) {
        items_.push_back(make_item(rank, rng));
        const std::uint32_t category = items_.back().category;
        popularity.push_back(1 / (static_cast<double>(rank) + 3));  // the offset keeps one item from ruling
        on_shelf[category].push_back(popularity.back());
        shelves_[category].items.push_back(static_cast<std::uint32_t>(rank));
    }
    all_ = AliasTable(popularity);
    for (std::size_t c = 0; c < shelves_.size(); ++c) {
        if (!on_shelf[c].empty()) shelves_[c].popular = AliasTable(on_shelf[c]);
    }
}

inline Item Catalogue::make_item(std::size_t rank, Rng& rng) const {
    Item item;
    item.id = "p" + std::to_string(1001 + rank);
    item.category = static_cast<std::uint32_t>(rng.below(kCategories.size()));
    const std::size_t brand = item.category + rng.below(7);  // a brand keeps to a few categories
    if (rng.uniform() > 0.04) item.brand = kBrands[brand];
    const double typical = kCategories[item.category].typical_price;
    item.cents = std::max<std::int64_t>(100, std::llround(typical * std::exp(0.5 * rng.normal()) * 100));
    item.dearness = std::log(item.price() / typical);
    item.quality = 0.6 * rng.normal();
    item.taste = detail::draw_taste(rng);
    for (std::size_t k = 0; k < item.taste.size(); ++k) {
        item.taste[k] = centers_[item.category][k] + 0.5f * item.taste[k];
    }
    return item;
}

}  // namespace funnel::simulate
