// SPDX-License-Identifier: MIT
// Graphs say what the model says, on rows with all that rows can hold.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/model/predictor.hpp"
#include "funnel/nn/eigen_kernels.hpp"
#include "funnel/onnx/onnx_model.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/train/train_model.hpp"
#include "onnx/onnx_evaluator.hpp"
#include "support/temporary_folder.hpp"
#include "train/model_sample.hpp"

namespace funnel::onnx {
namespace {

using onnx_test::OnnxFile;
using onnx_test::Tensor;

/// Rows of numbers and texts, and what the model says of them.
struct RawRows {
    std::vector<float> numbers;
    std::vector<std::string> texts;
    std::vector<float> p;
};

RawRows rows_for(const Bundle& model, std::size_t n) {
    const std::size_t d = model.encoder.numeric_features().size(),
                      c = model.encoder.categorical_features().size();
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const std::vector<float> odd = {std::nanf(""), kInfinity, -kInfinity, 0,    -0.0f, 1, -3,
                                    1e-9f,         0.5f,      1e9f,       1e35f};
    Rng rng(5);
    RawRows rows;
    for (std::size_t i = 0; i < n * d; ++i) {
        rows.numbers.push_back(rng.uniform() < 0.3 ? odd[rng.below(odd.size())]
                                                   : static_cast<float>(std::exp(3 * rng.normal())));
    }
    for (std::size_t i = 0; i < n * c; ++i) {
        const encoding::Vocabulary& known = model.encoder.categories()[i % c].vocabulary();
        const bool knows = known.size() > 0 && rng.uniform() < 0.8;
        rows.texts.emplace_back(
            knows ? std::string(known.text(1 + static_cast<std::uint32_t>(rng.below(known.size()))))
            : rng.uniform() < 0.5 ? ""
                                  : "never seen");
    }
    const model::Predictor predictor(model, kernel::best());
    model::Predictor::Workspace workspace;
    const std::vector<std::string_view> texts(rows.texts.begin(), rows.texts.end());
    rows.p.resize(n * predictor.targets());
    predictor.predict(rows.numbers, texts, rows.p, workspace);
    return rows;
}

/// The largest difference between the graph and the model on n rows.
double difference(const Bundle& model, std::size_t n) {
    const RawRows rows = rows_for(model, n);
    const OnnxFile file(onnx_model(model));
    std::map<std::string, Tensor> inputs;
    if (!rows.numbers.empty())
        inputs["numbers"] = {{n, rows.numbers.size() / n}, {rows.numbers.begin(), rows.numbers.end()}, {}};
    if (!rows.texts.empty()) inputs["texts"] = {{n, rows.texts.size() / n}, {}, rows.texts};
    EXPECT_EQ(file.inputs.size(), inputs.size());
    const Tensor out = file.run(inputs);
    EXPECT_EQ(out.numbers.size(), rows.p.size());
    double most = 0, least_p = 1, most_p = 0;
    for (std::size_t i = 0; i < out.numbers.size(); ++i) {
        most = std::max(most, std::abs(out.numbers[i] - static_cast<double>(rows.p[i])));
        least_p = std::min(least_p, out.numbers[i]);
        most_p = std::max(most_p, out.numbers[i]);
    }
    EXPECT_GT(most_p, least_p);
    return most;
}

Bundle log_model() {
    return persist::load_model(FUNNEL_TEST_DIR "/golden/v0.1.0/model.funnel");
}

TEST(OnnxModel, SaysWhatAModelOfALogSays) {
    EXPECT_LT(difference(log_model(), 300), 1e-6);
}

/// A chain of two heads, three members, bins and embeddings of numbers.
Bundle chain_model() {
    encoding::Dataset data = testing::make_dataset(1200, {"a", "b", "c"});
    std::vector<std::uint8_t> labels;
    for (std::size_t row = 0; row < data.size(); ++row) {
        const std::uint8_t first = data.labels[row];
        labels.push_back(first);
        labels.push_back(first == 1 && data.numeric_row(row)[1] > 0 ? 1 : 0);
        if (row % 7 == 0) data.numeric[row * 3 + 2] = std::nanf("");
    }
    data.labels = labels;
    data.targets = {"cart", "purchase"};
    train::ModelOptions options = testing::quick_options();
    options.members = 3;
    options.encoder.bins = 6;
    options.encoder.embed_numbers = true;
    Bundle bundle;
    bundle.table = model::TableTask{"purchase"};
    bundle.heads = {{.name = "cart"}, {.name = "purchase"}};
    bundle.chains = nn::Chains({2});
    train::train_model(bundle, data, dataset::split_at_random(data, 0.25, 1), options, nn::eigen_kernels());
    return bundle;
}

TEST(OnnxModel, SaysWhatMembersAChainAndEmbeddedNumbersSay) {
    const Bundle model = chain_model();
    ASSERT_EQ(model.nets.size(), 3u);
    ASSERT_FALSE(model.encoder.embeddings().empty());
    ASSERT_NE(model.encoder.embedding_bins(model.encoder.embeddings().size() - 1), nullptr);
    ASSERT_FALSE(model.encoder.normalizer().indicators().empty());
    EXPECT_LT(difference(model, 300), 1e-6);
}

TEST(OnnxModel, DescribesItself) {
    const Bundle model = log_model();
    const OnnxFile file(onnx_model(model));
    EXPECT_EQ(file.opsets, (std::map<std::string, std::int64_t>{{"", kOpset}, {"ai.onnx.ml", kMlOpset}}));
    EXPECT_EQ(file.outputs, std::vector<std::string>{"probabilities"});
    EXPECT_EQ(file.metadata.at("model"), "log");
    EXPECT_EQ(nlohmann::json::parse(file.metadata.at("targets")), nlohmann::json({"click"}));
    EXPECT_EQ(nlohmann::json::parse(file.metadata.at("numbers")).size(),
              model.encoder.numeric_features().size());
    EXPECT_EQ(nlohmann::json::parse(file.metadata.at("texts")),
              nlohmann::json(model.encoder.categorical_features()));
    EXPECT_EQ(onnx_model(model), onnx_model(model));
}

// ONNX Runtime itself, where FUNNEL_ONNXRUNTIME names a folder with node_modules/onnxruntime-node.
TEST(OnnxModel, SaysTheSameInOnnxRuntime) {
    const char* const folder = std::getenv("FUNNEL_ONNXRUNTIME");
    if (folder == nullptr) GTEST_SKIP() << "FUNNEL_ONNXRUNTIME names no folder";
    const Bundle model = log_model();
    constexpr std::size_t kRows = 300;
    const RawRows rows = rows_for(model, kRows);
    nlohmann::json json = {{"numbers", nlohmann::json::array()}, {"texts", nlohmann::json::array()}};
    const std::size_t d = rows.numbers.size() / kRows, c = rows.texts.size() / kRows;
    for (std::size_t i = 0; i < kRows; ++i) {
        nlohmann::json numbers = nlohmann::json::array(), texts = nlohmann::json::array();
        for (std::size_t j = 0; j < d; ++j) {
            const float x = rows.numbers[i * d + j];
            numbers.push_back(std::isfinite(x) ? nlohmann::json(x) : nlohmann::json());
        }
        for (std::size_t j = 0; j < c; ++j)
            texts.push_back(rows.texts[i * c + j]);
        json["numbers"].push_back(numbers);
        json["texts"].push_back(texts);
    }
    const support::TemporaryFolder files;
    const std::string graph = files.write("model.onnx", onnx_model(model)),
                      input = files.write("rows.json", json.dump()), output = files.path("p.txt");
    const std::string command = "node '" FUNNEL_TEST_DIR "/onnx/onnxruntime.mjs' '" + std::string(folder) +
                                "' '" + graph + "' '" + input + "' > '" + output + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
    std::istringstream said(support::read_file(output));
    std::size_t compared = 0;
    for (double p = 0; said >> p; ++compared)
        EXPECT_NEAR(p, static_cast<double>(rows.p.at(compared)), 1e-6);
    EXPECT_EQ(compared, rows.p.size());
}

}  // namespace
}  // namespace funnel::onnx
