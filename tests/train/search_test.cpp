// SPDX-License-Identifier: MIT
// The search for a net: what it tries, what bounds it, and that members are averaged by their probabilities.
#include "funnel/train/search.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "funnel/base/bytes.hpp"
#include "model_sample.hpp"

namespace funnel::train {
namespace {

/// A table whose target steps with the first number, and a search that takes a moment.
ModelOptions searching(unsigned threads = 1) {
    ModelOptions options;
    options.search = SearchOptions{};
    options.choose_hidden = true;
    options.training.epochs = 3;
    options.training.threads = threads;
    options.encoder.max_turnover = 1;
    return options;
}

std::vector<char> bytes_of(const Bundle& bundle) {
    base::ByteWriter out;
    bundle.encoder.write(out);
    for (const nn::Net<float>& net : bundle.nets)
        net.write(out);
    bundle.summary.write(out);
    return out.take();
}

std::string configured(const Bundle& bundle, const std::string& key) {
    for (const auto& [name, value] : bundle.summary.configuration)
        if (name == key) return value;
    return "";
}

TEST(Search, TriesBothEncodingsAndNothingTwice) {
    const auto candidates = candidates_for(searching(), 5000);
    EXPECT_EQ(candidates.size(), 9u);
    const auto embedded =
        std::ranges::count_if(candidates, [](const Candidate& c) { return c.encoder.embed_numbers; });
    EXPECT_GT(embedded, 2);
    EXPECT_LT(embedded, 7);
    // With every value given only the encodings and the start of the embeddings are left to choose.
    ModelOptions fixed = searching();
    fixed.choose_hidden = false;
    fixed.training.dropout = 0.1;
    fixed.training.weight_decay = 0.2;
    fixed.training.learning_rate = 0.01;
    const auto few = candidates_for(fixed, 5000);
    EXPECT_EQ(few.size(), 5u);
    for (const Candidate& candidate : few) {
        EXPECT_EQ(candidate.training.hidden, fixed.training.hidden);
        EXPECT_EQ(candidate.training.dropout, 0.1);
        EXPECT_EQ(candidate.training.weight_decay, 0.2);
        EXPECT_EQ(candidate.training.learning_rate, 0.01);
        EXPECT_EQ(candidate.training.epochs, 3u);
    }
}

TEST(Search, TheProbabilityIsTheMeanOfTheMembers) {
    ModelOptions options = searching();
    options.members = 3;
    const encoding::Dataset data = testing::make_dataset(400, {"x", "noise"});
    const Bundle bundle = testing::make_model(data, options);
    ASSERT_EQ(bundle.nets.size(), 3u);
    ASSERT_FALSE(bundle.probes.empty());
    for (const model::Probe& probe : bundle.probes) {
        const std::vector<std::string_view> texts(probe.categorical.begin(), probe.categorical.end());
        double sum = 0;
        for (const nn::Net<float>& net : bundle.nets) {
            const model::Predictor alone(bundle.encoder, {net}, bundle.chains, nn::eigen_kernels());
            model::Predictor::Workspace workspace;
            float p = 0;
            alone.predict(probe.numeric, texts, std::span(&p, 1), workspace);
            sum += static_cast<double>(p);
        }
        EXPECT_NEAR(static_cast<double>(probe.probabilities[0]), sum / 3, 1e-6);
    }
}

TEST(Search, SameBytesAtAnyNumberOfThreads) {
    const encoding::Dataset data = testing::make_dataset(600, {"x", "noise"});
    const dataset::Split split = dataset::split_at_random(data, 0.25, 1);
    const auto train = [&](unsigned threads) {
        ModelOptions options = searching(threads);
        options.search->resplit = [&](std::size_t n) { return dataset::split_at_random(data, 0.25, 1 + n); };
        Bundle bundle;
        bundle.table = model::TableTask{"bought"};
        bundle.heads = {{.name = "bought"}};
        bundle.chains = nn::Chains({1});
        train_model(bundle, data, split, options, nn::eigen_kernels());
        return bundle;
    };
    const Bundle one = train(1), two = train(2);
    EXPECT_GT(one.nets.size(), 1u);
    EXPECT_NE(configured(one, "search").find("4 splits"), std::string::npos) << configured(one, "search");
    EXPECT_NE(configured(one, "candidate_1"), "");
    EXPECT_EQ(bytes_of(one), bytes_of(two));
}

TEST(Search, RowsThatCannotBeSplitAgainAreSearchedOnce) {
    const encoding::Dataset data = testing::make_dataset(200, {"x"});
    ModelOptions options = searching();
    std::size_t asked = 0;
    options.search->resplit = [&](std::size_t) -> dataset::Split {
        ++asked;
        throw Error(ErrorCode::schema, "split: expected rows to validate on");
    };
    const SearchResult result =
        search(data, dataset::split_at_random(data, 0.25, 1), options, nn::Chains({1}), nn::eigen_kernels());
    EXPECT_EQ(asked, 1u);
    EXPECT_GT(result.members.size(), 1u);
}

TEST(Search, TheBudgetBoundsTheWork) {
    const encoding::Dataset data = testing::make_dataset(600, {"x", "noise"});
    const dataset::Split split = dataset::split_at_random(data, 0.25, 1);
    std::size_t searched = 0, most_members = 0;
    for (const double budget : {1e3, 1e7, 1e8, 3e8, 1e9, 1e12}) {
        ModelOptions options = searching();
        options.search->budget = budget;
        const SearchResult result = search(data, split, options, nn::Chains({1}), nn::eigen_kernels());
        EXPECT_LE(result.work, budget);
        EXPECT_GE(result.members.size(), most_members);
        most_members = result.members.size();
        searched += result.members.empty() ? 0 : 1;
    }
    EXPECT_GE(searched, 2u);
    EXPECT_EQ(most_members, 16u);
}

TEST(Search, ATooSmallBudgetTrainsTheOneNet) {
    ModelOptions options = searching();
    options.search->budget = 10;
    const Bundle bundle = testing::make_model(testing::make_dataset(200, {"x"}), options);
    EXPECT_EQ(bundle.nets.size(), 1u);
    EXPECT_NE(configured(bundle, "search").find("too small"), std::string::npos);
}

TEST(Search, FewRowsOneColumnAndOneClassWork) {
    for (const std::size_t rows : {std::size_t{30}, std::size_t{200}}) {
        encoding::Dataset data = testing::make_dataset(rows, {"x"});
        const Bundle bundle = testing::make_model(data, searching());
        EXPECT_GT(bundle.nets.size(), 1u) << rows;
        std::ranges::fill(data.labels, std::uint8_t{1});
        const Bundle one_class = testing::make_model(data, searching());
        EXPECT_GT(one_class.nets.size(), 1u) << rows;
        EXPECT_FALSE(one_class.probes.empty());
        for (const model::Probe& probe : one_class.probes)
            EXPECT_GT(probe.probabilities[0], 0.5F);
    }
}

/// y follows a band of x that no line can follow: the search must beat the base rate well within its epochs.
TEST(Search, FindsAStepThatALineCannot) {
    encoding::Dataset data = testing::make_dataset(2000, {"x"});
    for (std::size_t i = 0; i < data.size(); ++i)
        data.labels[i] = std::fabs(data.numeric[i]) < 0.3F ? 1 : 0;
    ModelOptions options = searching();
    options.training.epochs = 10;
    const Bundle bundle = testing::make_model(data, options);
    ASSERT_EQ(bundle.summary.targets.size(), 1u);
    EXPECT_LT(*bundle.summary.targets[0].log_loss, 0.3 * *bundle.summary.targets[0].base_rate_log_loss);
}

}  // namespace
}  // namespace funnel::train
