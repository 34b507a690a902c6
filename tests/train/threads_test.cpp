// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <vector>

#include "funnel/train/trainer.hpp"
#include "train/sample.hpp"

namespace funnel::train {
namespace {

TEST(Fit, GivesTheSameBytesAtAnyNumberOfThreads) {
    const funnel::testing::Sample sample(3'000, 2);
    TrainOptions options;
    options.chains = nn::Chains({2});
    options.hidden = {24, 8};
    options.epochs = 2;
    options.batch_size = 1'000;  // seven slots, of 142 and 143 rows
    options.dropout = 0.2;
    options.negative_rate = 0.9;
    const auto train_with = [&](unsigned threads) {
        options.threads = threads;
        return fit(net_shape(options, 4, {{.rows = 3, .dim = 2}}), sample.source, sample.part(0, 2'500),
                   sample.part(2'500, 500), options, nn::eigen_kernels());
    };
    const TrainResult one = train_with(1);
    for (const unsigned threads : {2U, 8U}) {
        const TrainResult many = train_with(threads);
        EXPECT_EQ(many.net, one.net) << threads;
        EXPECT_EQ(many.epochs.back().train_loss, one.epochs.back().train_loss) << threads;
        EXPECT_EQ(many.epochs.back().heads[1].roc_auc, one.epochs.back().heads[1].roc_auc) << threads;
    }
}

TEST(Fit, PassesOnWhatASourceThrowsInAThread) {
    class Broken final : public InputSource {
     public:
        [[nodiscard]] std::size_t rows() const override { return 1'000; }
        void fill(std::span<const std::uint32_t>, Matrix<float>&, Matrix<std::uint32_t>&) const override {
            throw Error(ErrorCode::io, "gone");
        }
    };
    TrainOptions options;
    options.threads = 3;
    options.batch_size = 512;
    const std::vector<std::uint32_t> rows(1'000, 5);
    const std::vector<std::uint8_t> labels(1'000, 1);
    EXPECT_THROW(
        (void)fit(net_shape(options, 2), Broken(), {rows, labels, {}}, {}, options, nn::eigen_kernels()),
        Error);
}

}  // namespace
}  // namespace funnel::train
