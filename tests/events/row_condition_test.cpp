// SPDX-License-Identifier: MIT
#include "funnel/events/row_condition.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace funnel::test {
namespace {

using events::RowCondition;

/// Rows with a device and a price; what fits as a text of 0 and 1.
EventLog device_log() {
    EventLog log;
    const std::vector<std::pair<const char*, const char*>> rows = {
        {"mobile", "49.90"}, {"desktop", "50"}, {"", "50.0"}, {"Mobile Web", ""}, {"a\"b", "1e2"}, {"", "x"}};
    for (std::size_t i = 0; i < rows.size(); ++i) {
        log.add({.time = static_cast<std::int64_t>(i),
                 .kind = i % 2 == 0 ? EventKind::view : EventKind::purchase,
                 .user = "u" + std::to_string(i),
                 .item = i == 5 ? std::string() : "7"});
    }
    for (const bool second : {false, true}) {
        events::TextColumn column{second ? "price" : "device", second ? "unit_price" : "Device type", {}, {}};
        for (const auto& [device, price] : rows) {
            const std::string_view text = second ? price : device;
            column.code.push_back(text.empty() ? base::kNone : column.values.intern(text));
        }
        log.text_columns.push_back(std::move(column));
    }
    return log;
}

std::string fitting(std::string_view condition) {
    std::string out;
    for (const std::uint8_t fits : RowCondition::parse(condition).rows(device_log()))
        out += fits != 0 ? '1' : '0';
    return out;
}

std::string complaint(std::string_view condition) {
    try {
        (void)RowCondition::parse(condition);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        return error.what();
    }
    return {};
}

TEST(RowCondition, ComparesTextsAsTheyStand) {
    EXPECT_EQ(fitting("device=mobile"), "100000");
    EXPECT_EQ(fitting("  device = 'mobile' "), "100000");
    EXPECT_EQ(fitting("device=Mobile"), "000000");
    EXPECT_EQ(fitting("\"Device type\"=mobile"), "100000");
    EXPECT_EQ(fitting("device=\"Mobile Web\""), "000100");
    EXPECT_EQ(fitting("device='a\"b'"), "000010");
    EXPECT_EQ(fitting("device=\"a\"\"b\""), "000010");
    EXPECT_EQ(fitting("item=7.0"), "000000");  // ids are no numbers
    EXPECT_EQ(fitting("item=7"), "111110");
}

TEST(RowCondition, AMissingValueIsTheEmptyText) {
    EXPECT_EQ(fitting("device=\"\""), "001001");
    EXPECT_EQ(fitting("device!=mobile"), "011111");
    EXPECT_EQ(fitting("device!=''"), "110110");
    EXPECT_EQ(fitting("item=''"), "000001");
}

TEST(RowCondition, ComparesNumbersOfNumberColumnsAndWithLess) {
    EXPECT_EQ(fitting("price=50"), "011000");
    EXPECT_EQ(fitting("unit_price=50.00"), "011000");
    EXPECT_EQ(fitting("price in (100, 50)"), "011010");
    EXPECT_EQ(fitting("price!=50"), "100111");
    EXPECT_EQ(fitting("price<50"), "100000");
    EXPECT_EQ(fitting("price<=50"), "111000");
    EXPECT_EQ(fitting("price>49.9"), "011010");
    EXPECT_EQ(fitting("price>=-1"), "111010");
    EXPECT_EQ(fitting("device>1"), "000000");
}

TEST(RowCondition, HoldsATextInAnyCase) {
    EXPECT_EQ(fitting("device~mobile"), "100100");
    EXPECT_EQ(fitting("device ~ \" WEB\""), "000100");
    EXPECT_EQ(fitting("device~B"), "100110");
}

TEST(RowCondition, AndBindsCloserThanOr) {
    EXPECT_EQ(fitting("device=mobile | price=50 & event=purchase"), "110000");
    EXPECT_EQ(fitting("(device=mobile | price=50) & event=purchase"), "010000");
    EXPECT_EQ(fitting("((user=u1))|user in(u0,u5)"), "110001");
    EXPECT_EQ(fitting("event=view&item=7&user!=u0"), "001010");
    std::string deep = "user=u0";
    for (int i = 0; i < 100; ++i)
        deep = "(" + deep + ")";
    EXPECT_EQ(fitting(deep), "100000");
    EXPECT_NE(complaint("(" + deep + ")"), "");
}

TEST(RowCondition, NamesItsColumnsOnce) {
    EXPECT_EQ(RowCondition::parse("b=1&a=2|b!=3").columns(), (std::vector<std::string>{"b", "a"}));
}

TEST(RowCondition, SaysWhereTheFaultIs) {
    EXPECT_EQ(complaint(""),
              "expected a column at character 1 of \"\", got its end; write COLUMN=VALUE, such as "
              "device=mobile");
    EXPECT_EQ(complaint("country=New Zealand"),
              "expected & or | at character 13 of \"country=New Zealand\", got \"Zealand\"; put a value with "
              "blanks into quotes, such as country=\"New Zealand\"");
    EXPECT_EQ(complaint("\xC3\xA4=1 & price>much"),
              "expected a number at character 13 of \"\xC3\xA4=1 & price>much\", got \"much\"; < <= > >= "
              "compare numbers; for times give --from and --to");
    EXPECT_EQ(complaint("device mobile"),
              "expected = != < <= > >= ~ or in at character 8 of \"device mobile\", got \"mobile\"; put a "
              "name with blanks into quotes, such as \"Device type\"=mobile");
    EXPECT_EQ(complaint("a=1 && b=2"),
              "expected a column at character 6 of \"a=1 && b=2\", got \"&\"; write COLUMN=VALUE, such as "
              "device=mobile");
    EXPECT_EQ(complaint("a=\"open"),
              "expected a closing quote for the one at character 3 of \"a=\"open\", got \"\"\"; close it "
              "with \"");
    for (const char* wrong : {"a=", "a", "=1", "(a=1", "a=1)", "a in b", "a in (b", "a in ()", "a=1 |",
                              "a~''", "a==1", "a<", "''=1", "a=1 b=2", "a=1,2", "a<>1", "a>nan", "()"})
        EXPECT_NE(complaint(wrong).find(" at character "), std::string::npos) << wrong;
}

TEST(RowCondition, NamesTheColumnsThatThereAre) {
    try {
        (void)RowCondition::parse("colour=red").rows(device_log());
        FAIL();
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(),
                     "--where: expected one of item, user, event, device, price, got \"colour\"; choose a "
                     "column of the log");
    }
}

}  // namespace
}  // namespace funnel::test
