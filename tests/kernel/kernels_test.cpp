// SPDX-License-Identifier: MIT
#include "funnel/kernel/best_kernels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/random.hpp"
#include "funnel/nn/aligned.hpp"
#include "funnel/nn/eigen_kernels.hpp"

namespace funnel::kernel {
namespace {

using nn::kPanel;
using nn::padded;
using Floats = nn::AlignedVector<float>;

/// Sums of n products of numbers around 1 in float, in any order, against another order: n roundings of 6e-8
/// add up like a random walk, and 6e-7 (1 + sqrt(n)) holds ten times what one sees.
float tolerance(std::size_t terms) {
    return 6e-7F * (1.0F + std::sqrt(static_cast<float>(terms)));
}

Floats random_floats(std::size_t n, Rng& rng) {
    Floats values(n);
    for (float& value : values)
        value = static_cast<float>(rng.normal());
    return values;
}

/// A layer with its panels as the kernels under test make them.
struct TestLayer {
    TestLayer(std::size_t in, std::size_t out, const nn::Kernels& kernels, Rng& rng)
        : weights(random_floats(in * out, rng)),
          bias(random_floats(out, rng)),
          panels((in + 1) * padded(out), -7.0F),
          transposed(out * padded(in), -7.0F) {
        view = {in, out, weights.data(), bias.data(), panels.data(), transposed.data()};
        // In two calls, as trainers do.
        const std::size_t half = in / 2 / kPanel * kPanel;
        if (half > 0) kernels.pack(view, 0, half, panels.data(), transposed.data());
        kernels.pack(view, half, in, panels.data(), transposed.data());
    }
    Floats weights, bias, panels, transposed;
    nn::DenseLayer<float> view;
};

/// n rows of `cols` random numbers (some exactly 0), zero up to the panel.
struct Rows {
    Rows(std::size_t n, std::size_t cols, Rng& rng, std::size_t extra = 0)
        : stride(padded(cols) + extra), values(n * stride + kPanel) {
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < cols; ++j) {
                values[i * stride + j] = rng.below(5) == 0 ? 0.0F : static_cast<float>(rng.normal());
            }
        }
    }
    [[nodiscard]] nn::RowBlock<const float> read() const { return {values.data(), stride}; }
    [[nodiscard]] nn::RowBlock<float> write() { return {values.data(), stride}; }
    std::size_t stride;
    Floats values;
};

void expect_near(const Floats& a, const Floats& b, float bound, const std::string& what) {
    ASSERT_EQ(a.size(), b.size());
    ASSERT_FALSE(a.empty()) << what;
    for (std::size_t i = 0; i < a.size(); ++i) {
        ASSERT_NEAR(a[i], b[i], bound * (1.0F + std::abs(b[i]))) << what << " at " << i;
    }
}

struct Shape {
    std::size_t n, in, out;
};
const Shape kShapes[] = {{1, 32, 64},  {1, 5, 3},      {2, 16, 16},   {3, 7, 1},    {4, 100, 64},
                         {5, 33, 31},  {6, 64, 32},    {7, 64, 1},    {8, 17, 2},   {9, 64, 3},
                         {11, 40, 6},  {12, 40, 7},    {13, 1, 1},    {32, 32, 64}, {95, 300, 64},
                         {128, 64, 1}, {128, 130, 80}, {31, 256, 128}};

class Kernel : public ::testing::TestWithParam<std::string_view> {
 protected:
    const nn::Kernels& kernels = named(GetParam());
    const nn::Kernels& eigen = nn::eigen_kernels();
};

