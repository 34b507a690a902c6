// SPDX-License-Identifier: MIT
// What a model remembers of its training rows, and how later rows are held against it; all by hand.
#include "funnel/model/reference.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>
#include <vector>

namespace funnel::model {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

/// 1 .. 100 and 3 missing ones; 60 x a, 40 x b, 3 missing ones.
encoding::Dataset sample() {
    encoding::Dataset data;
    data.numeric_features = {{.name = "x"}};
    data.categorical_features = {"k"};
    data.categories.resize(1);
    const std::uint32_t a = data.categories[0].intern("a"), b = data.categories[0].intern("b");
    for (int i = 1; i <= 103; ++i) {
        data.numeric.push_back(i <= 100 ? static_cast<float>(i) : kMissing);
        data.categorical.push_back(i > 100 ? base::kNone : i <= 60 ? a : b);
        data.keys.push_back({.row = static_cast<std::uint64_t>(i)});
    }
    return data;
}

std::vector<std::uint32_t> all_rows(const encoding::Dataset& data) {
    std::vector<std::uint32_t> rows;
    for (std::uint32_t i = 0; i < data.size(); ++i)
        rows.push_back(i);
    return rows;
}

TEST(Reference, HoldsDecilesAndCounts) {
    const encoding::Dataset data = sample();
    const Reference reference = reference_of(data, all_rows(data), 1);
    ASSERT_EQ(reference.numeric.size(), 1u);
    const ReferenceColumn& x = reference.numeric[0];
    EXPECT_EQ(x.name, "x");
    EXPECT_EQ(x.edges, (std::vector<float>{11, 21, 31, 41, 51, 61, 71, 81, 91}));
    EXPECT_EQ(x.counts, (std::vector<std::uint64_t>{10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 3}));
    const ReferenceColumn& k = reference.categorical[0];
    EXPECT_EQ(k.texts, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(k.counts, (std::vector<std::uint64_t>{60, 40, 0, 3}));
}

TEST(Reference, JoinsEqualDeciles) {
    const std::vector<float> values{0, 0, 0, 0, 0, 0, 0, 1, 1, 2};
    const ReferenceColumn column = reference_of("x", values);
    EXPECT_EQ(column.edges, (std::vector<float>{1, 2}));
    EXPECT_EQ(column.counts, (std::vector<std::uint64_t>{7, 2, 1, 0}));
    EXPECT_EQ(reference_of("none", std::vector<float>{}).counts, (std::vector<std::uint64_t>{0, 0}));
}

TEST(Reference, SurvivesAFile) {
    const encoding::Dataset data = sample();
    Reference reference = reference_of(data, all_rows(data), 1);
    reference.scores.push_back(reference_of("click", std::vector<float>{0.1f, 0.2f}));
    base::ByteWriter out;
    reference.write(out);
    base::ByteReader in(out.bytes());
    const Reference back = Reference::read(in);
    in.expect_end();
    EXPECT_EQ(back.numeric, reference.numeric);
    EXPECT_EQ(back.categorical, reference.categorical);
    EXPECT_EQ(back.scores, reference.scores);
}

TEST(Reference, RefusesWhatCannotBe) {
    const auto refused = [](const ReferenceColumn& column) {
        Reference reference;
        reference.numeric.push_back(column);
        base::ByteWriter out;
        reference.write(out);
        base::ByteReader in(out.bytes());
        EXPECT_THROW((void)Reference::read(in), Error);
    };
    refused({.name = "descending", .edges = {2, 1}, .counts = {0, 0, 0, 0}});
    refused({.name = "not finite", .edges = {kMissing}, .counts = {0, 0, 0}});
    refused({.name = "counts", .edges = {1}, .counts = {0, 0}});
    refused({.name = "both", .edges = {1}, .texts = {"a"}, .counts = {0, 0, 0, 0}});
}

TEST(Drift, IsTheStabilityIndexOfEachColumn) {
    const encoding::Dataset data = sample();
    Reference reference = reference_of(data, all_rows(data), 1);
    reference.scores.push_back({.name = "click", .edges = {0.5f}, .counts = {50, 50, 0}});
    Drift drift(reference);
    const std::string_view a = "a", other = "c";
    for (int i = 0; i < 100; ++i) {
        const float x = 1000;
        drift.add_row({&x, 1}, {i < 50 ? &a : &other, 1});
        drift.add_score(0, i < 80 ? 0.1f : 0.9f);
    }
    EXPECT_EQ(drift.rows(), 100u);
    const auto columns = drift.columns();
    ASSERT_EQ(columns.size(), 3u);
    const std::vector<std::uint64_t> score_now{80, 20, 0}, k_now{50, 0, 50, 0},
        x_now{0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 0};
    EXPECT_EQ(columns[2].name, "p_click");
    EXPECT_EQ(columns[2].psi, eval::psi(reference.scores[0].counts, score_now));
    EXPECT_EQ((std::set<std::string>{columns[0].name, columns[1].name}), (std::set<std::string>{"k", "x"}));
    for (const auto& column : columns) {
        if (column.name == "x") {
            EXPECT_EQ(column.psi, eval::psi(reference.numeric[0].counts, x_now));
        } else if (column.name == "k") {
            EXPECT_EQ(column.psi, eval::psi(reference.categorical[0].counts, k_now));
        }
    }
    EXPECT_GE(columns[0].psi, columns[1].psi);
}

}  // namespace
}  // namespace funnel::model
