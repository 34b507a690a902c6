// SPDX-License-Identifier: MIT
// Columns of text that look like numbers, and the way of reading them that is proposed.
#include "funnel/base/number_texts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace funnel::base {
namespace {

/// A column of these texts, "" missing.
struct Column {
    explicit Column(const std::vector<std::string>& texts) {
        for (const std::string& text : texts)
            code.push_back(text.empty() ? kNone : values.intern(text));
    }
    StringTable values;
    std::vector<std::uint32_t> code;
    [[nodiscard]] ColumnView view() const { return {"price", &values, code}; }
};

std::vector<NumberText> found(const std::vector<std::string>& texts, const NumberFormat& now = {},
                              const std::vector<std::string>& chosen = {}) {
    const Column column(texts);
    const std::vector<ColumnView> columns = {column.view()};
    const TableInputs inputs = infer_inputs(
        columns, texts.size(), {.left_out = {}, .categorical = chosen, .numeric = {}, .numbers = now});
    return number_texts(columns, texts.size(), inputs, chosen);
}

/// The marks that are proposed, as "decimal thousands", or why none are.
std::string proposal(const std::vector<std::string>& texts, const NumberFormat& now = {}) {
    const auto all = found(texts, now);
    if (all.empty()) return "none";
    if (all.front().percent) return "percent";
    if (!all.front().word.empty()) return "word " + all.front().word;
    return all.front().format.decimal + all.front().format.thousands;
}

TEST(NumberTexts, ProposeTheMarksThatReadMost) {
    EXPECT_EQ(proposal({"$5.00", "$6.50"}), ".");
    EXPECT_EQ(proposal({"1,234.50", "7.10"}), ".,");
    EXPECT_EQ(proposal({"1.234,50", "7,10"}), ",.");
    EXPECT_EQ(proposal({"12,5", "7,25"}), ",");
    EXPECT_EQ(proposal({"1'234.50", "1'000.10"}), ".'");
    EXPECT_EQ(proposal({"1 234,50", "1 000,10"}), ", ");
    EXPECT_EQ(proposal({"1,234", "5,678"}), ".,");  // thousands before bits
    EXPECT_EQ(proposal({"1,234", "5,67"}), ",");
    EXPECT_EQ(proposal({"12 %", "3.5%"}), "percent");
}

TEST(NumberTexts, NameTheWordThatStandsInTheWay) {
    EXPECT_EQ(proposal({"1", "2", "3", "4", "-"}), "word -");
    EXPECT_EQ(proposal({"1", "2", "3", "4", "5", "6", "7", "8", "x", "x", ""}), "word x");
    const auto all = found({"1", "2", "3", "4", "5", "6", "7", "8", "?", "x", "x"});
    EXPECT_TRUE(all.empty());  // 8 of 11 are less than 80 %
    const auto more = found({"1", "2", "3", "4", "5", "6", "7", "8", "9", "?", "x", "", ""});
    ASSERT_EQ(more.size(), 1u);
    EXPECT_EQ(more[0].values, 11u);
    EXPECT_EQ(more[0].numbers, 9u);
    EXPECT_EQ(more[0].words, 1u);
}

TEST(NumberTexts, AreSilentAboutWordsAndChosenColumns) {
    EXPECT_EQ(proposal({"red", "green"}), "none");
    EXPECT_EQ(proposal({"2024-01-10", "2024-01-11"}), "none");
    EXPECT_EQ(proposal({"12.03.2024", "13.03.2024"}), "none");
    EXPECT_EQ(proposal({"10:30", "11:15"}), "none");
    EXPECT_EQ(proposal({"5 kg", "7 kg"}), "none");
    EXPECT_EQ(proposal({"u1", "u2"}), "none");
    EXPECT_EQ(proposal({"", ""}), "none");
    EXPECT_EQ(proposal({"1", "2"}), "none");  // numbers already
    EXPECT_TRUE(found({"$5", "$6"}, {}, {"price"}).empty());
    EXPECT_EQ(proposal({"$5", "$6", "red"}), "none");  // two of three
}

TEST(NumberTexts, KnowWhatIsReadAlready) {
    const NumberFormat comma{.decimal = ",", .thousands = ""};
    EXPECT_EQ(proposal({"1,5", "2,5"}, comma), "none");
    EXPECT_EQ(proposal({"1.5", "2.5"}, comma), "none");
    EXPECT_EQ(proposal({"1.234,5", "2,5"}, comma), ",.");
}

}  // namespace
}  // namespace funnel::base
