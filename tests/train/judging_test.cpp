// SPDX-License-Identifier: MIT
// Champions, recalibration and the audit, against figures made by hand or by counting pairs.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "funnel/train/audit.hpp"
#include "funnel/train/champion.hpp"
#include "funnel/train/recalibrate.hpp"
#include "train/model_sample.hpp"

namespace funnel::train {
namespace {

using testing::make_dataset;
using testing::make_model;
using testing::quick_options;

/// The gain of a model over `champion`, as its own training measures it.
Gain gain_of(const encoding::Dataset& data, ModelOptions options, const Bundle& champion) {
    Gain gain;
    options.validated = [&](const ValidatedFit& fit) {
        gain = gain_over(champion, fit, nn::eigen_kernels());
    };
    (void)make_model(data, options);
    return gain;
}

TEST(Champion, AModelDoesNotBeatItself) {
    const encoding::Dataset data = make_dataset(1200, {"a", "b"});
    const Gain gain = gain_of(data, quick_options(), make_model(data, quick_options()));
    EXPECT_EQ(gain.value, 0.0);
    ASSERT_TRUE(gain.range.interval);
    EXPECT_EQ(gain.range.interval->low, 0.0);
    EXPECT_EQ(gain.range.interval->high, 0.0);
    EXPECT_FALSE(gain.surely_at_least(0));
}

TEST(Champion, TheGainIsTheDifferenceOfTheEntropies) {
    const encoding::Dataset data = make_dataset(1200, {"a", "b"});
    ModelOptions poor = quick_options();
    poor.training.epochs = 1;
    poor.training.learning_rate = 1e-5;
    const Bundle before = make_model(data, poor), after = make_model(data, quick_options());
    const Gain gain = gain_of(data, quick_options(), before);
    ASSERT_TRUE(gain.value);
    EXPECT_NEAR(*gain.value,
                *before.summary.targets[0].normalized_entropy - *after.summary.targets[0].normalized_entropy,
                1e-12);
    EXPECT_GT(*gain.value, 0.05);
    EXPECT_TRUE(gain.surely_at_least(0.01));
    EXPECT_FALSE(gain.surely_at_least(*gain.value));
    EXPECT_FALSE(gain_of(data, poor, after).surely_at_least(0));
}

// Rows in no order of time, half of them from before the end of the champion's history.
TEST(Champion, OfALogIsJudgedOnLaterRowsThanItsOwn) {
    encoding::Dataset data = make_dataset(1600, {"a", "b"});
    for (std::size_t i = 0; i < data.size(); ++i)
        data.keys[i].time = static_cast<std::int64_t>(i * 677 % 1600);
    ModelOptions poor = quick_options();
    poor.training.epochs = 1;
    poor.training.learning_rate = 1e-5;
    Bundle champion = make_model(data, poor);
    history::HistoryOptions history;
    history.funnel = Funnel::parse("view,purchase");
    champion.history.emplace(history);
    champion.history->observe({.time = 800, .kind = EventKind::view, .user = "u", .item = "i"});

    Gain gain;
    double expected = 0;
    ModelOptions options = quick_options();
    options.validated = [&](const ValidatedFit& fit) {
        gain = gain_over(champion, fit, nn::eigen_kernels());
        const DatasetSource source(champion.encoder, data);
        const auto old = predict_rows(model::Predictor(champion), source, fit.rows.rows);
        std::vector<float> before, after;
        std::vector<std::uint8_t> labels;
        for (std::size_t i = 0; i < fit.rows.size(); ++i) {
            if (data.keys[fit.rows.rows[i]].time <= 800) continue;
            before.push_back(old[i]);
            after.push_back(fit.probabilities[i]);
            labels.push_back(fit.rows.labels[i]);
        }
        ASSERT_LT(labels.size(), fit.rows.size() * 2 / 3);
        expected = *eval::evaluate(std::span<const float>(before), labels).normalized_entropy.value -
                   *eval::evaluate(std::span<const float>(after), labels).normalized_entropy.value;
    };
    (void)make_model(data, options);
    EXPECT_NEAR(gain.value.value(), expected, 1e-12);
    EXPECT_FALSE(gain.champion_saw_rows);

    champion.history->observe({.time = 5000, .kind = EventKind::view, .user = "u", .item = "i"});
    const Gain all = gain_of(data, quick_options(), champion);
    EXPECT_TRUE(all.champion_saw_rows);
    EXPECT_NE(all.value, gain.value);
}

TEST(Champion, NeedsATargetInCommon) {
    const encoding::Dataset data = make_dataset(800, {"a"});
    Bundle other = make_model(data, quick_options());
    other.heads.front().name = "returned";
    EXPECT_THROW((void)gain_of(data, quick_options(), other), Error);
}

TEST(Recalibrate, MovesAHeadByItsShrunkBestShift) {
    Bundle bundle = make_model(make_dataset(800, {"a"}), quick_options());
    const float before = bundle.nets.front().head_bias()[0];
    // 30 of 120 where one half was expected: ln(1 / 3), of which 30 / (30 + 100) is believed.
    const std::vector<std::vector<float>> scores{std::vector<float>(120, 0.5F)};
    std::vector<std::vector<std::uint8_t>> labels{std::vector<std::uint8_t>(120, 0)};
    for (std::size_t i = 0; i < 30; ++i)
        labels[0][4 * i] = 1;
    const auto shifts = recalibrate(bundle, scores, labels, {}, nn::eigen_kernels());
    EXPECT_NEAR(shifts[0].intercept, std::log(1.0 / 3) * 30 / 130, 1e-9);
    EXPECT_EQ(shifts[0].positives, 30u);
    EXPECT_NEAR(bundle.nets.front().head_bias()[0] - before, -0.2535259, 1e-6);
}

TEST(Recalibrate, TheProofOfTheModelMovesWithIt) {
    Bundle bundle = make_model(make_dataset(800, {"a"}), quick_options());
    ASSERT_FALSE(bundle.probes.empty());
    const double p = bundle.probes.front().probabilities.front();
    std::vector<std::vector<std::uint8_t>> labels{std::vector<std::uint8_t>(2000, 1)};
    for (std::size_t i = 0; i < 500; ++i)
        labels[0][i] = 0;
    const std::vector<std::vector<float>> scores{std::vector<float>(2000, 0.5F)};
    const auto shifts = recalibrate(bundle, scores, labels, {}, nn::eigen_kernels());
    const double moved = 1 / (1 + std::exp(-(std::log(p / (1 - p)) + shifts[0].intercept)));
    EXPECT_NEAR(bundle.probes.front().probabilities.front(), moved, 1e-5);
}

TEST(Recalibrate, RefusesWithFewerThanTwentyOfAClass) {
    Bundle bundle = make_model(make_dataset(800, {"a"}), quick_options());
    const std::vector<float> before(bundle.nets.front().parameters().begin(),
                                    bundle.nets.front().parameters().end());
    const std::vector<std::vector<float>> scores{std::vector<float>(500, 0.5F)};
    std::vector<std::vector<std::uint8_t>> labels{std::vector<std::uint8_t>(500, 0)};
    std::fill_n(labels[0].begin(), 19, std::uint8_t{1});
    EXPECT_THROW((void)recalibrate(bundle, scores, labels, {}, nn::eigen_kernels()), Error);
    EXPECT_TRUE(std::ranges::equal(before, bundle.nets.front().parameters()));
    labels[0][19] = 1;
    EXPECT_TRUE(recalibrate(bundle, scores, labels, {}, nn::eigen_kernels())[0].moved);
}

/// Chance that a positive is above a negative, by counting pairs; below one half turned around.
double pairs_auc(const std::vector<float>& x, const std::vector<std::uint8_t>& y) {
    double wins = 0, pairs = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        for (std::size_t j = 0; j < x.size(); ++j) {
            if (y[i] != 1 || y[j] != 0) continue;
            wins += x[i] > x[j] ? 1 : x[i] == x[j] ? 0.5 : 0;
            ++pairs;
        }
    }
    return std::max(wins / pairs, 1 - wins / pairs);
}

TEST(Audit, RanksByEachInputAlone) {
    encoding::Dataset data = make_dataset(300, {"a", "b"});
    for (std::size_t i = 0; i < 300; i += 7)
        data.numeric[2 * i + 1] = std::numeric_limits<float>::quiet_NaN();
    for (std::size_t i = 0; i < 300; ++i)
        data.categorical[i] = data.labels[i] == 1 ? 2 : static_cast<std::uint32_t>(i % 2);
    encoding::LabelledRows rows;
    std::vector<float> a, b;
    for (std::uint32_t i = 0; i < 300; ++i) {
        rows.rows.push_back(i);
        rows.labels.push_back(data.labels[i]);
        a.push_back(data.numeric[2 * i]);
        b.push_back(std::isnan(data.numeric[2 * i + 1]) ? -1e9F : data.numeric[2 * i + 1]);
    }
    const auto inputs = input_aucs(data, rows);
    ASSERT_EQ(inputs.size(), 3u);
    EXPECT_EQ(inputs[0].input, "kind");
    EXPECT_EQ(inputs[0].roc_auc, 1.0) << "blue is bought, and nothing else";
    EXPECT_EQ(inputs[1].input, "a");
    EXPECT_NEAR(inputs[1].roc_auc, pairs_auc(a, rows.labels), 1e-12);
    EXPECT_NEAR(inputs[2].roc_auc, pairs_auc(b, rows.labels), 1e-12);
}

TEST(Audit, WarnsOfInputsAndOfSplits) {
    Audit audit{.targets = {"click", "buy"},
                .by_time = {0.70, 0.80},
                .at_random = {0.735, 0.81},
                .inputs = {{"paid", "buy", 0.97}, {"price", "buy", 0.94}},
                .warnings = {}};
    add_warnings(audit);
    ASSERT_EQ(audit.warnings.size(), 2u);
    EXPECT_NE(audit.warnings[0].message.find("paid"), std::string::npos);
    EXPECT_NE(audit.warnings[1].message.find("click"), std::string::npos);
}

}  // namespace
}  // namespace funnel::train
