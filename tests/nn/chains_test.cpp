// SPDX-License-Identifier: MIT
#include "funnel/nn/chains.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "funnel/nn/eigen_kernels.hpp"

namespace funnel::nn {
namespace {

TEST(Chains, MultiplySigmoidsInsideAChainOnly) {
    // ln 3 has sigmoid 3/4, -ln 3 has 1/4, 0 has 1/2.
    const double a = std::log(3.0);
    const std::vector<double> logits{a, 0.0, -a, 0.0, a, a};
    std::vector<double> p(6);
    probabilities<double>(logits, Chains({1, 2}), eigen_kernels<double>(), p);
    const std::vector<double> expected{0.75, 0.5, 0.125, 0.5, 0.75, 0.5625};
    for (std::size_t i = 0; i < p.size(); ++i)
        EXPECT_NEAR(p[i], expected[i], 1e-15);
}

TEST(Chains, RefuseAnEmptyChain) {
    EXPECT_THROW(Chains({1, 0}), Error);
    EXPECT_THROW(Chains(std::vector<std::size_t>{}), Error);
}

TEST(Chains, RefuseRowsOfAnotherWidth) {
    const std::vector<float> logits(5);
    std::vector<float> p(5);
    EXPECT_THROW(probabilities<float>(logits, Chains({2}), eigen_kernels(), p), Error);
}

TEST(Chains, ComeBackFromBytes) {
    const Chains chains({1, 3, 2});
    base::ByteWriter out;
    chains.write(out);
    base::ByteReader in(out.bytes());
    EXPECT_EQ(Chains::read(in), chains);
    EXPECT_FALSE(out.bytes().empty());
    for (std::size_t cut = 0; cut < out.bytes().size(); ++cut) {
        base::ByteReader damaged(std::span(out.bytes()).first(cut));
        EXPECT_THROW((void)Chains::read(damaged), Error) << cut;
    }
}

}  // namespace
}  // namespace funnel::nn
