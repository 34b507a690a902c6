// SPDX-License-Identifier: MIT
// Why a figure moved: by hand on tiny logs, by brute force on random ones, and by construction on simulated
// ones.
#include "funnel/metrics/find_causes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "metrics/random_case.hpp"

namespace funnel::test {
namespace {

using metrics::CauseOptions;
using metrics::ChangeCauses;
using metrics::ChangeEffect;
using metrics::KeyCause;
using metrics::RateChange;

/// The first 10 days against the next 10.
constexpr std::int64_t kMiddle = 10 * kDay;

MetricsOptions later_half() {
    MetricsOptions options = shop_options();
    options.from = kMiddle;
    options.to = 2 * kMiddle;
    return options;
}

ChangeCauses causes_of(const std::vector<Row>& rows, std::int64_t least_units = 1, unsigned threads = 1) {
    const EventLog log = to_log(rows);
    MetricsOptions options = later_half();
    options.threads = threads;
    return metrics::find_causes(
        log, options, metrics::facts_of(log),
        {.before = {0, kMiddle}, .columns = {"category"}, .least_units = least_units});
}

RateChange rate_named(const ChangeCauses& causes, const std::string& name) {
    return *std::ranges::find(causes.rates, name, &RateChange::name);
}

KeyCause key_named(const RateChange& rate, const std::optional<std::string>& key) {
    return *std::ranges::find(rate.columns.at(0).keys, key, &KeyCause::key);
}

/// Users of one key who look, some of whom buy (one order of 10 each).
void add_users(std::vector<Row>& rows, std::int64_t time, const std::string& key, int users, int buyers) {
    for (int u = 0; u < users; ++u) {
        const std::string user = key + std::to_string(time / kDay) + "-" + std::to_string(u);
        rows.push_back({time, view, user, "i", "", "", std::nan(""), key});
        if (u < buyers) rows.push_back({time + 1, purchase, user, "i", "", user, 10, key});
    }
}

TEST(Causes, MixAndRateByHand) {
    // Before: a 2 of 4 buy, b 0 of 4. After: a 1 of 2, b 2 of 8.
    std::vector<Row> rows;
    add_users(rows, kDay, "a", 4, 2);
    add_users(rows, kDay, "b", 4, 0);
    add_users(rows, 11 * kDay, "a", 2, 1);
    add_users(rows, 11 * kDay, "b", 8, 2);
    const RateChange& rate = rate_named(causes_of(rows), "conversion_user");
    EXPECT_DOUBLE_EQ(rate.change.value, 0.3 - 0.25);
    // Kitagawa: shares .5 -> .2 and .5 -> .8, mean rates .5 and .125, of all .275.
    const KeyCause &a = key_named(rate, "a"), &b = key_named(rate, "b");
    EXPECT_NEAR(a.mix.value, -0.3 * (0.5 - 0.275), 1e-15);
    EXPECT_NEAR(b.mix.value, 0.3 * (0.125 - 0.275), 1e-15);
    EXPECT_NEAR(a.rate.value, 0, 1e-15);
    EXPECT_NEAR(b.rate.value, 0.25 * 0.65, 1e-15);
    EXPECT_NEAR(rate.columns[0].mix.value, -0.1125, 1e-15);
    EXPECT_NEAR(rate.columns[0].rate.value, 0.1625, 1e-15);
    EXPECT_EQ(a.before.units, 4);
    EXPECT_EQ(b.after.hits, 2);
}

TEST(Causes, AKeyOfOnePeriodTakesTheRateOfTheOther) {
    std::vector<Row> rows;
    add_users(rows, kDay, "a", 4, 2);
    add_users(rows, 11 * kDay, "a", 2, 1);
    add_users(rows, 11 * kDay, "new", 2, 2);
    const RateChange& rate = rate_named(causes_of(rows), "conversion_user");
    const KeyCause& fresh = key_named(rate, "new");
    EXPECT_EQ(fresh.rate.value, 0);
    EXPECT_FALSE(fresh.rate.p.has_value());
    // Rates of all .5 and .75; its share 0 -> .5; a's 1 -> .5.
    EXPECT_NEAR(fresh.mix.value, 0.5 * (1 - 0.625), 1e-15);
    EXPECT_NEAR(key_named(rate, "a").mix.value, -0.5 * (0.5 - 0.625), 1e-15);
    EXPECT_NEAR(rate.change.value, 0.25, 1e-15);
}

TEST(Causes, SmallKeysArePooledAndTheMissingOneIsAKey) {
    std::vector<Row> rows;
    add_users(rows, kDay, "", 60, 6);
    add_users(rows, 11 * kDay, "", 60, 6);
    add_users(rows, kDay, "big", 50, 5);
    add_users(rows, 11 * kDay, "big", 50, 5);
    for (const std::string key : {"s1", "s2", "s3"}) {
        add_users(rows, kDay, key, 49, 1);
        add_users(rows, 11 * kDay, key, 50, 1);
    }
    const ChangeCauses causes = causes_of(rows, 100);
    const auto keys = rate_named(causes, "conversion_user").columns.at(0).keys;
    ASSERT_EQ(keys.size(), 3u);
    EXPECT_EQ(keys[0].key, "big");
    EXPECT_EQ(keys[1].key, std::nullopt);
    EXPECT_EQ(keys[1].pooled, 0u);
    EXPECT_EQ(keys[2].pooled, 3u);
    EXPECT_EQ(keys[2].before.units, 147);
    EXPECT_EQ(keys[2].after.hits, 3);
    // With one key left there is nothing to say by.
    const ChangeCauses none = causes_of(rows, 1000);
    ASSERT_EQ(none.left_out.size(), 1u);
    EXPECT_EQ(none.left_out[0].reason, "one_key");
}

TEST(Causes, AColumnWhoseKeysChangeWithThePeriodIsNotSearched) {
    std::vector<Row> rows;
    for (int day = 0; day < 20; ++day)
        add_users(rows, day * kDay, "day " + std::to_string(day), 5, 1);
    const ChangeCauses causes = causes_of(rows);
    ASSERT_EQ(causes.left_out.size(), 1u);
    EXPECT_EQ(causes.left_out[0].by, "category");
    EXPECT_EQ(causes.left_out[0].reason, "periods_share_no_keys");
}

TEST(Causes, RevenueByFactorsByHand) {
    // Before: 2 visits, 1 order of 10. After: 4 visits, 3 orders, 60 in all.
    std::vector<Row> rows;
    add_users(rows, kDay, "a", 2, 1);
    add_users(rows, 11 * kDay, "a", 4, 3);
    for (Row& row : rows) {
        if (row.kind == purchase && row.time > kMiddle) row.revenue = 20;
    }
    const metrics::RevenueChange revenue = causes_of(rows).revenue;
    EXPECT_EQ(revenue.before, 10);
    EXPECT_EQ(revenue.after, 60);
    const double mean = 50 / std::log(6);  // L(60, 10)
    EXPECT_NEAR(revenue.factors[0].effect.value, mean * std::log(4.0 / 2), 1e-12);
    EXPECT_NEAR(revenue.factors[1].effect.value, mean * std::log(0.75 / 0.5), 1e-12);
    EXPECT_NEAR(revenue.factors[2].effect.value, mean * std::log(20.0 / 10), 1e-12);
    EXPECT_FALSE(revenue.change.p.has_value());  // fewer than 20 customers
    for (Row& row : rows)
        row.revenue = row.time > kMiddle ? 0 : row.revenue;
    EXPECT_EQ(causes_of(rows).revenue.reason, "no_revenue");
}

TEST(Causes, TheFirstRowOfThePeriodSaysTheKeyWhateverTheOrderInTheFile) {
    std::vector<Row> rows;
    add_users(rows, kDay, "a", 3, 1);
    add_users(rows, kDay, "b", 3, 1);
    rows.push_back(
        {12 * kDay, view, "x", "i", "", "", std::nan(""), "b"});  // same moment and type: a comes first
    rows.push_back({12 * kDay, view, "x", "i", "", "", std::nan(""), "a"});
    rows.push_back({13 * kDay, purchase, "x", "i", "", "o", 1, "b"});
    rows.push_back({12 * kDay, view, "y", "i", "", "", std::nan(""), ""});
    rows.push_back({12 * kDay, cart_add, "y", "i", "", "", std::nan(""), "b"});
    for (const bool turned : {false, true}) {
        if (turned) std::ranges::reverse(rows);
        const RateChange& rate = rate_named(causes_of(rows), "conversion_user");
        EXPECT_EQ(key_named(rate, "a").after.units, 1);
        EXPECT_EQ(key_named(rate, "a").after.hits, 1);
        EXPECT_EQ(key_named(rate, "b").after.units, 0);
        EXPECT_EQ(key_named(rate, std::nullopt).after.units, 1);
    }
}

TEST(Causes, ExactTestAndFalseDiscoveriesFollowTheBooks) {
    // Fisher's tea (3 of 4 against 1 of 4): one tail is 17 of 70.
    EXPECT_NEAR(metrics::detail::fisher_p({4, 3}, {4, 1}), 2 * 17.0 / 70, 1e-12);
    EXPECT_NEAR(metrics::detail::fisher_p({4, 1}, {4, 3}), 2 * 17.0 / 70, 1e-12);
    EXPECT_NEAR(metrics::detail::fisher_p({10, 0}, {10, 5}), 2 * 21.0 / 1292, 1e-12);  // C(10,5) / C(20,5)
    EXPECT_EQ(metrics::detail::fisher_p({5, 0}, {7, 0}), 1);
    EXPECT_NEAR(metrics::detail::t63_tails(1.9983405425), 0.05, 1e-9);
    EXPECT_NEAR(metrics::detail::t63_tails(-2.6561), 0.01, 1e-5);
    // Benjamini and Hochberg (1995), section 4: of these 15, the first four at 5 %.
    std::vector<ChangeEffect> effects;
    for (const double p : {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
                           0.4262, 0.5719, 0.6528, 0.7590, 1.000})
        effects.push_back({.p = p});
    effects.emplace_back();
    std::vector<ChangeEffect*> all;
    for (ChangeEffect& effect : effects)
        all.push_back(&effect);
    const auto tested = metrics::detail::hold_false_discoveries(all, 0.05);
    EXPECT_EQ(tested.tested, 15u);
    EXPECT_EQ(tested.beyond, 4u);
    EXPECT_TRUE(effects[3].beyond_chance);
    EXPECT_FALSE(effects[4].beyond_chance);
}

/// What a naive reader counts of one user in [from, to): the key, and how far it came.
struct Naive {
    std::string key;
    bool bought = false;
    int stage = -1;  // of view, cart_add, purchase
};

std::map<std::string, Naive> naive_users(const std::vector<Row>& rows, std::int64_t from, std::int64_t to,
                                         std::int64_t window) {
    std::vector<Row> sorted = rows;
    std::ranges::sort(sorted,
                      [](const Row& a, const Row& b) { return OracleLog::rank(a) < OracleLog::rank(b); });
    std::map<std::string, Naive> users;
    for (const Row& row : sorted) {
        if (row.time < from || row.time >= to) continue;
        auto& user = users.try_emplace(row.user, Naive{row.key}).first->second;
        user.bought |= row.kind == purchase;
        if (row.kind != view) continue;
        user.stage = std::max(user.stage, 0);
        for (const Row& cart : sorted) {
            if (cart.user != row.user || cart.kind != cart_add || cart.time < row.time ||
                cart.time - row.time > window)
                continue;
            user.stage = std::max(user.stage, 1);
            for (const Row& order : sorted) {
                if (order.user == row.user && order.kind == purchase && order.time >= cart.time &&
                    order.time - row.time <= window)
                    user.stage = 2;
            }
        }
    }
    return users;
}

struct NaiveCell {
    double units = 0, hits = 0;
};

TEST(Causes, AgreeWithBruteForceAndSumExactlyOnRandomLogs) {
    std::size_t compared = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Dice dice(seed);
        std::vector<Row> rows;
        for (std::size_t i = 0, n = 40 + dice.below(100); i < n; ++i) {
            Row row{.time = static_cast<std::int64_t>(dice.below(80)) * 6 * kHour,
                    .kind = dice.pick<EventKind>({view, view, cart_add, purchase, page_view}),
                    .user = "u" + std::to_string(dice.below(25)),
                    .item = "i",
                    .key = dice.pick<std::string>({"", "a", "b", "c", "d"})};
            if (row.kind == purchase) row.revenue = static_cast<double>(1 + dice.below(50));
            rows.push_back(row);
        }
        const ChangeCauses causes = causes_of(rows, 1, 1 + static_cast<unsigned>(seed % 3));
        const auto before = naive_users(rows, 0, kMiddle, 7 * kDay);
        const auto after = naive_users(rows, kMiddle, 2 * kMiddle, 7 * kDay);
        for (const RateChange& rate : causes.rates) {
            const int step = rate.name == "step_cart" ? 1 : rate.name == "step_purchase" ? 2 : 0;
            const auto cells = [&](const std::map<std::string, Naive>& users) {
                std::map<std::string, NaiveCell> out;
                for (const auto& [name, user] : users) {
                    const bool unit = step == 0 || user.stage >= step - 1;
                    const bool hit = step == 0 ? user.bought : user.stage >= step;
                    for (const std::string& key : {user.key, std::string("all")}) {
                        out[key].units += unit;
                        out[key].hits += unit && hit;
                    }
                }
                return out;
            };
            auto old = cells(before), now = cells(after);
            const double r0 = old["all"].hits / old["all"].units, r1 = now["all"].hits / now["all"].units;
            ASSERT_NEAR(rate.change.value, r1 - r0, 1e-12) << seed << ' ' << rate.name;
            for (const auto& column : rate.columns) {
                double sum = 0;
                for (const KeyCause& key : column.keys) {
                    const NaiveCell a = old[key.key.value_or("")], b = now[key.key.value_or("")];
                    ASSERT_EQ(key.before.units, a.units) << seed << ' ' << rate.name;
                    ASSERT_EQ(key.after.hits, b.hits) << seed << ' ' << rate.name;
                    const double s0 = a.units / old["all"].units, s1 = b.units / now["all"].units;
                    const double k0 = a.units > 0 ? a.hits / a.units : b.hits / b.units;
                    const double k1 = b.units > 0 ? b.hits / b.units : k0;
                    EXPECT_NEAR(key.mix.value, (s1 - s0) * ((k0 + k1) / 2 - (r0 + r1) / 2), 1e-12);
                    EXPECT_NEAR(key.rate.value, (k1 - k0) * (s0 + s1) / 2, 1e-12);
                    sum += key.mix.value + key.rate.value;
                    ++compared;
                }
                EXPECT_NEAR(sum, r1 - r0, 1e-12);
                EXPECT_NEAR(column.mix.value + column.rate.value, r1 - r0, 1e-12);
            }
        }
        const auto& revenue = causes.revenue;
        if (!revenue.reason.empty()) continue;
        double sum = 0;
        for (const auto& factor : revenue.factors)
            sum += factor.effect.value;
        EXPECT_NEAR(sum, revenue.after - revenue.before, 1e-9 * (revenue.after + revenue.before));
        EXPECT_NEAR(revenue.factors[0].after * revenue.factors[1].after * revenue.factors[2].after,
                    revenue.after, 1e-9 * revenue.after);
    }
    EXPECT_GT(compared, 2000u);
}

}  // namespace
}  // namespace funnel::test
