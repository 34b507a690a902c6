// SPDX-License-Identifier: MIT
// Quantiles of the beta distribution against scipy 1.10 (beta.ppf), shrunk rates against the formulas of
// docs/metrics.md worked out by hand with numpy (golden/shrunk_rates.py).
#include "funnel/eval/shrunk_rate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "funnel/eval/place_factors.hpp"

namespace funnel::eval {
namespace {

struct Quantile {
    double a, b, p, x;
};

// scipy.stats.beta.ppf(p, a, b)
constexpr std::array kQuantiles = {Quantile{0.5, 0.5, 0.025, 0.001541333133436012},
                                   Quantile{0.5, 0.5, 0.5, 0.4999999999999999},
                                   Quantile{0.5, 0.5, 0.975, 0.9984586668665639},
                                   Quantile{2.0, 5.0, 0.025, 0.043271868292741676},
                                   Quantile{2.0, 5.0, 0.5, 0.26444998329566005},
                                   Quantile{2.0, 5.0, 0.975, 0.6412345789976748},
                                   Quantile{30.0, 4000.0, 0.025, 0.00502927148886833},
                                   Quantile{30.0, 4000.0, 0.5, 0.0073628385040115625},
                                   Quantile{30.0, 4000.0, 0.975, 0.010321026804591836},
                                   Quantile{1000.0, 1000.0, 0.025, 0.4780947196206835},
                                   Quantile{1000.0, 1000.0, 0.5, 0.5},
                                   Quantile{1000.0, 1000.0, 0.975, 0.5219052803793165},
                                   Quantile{1.0, 1.0, 0.025, 0.025},
                                   Quantile{1.0, 1.0, 0.5, 0.5},
                                   Quantile{1.0, 1.0, 0.975, 0.975},
                                   Quantile{0.2, 10000.0, 0.025, 6.372794829271679e-13},
                                   Quantile{0.2, 10000.0, 0.5, 2.074714754890865e-06},
                                   Quantile{0.2, 10000.0, 0.975, 0.00015110492461667662},
                                   Quantile{100000.0, 3000000.0, 0.025, 0.03206166783115982},
                                   Quantile{100000.0, 3000000.0, 0.5, 0.032257963926506414},
                                   Quantile{100000.0, 3000000.0, 0.975, 0.03245503284351028},
                                   Quantile{3.7, 250.25, 0.025, 0.003732610609483715},
                                   Quantile{3.7, 250.25, 0.5, 0.013315115449249753},
                                   Quantile{3.7, 250.25, 0.975, 0.032501316007867445}};

TEST(BetaQuantile, IsThatOfScipy) {
    for (const Quantile& q : kQuantiles) {
        EXPECT_NEAR(beta_quantile(q.p, q.a, q.b), q.x, 1e-10 * q.x + 1e-14)
            << q.a << " " << q.b << " " << q.p;
        EXPECT_NEAR(beta_cdf(q.x, q.a, q.b), q.p, 1e-8);
    }
    EXPECT_EQ(beta_cdf(0, 2, 3), 0);
    EXPECT_EQ(beta_cdf(1, 2, 3), 1);
}

TEST(ShrunkRates, AreThoseOfTheReference) {
    const std::vector<double> x = {3.0, 0.0, 12.0, 40.0, 7.0, 1.0, 5.0, 90.0, 2.0, 8.0, 0.0, 15.0};
    const std::vector<double> n = {40.0, 12.0, 100.0, 300.0, 90.0, 30.0, 20.0, 400.0, 55.0, 60.0, 5.0, 250.0};
    const std::vector<double> rate = {0.10467296808024426, 0.10334250047484175, 0.1241016991722131,
                                      0.13345420777902497, 0.09518186022344619, 0.0910508097949206,
                                      0.1729207345572035,  0.2167639720650096,  0.07761347088533131,
                                      0.13374436625207,    0.11942536671377081, 0.0702521655628637};
    const std::vector<double> low = {0.03834727553343875, 0.02694593068150957,  0.06563495922718252,
                                     0.09245901012543084, 0.043147140294226644, 0.027277151951431492,
                                     0.07390998246471935, 0.17157936495473597,  0.02577793597852378,
                                     0.0637328944774702,  0.0314205947944879,   0.038732116810852014};
    const std::vector<double> high = {0.19882989597605327, 0.22242941908661737, 0.19777268747011276,
                                      0.18056864186219357, 0.16480599158418907, 0.18759154546788787,
                                      0.3027641964055362,  0.2656059258093449,  0.1544211227406642,
                                      0.22447632266572193, 0.25480720916101673, 0.11015981658775471};
    const double mean = 0.1343612334801762, strength = 26.65292627060413;
    const ShrunkRates rates = ShrunkRates::fit(x, n, 1.5);
    EXPECT_EQ(rates.reason(), "");
    EXPECT_NEAR(rates.mean(), mean, 1e-14);
    EXPECT_NEAR(rates.strength(), strength, 1e-9 * strength);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const ShrunkRate of = rates.of(x[i], n[i]);
        EXPECT_NEAR(of.rate, rate[i], 1e-12);
        EXPECT_NEAR(of.interval.low, low[i], 1e-10);
        EXPECT_NEAR(of.interval.high, high[i], 1e-10);
    }
}

TEST(ShrunkRates, SayWhyThereAreNone) {
    const std::vector<double> few = {1, 2}, of_few = {10, 10};
    EXPECT_EQ(ShrunkRates::fit(few, of_few, 1).reason(), "no_spread");
    EXPECT_DOUBLE_EQ(ShrunkRates::fit(few, of_few, 1).of(1, 10).rate, 0.15);
    const std::vector<double> equal(30, 2), of_equal(30, 10), none(3, 0);
    EXPECT_EQ(ShrunkRates::fit(equal, of_equal, 1).reason(), "no_spread");
    EXPECT_EQ(ShrunkRates::fit(none, none, 1).reason(), "no_events");
}

TEST(ShrunkRates, TheDesignEffectOfClustersThatAreAllOrNothingIsTheirSize) {
    ClusterSums all_or_nothing, single;
    for (int c = 0; c < 100; ++c) {
        all_or_nothing.add(c % 2 == 0 ? 7 : 0, 7);
        single.add(c % 4 == 0 ? 1 : 0, 1);
    }
    EXPECT_DOUBLE_EQ(design_effect(all_or_nothing), 7);
    EXPECT_DOUBLE_EQ(design_effect(single), 1);
    ClusterSums even;  // more regular than chance
    for (int c = 0; c < 100; ++c)
        even.add(1, 2);
    EXPECT_EQ(design_effect(even), 1);
}

TEST(PlaceFactors, OfItemsThatStandStillAreUnknown) {
    std::vector<PlaceCell> cells;
    for (std::uint32_t i = 0; i < 30; ++i)
        cells.push_back({i, i % 5, 100, 10});
    EXPECT_EQ(place_factors(cells, 30, 5).reason, "place_confounded");
}

TEST(PlaceFactors, OfARankOneTableAreItsFactors) {
    // clicks = shown x factor of the item x factor of the place, without noise, many of them.
    std::vector<PlaceCell> cells;
    const std::array place = {0.4, 0.2, 0.1};
    for (std::uint32_t i = 0; i < 40; ++i) {
        const double factor = i < 20 ? 1.5 : 0.5;
        for (std::uint32_t k = 0; k < 3; ++k) {
            const double shown = i < 20 ? 3e6 / (k + 1) : 1e6 * (k + 1);
            cells.push_back({i, k, shown, shown * factor * place[k]});
        }
    }
    const PlaceFactors factors = place_factors(cells, 40, 3);
    EXPECT_EQ(factors.reason, "");
    EXPECT_NEAR(factors.observed_over_expected[0] / factors.observed_over_expected[39], 3, 0.01);
    EXPECT_NEAR(factors.place[0] / factors.place[2], 4, 0.01);
}

}  // namespace
}  // namespace funnel::eval