TEST_P(Kernel, GoesForwardAsEigenDoes) {
    Rng rng(1);
    for (const auto [n, in, out] : kShapes) {
        for (const bool relu : {false, true}) {
            const TestLayer layer(in, out, kernels, rng);
            const Rows a(n, in, rng);
            Rows expected(n, out, rng), got = expected;
            eigen.forward(layer.view, a.read(), n, expected.write(), relu);
            kernels.forward(layer.view, a.read(), n, got.write(), relu);
            if (out <= 6 && !relu) {  // heads: nothing is promised beyond their columns
                for (std::size_t i = 0; i < n; ++i) {
                    std::fill_n(
                        expected.values.begin() + static_cast<std::ptrdiff_t>(i * expected.stride + out),
                        padded(out) - out, 0.0F);
                    std::fill_n(got.values.begin() + static_cast<std::ptrdiff_t>(i * got.stride + out),
                                padded(out) - out, 0.0F);
                }
            }
            expect_near(got.values, expected.values, tolerance(in), "forward of " + std::to_string(out));
        }
    }
}

TEST_P(Kernel, WritesNoFurtherThanTheColumnsIfThereIsNoRoom) {
    Rng rng(2);
    for (const std::size_t out : {1U, 5U, 7U, 20U}) {
        const TestLayer layer(10, out, kernels, rng);
        const Rows a(3, 10, rng);
        Floats expected(3 * out + 1, 5.0F), got = expected;
        eigen.forward(layer.view, a.read(), 3, {expected.data(), out}, false);
        kernels.forward(layer.view, a.read(), 3, {got.data(), out}, false);
        expect_near(got, expected, tolerance(10), "forward");
        EXPECT_EQ(got.back(), 5.0F);
    }
}

TEST_P(Kernel, GoesBackToInputsAsEigenDoes) {
    Rng rng(3);
    for (const auto [n, in, out] : kShapes) {
        const TestLayer layer(in, out, kernels, rng);
        const Rows d(n, out, rng), a(n, in, rng);
        Rows expected(n, in, rng), got = expected;
        eigen.backward_inputs(layer.view, d.read(), n, a.read(), 1.25F, expected.write());
        kernels.backward_inputs(layer.view, d.read(), n, a.read(), 1.25F, got.write());
        expect_near(got.values, expected.values, tolerance(out), "masked");
        eigen.backward_inputs(layer.view, d.read(), n, {}, 1.0F, expected.write());
        kernels.backward_inputs(layer.view, d.read(), n, {}, 1.0F, got.write());
        expect_near(got.values, expected.values, tolerance(out), "plain");
    }
}

TEST_P(Kernel, GoesBackToWeightsAsEigenDoes) {
    Rng rng(4);
    for (const auto [n, in, out] : kShapes) {
        const Rows d(n, out, rng), a(n, in, rng, kPanel);
        Floats gw(in * out + 1, 3.0F), gb(out + 1, 3.0F), expected_w = gw, expected_b = gb;
        for (const bool accumulate : {false, true}) {
            eigen.backward_weights(a.read(), d.read(), n, in, out, expected_w.data(), expected_b.data(),
                                   accumulate);
            kernels.backward_weights(a.read(), d.read(), n, in, out, gw.data(), gb.data(), accumulate);
            expect_near(gw, expected_w, tolerance(n), "weights");
            expect_near(gb, expected_b, tolerance(n), "bias");
        }
        EXPECT_EQ(gw.back(), 3.0F);
        EXPECT_EQ(gb.back(), 3.0F);
    }
}

TEST_P(Kernel, GivesARowTheSameBytesInAnyBatch) {
    Rng rng(5);
    struct Case {
        std::size_t width, heads;
        bool relu;
    };
    for (const auto& [width, heads, relu] :
         {Case{32, 64, true}, Case{100, 48, true}, Case{64, 3, false}, Case{70, 9, false}}) {
        const TestLayer layer(width, heads, kernels, rng);
        const Rows a(29, width, rng);
        Rows all(29, heads, rng), one(1, heads, rng);
        kernels.forward(layer.view, a.read(), 29, all.write(), relu);
        for (std::size_t i = 0; i < 29; ++i) {
            kernels.forward(layer.view, {a.values.data() + i * a.stride, a.stride}, 1, one.write(), relu);
            for (std::size_t j = 0; j < heads; ++j)
                ASSERT_EQ(one.values[j], all.values[i * all.stride + j]);
        }
    }
}

