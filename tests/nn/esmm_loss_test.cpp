// SPDX-License-Identifier: MIT
#include "funnel/nn/esmm_loss.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "funnel/base/random.hpp"
#include "nn/numeric_gradient.hpp"

namespace funnel::nn {
namespace {

double by_definition(const Chains& chains, const std::vector<double>& z, const std::vector<double>& y,
                     const std::vector<double>& c) {
    double loss = 0.0;
    for (std::size_t row = 0; row < z.size(); row += chains.heads()) {
        for (std::size_t chain = 0; chain < chains.size(); ++chain) {
            double p = 1.0;
            for (std::size_t j = 0; j < chains.lengths()[chain]; ++j) {
                const std::size_t at = row + chains.first(chain) + j;
                p *= 1.0 / (1.0 + std::exp(-z[at]));
                loss -= c[at] * (y[at] == 1.0 ? std::log(p) : std::log(1.0 - p));
            }
        }
    }
    return loss;
}

TEST(EsmmLoss, EqualsItsDefinitionWithItsGradient) {
    const Chains chains({1, 3});
    Rng rng(4);
    const std::size_t n = 30;
    std::vector<double> z(n * 4), y(n * 4), c(n * 4), g(n * 4);
    for (std::size_t i = 0; i < z.size(); ++i) {
        z[i] = 2.0 * rng.normal();
        y[i] = rng.below(2) == 0 ? 0.0 : 1.0;
        c[i] = rng.below(4) == 0 ? 0.0 : rng.uniform();
    }
    EXPECT_NEAR(esmm_loss(chains, n, z.data(), y.data(), c.data(), g.data()), by_definition(chains, z, y, c),
                1e-10);
    const auto numeric = funnel::testing::numeric_gradient(z, [&] { return by_definition(chains, z, y, c); });
    for (std::size_t i = 0; i < g.size(); ++i)
        EXPECT_NEAR(g[i], numeric[i], 1e-8);
}

TEST(EsmmLoss, StaysFiniteAtBothEnds) {
    const Chains chains({2});
    const std::vector<float> z{90, 90, -90, -90}, y{0, 0, 1, 1}, c(4, 1.0F);
    std::vector<float> g(4);
    EXPECT_TRUE(std::isfinite(esmm_loss(chains, 2, z.data(), y.data(), c.data(), g.data())));
    for (const float value : g)
        EXPECT_TRUE(std::isfinite(value));
}

TEST(EsmmLoss, CountsEveryKnownLabel) {
    const std::vector<std::uint8_t> some{0, 2, 0}, all{0, 0, 0};
    const double weight = 0.5;
    std::vector<double> factors(3);
    esmm_factors(Chains({3}), some.data(), true, &weight, factors.data());
    EXPECT_EQ(factors, (std::vector<double>{0.5, 0.0, 0.5}));
    esmm_factors(Chains({3}), all.data(), false, &weight, factors.data());
    EXPECT_EQ(factors, (std::vector<double>{0.0, 0.0, 0.0}));
}

}  // namespace
}  // namespace funnel::nn
