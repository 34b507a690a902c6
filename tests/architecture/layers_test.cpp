// SPDX-License-Identifier: MIT
// Which file may include which: the floor plan of CONTRIBUTING.md, read off the #include lines of include/
// and src/.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "architecture/source_tree.hpp"

namespace funnel::architecture {
namespace {

TEST(Layers, KnowEveryRoom) {
    std::size_t seen = 0;
    for (const auto& folder : {"include", "src"}) {
        for (const auto& source : tree(folder)) {
            if (source.name == "funnel/funnel.hpp") continue;
            ++seen;
            EXPECT_TRUE(kRooms.contains(source.room)) << source.path << " is in no room of the floor plan";
        }
    }
    EXPECT_GT(seen, 100u);
}

TEST(Layers, IncludeSmallerNumbersOnly) {
    std::size_t seen = 0;
    for (const auto& folder : {"include", "src"}) {
        for (const auto& source : tree(folder)) {
            if (!kRooms.contains(source.room)) continue;
            for (const auto& include : source.includes) {
                if (!include.name.starts_with("funnel/")) continue;
                const std::string room = room_of(include.name);
                if (room == source.room || is_agreed(source.room, include.name)) continue;
                ++seen;
                EXPECT_TRUE(kRooms.contains(room) && kRooms.at(room).layer < kRooms.at(source.room).layer)
                    << source.path << " includes " << include.name;
            }
        }
    }
    EXPECT_GT(seen, 100u);
}

TEST(Layers, KeepDetailInItsRoom) {
    std::size_t seen = 0;
    for (const auto& folder : {"include", "src", "tools", "examples"}) {
        for (const auto& source : tree(folder)) {
            for (const auto& include : source.includes) {
                if (!include.name.starts_with("funnel/") || !is_detail(include.name)) continue;
                ++seen;
                EXPECT_EQ(room_of(include.name), source.room)
                    << source.path << " includes " << include.name << ", which belongs to another room";
            }
        }
    }
    EXPECT_GT(seen, 0u);
}

TEST(Layers, HaveNoCycles) {
    std::map<std::string, std::vector<std::string>> edges;
    for (const auto& source : headers()) {
        for (const auto& include : source.includes)
            edges[source.name].push_back(include.name);
    }
    std::set<std::string> done, open;
    const std::function<void(const std::string&)> visit = [&](const std::string& header) {
        if (done.contains(header)) return;
        ASSERT_TRUE(open.insert(header).second) << header << " includes itself in the end";
        for (const auto& next : edges[header])
            visit(next);
        open.erase(header);
        done.insert(header);
    };
    for (const auto& source : headers())
        visit(source.name);
    EXPECT_GT(done.size(), 100u);
}

TEST(Layers, GiveHeaderRoomsStdAndEigenOnly) {
    std::size_t seen = 0;
    for (const auto& source : headers()) {
        if (kRooms.at(source.room).compiled) continue;
        for (const auto& include : source.includes) {
            // Advice to Linux, behind an #ifdef; nothing depends on it.
            if (source.name.ends_with("base/huge_pages.hpp") && include.name == "sys/mman.h") continue;
            ++seen;
            EXPECT_TRUE(include.quoted ? include.name.starts_with("funnel/")
                                       : is_std(include.name) || include.name.starts_with("Eigen/"))
                << source.path << " includes " << include.name;
        }
    }
    EXPECT_GT(seen, 500u);
}

TEST(Layers, ShowStdAndFunnelOnlyInCompiledRooms) {
    std::size_t seen = 0;
    for (const auto& source : headers()) {
        if (!kRooms.at(source.room).compiled) continue;
        for (const auto& include : source.includes) {
            ++seen;
            EXPECT_TRUE(include.quoted ? include.name.starts_with("funnel/") : is_std(include.name))
                << source.path << " includes " << include.name;
        }
    }
    EXPECT_GT(seen, 100u);
}

// What a server includes: it pulls in nothing of ours, and no Eigen.
TEST(Layers, GiveTheRecommenderStdOnly) {
    std::size_t seen = 0;
    for (const auto& source : headers()) {
        if (source.room != "recommender") continue;
        ++seen;
        EXPECT_FALSE(source.includes.empty());
        for (const auto& include : source.includes)
            EXPECT_TRUE(!include.quoted && is_std(include.name)) << include.name;
    }
    EXPECT_EQ(seen, 1U);
}

TEST(Layers, KeepPrivateHeadersInTheirRoom) {
    std::size_t seen = 0;
    for (const auto& source : tree("src")) {
        for (const auto& include : source.includes) {
            if (!include.quoted || include.name.starts_with("funnel/")) continue;
            ++seen;
            // "file.hpp" or "room/.../file.hpp", both in the room of the file that includes it.
            const fs::path root = fs::path(FUNNEL_TEST_DIR).parent_path() / "src";
            const bool own = fs::exists(source.path.parent_path() / include.name) ||
                             (include.name.starts_with(source.room + "/") && fs::exists(root / include.name));
            EXPECT_TRUE(own) << source.path << " includes " << include.name << ", which is not of its room";
        }
    }
    EXPECT_GT(seen, 50u);
}

// Printing belongs to tools/, and clang 14 has no <format>.
TEST(Layers, AvoidHeadersThatPrintOrThatCompilersLack) {
    std::size_t seen = 0;
    for (const auto& folder : {"include", "src"}) {
        for (const auto& source : tree(folder)) {
            for (const auto& include : source.includes) {
                ++seen;
                EXPECT_FALSE(include.name == "iostream" || include.name == "format")
                    << source.path << " includes " << include.name;
            }
        }
    }
    EXPECT_GT(seen, 500u);
}

}  // namespace
}  // namespace funnel::architecture
