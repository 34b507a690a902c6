// SPDX-License-Identifier: MIT
#include "funnel/encoding/matrix_dataset.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace funnel::encoding {
namespace {

const std::vector<std::string> kNames = {"a", "b"};

TEST(MatrixDataset, KeepsRowsNamesAndLabels) {
    const std::vector<float> values = {1, 2, 3, 4, 5, 6};
    const std::vector<std::uint8_t> labels = {0, 1, base::kUnknownLabel};
    const Dataset data = matrix_dataset(kNames, values, "y", labels);
    ASSERT_EQ(data.size(), 3u);
    EXPECT_EQ(data.numeric_row(1)[0], 3.0f);
    EXPECT_EQ(data.numeric_row(2)[1], 6.0f);
    EXPECT_EQ(data.numeric_features.at(1).name, "b");
    EXPECT_EQ(data.targets, std::vector<std::string>{"y"});
    EXPECT_EQ(data.label_row(1)[0], 1);
    EXPECT_EQ(data.label_row(2)[0], base::kUnknownLabel);
    EXPECT_EQ(data.keys.at(2).row, 2u);
}

TEST(MatrixDataset, WithoutLabelsNoneIsKnown) {
    const Dataset data = matrix_dataset(kNames, std::vector<float>{1, 2});
    EXPECT_EQ(data.labels, std::vector<std::uint8_t>{base::kUnknownLabel});
    EXPECT_EQ(matrix_dataset(kNames, std::vector<float>{}).size(), 0u);
}

TEST(MatrixDataset, RefusesWhatDoesNotFit) {
    const std::vector<float> four = {1, 2, 3, 4};
    const auto code = [](auto&& call) {
        try {
            call();
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::internal;
    };
    const std::vector<std::string> twice = {"a", "a"};
    EXPECT_EQ(code([&] { (void)matrix_dataset(kNames, std::vector<float>{1, 2, 3}); }), ErrorCode::shape);
    EXPECT_EQ(code([&] { (void)matrix_dataset(std::vector<std::string>{}, four); }), ErrorCode::shape);
    EXPECT_EQ(code([&] { (void)matrix_dataset(kNames, four, "y", std::vector<std::uint8_t>{1}); }),
              ErrorCode::shape);
    EXPECT_EQ(code([&] {
                  (void)matrix_dataset(kNames, four, "y", std::vector<std::uint8_t>{1, 3});
              }),
              ErrorCode::invalid_argument);
    EXPECT_EQ(code([&] { (void)matrix_dataset(twice, four); }), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace funnel::encoding
