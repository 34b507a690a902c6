// SPDX-License-Identifier: MIT
// Training in one pass: what a row is shown, what the model knows afterwards, and that nothing depends on how
// the rows were handed over.
#include "funnel/train/one_pass.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "funnel/base/hash.hpp"
#include "funnel/base/random.hpp"
#include "funnel/encoding/running_rates.hpp"
#include "funnel/eval/roc_auc.hpp"
#include "funnel/nn/activation.hpp"

namespace funnel::train {
namespace {

/// A label that depends on a number, sometimes missing, and on one of many colours.
struct Clicks {
    Clicks(std::size_t rows, std::uint64_t seed) {
        Rng rng(seed);
        for (std::size_t i = 0; i < rows; ++i) {
            const double x = rng.normal();
            const std::uint64_t colour = rng.below(200), shade = rng.below(3);
            Rng taste(colour + 1000);
            const double p = nn::sigmoid(-1.0 + x + 1.5 * taste.normal());
            numbers.push_back(rng.below(20) == 0 ? std::numeric_limits<float>::quiet_NaN()
                                                 : static_cast<float>(x));
            numbers.push_back(static_cast<float>(std::exp(3.0 * rng.normal())));
            texts.push_back("colour " + std::to_string(colour));
            texts.push_back(shade == 0 ? "" : "shade " + std::to_string(shade));
            labels.push_back(rng.uniform() < p ? 1 : 0);
            exact.push_back(static_cast<float>(p));
        }
        for (const std::string& text : texts)
            hashes.push_back(base::hash_bytes(text));
    }
    std::vector<float> numbers, exact;
    std::vector<std::string> texts;
    std::vector<std::uint64_t> hashes;
    std::vector<std::uint8_t> labels;
};

const OnePassInputs kInputs{.numeric = {"x", "noise"}, .categorical = {"colour", "shade"}, .target = "y"};

Bundle train(const Clicks& sample, std::size_t at_once, unsigned threads, std::size_t batch = 64) {
    ModelOptions options;
    options.training.batch_size = batch;
    options.training.threads = threads;
    OnePass pass(kInputs, options, nn::eigen_kernels());
    for (std::size_t i = 0; i < sample.labels.size(); i += at_once) {
        const std::size_t n = std::min(at_once, sample.labels.size() - i);
        pass.add(std::span(sample.numbers).subspan(2 * i, 2 * n),
                 std::span(sample.hashes).subspan(2 * i, 2 * n), std::span(sample.labels).subspan(i, n));
    }
    return pass.finish();
}

std::vector<float> predictions(const Bundle& bundle, const Clicks& sample) {
    const model::Predictor predictor(bundle);
    model::Predictor::Workspace workspace;
    std::vector<float> p(sample.labels.size());
    const std::vector<std::string_view> texts(sample.texts.begin(), sample.texts.end());
    predictor.predict(sample.numbers, texts, p, workspace);
    return p;
}

TEST(OnePass, ComesCloseToTheTruth) {
    const Clicks known(40'000, 1), others(10'000, 2);
    const Bundle bundle = train(known, 1000, 1);
    EXPECT_EQ(bundle.summary.examples, 40'000u);
    EXPECT_EQ(bundle.summary.epochs.size(), 1u);
    const std::vector<float> p = predictions(bundle, others);
    const double best = *eval::roc_auc(std::span<const float>(others.exact), others.labels);
    EXPECT_GT(*eval::roc_auc(std::span<const float>(p), others.labels), best - 0.012);
    double sum = 0, exact = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
        sum += static_cast<double>(p[i]);
        exact += static_cast<double>(others.exact[i]);
    }
    EXPECT_NEAR(sum / exact, 1.0, 0.05);
}

TEST(OnePass, GivesTheSameModelHoweverTheRowsCome) {
    const Clicks sample(23'456, 3);
    const auto bytes = [](const Bundle& bundle) {
        base::ByteWriter out;
        bundle.encoder.write(out);
        out.array(std::vector<float>(bundle.nets[0].parameters().begin(), bundle.nets[0].parameters().end()));
        bundle.summary.write(out);
        return out.take();
    };
    const auto expected = bytes(train(sample, 23'456, 1, 300));
    for (const unsigned threads : {1u, 2u, 8u}) {
        for (const std::size_t at_once : {999u, 10'000u})
            EXPECT_EQ(bytes(train(sample, at_once, threads, 300)), expected) << threads << ' ' << at_once;
    }
}

TEST(OnePass, WorksOnFewRowsAndCarriesExamples) {
    const Bundle bundle = train(Clicks(5, 4), 2, 1);
    EXPECT_EQ(bundle.summary.examples, 5u);
    EXPECT_EQ(bundle.probes.size(), 5u);
    const auto predicted = predictions(bundle, Clicks(100, 5));
    EXPECT_EQ(predicted.size(), 100u);
    for (const float p : predicted)
        EXPECT_TRUE(p > 0.0f && p < 1.0f);
    OnePass nothing(kInputs, {}, nn::eigen_kernels());
    EXPECT_THROW((void)nothing.finish(), Error);
}

TEST(RunningRates, ShowOnlyEarlierRows) {
    // Strength 2, prior 0.25: (positives + 0.5) / (rows + 2) by hand.
    encoding::RunningRates rates(2);
    const std::vector<std::uint8_t> labels = {1, 0, 1, 1};
    const std::uint64_t a = base::hash_bytes("a"), b = base::hash_bytes("b");
    const std::vector<std::uint64_t> hashes = {a, a, b, a};
    std::vector<float> out(8);
    rates.show_then_count(labels, 0.25, hashes.data(), 1, out.data(), 2);
    EXPECT_EQ(out, (std::vector<float>{0.25f, 0, 1.5f / 3, 1, 0.25f, 0, 1.5f / 4, 2}));
    // Afterwards a has 2 of 3 and b 1 of 1; the prior is that of all rows, (3 + 0.5) / (4 + 1) = 0.7.
    encoding::Moments plain;
    plain.count = 1;
    const auto encoder = rates.finish(plain, plain, 100);  // scores without mean and scale
    const auto shown = [&](std::string_view text) {
        std::vector<float> row(2);
        encoder.write_rates(encoder.vocabulary().id(text), row);
        return row;
    };
    const auto logit = [](double p) { return std::log(p / (1 - p)); };
    EXPECT_NEAR(shown("a")[0], logit((2 + 1.4) / 5), 1e-6);
    EXPECT_NEAR(shown("a")[1], std::log(4.0), 1e-6);
    EXPECT_NEAR(shown("b")[0], logit((1 + 1.4) / 3), 1e-6);
    EXPECT_NEAR(shown("never met")[0], logit(0.7), 1e-6);
    EXPECT_EQ(shown("never met")[1], 0.0f);
}

}  // namespace
}  // namespace funnel::train
