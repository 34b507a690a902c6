// SPDX-License-Identifier: MIT
#include "funnel/train/trainer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "train/sample.hpp"

namespace funnel::train {
namespace {

using funnel::testing::Sample;

TrainOptions quick(std::vector<std::size_t> heads = {1}) {
    TrainOptions options;
    options.chains = nn::Chains(std::move(heads));
    options.hidden = {16};
    options.epochs = 6;
    options.batch_size = 128;
    options.learning_rate = 0.02;
    return options;
}

nn::NetShape shape_for(const TrainOptions& options) {
    return net_shape(options, 4, {{.rows = 3, .dim = 2}});
}

TEST(Fit, LearnsWhatALinearModelCannot) {
    const Sample sample(12'000);
    const TrainOptions options = quick();
    const TrainResult net = fit(shape_for(options), sample.source, sample.part(0, 8'000),
                                sample.part(8'000, 4'000), options, nn::eigen_kernels());
    TrainOptions flat = options;
    flat.hidden = {};
    const TrainResult linear = fit(shape_for(flat), sample.source, sample.part(0, 8'000),
                                   sample.part(8'000, 4'000), flat, nn::eigen_kernels());
    const double best =
        *eval::roc_auc(std::span(sample.logits).last(4'000), std::span(sample.labels).last(4'000));
    EXPECT_GT(*net.epochs[*net.best_epoch - 1].heads[0].roc_auc, best - 0.02);
    EXPECT_LT(*linear.epochs[*linear.best_epoch - 1].heads[0].roc_auc, best - 0.1);
}

TEST(Fit, KeepsTheWeightsOfTheBestEpoch) {
    const Sample sample(600);
    TrainOptions options = quick();
    options.epochs = 60;
    options.patience = 3;
    options.dropout = 0.0;
    options.average_epochs = 0.0;
    const auto valid = sample.part(300, 300);
    const TrainResult result =
        fit(shape_for(options), sample.source, sample.part(0, 300), valid, options, nn::eigen_kernels());
    EXPECT_EQ(result.stop_reason, StopReason::patience);
    EXPECT_EQ(result.epochs.size(), *result.best_epoch + 3);
    double least = 1e9;
    for (const EpochReport& epoch : result.epochs)
        least = std::min(least, *epoch.heads[0].normalized_entropy);
    EXPECT_EQ(*result.epochs[*result.best_epoch - 1].heads[0].normalized_entropy, least);
    WorkerTeam team(1);
    const auto again = validate(nn::NetPredictor(result.net, options.chains), sample.source, valid, team);
    EXPECT_EQ(*again->front().normalized_entropy, least);
}

TEST(Fit, OrdersTheStagesOfAChain) {
    const Sample sample(6'000, 2);
    const TrainOptions options = quick({2});
    const TrainResult result = fit(shape_for(options), sample.source, sample.part(0, 4'000),
                                   sample.part(4'000, 2'000), options, nn::eigen_kernels());
    WorkerTeam team(1);
    const std::vector<float> p =
        predict(nn::NetPredictor(result.net, options.chains), sample.source, sample.rows, team);
    double first = 0.0, second = 0.0;
    for (std::size_t i = 0; i < p.size(); i += 2) {
        EXPECT_LE(p[i + 1], p[i]);
        first += static_cast<double>(p[i]);
        second += static_cast<double>(p[i + 1]);
    }
    EXPECT_NEAR(second / first, 0.5, 0.05);  // as the sample was made
}

TEST(Fit, CorrectsSampledNegatives) {
    const Sample sample(40'000, 1, 3, -3.0);
    TrainOptions options = quick();
    options.negative_rate = 0.2;
    options.epochs = 3;
    const TrainResult result = fit(shape_for(options), sample.source, sample.part(0, 30'000),
                                   sample.part(30'000, 10'000), options, nn::eigen_kernels());
    WorkerTeam team(1);
    const std::vector<float> p =
        predict(nn::NetPredictor(result.net, options.chains), sample.source, sample.rows, team);
    double predicted = 0.0, observed = 0.0;
    for (std::size_t i = 0; i < p.size(); ++i) {
        predicted += static_cast<double>(p[i]);
        observed += sample.labels[i];
    }
    EXPECT_NEAR(predicted / observed, 1.0, 0.06);  // without the correction the ratio is about 3
}

TEST(Fit, StopsAndSaysSoWhenItDiverges) {
    const Sample sample(500);
    TrainOptions options = quick();
    options.learning_rate = 1e30;
    const TrainResult result = fit(shape_for(options), sample.source, sample.all(), sample.part(0, 100),
                                   options, nn::eigen_kernels());
    EXPECT_EQ(result.stop_reason, StopReason::diverged);
    EXPECT_FALSE(result.best_epoch);
    EXPECT_TRUE(result.net.finite());
    EXPECT_THROW((void)refit(result, result.net.shape(), sample.source, sample.all(), nn::eigen_kernels()),
                 Error);
}

TEST(Fit, ListensToItsObserver) {
    const Sample sample(500);
    std::size_t seen = 0;
    TrainObserver observer;
    observer.epoch_ends = [&](const EpochReport& report) { return (seen = report.epoch) < 2; };
    const TrainResult result = fit(shape_for(quick()), sample.source, sample.all(), sample.part(0, 100),
                                   quick(), nn::eigen_kernels(), observer);
    EXPECT_EQ(result.stop_reason, StopReason::cancelled);
    EXPECT_EQ(seen, 2U);
    EXPECT_GE(result.best_epoch, 1U);
    observer.progress = [](const base::Progress&) { throw Error(ErrorCode::cancelled, "stop"); };
    EXPECT_THROW((void)fit(shape_for(quick()), sample.source, sample.all(), {}, quick(), nn::eigen_kernels(),
                           observer),
                 Error);
}

TEST(Fit, TrainsWithoutValidationRows) {
    const Sample sample(300);
    const TrainResult result =
        fit(shape_for(quick()), sample.source, sample.all(), {}, quick(), nn::eigen_kernels());
    EXPECT_EQ(result.best_epoch, 6U);
    EXPECT_EQ(result.stop_reason, StopReason::epochs);
}

TEST(Fit, TrainsOnOneRow) {
    const Sample sample(1);
    EXPECT_EQ(fit(shape_for(quick()), sample.source, sample.all(), sample.all(), quick(), nn::eigen_kernels())
                  .best_epoch,
              6U);
}

TEST(Fit, TrainsWithTheWholeSpaceLoss) {
    const Sample sample(6'000, 2);
    TrainOptions options = quick({2});
    options.loss = Loss::esmm;
    const TrainResult result = fit(shape_for(options), sample.source, sample.part(0, 4'000),
                                   sample.part(4'000, 2'000), options, nn::eigen_kernels());
    EXPECT_GT(*result.epochs.back().heads[1].roc_auc, 0.7);
}

TEST(Fit, RefusesDataItCannotLearnFrom) {
    const Sample sample(10);
    const TrainOptions options = quick();
    const std::vector<std::uint8_t> unknown(10, base::kUnknownLabel);
    EXPECT_THROW((void)fit(shape_for(options), sample.source, {}, {}, options, nn::eigen_kernels()), Error);
    EXPECT_THROW((void)fit(shape_for(options), sample.source, {sample.rows, unknown, {}}, {}, options,
                           nn::eigen_kernels()),
                 Error);
    EXPECT_THROW(
        (void)fit(shape_for(quick({2})), sample.source, sample.all(), {}, options, nn::eigen_kernels()),
        Error);
    TrainOptions other = options;
    other.initial = nn::Net<float>({.dense = 9, .embeddings = {}, .hidden = {}, .outputs = 1});
    EXPECT_THROW((void)fit(shape_for(options), sample.source, sample.all(), {}, other, nn::eigen_kernels()),
                 Error);
}

TEST(Fit, StartsFromGivenWeights) {
    const Sample sample(500);
    TrainOptions options = quick();
    Rng rng(5);
    options.initial = nn::Net<float>(shape_for(options), rng);
    options.learning_rate = 1e-12;
    options.average_epochs = 0.0;
    options.epochs = 1;
    const TrainResult result =
        fit(shape_for(options), sample.source, sample.all(), {}, options, nn::eigen_kernels());
    for (std::size_t i = 0; i < result.net.parameters().size(); ++i) {
        EXPECT_NEAR(result.net.parameters()[i], options.initial->parameters()[i], 1e-9);
    }
}

TEST(Fit, SeesRowsInTheirOrderInOnePass) {
    /// Remembers the rows it was asked for.
    class Recorder final : public InputSource {
     public:
        explicit Recorder(const InputSource& source) : source_(source) {}
        [[nodiscard]] std::size_t rows() const override { return source_.rows(); }
        void fill(std::span<const std::uint32_t> wanted, Matrix<float>& dense,
                  Matrix<std::uint32_t>& ids) const override {
            seen.insert(seen.end(), wanted.begin(), wanted.end());
            source_.fill(wanted, dense, ids);
        }
        mutable std::vector<std::uint32_t> seen;

     private:
        const InputSource& source_;
    };
    const Sample sample(1'000);
    const Recorder recorder(sample.source);
    TrainOptions options = quick();
    options.one_pass = true;
    EXPECT_EQ(fit(shape_for(options), recorder, sample.all(), {}, options, nn::eigen_kernels()).epochs.size(),
              1U);
    EXPECT_EQ(recorder.seen, sample.rows);
}

TEST(Refit, RepeatsTheChosenEpochsOnAllRows) {
    const Sample sample(2'000);
    const TrainOptions options = quick();
    TrainResult chosen = fit(shape_for(options), sample.source, sample.part(0, 1'500),
                             sample.part(1'500, 500), options, nn::eigen_kernels());
    chosen.best_epoch = 2;
    const TrainResult all =
        refit(chosen, chosen.net.shape(), sample.source, sample.all(), nn::eigen_kernels());
    EXPECT_EQ(all.epochs.size(), 2U);
    EXPECT_EQ(all.best_epoch, 2U);
    // On the same rows it takes the same steps as the fit did up to there.
    const TrainResult same =
        refit(chosen, chosen.net.shape(), sample.source, sample.part(0, 1'500), nn::eigen_kernels());
    EXPECT_EQ(same.epochs[1].train_loss, chosen.epochs[1].train_loss);
}

}  // namespace
}  // namespace funnel::train
