// SPDX-License-Identifier: MIT
// Person: a user who is in a named group as of the end of the log, as find_people finds them
// (docs/metrics.md, "People").
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/time.hpp"
#include "funnel/events/money.hpp"

namespace funnel::metrics {

enum class PeopleGroup : std::uint8_t {
    abandoned_cart,      ///< a cart with items that nobody touched for a day, nothing bought since
    abandoned_checkout,  ///< a checkout a day ago or longer that no purchase has followed
    viewed_not_bought,   ///< items viewed and neither carted nor bought since, the last view a day ago
    first_order,         ///< placed a first order
    repeat_buyer,        ///< placed a second order
    lapsed               ///< bought, and silent for `lapse` since the last event
};

inline constexpr std::array<std::string_view, 6> kPeopleGroups = {
    "abandoned_cart", "abandoned_checkout", "viewed_not_bought", "first_order", "repeat_buyer", "lapsed"};

[[nodiscard]] constexpr std::optional<PeopleGroup> parse_people_group(std::string_view name) noexcept {
    for (std::size_t g = 0; g < kPeopleGroups.size(); ++g) {
        if (kPeopleGroups[g] == name) return static_cast<PeopleGroup>(g);
    }
    return std::nullopt;
}

/// A user for whom the rule of the group holds as of the end of the log.
struct Person {
    std::uint32_t user = 0;       ///< index into EventLog::users
    std::int64_t since = 0;       ///< from when on the rule holds, microseconds; at most the end of the log
    std::int64_t last_event = 0;  ///< microseconds
    std::vector<std::uint32_t> items = {};  ///< latest first, each once; at most kMaxPeopleItems
    /// Prices of the items, or, for who bought, what all orders are worth; empty: no amount is known.
    std::optional<events::Money> value = {};
    std::size_t step =
        0;  ///< the furthest stage of the funnel of which the user has any event, from 1; 0: none
    [[nodiscard]] bool operator==(const Person&) const noexcept = default;
};

inline constexpr std::size_t kMaxPeopleItems = 20;
/// Carts, checkouts and views are given up after a day, as carts are in cart_abandon_cart.
inline constexpr std::int64_t kPatience = base::kDay;

struct PeopleOptions {
    PeopleGroup group = PeopleGroup::abandoned_cart;
    std::int64_t lapse = 90 * base::kDay;
    std::optional<std::int64_t> since = {}, until = {};  ///< Person::since in [since, until)
    /// The log is complete before this time: a rule that holds before it counts. Empty: the latest event, as
    /// in cart_abandon_cart.
    std::optional<std::int64_t> end = {};
};

}  // namespace funnel::metrics
