// SPDX-License-Identifier: MIT
// FeatureSpec: the names, transforms and groups of the features that a History writes into a row, in order.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/feature.hpp"

namespace funnel::events {

/// Features of one origin; a set of groups is a bit mask of group_bit. Written into model files: append only.
enum class FeatureGroup : std::uint8_t {
    user,           ///< counts, recencies and rates of the user
    item,           ///< popularity, rates, age, trend and price of the item
    user_item,      ///< counts, recencies and fatigue of the pair
    user_category,  ///< counts and recencies of the user in the item's category
    category,       ///< rates of the category and of the brand
    visit,          ///< position, depth and seconds of the visit
    place,          ///< list, position and the click rate of the place; absent when a list is to be ranked
    cart,           ///< the open cart
    agreement,      ///< likeness to the last 5 items of the visit
    coview,         ///< seen together with the last 5 items of the visit
    clock           ///< hour and weekday as circles
};

inline constexpr std::array<std::string_view, 11> kGroupNames = {
    "user",  "item", "user_item", "user_category", "category", "visit",
    "place", "cart", "agreement", "coview",        "clock"};

using FeatureGroups = std::uint32_t;

[[nodiscard]] constexpr FeatureGroups group_bit(FeatureGroup group) noexcept {
    return FeatureGroups{1} << static_cast<unsigned>(group);
}

inline constexpr FeatureGroups kAllGroups = (FeatureGroups{1} << kGroupNames.size()) - 1;

/// d numeric and c categorical features, in the order of the row.
struct FeatureSpec {
    std::vector<base::NumericFeature> numeric;     ///< d
    std::vector<FeatureGroup> numeric_groups;      ///< d
    std::vector<std::string> categorical;          ///< c
    std::vector<FeatureGroup> categorical_groups;  ///< c

    void add(FeatureGroup group, std::string name, base::Transform transform) {
        numeric.push_back({std::move(name), transform});
        numeric_groups.push_back(group);
    }
    void add_category(FeatureGroup group, std::string name) {
        categorical.push_back(std::move(name));
        categorical_groups.push_back(group);
    }
};

}  // namespace funnel::events
