// SPDX-License-Identifier: MIT
// Contributions of whole models: they add up on every row, and the inputs that decide come first.
#include "funnel/explain/explainer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "funnel/explain/reasons.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/model/predictor.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/simulate/shopper_model.hpp"
#include "funnel/train/recalibrate.hpp"
#include "funnel/train/train_on_log.hpp"
#include "support/temporary_folder.hpp"
#include "train/model_sample.hpp"

namespace funnel::explain {
namespace {

std::vector<std::string_view> texts_of(const encoding::Dataset& data, std::size_t row) {
    std::vector<std::string_view> texts;
    for (std::size_t c = 0; c < data.categorical_features.size(); ++c) {
        const std::uint32_t code = data.categorical_row(row)[c];
        texts.push_back(code == base::kNone ? std::string_view{} : data.categories[c].text(code));
    }
    return texts;
}

/// Every row adds up, and its logit is that of the predictor. Returns mean absolute contributions per input.
std::vector<double> expect_sums(const Bundle& bundle, const encoding::Dataset& data, std::size_t rows,
                                std::size_t target) {
    const Explainer explainer(bundle);
    const model::Predictor predictor(bundle);
    model::Predictor::Workspace predicting;
    Explainer::Workspace workspace;
    std::vector<double> parts(explainer.inputs()), means(parts.size());
    std::vector<float> p(predictor.targets());
    std::size_t moved = 0;
    rows = std::min(rows, data.size());
    for (std::size_t i = 0; i < rows; ++i) {
        const auto texts = texts_of(data, i);
        const Explained ends = explainer.explain(data.numeric_row(i), texts, target, parts, workspace);
        const double sum = std::accumulate(parts.begin(), parts.end(), 0.0);
        EXPECT_NEAR(sum, ends.logit - ends.reference, 1e-4) << i;
        EXPECT_LE(std::abs(ends.missing), kLargestMissing) << i;
        predictor.predict(data.numeric_row(i), texts, p, predicting);
        const auto final = static_cast<double>(p[target]);
        if (final > 1e-4 && final < 1 - 1e-4) {  // else the float has too few digits
            EXPECT_NEAR(ends.logit, nn::logit(final), 1e-3 + 2e-7 / (final * (1 - final))) << i;
            ++moved;
        }
        for (std::size_t j = 0; j < parts.size(); ++j)
            means[j] += std::abs(parts[j]) / static_cast<double>(rows);
    }
    EXPECT_GT(moved, rows / 4);
    EXPECT_NEAR(explainer.reference_logit(target),
                explainer.explain(data.numeric_row(0), texts_of(data, 0), target, parts, workspace).reference,
                1e-5);
    return means;
}

TEST(Explainer, ContributionsOfATableAddUpAndTheDrivingInputComesFirst) {
    const encoding::Dataset data = testing::make_dataset(3000, {"drives", "noise", "more"});
    train::ModelOptions options = testing::quick_options();
    options.encoder.bins = 8;
    options.encoder.embed_numbers = true;
    options.training.epochs = 8;
    options.members = 3;
    options.refit = true;
    const Bundle bundle = testing::make_model(data, options);
    ASSERT_EQ(bundle.nets.size(), 3u);
    ASSERT_FALSE(bundle.encoder.embeddings().empty());
    const std::vector<double> means = expect_sums(bundle, data, 400, 0);
    ASSERT_EQ(means.size(), 4u);  // three numbers and the category
    EXPECT_GT(means[0], 3 * means[1]);
    EXPECT_GT(means[0], 3 * means[2]);
    EXPECT_GT(means[0], 3 * means[3]);
}

TEST(Explainer, AddsUpAfterCalibrating) {
    const encoding::Dataset data = testing::make_dataset(2000, {"drives", "noise"});
    Bundle bundle = testing::make_model(data, testing::quick_options());
    const double before = Explainer(bundle).reference_logit(0);
    std::vector<float> scores(data.size());
    const model::Predictor predictor(bundle);
    model::Predictor::Workspace workspace;
    for (std::size_t i = 0; i < data.size(); ++i)
        predictor.predict(data.numeric_row(i), texts_of(data, i), std::span(scores).subspan(i, 1), workspace);
    std::vector<std::uint8_t> labels(data.size());
    for (std::size_t i = 0; i < labels.size(); ++i)
        labels[i] = i % 7 == 0 ? 0 : 1;
    (void)train::recalibrate(bundle, std::vector<std::vector<float>>{scores},
                             std::vector<std::vector<std::uint8_t>>{labels}, {}, nn::eigen_kernels());
    EXPECT_GT(Explainer(bundle).reference_logit(0), before + 0.5);
    (void)expect_sums(bundle, data, 200, 0);
}

TEST(Explainer, BeginsAtTheMeanEncodedRowOfTraining) {
    const encoding::Dataset data = testing::make_dataset(1000, {"a", "b"});
    train::ModelOptions options = testing::quick_options();
    const Bundle bundle = testing::make_model(data, options);
    const dataset::Split split = dataset::split_at_random(data, 0.25, 1);
    std::vector<double> sums(bundle.encoder.dense_names().size());
    std::vector<float> dense(sums.size());
    std::vector<std::uint32_t> ids(bundle.encoder.embeddings().size());
    std::size_t red = 0;
    for (const std::uint32_t row : split.train.rows) {
        bundle.encoder.encode(data.numeric_row(row), texts_of(data, row), dense, ids);
        for (std::size_t j = 0; j < sums.size(); ++j)
            sums[j] += static_cast<double>(dense[j]);
        red += ids[0] == 1 ? 1 : 0;
    }
    const auto n = static_cast<double>(split.train.size());
    ASSERT_EQ(bundle.mean_input.dense.size(), sums.size());
    for (std::size_t j = 0; j < sums.size(); ++j)
        EXPECT_NEAR(static_cast<double>(bundle.mean_input.dense[j]), sums[j] / n, 1e-5);
    ASSERT_EQ(bundle.mean_input.shares.size(), 1u);
    EXPECT_NEAR(static_cast<double>(bundle.mean_input.shares[0].at(1)), static_cast<double>(red) / n, 1e-6);
}

TEST(Explainer, AModelFileKeepsItsMeanRowAndMayLackIt) {
    const encoding::Dataset data = testing::make_dataset(800, {"a", "b"});
    Bundle bundle = testing::make_model(data, testing::quick_options());
    const support::TemporaryFolder folder;
    persist::save_model(folder.path("with.funnel"), bundle);
    EXPECT_EQ(persist::load_model(folder.path("with.funnel")).mean_input, bundle.mean_input);
    bundle.mean_input = {};
    persist::save_model(folder.path("without.funnel"), bundle);
    const Bundle without = persist::load_model(folder.path("without.funnel"));
    EXPECT_FALSE(Explainer(without).knows_mean());
    (void)expect_sums(without, data, 100, 0);
    bundle.mean_input.dense = {1.0f};
    persist::save_model(folder.path("wrong.funnel"), bundle);
    EXPECT_THROW((void)persist::load_model(folder.path("wrong.funnel")), Error);
}

TEST(Explainer, ContributionsOfALogAddUpForEveryHeadOfAChain) {
    EventLog log;
    simulate::ShopperModel({.users = 200, .days = 20}).run([&](const Event& event) { log.add(event); });
    train::LogModelOptions options;
    options.task.funnel = Funnel::parse("impression,click+view,cart_add,purchase");
    options.examples.targets = {"click", "cart", "purchase"};
    options.examples.horizons = {base::kDay, base::kDay, base::kDay};
    options.model.training.hidden = {32, 16};
    options.model.training.epochs = 3;
    options.model.members = 2;
    const Bundle bundle = train::train_on_log(log, options, kernel::best());
    ASSERT_EQ(bundle.chains.size(), 1u);
    ASSERT_EQ(bundle.nets.size(), 2u);
    history::History history(bundle.history->options());
    dataset::ExampleOptions wanted = options.examples;
    const dataset::ExampleList examples = dataset::build_examples(log, bundle.log->funnel, wanted, &history);
    const encoding::Dataset data = dataset::build_dataset(log, history, examples);
    ASSERT_GT(data.size(), 300u);
    for (std::size_t target = 0; target < 3; ++target)
        (void)expect_sums(bundle, data, 300, target);
}

TEST(Reasons, AreTheLargestInSizeInTheUnitsOfTheData) {
    const encoding::Dataset data = testing::make_dataset(500, {"price", "noise"});
    const Bundle bundle = testing::make_model(data, testing::quick_options());
    const Explainer explainer(bundle);
    const std::vector<float> numbers = {12.5f, std::nanf("")};
    const std::vector<std::string_view> texts = {"red"};
    const std::vector<double> parts = {0.2, -0.846, 0.0};
    const auto all = reasons(explainer, numbers, texts, parts, 5);
    ASSERT_EQ(all.size(), 2u);  // what adds nothing is no reason
    EXPECT_EQ(to_text(all[0]), "noise= (-0.85)");
    EXPECT_EQ(to_text(all[1]), "price=12.5 (+0.20)");
    EXPECT_EQ(reasons(explainer, numbers, texts, parts, 1).size(), 1u);
    EXPECT_EQ(to_text(reasons(explainer, numbers, texts, std::vector{0.0, 0.0, 1.0}, 1)[0]),
              "kind=red (+1.00)");
}

TEST(Explainer, RefusesRowsOfAnotherSizeAndUnknownTargets) {
    const encoding::Dataset data = testing::make_dataset(400, {"a", "b"});
    const Bundle bundle = testing::make_model(data, testing::quick_options());
    const Explainer explainer(bundle);
    Explainer::Workspace workspace;
    std::vector<double> parts(3), few(2);
    const auto row = data.numeric_row(0);
    const auto texts = texts_of(data, 0);
    EXPECT_THROW(explainer.explain(row.first(1), texts, 0, parts, workspace), Error);
    EXPECT_THROW(explainer.explain(row, {}, 0, parts, workspace), Error);
    EXPECT_THROW(explainer.explain(row, texts, 0, few, workspace), Error);
    EXPECT_THROW(explainer.explain(row, texts, 1, parts, workspace), Error);
    EXPECT_NO_THROW(explainer.explain(row, texts, 0, parts, workspace));
}

}  // namespace
}  // namespace funnel::explain
