// SPDX-License-Identifier: MIT
#include "funnel/base/missing_words.hpp"

#include <gtest/gtest.h>

namespace funnel::base {
namespace {

TEST(MissingWords, AreThoseOfDatabasesAndSpreadsheetsInAnyCase) {
    const MissingWords missing;
    for (const char* word :
         {"", "NA", "na", "N/A", "n/a", "nan", "NaN", "NAN", "null", "NULL", "None", "none", "\\N", "\\n"})
        EXPECT_TRUE(missing.contain(word)) << word;
    for (const char* word : {"0", "-", " ", "NA ", "nano", "n", "N.A.", "no", "nil", "\n", "unknown"})
        EXPECT_FALSE(missing.contain(word)) << word;
}

TEST(MissingWords, CanBeAdded) {
    const MissingWords missing({"-", "Unknown"});
    for (const char* word : {"-", "unknown", "UNKNOWN", "N/A", ""})
        EXPECT_TRUE(missing.contain(word)) << word;
    EXPECT_FALSE(missing.contain("unknow"));
    EXPECT_FALSE(missing.contain("?"));
}

}  // namespace
}  // namespace funnel::base
