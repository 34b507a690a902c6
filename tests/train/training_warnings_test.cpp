// SPDX-License-Identifier: MIT
#include "funnel/train/training_warnings.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace funnel::train {
namespace {

model::TrainingSummary fine() {
    model::TrainingSummary summary;
    summary.train.examples = 800;
    summary.valid.examples = 200;
    summary.targets = {
        {.name = "y", .examples = 200, .positives = 20, .log_loss = 0.2, .base_rate_log_loss = 0.3}};
    return summary;
}

std::vector<std::string> codes(const model::TrainingSummary& summary) {
    std::vector<std::string> out;
    for (const base::Warning& warning : training_warnings(summary)) {
        out.push_back(warning.code);
        EXPECT_FALSE(warning.message.empty());
    }
    return out;
}

TEST(TrainingWarnings, AGoodTrainingHasNone) {
    EXPECT_TRUE(training_warnings(fine()).empty());
    EXPECT_TRUE(training_warnings({}).empty());
}

TEST(TrainingWarnings, SayWhenLessThanAThirdTrains) {
    model::TrainingSummary summary = fine();
    summary.train.examples = 100;
    EXPECT_TRUE(codes(summary).empty());  // a third
    summary.train.examples = 99;
    ASSERT_EQ(codes(summary), std::vector<std::string>{"few_training_rows"});
    EXPECT_EQ(training_warnings(summary).front().message.find("only 99 of 299 examples train"), 0u);
}

TEST(TrainingWarnings, SayWhenAllLabelsAreTheSame) {
    for (const std::uint64_t positives : {0u, 200u}) {
        model::TrainingSummary summary = fine();
        summary.targets[0].positives = positives;
        EXPECT_EQ(codes(summary), std::vector<std::string>{"one_class"});
    }
}

TEST(TrainingWarnings, SayWhenNothingWasLearned) {
    model::TrainingSummary summary = fine();
    summary.targets[0].log_loss = 0.3;
    EXPECT_TRUE(codes(summary).empty());
    summary.targets[0].log_loss = 0.31;
    EXPECT_EQ(codes(summary), std::vector<std::string>{"no_better_than_base_rate"});
}

}  // namespace
}  // namespace funnel::train
