// SPDX-License-Identifier: MIT
#include "funnel/base/number_format.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "funnel/base/random.hpp"

namespace funnel::base {
namespace {

const NumberFormat kEnglish{.decimal = ".", .thousands = ","}, kGerman{.decimal = ",", .thousands = "."},
    kFrench{.decimal = ",", .thousands = " "}, kSwiss{.decimal = ".", .thousands = "'"},
    kDot{.decimal = ".", .thousands = ""}, kComma{.decimal = ",", .thousands = ""};

TEST(NumberFormat, ReadsWhatShopsWrite) {
    const struct {
        const NumberFormat& format;
        const char* text;
        double value;
    } kCases[] = {
        {kEnglish, "1,234.50", 1234.5},
        {kEnglish, "1,234,567", 1234567},
        {kEnglish, "12,34,567.5", 1234567.5},
        {kEnglish, "$3,568.48", 3568.48},
        {kEnglish, "-$5.00", -5},
        {kEnglish, "$-5.00", -5},
        {kEnglish, "($1,000.25)", -1000.25},
        {kEnglish, "US$ 7", 7},
        {kEnglish, "$5.00 USD", 5},
        {kEnglish, "5.00-", -5},
        {kComma, "12.5", 12.5},
        {kComma, "1.0", 1},
        {kComma, "1.0000", 1},
        {kEnglish, ".5", .5},
        {kEnglish, "1e3", 1000},
        {kGerman, "1.234,50 €", 1234.5},
        {kGerman, "€1.234,50", 1234.5},
        {kGerman, "EUR 12", 12},
        {kGerman, "12EUR", 12},
        {kGerman, "49,-", 49},
        {kGerman, "1.000,\xE2\x80\x93", 1000},
        {kGerman,
         "\xE2\x88\x92"
         "3,5",
         -3.5},
        {kGerman, "R$ 1.234,5", 1234.5},
        {kFrench, "1 234 567,8", 1234567.8},
        {kFrench,
         "1\xE2\x80\xAF"
         "234,5\xC2\xA0€",
         1234.5},
        {kSwiss, "CHF 1'000.50", 1000.5},
        {kSwiss,
         "Fr. 1\xE2\x80\x99"
         "000.-",
         1000},
        {kDot, "$3568.48", 3568.48},
        {kDot, "12.5 kr.", 12.5},
        {kDot, "₹ 99", 99},
        {kDot, "99 zł", 99},
        {kComma, "12,5", 12.5},
        {kComma, " 12,5 ", 12.5},
    };
    for (const auto& c : kCases) {
        const auto value = parse_number(c.text, c.format);
        ASSERT_TRUE(value) << c.text;
        EXPECT_EQ(*value, c.value) << c.text;
    }
}

TEST(NumberFormat, RefusesWhatCouldMeanSomethingElse) {
    const struct {
        const NumberFormat& format;
        const char* text;
    } kCases[] = {{kEnglish, "1,5"},    {kEnglish, "1,23,4"}, {kEnglish, "1234,567"},
                  {kEnglish, "1,,234"}, {kEnglish, ",234"},   {kEnglish, "0,085"},
                  {kGerman, "0.085"},   {kEnglish, "1,234,"}, {kEnglish, "1.234,5"},
                  {kGerman, "1.5"},     {kGerman, "1,2,3"},   {kComma, "12.345"},
                  {kComma, "1,5.2"},    {kDot, "12,5"},       {kDot, "1 234"},
                  {kDot, "$"},          {kDot, "EUR"},        {kDot, ""},
                  {kDot, "-"},          {kDot, "--5"},        {kDot, "-5-"},
                  {kDot, "(-5)"},       {kDot, "5 kg"},       {kDot, "5%"},
                  {kDot, "5 ABC"},      {kDot, "inf"},        {kDot, "nan"},
                  {kDot, "0x10"},       {kDot, "+5"},         {kDot, "1e400"},
                  {kDot, "2024-01-10"}, {kDot, "12.03.2024"}, {kGerman, "12.03.2024"},
                  {kDot, "()"},         {kFrench, "1 23"},    {kSwiss, "1'2"}};
    for (const auto& c : kCases)
        EXPECT_FALSE(parse_number(c.text, c.format)) << '"' << c.text << '"';
}

TEST(NumberFormat, APlainOneReadsAsBefore) {
    for (const char* text : {"1,234", "$5", " 5", "5-", "(5)"})
        EXPECT_FALSE(parse_number(text, NumberFormat{})) << text;
    EXPECT_EQ(parse_number("-5.25e1", NumberFormat{}), -52.5);
}

/// Cents written by hand with marks must come back, whatever the marks.
TEST(NumberFormat, ReadsBackEveryAmountOfCents) {
    Rng random(7);
    std::size_t tried = 0;
    for (const NumberFormat* format : {&kEnglish, &kGerman, &kFrench, &kSwiss}) {
        for (int i = 0; i < 2000; ++i) {
            const std::uint64_t cents = random.below(std::uint64_t{1} << (8 + random.below(40)));
            std::string whole = std::to_string(cents / 100), text = std::to_string(100 + cents % 100);
            text.replace(0, 1, format->decimal);
            while (whole.size() > 3) {
                text = format->thousands + whole.substr(whole.size() - 3) + text;
                whole.resize(whole.size() - 3);
            }
            text = whole + text;
            const auto value = parse_number(text, *format);
            ASSERT_TRUE(value) << text;
            EXPECT_EQ(*value, static_cast<double>(cents) / 100) << text;
            ++tried;
        }
    }
    EXPECT_EQ(tried, 8000u);
}

TEST(NumberFormat, ChecksItsMarks) {
    for (const NumberFormat* format : {&kEnglish, &kGerman, &kFrench, &kSwiss, &kDot, &kComma})
        EXPECT_NO_THROW(format->check());
    for (const NumberFormat& wrong :
         {NumberFormat{.decimal = ";", .thousands = ""}, NumberFormat{.decimal = "", .thousands = "x"},
          NumberFormat{.decimal = ",", .thousands = ","}, NumberFormat{.decimal = "", .thousands = "."}}) {
        try {
            wrong.check();
            ADD_FAILURE() << wrong.decimal << ' ' << wrong.thousands;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        }
    }
}

}  // namespace
}  // namespace funnel::base
