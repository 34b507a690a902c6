// SPDX-License-Identifier: MIT
// EventKind and Event: one thing that one user did, in the words of docs/metrics.md.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace funnel::events {

/// The order is the order of events with equal times of one user: a view comes before the click, the click
/// before the cart_add, and so on. It is written into model files: append, never reorder.
enum class EventKind : std::uint8_t {
    page_view,  ///< any page, no product
    impression,
    view,  ///< product page
    click,
    favorite,
    cart_add,
    cart_remove,
    checkout,
    payment,
    purchase,
    refund,
    other,
    custom_first = 16,  ///< 16 + k: the k-th name of EventLog::custom_kinds, a funnel stage of the log's own
    custom_last = 47
};

inline constexpr std::array<std::string_view, 12> kKindNames = {
    "page_view",   "impression", "view",    "click",    "favorite", "cart_add",
    "cart_remove", "checkout",   "payment", "purchase", "refund",   "other"};

/// The kind of one of kKindNames, or empty.
[[nodiscard]] constexpr std::optional<EventKind> parse_kind(std::string_view name) noexcept {
    for (std::size_t i = 0; i < kKindNames.size(); ++i) {
        if (kKindNames[i] == name) return static_cast<EventKind>(i);
    }
    return std::nullopt;
}

/// A set of kinds: bit k stands for the kind with number k.
using KindSet = std::uint64_t;

[[nodiscard]] constexpr KindSet kind_bit(EventKind kind) noexcept {
    return KindSet{1} << static_cast<unsigned>(kind);
}

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// Borrowed text; an empty view is "not given". Ids are bytes, never numbers.
struct Event {
    std::int64_t time = 0;  ///< microseconds since 1970 UTC
    EventKind kind = EventKind::other;
    std::string_view user = {};  ///< required
    std::string_view item = {};
    std::string_view session = {};
    std::string_view order = {};
    std::string_view category = {};
    std::string_view brand = {};
    std::string_view list = {};  ///< where an item was shown: "Category", "Search Results"
    double position = kMissing;  ///< 1-based place in the list
    double price = kMissing;     ///< per unit, in the currency of the log
    double quantity = kMissing;  ///< units
    double revenue = kMissing;   ///< of the line; takes the place of price x quantity
    /// The visit's key, where its id is not at hand (see session_key): what EventLog::event gives. Counts
    /// only while `session` is empty; 0: none.
    std::uint64_t visit_key = 0;
};

}  // namespace funnel::events
