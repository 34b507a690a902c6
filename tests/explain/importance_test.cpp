// SPDX-License-Identifier: MIT
// Permutation importance: which rows change places, and that its ranking is that of leaving inputs out.
#include "funnel/explain/importance.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "funnel/encoding/matrix_dataset.hpp"
#include "funnel/eval/log_loss.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/nn/activation.hpp"
#include "funnel/score/score_table.hpp"
#include "funnel/train/train_on_table.hpp"

namespace funnel::explain {
namespace {

const std::vector<std::string> kColumns = {"weak", "none", "strong", "middle"};
const std::vector<double> kEffects = {0.6, 0.0, 3.0, 1.5};

encoding::Dataset graded_rows(std::size_t n, std::uint64_t seed, const std::string& without = {}) {
    Rng rng(seed);
    std::vector<std::string> names;
    std::vector<float> values;
    std::vector<std::uint8_t> labels;
    for (const std::string& name : kColumns) {
        if (name != without) names.push_back(name);
    }
    for (std::size_t i = 0; i < n; ++i) {
        double z = 0;
        for (std::size_t j = 0; j < kColumns.size(); ++j) {
            const double x = rng.normal();
            z += kEffects[j] * x;
            if (kColumns[j] != without) values.push_back(static_cast<float>(x));
        }
        labels.push_back(rng.uniform() < nn::sigmoid(z) ? 1 : 0);
    }
    return encoding::matrix_dataset(names, values, "bought", labels);
}

Bundle graded_model(const std::string& without = {}) {
    train::TableModelOptions options;
    options.model.training.hidden = {16};
    options.model.training.epochs = 15;
    options.model.training.learning_rate = 0.01;
    return train::train_on_table(graded_rows(6000, 1, without), options, kernel::best());
}

RowSample sample_of(const Bundle& bundle, const encoding::Dataset& data) {
    RowSample sample(bundle.encoder, data.size());
    for (std::size_t i = 0; i < data.size(); ++i)
        sample.add(i, data.numeric_row(i), {});
    return sample;
}

double loss_of(const Bundle& bundle, const encoding::Dataset& data) {
    const score::ScoredExamples scored = score::score_table(bundle, data, nn::eigen_kernels());
    double sum = 0;
    for (std::size_t i = 0; i < data.size(); ++i) {
        const auto p = static_cast<double>(scored.scores[0][i]);
        sum -= std::log(data.labels[i] == 1 ? p : 1 - p) / static_cast<double>(data.size());
    }
    return sum;
}

TEST(Importance, RanksInputsAsLeavingThemOutDoes) {
    const Bundle all = graded_model();
    const encoding::Dataset test = graded_rows(4000, 2);
    const std::vector<std::vector<std::uint8_t>> labels = {test.labels};
    const Importance found =
        importance(all, sample_of(all, test), {.labels = labels, .keys = test.keys}, {.threads = 2});
    EXPECT_EQ(found.rows, 4000u);
    EXPECT_EQ(found.explained_rows, 1000u);
    ASSERT_EQ(found.targets.size(), 1u);
    EXPECT_EQ(found.targets[0].target, "bought");
    std::vector<std::string> by_permuting, by_contribution;
    std::vector<std::pair<double, std::string>> left_out;
    std::vector<GroupImportance> groups = found.targets[0].groups;
    for (const GroupImportance& group : groups)
        by_permuting.push_back(group.group);
    const double base = loss_of(all, test);
    for (const std::string& name : kColumns)
        left_out.emplace_back(base - loss_of(graded_model(name), graded_rows(4000, 2, name)), name);
    std::ranges::sort(left_out);
    ASSERT_EQ(by_permuting.size(), left_out.size());
    for (std::size_t i = 0; i < left_out.size(); ++i)
        EXPECT_EQ(by_permuting[i], left_out[i].second) << i;
    EXPECT_EQ(by_permuting, (std::vector<std::string>{"strong", "middle", "weak", "none"}));
    std::ranges::sort(groups,
                      [](const auto& a, const auto& b) { return a.mean_contribution > b.mean_contribution; });
    for (const GroupImportance& group : groups)
        by_contribution.push_back(group.group);
    EXPECT_EQ(by_contribution, by_permuting);
    EXPECT_GT(found.targets[0].groups[0].loss.range.interval.value().low, 0.2);
    EXPECT_LT(found.targets[0].groups[3].loss.range.interval.value().low, 0.001);
}

/// The loss with a column permuted, by hand: the same partners, a plain loop over rows.
TEST(Importance, IsTheLossOfRowsWithTheColumnOfTheirPartners) {
    const Bundle bundle = graded_model();
    encoding::Dataset test = graded_rows(700, 5);
    for (std::size_t i = 0; i < test.size(); ++i)
        test.keys[i].time = static_cast<std::int64_t>(i % 3) * base::kDay + 5;
    const RowSample sample = sample_of(bundle, test);
    const std::vector<std::vector<std::uint8_t>> labels = {test.labels};
    const Importance found = importance(bundle, sample, {.labels = labels, .keys = test.keys}, {.seed = 9});
    const std::vector<std::size_t> partners = detail::partners_within_days(sample, test.keys, 9);
    encoding::Dataset permuted = test;
    for (std::size_t i = 0; i < test.size(); ++i)
        permuted.numeric[i * 4 + 2] = test.numeric[partners[i] * 4 + 2];
    ASSERT_EQ(found.targets[0].groups[0].group, "strong");
    EXPECT_NEAR(found.targets[0].groups[0].loss.value.value(),
                loss_of(bundle, permuted) - loss_of(bundle, test), 1e-5);
}

TEST(Importance, RowsChangePlacesWithinTheirDayAndNoneStays) {
    const Bundle bundle = graded_model();
    encoding::Dataset data = graded_rows(301, 4);
    for (std::size_t i = 0; i < data.size(); ++i)
        data.keys[i].time =
            (static_cast<std::int64_t>(i % 7) - 3) * base::kDay + static_cast<std::int64_t>(i);
    data.keys[300].time = 50 * base::kDay;  // alone on its day
    const auto partners = detail::partners_within_days(sample_of(bundle, data), data.keys, 1);
    std::set<std::size_t> taken(partners.begin(), partners.end());
    EXPECT_EQ(taken.size(), data.size());
    std::size_t moved = 0;
    for (std::size_t i = 0; i < partners.size(); ++i) {
        EXPECT_EQ((data.keys[i].time + 100 * base::kDay) / base::kDay,
                  (data.keys[partners[i]].time + 100 * base::kDay) / base::kDay);
        moved += partners[i] != i ? 1 : 0;
    }
    EXPECT_EQ(moved, 300u);
    EXPECT_EQ(partners[300], 300u);
}

TEST(Importance, OfRowsThatAreAloneOnTheirDaysHasNoLoss) {
    const Bundle bundle = graded_model();
    encoding::Dataset data = graded_rows(40, 4);
    const std::vector<std::vector<std::uint8_t>> labels = {data.labels};
    for (std::size_t i = 0; i < data.size(); ++i)
        data.keys[i].time = static_cast<std::int64_t>(i) * base::kDay;
    const Importance alone =
        importance(bundle, sample_of(bundle, data), {.labels = labels, .keys = data.keys});
    EXPECT_EQ(alone.moved_rows, 0u);
    ASSERT_EQ(alone.targets.at(0).groups.size(), 4u);
    for (const GroupImportance& group : alone.targets[0].groups) {
        EXPECT_FALSE(group.loss.value) << group.group;
        EXPECT_EQ(group.loss.range.reason, kAloneReason) << group.group;
        EXPECT_GT(group.mean_contribution, 0) << group.group;
    }
    data.keys[7].time = data.keys[8].time;
    const Importance two = importance(bundle, sample_of(bundle, data), {.labels = labels, .keys = data.keys});
    EXPECT_EQ(two.moved_rows, 2u);
    EXPECT_TRUE(two.targets[0].groups[0].loss.value);
}

/// Rows of weight 0 count nowhere, so the means are those of the others alone.
TEST(Importance, WeighsContributionsAsLosses) {
    const Bundle bundle = graded_model();
    const encoding::Dataset data = graded_rows(60, 6);
    const std::vector<std::vector<std::uint8_t>> labels = {data.labels};
    std::vector<float> weights(60, 2.0f);
    for (std::size_t i = 0; i < 30; ++i)
        weights[i] = 0;
    const Importance found = importance(bundle, sample_of(bundle, data),
                                        {.labels = labels, .weights = weights, .keys = data.keys});
    const Explainer explainer(bundle);
    Explainer::Workspace workspace;
    std::vector<double> parts(4), means(4);
    for (std::size_t i = 30; i < 60; ++i) {
        explainer.explain(data.numeric_row(i), {}, 0, parts, workspace);
        for (std::size_t j = 0; j < 4; ++j)
            means[j] += std::abs(parts[j]) / 30;
    }
    ASSERT_EQ(found.targets[0].groups.size(), 4u);
    for (const GroupImportance& group : found.targets[0].groups) {
        const auto at = std::ranges::find(kColumns, group.group) - kColumns.begin();
        EXPECT_NEAR(group.mean_contribution, means[static_cast<std::size_t>(at)], 1e-9) << group.group;
    }
}

TEST(RowSample, KeepsWholeUsersAndTheirTexts) {
    encoding::Dataset data = graded_rows(400, 4);
    const Bundle bundle = graded_model();
    const RowSample some(bundle.encoder, 10'000, 2'500);
    std::size_t wanted = 0;
    for (std::uint64_t user = 0; user < 10'000; ++user) {
        EXPECT_EQ(some.wants(user), some.wants(user));
        wanted += some.wants(user) ? 1 : 0;
    }
    EXPECT_GT(wanted, 2'300u);
    EXPECT_LT(wanted, 2'700u);
    const RowSample all = sample_of(bundle, data);
    std::vector<float> row(4);
    all.copy_row(7, row, {});
    EXPECT_TRUE(std::ranges::equal(row, data.numeric_row(7)));
    all.copy_input(9, 2, row, {});
    EXPECT_EQ(row[2], data.numeric_row(9)[2]);
    EXPECT_EQ(row[1], data.numeric_row(7)[1]);
}

}  // namespace
}  // namespace funnel::explain
