// SPDX-License-Identifier: MIT
#include "funnel/report/text_table.hpp"

#include <gtest/gtest.h>

namespace funnel::report {
namespace {

TEST(TextTable, AlignsColumnsAndEndsNoLineWithASpace) {
    TextTable table({{"name", Align::left}, {"n", Align::right}, {"", Align::left}});
    table.add_row({"a", "1,000", "x"});
    table.add_row({"long", "7"});
    EXPECT_EQ(table.text(2),
              "  name      n\n"
              "  a     1,000  x\n"
              "  long      7\n");
}

TEST(TextTable, WithoutTitlesHasNoTitleLine) {
    TextTable table({{"", Align::left}, {"", Align::right}});
    table.add_row({"a", "1"});
    EXPECT_EQ(table.text(), "a  1\n");
}

TEST(TextTable, CountsWideCharactersAsTwo) {
    EXPECT_EQ(display_width("ab"), 2u);
    EXPECT_EQ(display_width("\xC3\xBC"), 1u);      // u with dots
    EXPECT_EQ(display_width("\xE9\x9E\x8B"), 2u);  // shoes
    EXPECT_EQ(display_width("\xFF"), 1u);          // not UTF-8
}

TEST(FormatCount, GroupsThousands) {
    EXPECT_EQ(format_count(0), "0");
    EXPECT_EQ(format_count(999), "999");
    EXPECT_EQ(format_count(1000), "1,000");
    EXPECT_EQ(format_count(-1234567), "-1,234,567");
}

TEST(FormatShare, KeepsThreeDigitsOfSmallShares) {
    EXPECT_EQ(format_share(0.1234), "12.34 %");
    EXPECT_EQ(format_share(0.0), "0.00 %");
    EXPECT_EQ(format_share(1.0), "100.00 %");
    EXPECT_EQ(format_share(0.00778), "0.778 %");
    EXPECT_EQ(format_share(0.0000123), "0.00123 %");
    EXPECT_EQ(format_share(std::nullopt), "n/a");
}

TEST(FormatNumber, GroupsOnlyBeforeThePoint) {
    EXPECT_EQ(format_number(5239240.562, 2), "5,239,240.56");
    EXPECT_EQ(format_number(1234.5678, 4), "1,234.5678");
    EXPECT_EQ(format_number(1e300, 0).size(), 301u + 100u);
}

TEST(Printable, EscapesWhatATerminalWouldObey) {
    EXPECT_EQ(printable("plain \xC3\xBC"), "plain \xC3\xBC");
    EXPECT_EQ(printable("a\x1b[2Jb\n"), "a\\x1B[2Jb\\x0A");
    EXPECT_EQ(printable("\xC2\x9B"), "\\xC2\\x9B");  // CSI as one character
    EXPECT_EQ(printable("\xFF\xE9"), "\\xFF\\xE9");
    EXPECT_EQ(printable("\xED\xA0\x80"), "\\xED\\xA0\\x80");  // a surrogate
    EXPECT_EQ(printable("abcdef", 3), "abc...");
    EXPECT_EQ(printable("ab\xC3\xBC", 3), "ab...");  // never half a character
}

}  // namespace
}  // namespace funnel::report
