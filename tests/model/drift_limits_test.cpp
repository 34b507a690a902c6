// SPDX-License-Identifier: MIT
// Which columns drift limits name, and when they are exceeded.
#include "funnel/model/drift_limits.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace funnel::model {
namespace {

/// Two inputs, uniform over ten cells, and one score.
Bundle model_of_a_sample() {
    Bundle bundle;
    bundle.table = TableTask{"y"};
    bundle.heads = {{.name = "y", .horizon = 0}};
    std::vector<float> values;
    for (int i = 0; i < 1000; ++i)
        values.push_back(static_cast<float>(i));
    bundle.reference.numeric = {reference_of("a", values), reference_of("b", values)};
    bundle.reference.scores = {reference_of("y", values)};
    return bundle;
}

/// Rows of a as in training and b in its lowest cell alone.
Drift moved(const Bundle& bundle, int rows) {
    Drift drift(bundle.reference);
    for (int i = 0; i < rows; ++i) {
        const float row[] = {static_cast<float>(i * 7 % 1000), 0.0f};
        drift.add_row(row, {});
        drift.add_score(0, static_cast<float>(i * 7 % 1000));
    }
    return drift;
}

std::vector<std::string> names(const std::vector<ColumnDrift>& columns) {
    std::vector<std::string> out;
    for (const ColumnDrift& column : columns)
        out.push_back(column.name);
    return out;
}

TEST(DriftLimits, NameTheColumnsThatMoved) {
    const Bundle bundle = model_of_a_sample();
    const DriftVerdict verdict = judge_drift(bundle, moved(bundle, 1000), {{.column = "", .most = 0.25}});
    EXPECT_EQ(verdict.rows, 1000u);
    EXPECT_FALSE(verdict.too_few);
    EXPECT_EQ(names(verdict.columns), (std::vector<std::string>{"b", "a", "p_y"}));
    EXPECT_EQ(names(verdict.exceeded), std::vector<std::string>{"b"});
    EXPECT_EQ(verdict.limit, 0.25);
}

TEST(DriftLimits, ALaterEntryOverridesAnEarlierOne) {
    const Bundle bundle = model_of_a_sample();
    const Drift drift = moved(bundle, 1000);
    EXPECT_TRUE(judge_drift(bundle, drift, {{"", 0.25}, {"b", 1000.0}}).exceeded.empty());
    EXPECT_TRUE(judge_drift(bundle, drift, {{"a", 0.25}}).exceeded.empty());
    EXPECT_TRUE(judge_drift(bundle, drift, {}).exceeded.empty());
    EXPECT_EQ(judge_drift(bundle, drift, {{"b", 1000.0}, {"", 0.25}}).limit, 0.25);
}

TEST(DriftLimits, FewRowsSayNothing) {
    const Bundle bundle = model_of_a_sample();
    const DriftVerdict verdict = judge_drift(bundle, moved(bundle, 199), {{"", 0.25}});
    EXPECT_TRUE(verdict.too_few);
    EXPECT_TRUE(verdict.exceeded.empty());
    EXPECT_EQ(verdict.columns.size(), 3u);
    EXPECT_FALSE(judge_drift(bundle, moved(bundle, 200), {{"", 0.25}}).too_few);
}

TEST(DriftLimits, AreCheckedAgainstTheModel) {
    const Bundle bundle = model_of_a_sample();
    EXPECT_NO_THROW(check_drift_limits(bundle, {{"", 0.1}, {"a", 0.1}, {"p_y", 0.2}}));
    for (const DriftLimit& wrong : {DriftLimit{"a", 0}, DriftLimit{"a", -1}, DriftLimit{"c", 0.1},
                                    DriftLimit{"y", 0.1}, DriftLimit{"p_a", 0.1}})
        EXPECT_THROW(check_drift_limits(bundle, {wrong}), Error) << wrong.column;
    Bundle blind = model_of_a_sample();
    blind.reference = {};
    EXPECT_THROW(check_drift_limits(blind, {{"", 0.1}}), Error);
    EXPECT_NO_THROW(check_drift_limits(blind, {}));
}

}  // namespace
}  // namespace funnel::model
