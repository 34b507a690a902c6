// SPDX-License-Identifier: MIT
// The pieces of a line and what flows back along them, in double against differences and plain sums.
#include "funnel/explain/detail/net_path.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/explain/detail/final_logit.hpp"
#include "funnel/nn/activation.hpp"
#include "funnel/nn/net.hpp"

namespace funnel::explain::detail {
namespace {

using Row = Vector<double>;

nn::Net<double> random_net(std::vector<std::size_t> hidden, std::size_t outputs, std::uint64_t seed) {
    Rng rng(seed);
    nn::Net<double> net({.dense = 5, .embeddings = {}, .hidden = std::move(hidden), .outputs = outputs}, rng);
    for (std::size_t l = 0; l < net.shape().layers(); ++l) {
        for (double& b : net.bias(l))
            b = rng.normal() * 0.5;
    }
    return net;
}

Row random_row(Rng& rng) {
    Row row(5);
    for (Eigen::Index i = 0; i < row.size(); ++i)
        row[i] = rng.normal() * 2;
    return row;
}

/// The net by loops, layer after layer.
std::vector<double> logits_of(nn::Net<double> net, const Row& row) {
    std::vector<double> x(row.data(), row.data() + row.size());
    for (std::size_t l = 0; l < net.shape().layers(); ++l) {
        std::vector<double> y(net.bias(l).begin(), net.bias(l).end());
        for (std::size_t j = 0; j < y.size(); ++j) {
            for (std::size_t i = 0; i < x.size(); ++i)
                y[j] += x[i] * net.weights(l)(index_of(i), index_of(j));
            if (l + 1 < net.shape().layers()) y[j] = y[j] > 0 ? y[j] : 0;
        }
        x = y;
    }
    return x;
}

/// The logit of the mean over nets of the product of the sigmoids of heads [first, last].
double final_of(const std::vector<nn::Net<double>>& nets, const Row& row, std::size_t first,
                std::size_t last) {
    double sum = 0;
    for (const auto& net : nets) {
        const std::vector<double> z = logits_of(net, row);
        double p = 1;
        for (std::size_t h = first; h <= last; ++h)
            p *= nn::sigmoid(z[h]);
        sum += p / static_cast<double>(nets.size());
    }
    return nn::logit(sum);
}

TEST(NetPath, IsLinearBetweenItsPlaces) {
    Rng rng(5);
    std::size_t pieces_seen = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const nn::Net<double> net = random_net({9, 7, 6}, 2, seed);
        const Row from = random_row(rng), to = random_row(rng);
        const NetPath<double> path(net, from);
        Pieces<double> pieces;
        path.walk(to, pieces);
        pieces_seen += pieces.size();
        EXPECT_EQ(pieces.places.front(), 0.0);
        EXPECT_EQ(pieces.places.back(), 1.0);
        for (std::size_t s = 0; s < pieces.size(); ++s) {
            for (const double share : {0.0, 0.3, 0.8, 1.0}) {
                const double place = pieces.places[s] + share * (pieces.places[s + 1] - pieces.places[s]);
                const std::vector<double> z = logits_of(net, from + place * (to - from));
                for (Eigen::Index k = 0; k < 2; ++k) {
                    const double a = pieces.logits(index_of(s), k), b = pieces.logits(index_of(s + 1), k);
                    EXPECT_NEAR(a + share * (b - a), z[static_cast<std::size_t>(k)], 1e-9);
                }
            }
        }
    }
    EXPECT_GT(pieces_seen, 50u);
}

TEST(FinalLogit, HasTheSlopesOfDifferences) {
    const std::vector<double> z = {0.3, -1.2, 2.0, 0.5};
    std::vector<double> slopes(z.size());
    const double value = final_logit(z, 2, slopes);
    const double p = (nn::sigmoid(0.3) * nn::sigmoid(-1.2) + nn::sigmoid(2.0) * nn::sigmoid(0.5)) / 2;
    EXPECT_NEAR(value, std::log(p / (1 - p)), 1e-12);
    for (std::size_t i = 0; i < z.size(); ++i) {
        constexpr double kStep = 1e-6;
        std::vector<double> up = z, down = z;
        up[i] += kStep;
        down[i] -= kStep;
        EXPECT_NEAR(slopes[i], (final_logit(up, 2) - final_logit(down, 2)) / (2 * kStep), 1e-8) << i;
    }
}

TEST(FinalLogit, KeepsItsDigitsAtBothEnds) {
    for (const double z : {-60.0, 60.0}) {
        std::vector<double> slope(1);
        EXPECT_NEAR(final_logit(std::vector<double>{z}, 1, slope), z, 1e-9);
        EXPECT_NEAR(slope[0], 1.0, 1e-9);
    }
}

/// Integrated gradients from 20,000 places and differences in double: no pieces, no back propagation.
std::vector<double> integrated_by_differences(const std::vector<nn::Net<double>>& nets, const Row& from,
                                              const Row& to, std::size_t first, std::size_t last) {
    constexpr int kPlaces = 20'000;
    constexpr double kStep = 1e-5;
    std::vector<double> sums(5);
    for (int i = 0; i < kPlaces; ++i) {
        const Row at = from + (i + 0.5) / kPlaces * (to - from);
        for (std::size_t j = 0; j < sums.size(); ++j) {
            Row up = at, down = at;
            up[index_of(j)] += kStep;
            down[index_of(j)] -= kStep;
            sums[j] += (final_of(nets, up, first, last) - final_of(nets, down, first, last)) / (2 * kStep) *
                       (to - from)[index_of(j)] / kPlaces;
        }
    }
    return sums;
}

TEST(SlopeIntegral, GivesTheIntegratedGradientsOfAChainOfSeveralMembers) {
    Rng rng(11);
    std::vector<nn::Net<double>> nets;
    for (std::uint64_t seed = 1; seed <= 3; ++seed)
        nets.push_back(random_net({6, 4}, 3, seed));
    const Row from = random_row(rng), to = random_row(rng);
    std::vector<Pieces<double>> pieces(nets.size());
    for (std::size_t m = 0; m < nets.size(); ++m)
        NetPath<double>(nets[m], from).walk(to, pieces[m]);
    SlopeIntegral<double> integral;
    std::vector<Matrix<double>> weights;
    const double missing = integral.run(pieces, 1, 2, 1e-6, weights);  // heads 1 and 2 are a chain
    EXPECT_LE(std::abs(missing), 1e-6);
    EXPECT_NEAR(integral.from(), final_of(nets, from, 1, 2), 1e-9);
    EXPECT_NEAR(integral.to(), final_of(nets, to, 1, 2), 1e-9);
    Row sum = Row::Zero(5), parts(5);
    for (std::size_t m = 0; m < nets.size(); ++m) {
        NetPath<double>(nets[m], from).pull_back(pieces[m], weights[m], parts);
        sum += parts;
    }
    const std::vector<double> expected = integrated_by_differences(nets, from, to, 1, 2);
    for (std::size_t j = 0; j < expected.size(); ++j)
        EXPECT_NEAR(sum[index_of(j)], expected[j], 2e-4)
            << j;  // the places of the reference miss kinks by 5e-5
}

TEST(SlopeIntegral, ALogisticRegressionIsItsWeightsTimesTheSteps) {
    const nn::Net<double> net = random_net({}, 1, 3);
    Rng rng(2);
    const Row from = random_row(rng), to = random_row(rng);
    const NetPath<double> path(net, from);
    std::vector<Pieces<double>> pieces(1);
    path.walk(to, pieces[0]);
    SlopeIntegral<double> integral;
    std::vector<Matrix<double>> weights;
    EXPECT_NEAR(integral.run(pieces, 0, 1, 1e-6, weights), 0, 1e-9);
    Row parts;
    path.pull_back(pieces[0], weights[0], parts);
    nn::Net<double> copy = net;
    for (Eigen::Index j = 0; j < 5; ++j)
        EXPECT_NEAR(parts[j], copy.weights(0)(j, 0) * (to - from)[j], 1e-9);
}

}  // namespace
}  // namespace funnel::explain::detail
