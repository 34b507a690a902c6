// SPDX-License-Identifier: MIT
// find_people: who is in a named group as of the end of the log, and since when (docs/metrics.md, "People").
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/events/money.hpp"
#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

enum class PeopleGroup : std::uint8_t {
    abandoned_cart,      ///< a cart with items that nobody touched for a day, nothing bought since
    abandoned_checkout,  ///< a checkout that no purchase followed within a day
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
    /// Up to when the log is complete: a rule that holds by then counts. Empty: the latest event.
    std::optional<std::int64_t> end = {};
};

/// By since, then by the bytes of the user's id. Of options: funnel, visit_gap, threads; the end of the log
/// is facts.last_time. Runs over the log as it grows, cut by since and until, name each (user, since) once.
/// Items of value need the number column "price" (LogColumns::price). One pass; memory: that of the result.
[[nodiscard]] std::vector<Person> find_people(const EventLog& log, const PeopleOptions& people,
                                              const MetricsOptions& options, const LogFacts& facts);

}  // namespace funnel::metrics

#include "funnel/metrics/detail/tally/people_tally.hpp"

namespace funnel::metrics {

inline std::vector<Person> find_people(const EventLog& log, const PeopleOptions& people,
                                       const MetricsOptions& options, const LogFacts& facts) {
    MetricsOptions plain = options;
    plain.by.clear();
    plain.entity = Entity::user;
    plain.from = plain.to = {};
    const TallyPlan plan(log, plain, facts);
    std::vector<detail::PeopleTally> workers(std::max(1u, options.threads),
                                             detail::PeopleTally(plan, people));
    for_each_user(
        log, [](std::size_t) { return std::uint16_t{0}; }, std::span(workers));
    std::vector<Person> found;
    for (detail::PeopleTally& worker : workers)
        std::ranges::move(worker.found(), std::back_inserter(found));
    std::ranges::sort(found, [&](const Person& a, const Person& b) {
        return a.since != b.since ? a.since < b.since : log.users.text(a.user) < log.users.text(b.user);
    });
    return found;
}

}  // namespace funnel::metrics