TEST_P(Kernel, StepsAsEigenDoes) {
    Rng rng(6);
    for (const std::size_t n : {1U, 7U, 16U, 100U}) {
        const nn::AdamWStep step{1e-2, 0.9, 0.999, 1e-8, 0.1, 0.19, 0.002};
        const Floats g = random_floats(n, rng);
        Floats p = random_floats(n, rng), m = random_floats(n, rng), v(n, 0.25F), p2 = p, m2 = m, v2 = v;
        for (int i = 0; i < 3; ++i) {
            eigen.adamw(step, n, g.data(), p.data(), m.data(), v.data());
            kernels.adamw(step, n, g.data(), p2.data(), m2.data(), v2.data());
        }
        expect_near(p2, p, 1e-6F, "parameters");
        expect_near(m2, m, 1e-6F, "means");
        expect_near(v2, v, 1e-6F, "squares");
        kernels.add(n, g.data(), p.data());
        for (std::size_t i = 0; i < n; ++i)
            EXPECT_NEAR(p[i], p2[i] + g[i], 1e-5F);
    }
}

TEST_P(Kernel, ComputesAnElementTheSameWhereverItStands) {
    Rng rng(7);
    const Floats z = random_floats(64, rng), y(64, 1.0F), c(64, 0.5F);
    Floats p(64), g(64), one(1), g_one(1);
    kernels.sigmoid(64, z.data(), p.data());
    (void)kernels.bce(64, z.data(), y.data(), c.data(), g.data());
    for (std::size_t i = 0; i < 64; ++i) {
        kernels.sigmoid(1, z.data() + i, one.data());
        EXPECT_EQ(one[0], p[i]);
        (void)kernels.bce(1, z.data() + i, y.data(), c.data(), g_one.data());
        EXPECT_EQ(g_one[0], g[i]);
    }
}

TEST_P(Kernel, JudgesAsTheExactFormulasDo) {
    Floats z, y, c;
    for (float value = -100.0F; value <= 100.0F; value += 0.37F) {
        for (const float label : {0.0F, 1.0F}) {
            z.push_back(value);
            y.push_back(label);
            c.push_back(0.25F);
        }
    }
    Floats p(z.size()), g(z.size());
    kernels.sigmoid(z.size(), z.data(), p.data());
    const double loss = kernels.bce(z.size(), z.data(), y.data(), c.data(), g.data());
    double expected = 0.0;
    for (std::size_t i = 0; i < z.size(); ++i) {
        const double x = static_cast<double>(z[i]), exact = nn::sigmoid(x), label = static_cast<double>(y[i]);
        // Relative, down to where a float cannot hold it: small probabilities are what a click model is
        // about.
        EXPECT_NEAR(static_cast<double>(p[i]), exact, 1e-6 * exact + 1e-37) << x;
        EXPECT_NEAR(static_cast<double>(g[i]), 0.25 * (exact - label), 1e-7) << x;
        expected += 0.25 * (nn::softplus(x) - label * x);
    }
    EXPECT_NEAR(loss, expected, 1e-6 * expected);
}

