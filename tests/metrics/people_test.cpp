// SPDX-License-Identifier: MIT
// People against the rules asked naively, on random logs; and night after night nobody twice.
#include "funnel/metrics/find_people.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "metrics/random_case.hpp"
#include "support/effort.hpp"

namespace funnel::test {
namespace {

using metrics::PeopleGroup;
using metrics::PeopleOptions;
using metrics::Person;

struct Named {
    std::int64_t since = 0;
    std::set<std::string> items = {};
    std::string value = {};
    bool operator==(const Named&) const = default;
};
using People = std::map<std::string, Named>;

People named(const EventLog& log, const std::vector<Person>& people) {
    People out;
    for (const Person& person : people) {
        Named& name = out[std::string(log.users.text(person.user))];
        name.since = person.since;
        for (const std::uint32_t item : person.items)
            name.items.emplace(log.items.text(item));
        if (person.value) name.value = person.value->text();
    }
    return out;
}

std::vector<Row> rows_of(const std::vector<Row>& log, const std::string& user) {
    std::vector<Row> rows;
    for (const Row& row : log) {
        if (row.user == user) rows.push_back(row);
    }
    std::ranges::stable_sort(rows, {}, [](const Row& row) { return std::tuple(row.time, row.kind); });
    return rows;
}

/// Whether rows[i] is followed by one of `kinds` of its item.
bool followed(const std::vector<Row>& rows, std::size_t i, std::set<EventKind> kinds, bool any_item = false) {
    return std::any_of(rows.begin() + static_cast<std::ptrdiff_t>(i) + 1, rows.end(), [&](const Row& row) {
        return kinds.contains(row.kind) && (any_item || row.item == rows[i].item);
    });
}

/// What is in the cart after all rows, and when it was last touched.
std::optional<Named> cart_of(const std::vector<Row>& rows) {
    Named cart;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].kind == cart_add || rows[i].kind == cart_remove) cart.since = rows[i].time + kDay;
        const bool stays = rows[i].kind == cart_add && !rows[i].item.empty() &&
                           !followed(rows, i, {cart_remove}) && !followed(rows, i, {purchase}, true);
        if (stays) cart.items.insert(rows[i].item);
    }
    return cart.items.empty() ? std::nullopt : std::optional(cart);
}

std::optional<Named> views_of(const std::vector<Row>& rows) {
    Named views;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].kind != view || rows[i].item.empty()) continue;
        views.since = rows[i].time + kDay;
        if (!followed(rows, i, {cart_add, purchase})) views.items.insert(rows[i].item);
    }
    return views.items.empty() ? std::nullopt : std::optional(views);
}

template <typename Rule>
People expected(const Case& c, std::int64_t end, const Rule& rule) {
    People out;
    for (const Row& row : c.rows) {
        const auto found = rule(rows_of(c.rows, row.user));
        if (found && found->since < end) out[row.user] = *found;
    }
    return out;
}

std::int64_t last_time(const Case& c) {
    return std::ranges::max(c.rows, {}, &Row::time).time;
}

TEST(People, AreThoseOfTheRulesAskedNaively) {
    std::size_t carts = 0, views = 0;
    for (std::uint64_t seed = 1; seed <= support::cases(2000); ++seed) {
        const Case c = random_case(seed);
        const EventLog log = to_log(c.rows);
        const auto facts = metrics::facts_of(log);
        for (const std::int64_t more : {std::int64_t{0}, kDay}) {
            const auto find = [&](PeopleGroup group) {
                return named(log, metrics::find_people(log, {.group = group, .end = last_time(c) + more},
                                                       c.options, facts));
            };
            const People in_carts = find(PeopleGroup::abandoned_cart),
                         viewed = find(PeopleGroup::viewed_not_bought);
            ASSERT_EQ(in_carts, expected(c, last_time(c) + more, cart_of)) << seed;
            ASSERT_EQ(viewed, expected(c, last_time(c) + more, views_of)) << seed;
            carts += in_carts.size();
            views += viewed.size();
        }
    }
    EXPECT_GT(carts, 20u);
    EXPECT_GT(views, 20u);
}

