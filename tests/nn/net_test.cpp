// SPDX-License-Identifier: MIT
#include "funnel/nn/net.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace funnel::nn {
namespace {

const NetShape kShape{.dense = 3, .embeddings = {{.rows = 5, .dim = 2}}, .hidden = {4}, .outputs = 2};

TEST(Net, CountsItsParameters) {
    // 5 * 2 of the table, (5 + 1) * 4 and (4 + 1) * 2 of the layers.
    EXPECT_EQ(kShape.parameters(), 44U);
    EXPECT_EQ(Net<float>(kShape).parameters().size(), 44U);
    EXPECT_EQ(Net<float>(kShape).decayed(), 38U);
}

TEST(Net, DrawsWeightsAfterHe) {
    Rng rng(1);
    const NetShape shape{.dense = 200, .embeddings = {}, .hidden = {100}, .outputs = 1};
    const Net<double> net(shape, rng);
    const ParameterRange range = net.weight_range(0);
    double sum = 0.0, squares = 0.0;
    for (const double w : net.parameters().subspan(range.first, range.count)) {
        sum += w;
        squares += w * w;
    }
    EXPECT_NEAR(sum / 20'000.0, 0.0, 5 * 0.1 / std::sqrt(20'000.0));
    EXPECT_NEAR(std::sqrt(squares / 20'000.0), 0.1, 0.003);  // sqrt(2 / 200)
    for (std::size_t l = 0; l < 2; ++l) {
        EXPECT_GT(net.bias_range(l).count, 0U);
        for (const double b : net.parameters().subspan(net.bias_range(l).first, net.bias_range(l).count)) {
            EXPECT_EQ(b, 0.0);
        }
    }
}

TEST(Net, ComesBackFromBytes) {
    Rng rng(2);
    const Net<float> net(kShape, rng);
    base::ByteWriter out;
    net.write(out);
    base::ByteReader in(out.bytes());
    EXPECT_EQ(Net<float>::read(in), net);
    EXPECT_NO_THROW(in.expect_end());
}

TEST(Net, RefusesACutFileAtEveryLength) {
    Rng rng(2);
    base::ByteWriter out;
    Net<float>(kShape, rng).write(out);
    EXPECT_FALSE(out.bytes().empty());
    for (std::size_t cut = 0; cut < out.bytes().size(); ++cut) {
        base::ByteReader in(std::span(out.bytes()).first(cut));
        EXPECT_THROW((void)Net<float>::read(in), Error) << cut;
    }
}

TEST(Net, RefusesSizesThatOverflow) {
    for (const std::uint64_t size : {std::uint64_t{1} << 32, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
        NetShape shape = kShape;
        shape.dense = size;
        EXPECT_THROW(Net<float>{shape}, Error);
        shape = kShape;
        shape.hidden = {size, size};
        EXPECT_THROW(Net<float>{shape}, Error);
        shape = kShape;
        shape.embeddings = {{.rows = size, .dim = 2}};
        EXPECT_THROW(Net<float>{shape}, Error);
    }
    EXPECT_THROW(Net<float>(NetShape{.dense = 0, .embeddings = {}, .hidden = {}, .outputs = 1}), Error);
}

TEST(Net, RefusesWeightsThatAreNotFinite) {
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        Net<float> net(kShape);
        net.parameters()[7] = bad;
        base::ByteWriter out;
        net.write(out);
        base::ByteReader in(out.bytes());
        EXPECT_THROW((void)Net<float>::read(in), Error);
    }
}

}  // namespace
}  // namespace funnel::nn