TEST_P(Kernel, ScoresNumbersAsTheExactFormulasDo) {
    constexpr double kMean = 0.25, kScale = 0.125, kClip = 3;
    std::vector<nn::ZScores<float>> parameters(3);
    for (std::size_t g = 0; g < parameters.size(); ++g) {
        parameters[g].mean.fill(static_cast<float>(kMean));
        parameters[g].scale.fill(static_cast<float>(kScale));
        (g == 0 ? parameters[g].identity : g == 1 ? parameters[g].logit : parameters[g].log1p).fill(1.0F);
    }
    std::vector<float> values = {0.0F, -0.0F, 1e-30F, 1e30F, -1e30F, 1.0F, -1.0F, 0.5F, 1e-7F};
    for (float x = 1e-8F; x < 1e9F; x *= 1.7F)
        values.insert(values.end(), {x, -x, 1.0F - x});
    for (const float x : values) {
        const Floats raw(3 * nn::kScores, x);
        Floats z(raw.size());
        kernels.z_scores(3, parameters.data(), static_cast<float>(kClip), raw.data(), z.data());
        const auto exact = static_cast<double>(x);
        const double rate = std::clamp(exact, 1e-7, static_cast<double>(1.0F - 1e-7F));
        const double logit = std::log(rate / (1.0 - rate)), log1p = std::log1p(std::abs(exact));
        const double t[] = {exact, logit, std::copysign(log1p, exact)};
        for (std::size_t g = 0; g < 3; ++g) {
            const double expected = std::clamp((t[g] - kMean) * kScale, -kClip, kClip);
            // A rate near 1 has few digits left in 1 - rate; all others err by a few roundings.
            const double bound = g == 1 && rate > 0.5 ? 1e-7 / (1.0 - rate) : 2e-6;
            for (std::size_t lane = 0; lane < nn::kScores; ++lane)
                ASSERT_NEAR(z[g * nn::kScores + lane], expected, bound) << "group " << g << ", " << x;
        }
    }
}

TEST_P(Kernel, ScoresWhatIsNoNumberAsZero) {
    nn::ZScores<float> parameters;
    parameters.identity.fill(1.0F);
    parameters.scale.fill(1.0F);
    parameters.mean.fill(5.0F);
    Floats x(nn::kScores, 2.0F), z(nn::kScores);
    x[1] = std::numeric_limits<float>::quiet_NaN();
    x[4] = std::numeric_limits<float>::infinity();
    x[15] = -std::numeric_limits<float>::infinity();
    kernels.z_scores(1, &parameters, 8.0F, x.data(), z.data());
    for (std::size_t i = 0; i < nn::kScores; ++i)
        EXPECT_EQ(z[i], i == 1 || i == 4 || i == 15 ? 0.0F : -3.0F) << i;
}

INSTANTIATE_TEST_SUITE_P(Runnable, Kernel, ::testing::ValuesIn(names().begin(), names().end()),
                         [](const auto& set) { return std::string(set.param); });

TEST(Kernels, NameTheBestLast) {
    EXPECT_EQ(names().front(), "scalar");
    EXPECT_EQ(names().back(), best().name);
    for (const std::string_view name : names())
        EXPECT_EQ(named(name).name, name);
}

#if defined(__x86_64__) || defined(__aarch64__)
/// What the system says about its first CPU: the words behind "flags" or "Features".
std::set<std::string> cpu_flags() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        if (!line.starts_with("flags") && !line.starts_with("Features")) continue;
        std::istringstream words(line.substr(line.find(':') + 1));
        return {std::istream_iterator<std::string>(words), {}};
    }
    return {};
}

TEST(Kernels, AreThoseThatTheSystemSaysTheCpuHas) {
    const std::set<std::string> flags = cpu_flags();
    if (flags.empty()) GTEST_SKIP() << "no /proc/cpuinfo";
    const auto has = [&](const std::vector<std::string>& wanted) {
        return std::ranges::all_of(wanted, [&](const std::string& flag) { return flags.contains(flag); });
    };
    const bool avx2 = has({"avx2", "fma", "bmi1", "bmi2", "f16c", "aes", "pclmulqdq"});
    const bool avx512 = avx2 && has({"avx512f", "avx512vl", "avx512dq", "avx512bw"});
    const bool neon = has({"asimd", "aes"});
    std::vector<std::string_view> expected{"scalar"};
    if (neon) expected.emplace_back("neon");
    if (avx2) expected.emplace_back("avx2");
    if (avx512) expected.emplace_back("avx512");
    EXPECT_TRUE(std::ranges::equal(names(), expected)) << "this machine's best: " << best().name;
}
#endif

TEST(Kernels, RefuseNamesThatCannotRunHere) {
    for (const std::string_view name : {"", "sse2", "AVX2"}) {
        try {
            (void)named(name);
            FAIL() << name;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
            EXPECT_NE(std::string(error.what()).find("scalar"), std::string::npos);
        }
    }
}

}  // namespace
}  // namespace funnel::kernel
