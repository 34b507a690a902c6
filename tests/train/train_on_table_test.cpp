// SPDX-License-Identifier: MIT
// A matrix in memory to a model and back to scores, by the names of its columns.
#include "funnel/train/train_on_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "funnel/encoding/matrix_dataset.hpp"
#include "funnel/score/score_table.hpp"
#include "train/model_sample.hpp"

namespace funnel::train {
namespace {

TableModelOptions quick_table() {
    TableModelOptions options;
    options.model = testing::quick_options();
    return options;
}

/// x decides, noise does not. columns: which of them, in which order.
struct Rows {
    std::vector<float> values;
    std::vector<std::uint8_t> labels;
};
Rows rows_of(std::size_t n, const std::vector<std::string>& columns) {
    Rng rng(3);
    Rows rows;
    for (std::size_t i = 0; i < n; ++i) {
        const auto x = static_cast<float>(rng.normal()), noise = static_cast<float>(rng.normal());
        for (const std::string& column : columns)
            rows.values.push_back(column == "x" ? x : column == "noise" ? noise : 7.0f);
        rows.labels.push_back(rng.uniform() < nn::sigmoid(3.0 * static_cast<double>(x)) ? 1 : 0);
    }
    return rows;
}

TEST(TrainOnTable, LearnsFromAMatrixAndScoresByName) {
    const std::vector<std::string> names = {"x", "noise"}, turned = {"extra", "noise", "x"};
    const Rows rows = rows_of(2000, names), same = rows_of(2000, turned);
    TableModelOptions options = quick_table();
    options.model.training.epochs = 20;
    options.model.training.learning_rate = 0.02;
    const Bundle model = train_on_table(encoding::matrix_dataset(names, rows.values, "bought", rows.labels),
                                        options, nn::eigen_kernels());
    EXPECT_EQ(model.table->label, "bought");
    EXPECT_EQ(model.heads.size(), 1u);
    EXPECT_GT(model.summary.targets.at(0).roc_auc.value_or(0), 0.8);
    const auto scored =
        score::score_table(model, encoding::matrix_dataset(names, rows.values), nn::eigen_kernels());
    ASSERT_EQ(scored.scores.at(0).size(), 2000u);
    EXPECT_EQ(scored.targets, std::vector<std::string>{"bought"});
    EXPECT_EQ(
        score::score_table(model, encoding::matrix_dataset(turned, same.values), nn::eigen_kernels()).scores,
        scored.scores);
}

TEST(TrainOnTable, AMissingInputIsNamed) {
    const std::vector<std::string> names = {"x", "noise"}, less = {"noise"};
    const Rows rows = rows_of(400, names);
    const Bundle model = train_on_table(encoding::matrix_dataset(names, rows.values, "bought", rows.labels),
                                        quick_table(), nn::eigen_kernels());
    try {
        (void)score::score_table(model, encoding::matrix_dataset(less, rows_of(10, less).values),
                                 nn::eigen_kernels());
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::schema);
        EXPECT_NE(std::string(error.what()).find("\"x\""), std::string::npos) << error.what();
    }
}

TEST(TrainOnTable, ValidatesOnTheRowsThatAreChosen) {
    const encoding::Dataset data = testing::make_dataset(400, {"x"});
    TableModelOptions options = quick_table();
    options.split = {.way = dataset::SplitWay::given, .share = 0, .valid_rows = {1, 3, 5, 7, 9, 11, 13, 15}};
    const Bundle model = train_on_table(data, options, nn::eigen_kernels());
    EXPECT_EQ(model.summary.valid.examples, 8u);
    EXPECT_EQ(model.summary.train.examples, 392u);
    EXPECT_EQ(train_on_table(data, quick_table(), nn::eigen_kernels()).summary.train.examples +
                  train_on_table(data, quick_table(), nn::eigen_kernels()).summary.valid.examples,
              400u);
}

TEST(TrainOnTable, RemembersHowCellsWereWritten) {
    TableModelOptions options = quick_table();
    options.task = {.label = "ignored", .missing = {"-"}, .numbers = {.decimal = ",", .thousands = "."}};
    const Bundle model = train_on_table(testing::make_dataset(400, {"x"}), options, nn::eigen_kernels());
    EXPECT_EQ(model.table->label, "bought");
    EXPECT_EQ(model.table->missing, std::vector<std::string>{"-"});
    EXPECT_EQ(model.table->numbers.decimal, ",");
}

TEST(TrainOnTable, NeedsOneTargetAndLabels) {
    encoding::Dataset two = testing::make_dataset(100, {"x"});
    two.targets.push_back("other");
    EXPECT_THROW((void)train_on_table(two, quick_table(), nn::eigen_kernels()), Error);
    encoding::Dataset none = testing::make_dataset(100, {"x"});
    std::ranges::fill(none.labels, base::kUnknownLabel);
    EXPECT_THROW((void)train_on_table(none, quick_table(), nn::eigen_kernels()), Error);
}

std::string complaint_of(const encoding::Dataset& data) {
    try {
        (void)train_on_table(data, quick_table(), nn::eigen_kernels());
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::schema);
        return error.what();
    }
    return "none";
}

TEST(TrainOnTable, LabelsOfOneKindTeachNothing) {
    const std::vector<std::string> names = {"x"};
    const Rows rows = rows_of(200, names);
    for (const std::uint8_t label : {std::uint8_t{0}, std::uint8_t{1}}) {
        const std::vector<std::uint8_t> labels(200, label);
        EXPECT_EQ(complaint_of(encoding::matrix_dataset(names, rows.values, "bought", labels)),
                  std::string("expected both labels in column bought, got ") + (label == 1 ? "1" : "0") +
                      " in every row; give rows of both kinds");
    }
}

TEST(TrainOnTable, SaysWhyNoInputIsLeft) {
    encoding::Dataset data;
    data.targets = {"bought"};
    for (std::uint64_t i = 0; i < 300; ++i) {
        data.keys.push_back({.row = i});
        data.labels.push_back(i % 2 == 0 ? 1 : 0);
    }
    EXPECT_NE(complaint_of(data).find("expected an input beside the target"), std::string::npos)
        << complaint_of(data);
    data.categorical_features = {"id"};
    data.categories.resize(1);
    for (std::uint64_t i = 0; i < 300; ++i)
        data.categorical.push_back(data.categories[0].intern("u" + std::to_string(i)));
    EXPECT_NE(complaint_of(data).find("the column \"id\", which differs in every training row"),
              std::string::npos)
        << complaint_of(data);
    data.categorical.assign(300, 0);
    EXPECT_NE(complaint_of(data).find("expected a column that varies"), std::string::npos)
        << complaint_of(data);
}

TEST(TrainOnTable, AModelOfALogIsRefusedByScoreTable) {
    const encoding::Dataset data = testing::make_dataset(100, {"x"});
    Bundle model = train_on_table(data, quick_table(), nn::eigen_kernels());
    model.table.reset();
    EXPECT_THROW((void)score::score_table(model, data, nn::eigen_kernels()), Error);
}

}  // namespace
}  // namespace funnel::train
