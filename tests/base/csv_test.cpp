// SPDX-License-Identifier: MIT
#include "funnel/base/csv.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace funnel::base {
namespace {

std::string field(std::string_view text) {
    std::string out;
    append_csv_field(out, text);
    return out;
}

std::string number(auto value) {
    std::string out;
    append_csv_number(out, value);
    return out;
}

TEST(CsvField, IsQuotedOnlyWhereItMustBe) {
    EXPECT_EQ(field(""), "");
    EXPECT_EQ(field("Coffee & Tea"), "Coffee & Tea");
    EXPECT_EQ(field("a,b"), "\"a,b\"");
    EXPECT_EQ(field("say \"hi\""), "\"say \"\"hi\"\"\"");
    EXPECT_EQ(field("two\nlines"), "\"two\nlines\"");
    EXPECT_EQ(field("a\rb"), "\"a\rb\"");
    EXPECT_EQ(field(" x"), "\" x\"");
    EXPECT_EQ(field("x "), "\"x \"");
    EXPECT_EQ(field("=1+1"), "=1+1");
}

TEST(CsvNumber, IsTheShortestTextThatReadsBack) {
    EXPECT_EQ(number(0.1), "0.1");
    EXPECT_EQ(number(0.1f), "0.1");
    EXPECT_EQ(number(25.0), "25");
    EXPECT_EQ(number(1e-7f), "1e-07");
    EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), "");
    EXPECT_EQ(number(std::numeric_limits<double>::lowest()).size(), 24u);
}

}  // namespace
}  // namespace funnel::base
