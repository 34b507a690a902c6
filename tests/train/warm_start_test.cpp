// SPDX-License-Identifier: MIT
// What a net takes over from an earlier one, weight by weight, and what freezing leaves alone.
#include "funnel/train/detail/warm_start.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "train/model_sample.hpp"

namespace funnel::train {
namespace {

using testing::make_dataset;
using testing::make_model;
using testing::quick_options;

struct Started {
    nn::Net<float> before, after;
    std::string message;
};

/// A random net for `encoder`, before and after its warm start.
Started start(const encoding::Encoder& encoder, const std::vector<model::Head>& heads, const Bundle& earlier,
              std::vector<std::size_t> hidden = {8, 4}) {
    nn::NetShape shape{.dense = encoder.dense_names().size(),
                       .embeddings = {},
                       .hidden = std::move(hidden),
                       .outputs = heads.size()};
    for (const auto& input : encoder.embeddings())
        shape.embeddings.push_back({input.rows, input.width});
    Rng rng(99);
    Started result{nn::Net<float>(shape, rng), {}, {}};
    result.after = result.before;
    warm_start(result.after, {encoder, heads}, {earlier.encoder, earlier.heads}, earlier.nets.front(),
               [&](const std::string& text) { result.message = text; });
    return result;
}

std::vector<float> parameters(const nn::Net<float>& net) {
    return {net.parameters().begin(), net.parameters().end()};
}

encoding::Encoder encoder_of(const encoding::Dataset& data, std::uint32_t min_count = 20) {
    encoding::EncoderOptions options{.min_count = min_count, .max_turnover = 1};
    return encoding::Encoder::fit(data, dataset::split_at_random(data, 0.25, 1).train, options);
}

TEST(WarmStart, ANetOfTheSameNamesIsTheEarlierOne) {
    const encoding::Dataset data = make_dataset(800, {"a", "b"});
    const Bundle earlier = make_model(data, quick_options());
    const Started net = start(earlier.encoder, earlier.heads, earlier);
    EXPECT_NE(parameters(net.before), parameters(earlier.nets.front()));
    EXPECT_EQ(parameters(net.after), parameters(earlier.nets.front()));
    EXPECT_EQ(net.message, "");
}

TEST(WarmStart, InputsGoByNameAndTheRestStaysRandom) {
    const Bundle earlier = make_model(make_dataset(800, {"a", "b"}), quick_options());
    const encoding::Encoder encoder = encoder_of(make_dataset(800, {"c", "b"}));
    ASSERT_EQ(encoder.dense_names(), (std::vector<std::string>{"c", "b"}));
    Started net = start(encoder, earlier.heads, earlier);
    nn::Net<float> old = earlier.nets.front();
    const auto embedded = static_cast<Eigen::Index>(encoder.embeddings().front().width);
    EXPECT_TRUE(net.after.weights(0).row(embedded) == net.before.weights(0).row(embedded)) << "c is new";
    EXPECT_TRUE(net.after.weights(0).row(embedded + 1) == old.weights(0).row(embedded + 1)) << "b";
    EXPECT_TRUE(net.after.weights(1) == old.weights(1));
    EXPECT_NE(net.message.find("no c;"), std::string::npos) << net.message;
}

TEST(WarmStart, TextsAndTargetsGoByName) {
    const Bundle earlier = make_model(make_dataset(800, {"a"}), quick_options());
    encoding::Dataset data = make_dataset(800, {"a"}, 2);
    data.categories[0] = {};
    for (const char* text : {"blue", "pink", "red"})
        (void)data.categories[0].intern(text);
    const encoding::Encoder encoder = encoder_of(data);
    const std::vector<model::Head> heads = {{.name = "returned"}, {.name = "bought"}};
    Started net = start(encoder, heads, earlier);
    nn::Net<float> old = earlier.nets.front();
    const encoding::Vocabulary &texts = encoder.embedding_vocabulary(0),
                               &old_texts = earlier.encoder.embedding_vocabulary(0);
    const auto row = [&](const char* text) { return net.after.embedding(0).row(texts.id(text)).eval(); };
    EXPECT_TRUE(row("blue") == old.embedding(0).row(old_texts.id("blue")));
    EXPECT_TRUE(row("red") == old.embedding(0).row(old_texts.id("red")));
    EXPECT_TRUE(row("pink") == old.embedding(0).row(0)) << "as the earlier net's unknown";
    EXPECT_TRUE(net.after.weights(2).col(1) == old.weights(2).col(0));
    EXPECT_TRUE(net.after.weights(2).col(0) == net.before.weights(2).col(0));
    EXPECT_EQ(net.after.head_bias()[1], old.head_bias()[0]);
    EXPECT_NE(net.message.find("no returned;"), std::string::npos) << net.message;
}

TEST(WarmStart, OtherHiddenLayersTakeNothing) {
    const Bundle earlier = make_model(make_dataset(800, {"a"}), quick_options());
    const Started net = start(earlier.encoder, earlier.heads, earlier, {8});
    EXPECT_EQ(parameters(net.before), parameters(net.after));
    EXPECT_NE(net.message.find("hidden layers"), std::string::npos);
}

TEST(Freeze, OnlyTheLastLayerAndTheBiasesLearn) {
    const Bundle earlier = make_model(make_dataset(800, {"a", "b"}), quick_options());
    ModelOptions options = quick_options();
    options.initial = &earlier;
    options.freeze = true;
    options.refit = true;
    Bundle tuned = make_model(make_dataset(400, {"b", "a"}, 7), options);
    nn::Net<float> now = tuned.nets.front(), old = earlier.nets.front();
    EXPECT_EQ(tuned.encoder.dense_names(), earlier.encoder.dense_names());
    EXPECT_TRUE(now.embedding(0) == old.embedding(0));
    EXPECT_TRUE(now.weights(0) == old.weights(0));
    EXPECT_TRUE(now.weights(1) == old.weights(1));
    EXPECT_FALSE(now.weights(2) == old.weights(2));
    for (const std::size_t layer : {0u, 1u, 2u})
        EXPECT_NE(now.bias(layer)[0], old.bias(layer)[0]) << layer;
}

TEST(Freeze, NeedsAnEarlierModelAndItsInputs) {
    const Bundle earlier = make_model(make_dataset(800, {"a", "b"}), quick_options());
    ModelOptions options = quick_options();
    options.freeze = true;
    EXPECT_THROW((void)make_model(make_dataset(400, {"a", "b"}), options), Error);
    options.initial = &earlier;
    EXPECT_THROW((void)make_model(make_dataset(400, {"a", "c"}), options), Error);
}

}  // namespace
}  // namespace funnel::train
