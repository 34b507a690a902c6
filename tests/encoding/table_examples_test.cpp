// SPDX-License-Identifier: MIT
// A table as examples: what its columns become, and which of its cells are bad; by hand.
#include "funnel/encoding/table_examples.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <string>
#include <vector>

namespace funnel::encoding {
namespace {

/// Columns of texts, "" missing.
class TextTable {
 public:
    TextTable& add(std::string_view name, const std::vector<std::string>& texts) {
        base::StringTable& values = values_.emplace_back();
        std::vector<std::uint32_t>& code = codes_.emplace_back();
        for (const std::string& text : texts)
            code.push_back(text.empty() ? base::kNone : values.intern(text));
        columns_.push_back({name, &values, code});
        return *this;
    }
    [[nodiscard]] const std::vector<base::ColumnView>& columns() const { return columns_; }

 private:
    std::deque<base::StringTable> values_;
    std::deque<std::vector<std::uint32_t>> codes_;
    std::vector<base::ColumnView> columns_;
};

std::vector<std::string> places(const std::vector<base::BadCell>& bad) {
    std::vector<std::string> out;
    for (const base::BadCell& cell : bad)
        out.push_back(std::to_string(cell.row) + " " + cell.column);
    return out;
}

TEST(TableExamples, TakeLabelWeightTimeAndGroupFromTheirColumns) {
    TextTable table;
    table.add("x", {"1,5", "", "3"})
        .add("kind", {"a", "b", "a"})
        .add("y", {"t", "F", "1.0"})
        .add("w", {"2", "0,5", "0"})
        .add("day", {"10", "soon", "30"})
        .add("shop", {"s", "t", "s"});
    TableRoles roles{.label = "y", .weight = "w", .time = "day", .group = "shop"};
    roles.parse_time = [](std::string_view text) {
        return text == "soon" ? std::optional<std::int64_t>(20) : std::nullopt;
    };
    const base::TableInputs inputs{
        .numeric = {"x"}, .categorical = {"kind"}, .numbers = {.decimal = ",", .thousands = ""}};
    std::vector<base::BadCell> bad;
    const Dataset data = table_examples(table.columns(), inputs, roles, bad);
    EXPECT_TRUE(bad.empty());
    ASSERT_EQ(data.size(), 3u);
    EXPECT_EQ(data.numeric[0], 1.5f);
    EXPECT_TRUE(std::isnan(data.numeric[1]));
    EXPECT_EQ(data.labels, (std::vector<std::uint8_t>{1, 0, 1}));
    EXPECT_EQ(data.weights, (std::vector<float>{2, 0.5, 0}));
    EXPECT_EQ(data.keys[1].time, 20);
    EXPECT_EQ(data.keys[0].group, data.keys[2].group);
    EXPECT_NE(data.keys[0].group, data.keys[1].group);
}

TEST(TableExamples, NameEveryCellThatCannotBeUsed) {
    TextTable table;
    table.add("x", {"1", "one", "3", "4"})
        .add("y", {"1", "0", "2", ""})
        .add("w", {"-1", "1", "heavy", ""})
        .add("day", {"1", "2", "3", "soon"});
    std::vector<base::BadCell> bad;
    (void)table_examples(table.columns(), {.numeric = {"x"}, .categorical = {}},
                         {.label = "y", .weight = "w", .time = "day", .group = ""}, bad);
    std::vector<std::string> found = places(bad);
    for (const char* place : {"1 x", "2 y", "3 y", "0 w", "2 w", "3 w", "3 day"})
        EXPECT_NE(std::ranges::find(found, place), found.end()) << place;
    EXPECT_EQ(std::ranges::find(found, "0 x"), found.end());
}

TEST(TableExamples, NeedNoLabelToBeScored) {
    TextTable table;
    table.add("x", {"1", "2"});
    std::vector<base::BadCell> bad;
    const base::TableInputs inputs{.numeric = {"x"}, .categorical = {}};
    const Dataset data =
        table_examples(table.columns(), inputs, {.label = "y", .label_required = false}, bad);
    EXPECT_EQ(data.labels, (std::vector<std::uint8_t>{base::kUnknownLabel, base::kUnknownLabel}));
    EXPECT_THROW((void)table_examples(table.columns(), inputs, {.label = "y"}, bad), Error);
}

TEST(InferInputs, NumbersAreColumnsWith95PercentOfThemInTraining) {
    std::vector<std::string> x, almost, words;
    for (int i = 0; i < 100; ++i) {
        x.push_back(i % 2 == 0 ? "" : std::to_string(i));
        almost.push_back(i < 95 ? std::to_string(i) : "w");
        words.push_back(i < 94 ? std::to_string(i) : "w");
    }
    words.insert(words.end(), 900, "5");  // rows that validate decide nothing
    x.insert(x.end(), 900, "w");
    almost.insert(almost.end(), 900, "w");
    TextTable table;
    table.add("x", x).add("almost", almost).add("words", words).add("none", std::vector<std::string>(1000));
    const base::TableInputs found = base::infer_inputs(table.columns(), 100, {});
    EXPECT_EQ(found.numeric, (std::vector<std::string>{"x", "almost"}));
    EXPECT_EQ(found.categorical, std::vector<std::string>{"words"});
    const base::TableInputs told = base::infer_inputs(
        table.columns(), 100, {.left_out = {"almost"}, .categorical = {"x"}, .numeric = {"words"}});
    EXPECT_EQ(told.numeric, std::vector<std::string>{"words"});
    EXPECT_EQ(told.categorical, std::vector<std::string>{"x"});
    EXPECT_THROW(
        (void)base::infer_inputs(table.columns(), 100, {.left_out = {"y"}, .categorical = {}, .numeric = {}}),
        Error);
    EXPECT_THROW((void)base::infer_inputs(table.columns(), 100,
                                          {.left_out = {}, .categorical = {"x"}, .numeric = {"x"}}),
                 Error);
}

TEST(TableLabels, AreAsDatabasesWriteThem) {
    for (const char* yes : {"1", "1.0", "true", "TRUE", "t", "T", "yes", "Yes"})
        EXPECT_EQ(base::parse_label(yes), 1) << yes;
    for (const char* no : {"0", "0.0", "false", "False", "f", "F", "no", "NO"})
        EXPECT_EQ(base::parse_label(no), 0) << no;
    for (const char* bad : {"", "2", "1.00", "-1", "y", "n", "on", " 1", "truth"})
        EXPECT_FALSE(base::parse_label(bad)) << bad;
}

}  // namespace
}  // namespace funnel::encoding