TEST(People, NightAfterNightNobodyIsNamedTwiceAndNobodyIsForgotten) {
    std::size_t named_at_all = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        const Case c = random_case(seed);
        const EventLog whole = to_log(c.rows);
        std::set<std::pair<std::string, std::int64_t>> nightly, all;
        for (std::int64_t night = 1; night <= last_time(c) / kDay + 3; ++night) {
            EventLog log = whole;
            log.keep_before(night * kDay);
            if (log.empty()) continue;
            const PeopleOptions people{
                .since = (night - 1) * kDay, .until = night * kDay, .end = night * kDay};
            for (const Person& person :
                 metrics::find_people(log, people, c.options, metrics::facts_of(log))) {
                const auto key = std::pair(std::string(log.users.text(person.user)), person.since);
                EXPECT_TRUE(nightly.insert(key).second) << seed;
            }
        }
        // Every pause of a day with something in the cart, whatever came later.
        for (const Row& row : c.rows) {
            const std::vector<Row> rows = rows_of(c.rows, row.user);
            for (std::size_t n = 1; n <= rows.size(); ++n) {
                const auto cart = cart_of({rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(n)});
                if (!cart) continue;
                // What comes in the night of `since` is known by then.
                const std::int64_t known = (cart->since / kDay + 1) * kDay;
                bool touched = false;
                for (std::size_t k = n; k < rows.size(); ++k) {
                    const EventKind kind = rows[k].kind;
                    touched |=
                        rows[k].time < known && (kind == cart_add || kind == cart_remove || kind == purchase);
                }
                if (!touched) all.emplace(row.user, cart->since);
            }
        }
        EXPECT_EQ(nightly, all) << seed;
        named_at_all += all.size();
    }
    EXPECT_GT(named_at_all, 50u);
}

TEST(People, OrdersByHand) {
    const std::vector<Row> rows = {
        {.time = 0, .kind = view, .user = "once", .item = "a"},
        {.time = kHour, .kind = purchase, .user = "once", .item = "a", .order = "o1", .revenue = 10},
        {.time = kHour, .kind = purchase, .user = "once", .item = "b", .order = "o1", .revenue = 5},
        {.time = 2 * kHour, .kind = purchase, .user = "twice", .item = "a", .order = "o2", .revenue = 10},
        {.time = 3 * kDay, .kind = purchase, .user = "twice", .item = "c", .order = "o3", .revenue = 7.5},
        {.time = 9 * kDay, .kind = view, .user = "never", .item = "a"}};
    const EventLog log = to_log(rows);
    const auto find = [&](PeopleOptions people) {
        return named(log, metrics::find_people(log, people, shop_options(), metrics::facts_of(log)));
    };
    EXPECT_EQ(find({.group = PeopleGroup::first_order}),
              (People{{"once", {kHour, {"a", "b"}, "15"}}, {"twice", {2 * kHour, {"a", "c"}, "17.5"}}}));
    EXPECT_EQ(find({.group = PeopleGroup::repeat_buyer}),
              (People{{"twice", {3 * kDay, {"a", "c"}, "17.5"}}}));
    // Exactly at the end of the log the six days of "twice" are not over yet, as a cart's day is not.
    EXPECT_EQ(find({.group = PeopleGroup::lapsed, .lapse = 6 * kDay}),
              (People{{"once", {kHour + 6 * kDay, {"a", "b"}, "15"}}}));
    EXPECT_EQ(
        find({.group = PeopleGroup::lapsed, .lapse = 6 * kDay, .end = 9 * kDay + 1}),
        (People{{"once", {kHour + 6 * kDay, {"a", "b"}, "15"}}, {"twice", {9 * kDay, {"a", "c"}, "17.5"}}}));
    EXPECT_EQ(find({.group = PeopleGroup::lapsed, .lapse = 7 * kDay}),
              (People{{"once", {kHour + 7 * kDay, {"a", "b"}, "15"}}}));
}

}  // namespace
}  // namespace funnel::test
