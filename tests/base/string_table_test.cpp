// SPDX-License-Identifier: MIT
#include "funnel/base/string_table.hpp"

#include <gtest/gtest.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "funnel/base/random.hpp"

namespace funnel::base {
namespace {

StringTable table_of(const std::vector<std::string>& texts) {
    StringTable table;
    for (const auto& text : texts)
        table.intern(text);
    return table;
}

std::vector<char> bytes_of(const std::vector<char>& chars, const std::vector<std::uint64_t>& ends) {
    ByteWriter out;
    out.array(chars);
    out.array(ends);
    return out.take();
}

TEST(StringTable, NumbersTextsByFirstAppearance) {
    StringTable table;
    EXPECT_TRUE(table.empty());
    EXPECT_EQ(table.find("a"), kNone);
    EXPECT_EQ(table.intern("b"), 0u);
    EXPECT_EQ(table.intern("a"), 1u);
    EXPECT_EQ(table.intern("b"), 0u);
    EXPECT_EQ(table.find("a"), 1u);
    EXPECT_EQ(table.find("c"), kNone);
    EXPECT_EQ(table.text(0), "b");
    EXPECT_EQ(table.size(), 2u);
}

/// Texts whose hashes agree in the bits that place them in a table of up to 2^14 slots.
std::vector<std::string> colliding_texts(std::size_t count) {
    std::vector<std::string> texts;
    for (std::uint64_t i = 0; texts.size() < count; ++i) {
        std::string text = std::to_string(i);
        if ((hash_bytes(text) & 0xFFFC0000) == 0) texts.push_back(std::move(text));
    }
    return texts;
}

TEST(StringTable, SpreadsTextsThatWereMadeToCollide) {
    const std::vector<std::string> texts = colliding_texts(3000);
    const StringTable table = table_of(texts);
    ByteWriter out;
    table.write(out);
    ByteReader in(out.bytes());
    for (const StringTable& same : {table, StringTable::read(in)}) {
        EXPECT_LT(same.longest_probe(), 500u);
        ASSERT_EQ(same.size(), 3000u);
        for (std::uint32_t i = 0; i < same.size(); ++i)
            ASSERT_EQ(same.find(texts[i]), i);
        EXPECT_EQ(same.find("no such text"), kNone);
    }
}

TEST(StringTable, SpreadsTextsThatWereChosenByTheTopOfTheirHash) {
    // As the users of one part of a log are.
    StringTable table;
    table.reserve(900);  // fewer than make the table choose another hash
    for (std::uint64_t i = 0; table.size() < 900; ++i) {
        const std::string text = "u" + std::to_string(i);
        if (hash_bytes(text) >> 56 == 7) table.intern(text);
    }
    EXPECT_LT(table.longest_probe(), 200u);
}

TEST(StringTable, IdsAreBytes) {
    const std::vector<std::string> ids{
        "7",  "007", "7.0",      "9007199254740992", "9007199254740993",     "1e5", "NaN", "null",
        "-0", "",    "\xc3\xbc", "u\xcc\x88",        std::string("a\0b", 3), "a"};
    const StringTable table = table_of(ids);
    ASSERT_EQ(table.size(), ids.size());
    for (std::uint32_t i = 0; i < ids.size(); ++i)
        EXPECT_EQ(table.text(i), ids[i]);
}

TEST(StringTable, AgreesWithAMapOnManyTexts) {
    StringTable table;
    std::unordered_map<std::string, std::uint32_t> map;
    Rng rng(1);
    for (int i = 0; i < 200'000; ++i) {
        const std::string text = std::to_string(rng.below(50'000)) + std::string(rng.below(3), 'x');
        const auto expected = map.emplace(text, static_cast<std::uint32_t>(map.size())).first->second;
        ASSERT_EQ(table.intern(text), expected);
    }
    EXPECT_EQ(table.size(), map.size());
    for (const auto& [text, index] : map)
        ASSERT_EQ(table.find(text), index);
}

TEST(StringTable, TextsOfOneHashStayApart) {
    StringTable table;
    for (int pass = 0; pass < 2; ++pass) {
        for (int i = 0; i < 100; ++i)
            EXPECT_EQ(table.intern(std::to_string(i), 42), static_cast<std::uint32_t>(i));
    }
}

TEST(StringTable, TravelsThroughBytes) {
    const StringTable table = table_of({"view", "", "cart"});
    ByteWriter out;
    table.write(out);
    ByteReader in(out.bytes());
    const StringTable copy = StringTable::read(in);
    in.expect_end();
    ASSERT_EQ(copy.size(), 3u);
    for (std::uint32_t i = 0; i < 3; ++i)
        EXPECT_EQ(copy.text(i), table.text(i));
    EXPECT_EQ(copy.find("cart"), 2u);
}

TEST(StringTable, DamagedBytesAreAnError) {
    const std::vector<std::vector<char>> damaged{
        bytes_of({'a'}, {}),             // no ends
        bytes_of({'a'}, {1, 1}),         // does not begin at 0
        bytes_of({'a'}, {0, 2}),         // ends behind the text
        bytes_of({'a', 'b'}, {0, 1}),    // ends before it
        bytes_of({'a'}, {0, 2, 1}),      // goes back
        bytes_of({'a', 'a'}, {0, 1, 2})  // a text twice
    };
    for (const auto& bytes : damaged) {
        ByteReader in(bytes);
        EXPECT_THROW((void)StringTable::read(in), Error);
    }
    const auto fine = bytes_of({'a', 'b'}, {0, 1, 2});
    ByteReader in(fine);
    EXPECT_EQ(StringTable::read(in).size(), 2u);
}

}  // namespace
}  // namespace funnel::base
