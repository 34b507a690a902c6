// SPDX-License-Identifier: MIT
// Products against a breakdown by the same column, which the oracle holds, on random logs; small ones by
// hand.
#include "funnel/metrics/count_products.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "metrics/random_case.hpp"
#include "support/effort.hpp"

namespace funnel::test {
namespace {

using metrics::Count;
using metrics::Product;
using metrics::ProductCounts;
using metrics::Products;

ProductCounts counts_of(const metrics::Tally& tally) {
    ProductCounts counts;
    counts.impressions = tally[Count::impressions];
    counts.clicked = tally[Count::impressions_credited];
    counts.views = tally[Count::views];
    counts.carts = tally[Count::pairs_carted];
    counts.ripe_carts = tally[Count::pairs_mature];
    counts.abandoned = tally[Count::pairs_mature_abandoned];
    counts.orders = tally[Count::orders];
    counts.buyers = tally[Count::customers];
    counts.priced_orders = tally[Count::orders_with_amount];
    counts.revenue = tally.revenue;
    return counts;
}

std::map<std::string, ProductCounts> by_key(const Products& products) {
    std::map<std::string, ProductCounts> counts;
    for (const Product& product : products.rows)
        counts[product.key.value_or("(missing)")] = product.counts;
    return counts;
}

TEST(Products, AreABreakdownOnRandomLogs) {
    std::size_t compared = 0;
    for (std::uint64_t seed = 1; seed <= support::cases(1000); ++seed) {
        Case c = random_case(seed);
        c.options.entity = Entity::user;
        c.options.horizons.clear();
        EventLog log = to_log(c.rows);
        // A list that purchases say nothing of, so that they take that of an earlier row.
        events::TextColumn& list = log.add_text_column("list");
        for (std::size_t row = 0; row < log.size(); ++row) {
            if (log.kind[row] != purchase && row % 3 != 0)
                list.code[row] = list.values.intern(row % 2 == 0 ? "top" : "side");
        }
        const auto facts = metrics::facts_of(log);
        for (const std::string by : {"item", "category", "list"}) {
            if (by != "item" && log.text_column(by) == nullptr) continue;
            c.options.by = {by};
            std::map<std::string, ProductCounts> expected;
            for (const auto& segment : metrics::count(log, c.options, facts).segments) {
                const ProductCounts counts = counts_of(metrics::detail::sum(segment.groups));
                if (counts != ProductCounts{}) expected[segment.key.value_or("(missing)")] = counts;
            }
            const auto found = by_key(metrics::count_products(log, c.options, facts, by));
            ASSERT_EQ(found, expected) << "seed " << seed << " by " << by;
            compared += found.size();
        }
    }
    EXPECT_GT(compared, 200u);
}

// u1 sees a and b, clicks a, carts it and buys it with b; u2 sees a and carts it.
TEST(Products, OfASmallShopByHand) {
    const std::vector<Row> rows = {
        {.time = 1 * kMinute, .kind = impression, .user = "u1", .item = "a"},
        {.time = 1 * kMinute, .kind = impression, .user = "u1", .item = "b"},
        {.time = 2 * kMinute, .kind = click, .user = "u1", .item = "a"},
        {.time = 3 * kMinute, .kind = cart_add, .user = "u1", .item = "a"},
        {.time = 4 * kMinute, .kind = purchase, .user = "u1", .item = "a", .order = "o1", .revenue = 10},
        {.time = 4 * kMinute, .kind = purchase, .user = "u1", .item = "b", .order = "o1", .revenue = 2.5},
        {.time = 5 * kMinute, .kind = impression, .user = "u2", .item = "a"},
        {.time = 6 * kMinute, .kind = cart_add, .user = "u2", .item = "a"},
        {.time = 9 * kDay, .kind = page_view, .user = "u2"}};
    const EventLog log = to_log(rows);
    const Products products = metrics::count_products(log, shop_options(), metrics::facts_of(log), "item");
    ASSERT_EQ(products.rows.size(), 2u);
    const Product &a = products.rows[0], &b = products.rows[1];
    EXPECT_EQ(a.key, "a");
    EXPECT_EQ(a.counts.impressions, 2);
    EXPECT_EQ(a.counts.clicked, 1);
    EXPECT_EQ(a.counts.carts, 2);
    EXPECT_EQ(a.counts.ripe_carts, 2);
    EXPECT_EQ(a.counts.abandoned, 1);
    EXPECT_EQ(a.counts.revenue.text(), "10");
    EXPECT_EQ(b.counts.orders, 1);
    EXPECT_EQ(b.counts.revenue.text(), "2.5");
    EXPECT_EQ(a.cart_abandonment, 0.5);
    EXPECT_FALSE(b.cart_abandonment);
    // One click of three impressions; two keys are too few to say how keys differ.
    EXPECT_EQ(products.ctr_reason, "no_spread");
    EXPECT_DOUBLE_EQ(*products.ctr, 1.0 / 3);
    EXPECT_DOUBLE_EQ(*a.ctr, 1.0 / 3);
    EXPECT_FALSE(a.ctr_interval);
    EXPECT_EQ(products.place_reason, "no_positions");
}

TEST(Products, RefuseAColumnThatIsNotThere) {
    const EventLog log = to_log({{.time = 0, .kind = view, .user = "u", .item = "i"}});
    try {
        (void)metrics::count_products(log, shop_options(), metrics::facts_of(log), "colour");
        FAIL() << "expected an error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        EXPECT_NE(std::string(error.what()).find("colour"), std::string::npos);
    }
}

// 40 items of two kinds stand at four places, the good ones on top more often, where everything is clicked
// more: their plain rate is over twice that of the bad ones, of which half as much again is their own.
TEST(Products, PlacesAreTakenOutOfTheRate) {
    EventLog log;
    base::Rng random(7);
    const double place_rate[] = {0.4, 0.2, 0.1, 0.05};
    std::int64_t time = 0;
    for (int user = 0; user < 20000; ++user) {
        for (int k = 0; k < 4; ++k) {
            const auto item = static_cast<int>(random.below(40));
            const bool good = item < 20;
            const bool top = (random.below(10) < 7) == good;
            const int place = static_cast<int>(random.below(2)) + (top ? 0 : 2);
            const std::string user_id = "u" + std::to_string(user), item_id = "i" + std::to_string(item);
            time += kHour;
            log.add({.time = time,
                     .kind = impression,
                     .user = user_id,
                     .item = item_id,
                     .position = static_cast<double>(place)});
            if (random.uniform() < place_rate[place] * (good ? 1.2 : 0.8))
                log.add({.time = time + kSecond, .kind = click, .user = user_id, .item = item_id});
        }
    }
    const Products products = metrics::count_products(log, shop_options(), metrics::facts_of(log), "item");
    EXPECT_EQ(products.place_reason, "");
    double good = 0, bad = 0, good_ctr = 0, bad_ctr = 0;
    ASSERT_EQ(products.rows.size(), 40u);
    for (const Product& product : products.rows) {
        const bool is_good = std::stoi(product.key->substr(1)) < 20;
        (is_good ? good : bad) += *product.observed_over_expected / 20;
        (is_good ? good_ctr : bad_ctr) += *product.ctr / 20;
    }
    EXPECT_NEAR(good / bad, 1.5, 0.12);
    EXPECT_GT(good_ctr / bad_ctr, 2.2);
}

}  // namespace
}  // namespace funnel::test
