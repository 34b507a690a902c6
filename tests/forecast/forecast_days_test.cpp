// SPDX-License-Identifier: MIT
// The coming days: by hand where that is possible; ranges by how often they hold on series whose truth is
// known.
#include "funnel/forecast/forecast_days.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "support/effort.hpp"

namespace funnel::test {
namespace {

using forecast::Forecast;
using forecast::forecast_days;
using forecast::ForecastOptions;
using forecast::Method;
using Series = std::vector<double>;

Series weeks(const Series& week, std::size_t n) {
    Series out;
    for (std::size_t i = 0; i < n; ++i)
        out.insert(out.end(), week.begin(), week.end());
    return out;
}

TEST(ForecastDays, WeeksThatRepeatGoOn) {
    const Forecast coming = forecast_days(weeks({3, 1, 4, 1, 5, 9, 2}, 8), {.days = 10});
    ASSERT_EQ(coming.days.size(), 10u);
    const Series expected = {3, 1, 4, 1, 5, 9, 2, 3, 1, 4};
    for (std::size_t h = 0; h < expected.size(); ++h) {
        EXPECT_DOUBLE_EQ(coming.days[h].expected, expected[h]) << h;
        ASSERT_TRUE(coming.days[h].range) << h;
        EXPECT_DOUBLE_EQ(coming.days[h].range->low, expected[h]);
        EXPECT_DOUBLE_EQ(coming.days[h].range->high, expected[h]);
    }
    EXPECT_DOUBLE_EQ(coming.total.expected, 33);
    EXPECT_EQ(coming.method, Method::last_week);  // nothing can miss by less than not at all
    EXPECT_FALSE(coming.scaled_error);            // no week changed: nothing to measure in
    EXPECT_EQ(coming.origins, 56u - 14);
}

TEST(ForecastDays, TheWeekdaysOfTheFirstDayBehindTheSeries) {
    // Eight weeks and three days: the first coming day is the fourth of the week.
    Series past = weeks({10, 20, 30, 40, 50, 60, 70}, 8);
    past.insert(past.end(), {10, 20, 30});
    EXPECT_DOUBLE_EQ(forecast_days(past).days[0].expected, 40);
}

TEST(ForecastDays, WeekdayFactorsByHand) {
    // Two weeks; the mean day is 2, the first weekday has 8 on average: (8 + 8) / 2 = 8 usual days, half a
    // usual week more: (8 + .5) / 2.5 = 3.4; the others (2 x .5 + .5) / 2.5 = .6: 7 days sum to 7.
    const Series past = weeks({8, 1, 1, 1, 1, 1, 1}, 2);
    const auto factors = forecast::detail::weekday_factors(past);
    EXPECT_NEAR(factors[0], 3.4, 1e-12);
    for (std::size_t d = 1; d < 7; ++d)
        EXPECT_NEAR(factors[d], .6, 1e-12);
}

TEST(ForecastDays, ADampedLevelByHand) {
    // Weekdays alike in the window of 12 weeks, all 1 but the last day, 85: usual = 2 where factors are 1.
    // Of one weekday the mean is 8, so its factor is (12 x 4 + .5) / 12.5; the model is asked for its parts
    // instead.
    const Series past(84, 2.0);
    const forecast::detail::WeekdayModel model(past);
    Series ahead(3);
    model.forecast({.level = .4, .damping = .5, .last_week = 0}, ahead);
    EXPECT_EQ(ahead, (Series{2, 2, 2}));
    // A level that rose to 4 on the last week: each weekday has 11 days of 2 and one of 4, factors 1, usual
    // 26 / 12.
    Series rising(84, 2.0);
    for (std::size_t i = 77; i < 84; ++i)
        rising[i] = 4;
    double level = 26.0 / 12;
    for (const double day : rising)
        level += .4 * (day - level);
    const forecast::detail::WeekdayModel risen(rising);
    risen.forecast({.level = .4, .damping = .5, .last_week = 0}, ahead);
    for (std::size_t h = 0; h < 3; ++h)
        EXPECT_NEAR(ahead[h], 26.0 / 12 + std::pow(.5, h + 1) * (level - 26.0 / 12), 1e-12) << h;
    risen.forecast({.level = .4, .damping = 0, .last_week = .5}, ahead);
    for (const double day : ahead)
        EXPECT_NEAR(day, (26.0 / 12 + 4) / 2, 1e-12);
}

TEST(ForecastDays, SparseDemandByHand) {
    // One day in four has 3. Share .25 and size 3 at first; then 21 rounds of 3 0 0 0 by the formulas.
    const Series past = [] {
        Series days;
        for (int i = 0; i < 84; ++i)
            days.push_back(i % 4 == 0 ? 3 : 0);
        return days;
    }();
    double share = .25;
    for (const double day : past)
        share = .95 * share + (day > 0 ? .05 : 0);
    Series ahead(2);
    forecast::detail::SparseModel(past).forecast({.size = .1, .share = .05}, ahead);
    EXPECT_NEAR(ahead[0], share * 3, 1e-12);
    EXPECT_EQ(ahead[0], ahead[1]);
    EXPECT_NE(forecast_days(past).method, Method::weekdays);
}

TEST(ForecastDays, OfNothingIsNothing) {
    const Forecast coming = forecast_days(Series(40, 0.0));
    EXPECT_EQ(coming.total.expected, 0);
    ASSERT_TRUE(coming.total.range);
    EXPECT_EQ(coming.total.range->high, 0);
}

TEST(ForecastDays, KnowsNothingOfWhatIsToCome) {
    std::mt19937 random(3);
    std::poisson_distribution<int> orders(12);
    Series past(90);
    for (double& day : past)
        day = orders(random);
    Series changed = past;
    for (std::size_t i = 60; i < changed.size(); ++i)
        changed[i] = 1000;
    const auto before = forecast_days(std::span(past).first(60)),
               same = forecast_days(std::span(changed).first(60));
    ASSERT_EQ(before.days.size(), same.days.size());
    for (std::size_t h = 0; h < before.days.size(); ++h)
        EXPECT_EQ(before.days[h].expected, same.days[h].expected);
}

// Brute force: the k-th smallest of n misses has k / (n + 1) of the next ones below it.
TEST(ForecastDays, RangesAreOrderStatistics) {
    Series misses(99);
    std::iota(misses.begin(), misses.end(), -49);
    const double infinite = std::numeric_limits<double>::infinity();
    const auto range = forecast::detail::conformal_range(misses, .9, infinite);
    ASSERT_TRUE(range);
    EXPECT_EQ(range->low,
              -45);  // 4 are below, 4 above: 95 of 100 places are inside [-45, 45], 5 % on each side
    EXPECT_EQ(range->high, 45);
    EXPECT_FALSE(forecast::detail::conformal_range(Series(18, 1.0), .95, infinite));
    const auto few = forecast::detail::conformal_range(Series(19, -1.0), .95, infinite);
    ASSERT_TRUE(few);  // too few for a tail on each side: the largest miss, both ways
    EXPECT_EQ(few->low, -1);
    EXPECT_EQ(few->high, 1);
    EXPECT_FALSE(forecast::detail::conformal_range({}, .95, infinite));
    // Student's t of 10 degrees of freedom is 2.228, of 5 2.571.
    EXPECT_NEAR(forecast::detail::widening(10) * 1.95996, 2.228, .001);
    EXPECT_NEAR(forecast::detail::widening(5) * 1.95996, 2.571, .005);
}

TEST(ForecastDays, RangesHold) {
    std::mt19937 random(1);
    std::size_t days = 0, days_in = 0, totals = 0, totals_in = 0, series = 0;
    for (const double mean : {60.0, 8.0, .3}) {
        for (std::size_t i = 0; i < support::cases(100); ++i, ++series) {
            const double weekday[] = {1.2, 1.1, 1, 1, .9, .7, 1.1};
            Series all;
            double drift = 0;
            for (std::size_t d = 0; d < 127; ++d) {
                drift = .9 * drift + .05 * std::normal_distribution<>()(random);
                all.push_back(
                    std::poisson_distribution<int>(mean * weekday[d % 7] * std::exp(drift))(random));
            }
            const Forecast coming = forecast_days(std::span(all).first(120));
            double total = 0;
            for (std::size_t h = 0; h < 7; ++h, ++days) {
                total += all[120 + h];
                ASSERT_TRUE(coming.days[h].range);
                days_in += std::floor(coming.days[h].range->low) <= all[120 + h] &&
                           all[120 + h] <= std::ceil(coming.days[h].range->high);
            }
            ASSERT_TRUE(coming.total.range);
            ++totals;
            totals_in +=
                std::floor(coming.total.range->low) <= total && total <= std::ceil(coming.total.range->high);
        }
    }
    ASSERT_GT(series, 0u);
    EXPECT_GT(static_cast<double>(days_in), .93 * static_cast<double>(days));
    EXPECT_GT(static_cast<double>(totals_in), .90 * static_cast<double>(totals));
}

TEST(ForecastDays, LongHorizonsHaveTheirOwnRangesOrNone) {
    std::mt19937 random(2);
    std::poisson_distribution<int> orders(20);
    Series past(40);
    for (double& day : past)
        day = orders(random);
    const Forecast coming = forecast_days(past, {.days = 91});
    EXPECT_TRUE(coming.days[0].range);
    EXPECT_FALSE(coming.days[90].range);  // no past day is 90 days behind an origin
    EXPECT_FALSE(coming.total.range);
}

TEST(ForecastDays, RefusesWhatIsNoSeries) {
    const Series fine(28, 1.0);
    EXPECT_NO_THROW((void)forecast_days(fine));
    const auto refused = [](const Series& past, const ForecastOptions& options) {
        try {
            (void)forecast_days(past, options);
        } catch (const Error& error) {
            return error.code() == ErrorCode::invalid_argument;
        }
        return false;
    };
    EXPECT_TRUE(refused(Series(27, 1.0), {}));
    EXPECT_TRUE(refused(fine, {.days = 0}));
    EXPECT_TRUE(refused(fine, {.days = 92}));
    EXPECT_TRUE(refused(fine, {.level = 1}));
    EXPECT_TRUE(refused(fine, {.unit = 0}));
    for (const double bad : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
        Series past = fine;
        past[5] = bad;
        EXPECT_TRUE(refused(past, {})) << bad;
    }
}

}  // namespace
}  // namespace funnel::test
