// SPDX-License-Identifier: MIT
// Why a figure moved: what was changed in a simulated shop is found, and nothing else; intervals; conditions.
#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "funnel/base/random.hpp"
#include "funnel/metrics/find_causes.hpp"
#include "metrics/builder.hpp"

namespace funnel::test {
namespace {

using metrics::ChangeCauses;
using metrics::ChangeEffect;
using metrics::KeyCause;
using metrics::MetricsOptions;
using metrics::RateChange;

/// The first 10 days against the next 10.
constexpr std::int64_t kHalf = 10 * kDay;

MetricsOptions second_half() {
    MetricsOptions options = shop_options();
    options.from = kHalf;
    options.to = 2 * kHalf;
    return options;
}

KeyCause mobile_of(const RateChange& rate) {
    return *std::ranges::find(rate.columns.at(0).keys, "mobile", &KeyCause::key);
}

/// A shop of two periods: three devices and four sources, each visitor in one of the periods; rates of buying
/// by device, and the share of mobile, per period.
struct TwoPeriodShop {
    double mobile_share[2] = {0.4, 0.4};
    double mobile_rate[2] = {0.05, 0.05};
    double desktop_rate[2] = {0.10, 0.10};
};

EventLog shop_log(std::uint64_t seed, int users, const TwoPeriodShop& shop) {
    Rng random(seed);
    std::vector<Row> rows;
    std::vector<std::pair<std::string, std::string>> marks;
    for (int u = 0; u < users; ++u) {
        const std::size_t period = u % 2 == 0 ? 0 : 1;
        const double draw = random.uniform(), rest = (1 - shop.mobile_share[period]) * 0.9;
        const std::string device = draw < shop.mobile_share[period]          ? "mobile"
                                   : draw < shop.mobile_share[period] + rest ? "desktop"
                                                                             : "tablet";
        const std::string source = "source " + std::to_string(random.below(4));
        const std::string user = "u" + std::to_string(u);
        const std::int64_t time = static_cast<std::int64_t>(period) * kHalf + kHour;
        const double rate = device == "mobile" ? shop.mobile_rate[period] : shop.desktop_rate[period];
        const auto add = [&](EventKind kind, std::int64_t at, double revenue) {
            rows.push_back({time + at, kind, user, "i", "", "", revenue, device});
            marks.emplace_back(device, source);
        };
        add(view, 0, std::nan(""));
        const bool buys = random.uniform() < rate;
        if (buys || random.uniform() < 0.1) add(cart_add, kSecond, std::nan(""));
        if (buys) add(purchase, kMinute, 5 + 50 * random.uniform());
    }
    EventLog log = to_log(rows);
    events::TextColumn& column = log.add_text_column("source");
    for (std::size_t row = 0; row < marks.size(); ++row)
        column.code[row] = column.values.intern(marks[row].second);
    return log;
}

ChangeCauses causes_in(const EventLog& log) {
    return metrics::find_causes(log, second_half(), metrics::facts_of(log), {.before = {0, kHalf}});
}

std::string first_found(const ChangeCauses& causes) {
    if (causes.found.empty()) return "nothing";
    const auto& at = causes.found.front();
    const auto& column = causes.rates[at.rate].columns[at.column];
    return column.by + " " + column.keys[at.key].key.value_or("-") + (at.is_mix ? " mix" : " rate");
}

TEST(Causes, AChangedRateComesOutFirst) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const ChangeCauses causes = causes_in(shop_log(seed, 20'000, {.mobile_rate = {0.06, 0.03}}));
        EXPECT_EQ(first_found(causes), "category mobile rate") << seed;
        const RateChange& rate = causes.rates[0];
        EXPECT_EQ(rate.columns.at(rate.told_by.value()).by, "category");
        EXPECT_FALSE(rate.alike);
    }
}

TEST(Causes, AChangedMixComesOutAsMix) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const ChangeCauses causes =
            causes_in(shop_log(seed, 20'000, {.mobile_share = {0.3, 0.6}, .mobile_rate = {0.02, 0.02}}));
        const std::string first = first_found(causes);
        EXPECT_TRUE(first == "category mobile mix" || first == "category desktop mix")
            << seed << ' ' << first;
        const RateChange& rate = causes.rates[0];
        EXPECT_EQ(rate.columns.at(rate.told_by.value()).by, "category");
    }
}

TEST(Causes, AChangeOfAllIsTheChangeOfNoKey) {
    int alike = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const TwoPeriodShop shop{.mobile_rate = {0.06, 0.03}, .desktop_rate = {0.12, 0.06}};
        alike += causes_in(shop_log(seed, 20'000, shop)).rates[0].alike;
    }
    EXPECT_GE(alike, 17);
}

TEST(Causes, OfNothingAreFoundInOneOfTwentyLogsAtMost) {
    int found = 0;
    std::size_t tested = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const ChangeCauses causes = causes_in(shop_log(seed, 3'000, {}));
        found += causes.beyond_chance > 0;
        tested += causes.tested;
    }
    EXPECT_GT(tested, 200u * 30);
    EXPECT_LE(found, 19);  // 10 expected, three standard deviations are 9
}

TEST(Causes, IntervalsLeaveAGroupOfUsersOutInBothPeriods) {
    const EventLog log = shop_log(3, 4'000, {.mobile_rate = {0.05, 0.08}});
    const ChangeCauses whole = causes_in(log);
    std::vector<double> mix, rate, visits;
    const auto group_of = [&](std::size_t row) {
        return base::hash_bytes(log.users.text(log.user[row])) % 64;
    };
    for (std::size_t g = 0; g < 64; ++g) {
        EventLog rest = log;
        std::vector<bool> keep(log.size());
        for (std::size_t row = 0; row < log.size(); ++row)
            keep[row] = group_of(row) != g;
        rest.keep_rows(keep);
        const ChangeCauses without = causes_in(rest);
        mix.push_back(mobile_of(without.rates[0]).mix.value);
        rate.push_back(mobile_of(without.rates[0]).rate.value);
        visits.push_back(without.revenue.factors[0].effect.value * 64 / 63);
    }
    const auto half = [](const std::vector<double>& theta) {
        double mean = 0, squares = 0;
        for (const double t : theta)
            mean += t / 64;
        for (const double t : theta)
            squares += (t - mean) * (t - mean);
        return 1.9983405 * std::sqrt(squares * 63 / 64);
    };
    const auto expect_half = [&](const ChangeEffect& effect, const std::vector<double>& theta) {
        EXPECT_NEAR(effect.interval.value().high - effect.value, half(theta), 1e-6 * half(theta));
        EXPECT_NEAR(effect.value - effect.interval->low, half(theta), 1e-6 * half(theta));
    };
    expect_half(mobile_of(whole.rates[0]).mix, mix);
    expect_half(mobile_of(whole.rates[0]).rate, rate);
    expect_half(whole.revenue.factors[0].effect, visits);
}

TEST(Causes, OfAConditionAreThoseOfItsRows) {
    const EventLog log = shop_log(5, 3'000, {.mobile_rate = {0.05, 0.10}});
    MetricsOptions options = second_half();
    options.where = events::RowCondition::parse("source='source 1'");
    const ChangeCauses some = metrics::find_causes(log, options, metrics::facts_of(log),
                                                   {.before = {0, kHalf}, .columns = {"category"}});
    EventLog part = log;
    const events::TextColumn& source = *log.text_column("source");
    std::vector<bool> keep(log.size());
    for (std::size_t row = 0; row < log.size(); ++row)
        keep[row] = source.values.text(source.code[row]) == "source 1";
    part.keep_rows(keep);
    const ChangeCauses alone = metrics::find_causes(part, second_half(), metrics::facts_of(part),
                                                    {.before = {0, kHalf}, .columns = {"category"}});
    EXPECT_GT(alone.rates[0].after.units, 300);
    EXPECT_EQ(some.rates[0].after.units, alone.rates[0].after.units);
    EXPECT_EQ(some.rates[0].change.value, alone.rates[0].change.value);
    EXPECT_EQ(mobile_of(some.rates[0]).rate.value, mobile_of(alone.rates[0]).rate.value);
    EXPECT_EQ(some.revenue.factors[1].effect.value, alone.revenue.factors[1].effect.value);
}

TEST(Causes, RefuseAColumnThatIsNotThere) {
    const EventLog log = shop_log(1, 10, {});
    EXPECT_THROW(
        (void)metrics::find_causes(log, second_half(), metrics::facts_of(log), {.columns = {"colour"}}),
        Error);
}

}  // namespace
}  // namespace funnel::test
