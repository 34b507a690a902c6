// SPDX-License-Identifier: MIT
// The floor plan as it stands: sizes and arrows of all rooms, printed; and that CONTRIBUTING.md shows the
// same floors.
#include <gtest/gtest.h>

#include <iomanip>
#include <iostream>
#include <set>
#include <sstream>

#include "architecture/source_tree.hpp"

namespace funnel::architecture {
namespace {

struct RoomSize {
    std::size_t doors = 0, details = 0, sources = 0, lines = 0;
    std::set<std::string> includes;  // other rooms
};

std::size_t lines_of(const fs::path& path) {
    std::ifstream file(path);
    std::size_t lines = 0;
    for (std::string line; std::getline(file, line);)
        ++lines;
    return lines;
}

std::map<std::string, RoomSize> measure_rooms() {
    std::map<std::string, RoomSize> sizes;
    for (const auto& folder : {"include", "src"}) {
        for (const auto& source : tree(folder, true)) {
            if (!kRooms.contains(source.room)) continue;
            RoomSize& size = sizes[source.room];
            ++(!source.name.starts_with("funnel/") ? size.sources
               : is_detail(source.name)            ? size.details
                                                   : size.doors);
            size.lines += lines_of(source.path);
            for (const auto& include : source.includes) {
                const bool other =
                    include.name.starts_with("funnel/") && room_of(include.name) != source.room;
                if (other) size.includes.insert(room_of(include.name));
            }
        }
    }
    return sizes;
}

/// Room and floor, from the block in CONTRIBUTING.md: "    5 use          score" and "    6 files persist*".
std::map<std::string, Room> rooms_in_contributing() {
    std::ifstream file(fs::path(FUNNEL_TEST_DIR).parent_path() / "CONTRIBUTING.md");
    std::map<std::string, Room> rooms;
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("    ") || line.size() < 19 || line.find("tools") != std::string::npos)
            continue;
        std::istringstream floor(line.substr(0, 19)), names(line.substr(19, line.find('(', 19) - 19));
        int layer = -1;
        if (!(floor >> layer)) continue;
        for (std::string name; names >> name;) {
            const bool compiled = name.ends_with("*");
            if (compiled) name.pop_back();
            rooms[name] = {layer, compiled};
        }
    }
    return rooms;
}

// ctest -R FloorPlan -V shows it.
TEST(FloorPlan, IsDrawn) {
    const auto sizes = measure_rooms();
    ASSERT_EQ(sizes.size(), kRooms.size()) << "a room without files";
    std::vector<std::pair<int, std::string>> order;
    for (const auto& [name, room] : kRooms)
        order.emplace_back(room.layer, name);
    std::ranges::sort(order);
    std::cout << std::left << std::setw(7) << "floor" << std::setw(11) << "room" << std::right << std::setw(6)
              << "doors" << std::setw(8) << "detail" << std::setw(9) << "sources" << std::setw(8) << "lines"
              << "  includes\n";
    for (const auto& [layer, name] : order) {
        const RoomSize& size = sizes.at(name);
        std::cout << std::left << std::setw(7) << layer << std::setw(11)
                  << name + (kRooms.at(name).compiled ? "*" : "") << std::right << std::setw(6) << size.doors
                  << std::setw(8) << size.details << std::setw(9) << size.sources << std::setw(8)
                  << size.lines << " ";
        for (const auto& other : size.includes)
            std::cout << ' ' << other;
        std::cout << '\n';
        EXPECT_GT(size.doors, 0u) << name << " cannot be entered";
        EXPECT_EQ(size.sources > 0, kRooms.at(name).compiled) << name;
    }
}

TEST(FloorPlan, IsTheOneOfContributing) {
    const auto written = rooms_in_contributing();
    EXPECT_EQ(written.size(), kRooms.size());
    for (const auto& [name, room] : kRooms) {
        ASSERT_TRUE(written.contains(name)) << name << " is not in CONTRIBUTING.md";
        EXPECT_EQ(written.at(name).layer, room.layer) << name;
        EXPECT_EQ(written.at(name).compiled, room.compiled) << name;
    }
}

}  // namespace
}  // namespace funnel::architecture
