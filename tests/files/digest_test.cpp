// SPDX-License-Identifier: MIT
// Expected digests are those of xxhsum 0.8.1 -H2.
#include "funnel/files/digest.hpp"

#include <gtest/gtest.h>

#include "funnel/base/error.hpp"
#include "support/temporary_folder.hpp"

namespace funnel::files {
namespace {

std::string digest(std::initializer_list<std::string_view> pieces) {
    Digest sum;
    for (const std::string_view piece : pieces)
        sum.add(piece);
    return sum.result("x").xxh128;
}

TEST(Digest, IsThatOfXxhsum) {
    EXPECT_EQ(digest({}), "99aa06d3014798d86001c324468d497f");
    EXPECT_EQ(digest({"abc"}), "06b05ab6733a618578af5f94892f3950");
    EXPECT_EQ(digest({"a", "", "bc"}), "06b05ab6733a618578af5f94892f3950");
}

TEST(Digest, OfAFileCountsItsBytes) {
    const support::TemporaryFolder folder;
    const std::string path = folder.write("f", "event_time,event_type,user_id\n1709287200,view,a\n");
    EXPECT_EQ(digest_of_file(path), (FileDigest{path, 48, "99db78b1453c2f6218622d4fe3990b02"}));
    EXPECT_THROW((void)digest_of_file(folder.path("none")), Error);
    EXPECT_THROW((void)digest_of_file(folder.path()), Error);
}

}  // namespace
}  // namespace funnel::files
