// SPDX-License-Identifier: MIT
#include "funnel/nn/chain_loss.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/nn/eigen_kernels.hpp"
#include "nn/numeric_gradient.hpp"

namespace funnel::nn {
namespace {

struct Sample {
    std::vector<double> logits;
    std::vector<std::uint8_t> labels;
    std::vector<float> weights;
    std::vector<std::uint32_t> rows;
};

/// Ordered outcomes, as stages of a funnel are: a head that is reached has all before it; some are unknown.
Sample random_sample(std::size_t n, std::size_t heads, std::uint64_t seed) {
    Rng rng(seed);
    Sample sample;
    for (std::size_t i = 0; i < n; ++i) {
        const std::uint64_t reached = rng.below(heads + 1);
        for (std::size_t k = 0; k < heads; ++k) {
            sample.logits.push_back(2.0 * rng.normal());
            sample.labels.push_back(rng.below(5) == 0 ? base::kUnknownLabel : k < reached ? 1 : 0);
        }
        sample.weights.push_back(static_cast<float>(rng.uniform() + 0.5));
        sample.rows.push_back(static_cast<std::uint32_t>(i));
    }
    return sample;
}

double loss_of(const Chains& chains, const Sample& sample, const NegativeSampling& sampling,
               std::vector<double>& gradient) {
    gradient.resize(sample.logits.size());
    return chain_loss<double>(chains, sample.logits, sample.labels, sample.weights, sample.rows, sampling,
                              eigen_kernels<double>(), gradient);
}

/// The formula of learning.md, written down once more, row by row and head by head.
double by_definition(const Chains& chains, const Sample& sample, const NegativeSampling& sampling) {
    double loss = 0.0;
    const std::size_t heads = chains.heads();
    for (std::size_t c = 0; c < chains.size(); ++c) {
        double above = 0.0, below = 0.0;
        for (std::size_t i = 0; i < sample.weights.size(); ++i) {
            for (std::size_t k = chains.first(c); k < chains.first(c) + chains.lengths()[c]; ++k) {
                const std::uint8_t* y = sample.labels.data() + i * heads;
                const double z = sample.logits[i * heads + k];
                bool known = true;
                for (std::size_t j = chains.first(c); j <= k; ++j)
                    known = known && y[j] != base::kUnknownLabel;
                double factor = known ? static_cast<double>(sample.weights[i]) : 0.0;
                if (k > chains.first(c) && y[k - 1] != 1) factor = 0.0;
                if (k == chains.first(c) && y[k] == 0 && !sampling.keeps(sample.rows[i])) factor = 0.0;
                above += factor * (std::log1p(std::exp(z)) - (y[k] == 1 ? z : 0.0));
                below += factor;
            }
        }
        if (below > 0.0) loss += above / below;
    }
    return loss;
}

TEST(ChainLoss, IsPlainCrossEntropyForOneHead) {
    const std::vector<double> logits{0.0, std::log(3.0)};
    const std::vector<std::uint8_t> labels{1, 0};
    std::vector<double> gradient(2);
    const double loss =
        chain_loss<double>(Chains({1}), logits, labels, {}, {}, {}, eigen_kernels<double>(), gradient);
    // -ln 1/2 and -ln 1/4, half each; gradients (1/2 - 1) / 2 and (3/4 - 0) / 2.
    EXPECT_NEAR(loss, 1.5 * std::log(2.0), 1e-15);
    EXPECT_NEAR(gradient[0], -0.25, 1e-15);
    EXPECT_NEAR(gradient[1], 0.375, 1e-15);
}

TEST(ChainLoss, EqualsItsDefinition) {
    for (const auto& chains : {Chains({3}), Chains({1, 2}), Chains({1, 1, 1}), Chains({2, 1})}) {
        for (const double rate : {1.0, 0.4}) {
            const Sample sample = random_sample(50, 3, 7);
            const NegativeSampling sampling{rate, 5};
            std::vector<double> gradient;
            EXPECT_NEAR(loss_of(chains, sample, sampling, gradient), by_definition(chains, sample, sampling),
                        1e-12);
        }
    }
}

TEST(ChainLoss, HasTheGradientOfItsDefinition) {
    for (const auto& chains : {Chains({3}), Chains({1, 2})}) {
        Sample sample = random_sample(20, 3, 8);
        const NegativeSampling sampling{0.5, 5};
        std::vector<double> gradient;
        (void)loss_of(chains, sample, sampling, gradient);
        const auto numeric = funnel::testing::numeric_gradient(
            sample.logits, [&] { return by_definition(chains, sample, sampling); });
        ASSERT_EQ(gradient.size(), 60u);
        for (std::size_t i = 0; i < gradient.size(); ++i)
            EXPECT_NEAR(gradient[i], numeric[i], 1e-8);
    }
}

TEST(ChainLoss, IgnoresRowsWithoutAKnownLabel) {
    Sample sample = random_sample(10, 2, 9);
    std::fill(sample.labels.begin(), sample.labels.end(), base::kUnknownLabel);
    std::vector<double> gradient;
    EXPECT_EQ(loss_of(Chains({2}), sample, {}, gradient), 0.0);
    EXPECT_EQ(gradient.size(), 20u);
    for (const double g : gradient)
        EXPECT_EQ(g, 0.0);
}

TEST(ChainLoss, SamplesNegativesOfTheFirstHeadOnly) {
    const NegativeSampling none{1e-12, 3};
    std::vector<double> factors(3, -1.0);
    // A positive of the other chain does not bring its row back into the first one.
    const std::vector<std::uint8_t> labels{0, 1, 0};
    const std::vector<double> weights{3.0, 2.0};
    chain_factors(Chains({1, 2}), labels.data(), none.keeps(1), weights.data(), factors.data());
    EXPECT_EQ(factors, (std::vector<double>{0.0, 2.0, 2.0}));
}

TEST(ChainLoss, KeepsTheAskedPartOfNegatives) {
    const NegativeSampling sampling{0.3, 11};
    int kept = 0;
    for (std::uint32_t row = 0; row < 20'000; ++row)
        kept += sampling.keeps(row) ? 1 : 0;
    EXPECT_NEAR(kept, 6000, 5 * 65);  // 5 standard deviations
}

}  // namespace
}  // namespace funnel::nn
