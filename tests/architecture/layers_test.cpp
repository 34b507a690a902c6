// SPDX-License-Identifier: MIT
// The floor plan of CONTRIBUTING.md, read off the #include lines of include/ and src/.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Room {
    int layer;
    bool compiled;
};

// A room includes rooms of a smaller layer only. Adding a room means adding it here.
const std::map<std::string, Room> kRooms = {
    {"base", {0, false}},    {"events", {1, false}},     {"nn", {1, false}},      {"eval", {1, false}},
    {"files", {1, true}},    {"kernel", {1, true}},      {"ingest", {2, true}},   {"metrics", {2, false}},
    {"history", {2, false}}, {"encoding", {2, false}},   {"dataset", {2, false}}, {"simulate", {2, false}},
    {"model", {3, false}},   {"train", {4, false}},      {"score", {5, false}},   {"persist", {6, true}},
    {"report", {8, true}},   {"recommender", {8, true}},
};

// The includes of equals: kernel fills the table of functions that nn declares; dataset joins what a history
// knows to what an encoder takes in.
bool is_agreed(const std::string& room, const std::string& header) {
    return (room == "kernel" && header == "funnel/nn/kernels.hpp") ||
           (room == "dataset" &&
            (header.starts_with("funnel/history/") || header.starts_with("funnel/encoding/")));
}

// What a room keeps to itself: "funnel/history/detail/history_state.hpp".
bool is_detail(const std::string& header) {
    return header.find("/detail/") != std::string::npos;
}

struct Include {
    std::string name;
    bool quoted;
};

struct Source {
    std::string name;  // "funnel/nn/linear.hpp" below include/, "ingest/csv.cpp" below src/
    std::string room;
    fs::path path;
    std::string first_line;
    bool once = false;
    std::vector<Include> includes;
};

Source parse(const fs::path& root, const fs::path& path) {
    Source source;
    source.name = fs::relative(path, root).generic_string();
    source.path = path;
    for (const auto& part : fs::relative(path, root).parent_path()) {
        if (part != "funnel" && source.room.empty()) source.room = part.string();
    }
    if (source.name == "funnel/recommender.hpp")
        source.room = "recommender";  // the one door without a folder
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (source.first_line.empty()) source.first_line = line;
        source.once |= line == "#pragma once";
        if (!line.starts_with("#include ")) continue;
        const auto open = line.find_first_of("\"<");
        if (open == std::string::npos) continue;  // a macro
        const auto close = line.find_first_of("\">", open + 1);
        source.includes.push_back({line.substr(open + 1, close - open - 1), line[open] == '"'});
    }
    return source;
}

std::vector<Source> tree(const std::string& folder) {
    const fs::path root = fs::path(FUNNEL_TEST_DIR).parent_path() / folder;
    std::vector<Source> sources;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        const auto extension = entry.path().extension();
        if (extension == ".hpp" || extension == ".cpp") sources.push_back(parse(root, entry.path()));
    }
    std::ranges::sort(sources, {}, &Source::name);
    return sources;
}

std::vector<Source> headers() {
    auto all = tree("include");
    std::erase_if(all, [](const Source& source) { return source.room.empty(); });  // the umbrella
    return all;
}

// "funnel/nn/linear.hpp" -> "nn"
std::string room_of(const std::string& header) {
    const auto from = header.find('/') + 1;
    return header.substr(from, header.find('/', from) - from);
}

bool is_std(const std::string& name) {
    return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == std::string::npos;
}

// Where names of the standard library live. std::size_t comes with all of these.
const std::map<std::string, std::set<std::string>> kStandardNames = {
    {"algorithm", {"clamp", "copy", "copy_n", "fill", "find", "lower_bound", "max", "min", "ranges", "sort"}},
    {"array", {"array"}},
    {"atomic", {"atomic"}},
    {"bit", {"bit_cast", "bit_floor", "bit_width", "countr_zero", "popcount"}},
    {"charconv", {"from_chars", "to_chars"}},
    {"chrono", {"chrono"}},
    {"cmath", {"exp", "fabs", "floor", "isfinite", "isnan", "log", "sqrt"}},
    {"condition_variable", {"condition_variable"}},
    {"cstddef", {"byte"}},
    {"cstdint", {"int32_t", "int64_t", "uint16_t", "uint32_t", "uint64_t", "uint8_t"}},
    {"cstring", {"memcmp", "memcpy"}},
    {"deque", {"deque"}},
    {"functional", {"function"}},
    {"istream", {"istream"}},
    {"limits", {"numeric_limits"}},
    {"map", {"map", "multimap"}},
    {"memory", {"make_shared", "make_unique", "shared_ptr", "unique_ptr"}},
    {"mutex", {"call_once", "lock_guard", "mutex", "scoped_lock", "unique_lock"}},
    {"numeric", {"accumulate", "iota"}},
    {"optional", {"nullopt", "optional"}},
    {"ostream", {"ostream"}},
    {"set", {"set"}},
    {"span", {"span"}},
    {"string", {"string", "to_string"}},
    {"string_view", {"string_view"}},
    {"thread", {"jthread", "thread"}},
    {"tuple", {"tie", "tuple"}},
    {"unordered_map", {"unordered_map"}},
    {"utility", {"exchange", "move", "pair", "swap"}},
    {"variant", {"variant"}},
    {"vector", {"vector"}},
};

// The names behind "std::" in the code of a header.
std::set<std::string> standard_names(const Source& source) {
    constexpr std::string_view kStd = "std::";
    std::set<std::string> names;
    std::ifstream file(source.path);
    for (std::string line; std::getline(file, line);) {
        line.erase(std::min(line.find("//"), line.size()));
        for (auto at = line.find(kStd); at != std::string::npos; at = line.find(kStd, at)) {
            at += kStd.size();
            const auto end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789", at);
            names.insert(line.substr(at, end - at));
        }
    }
    return names;
}

TEST(Layers, KnowEveryRoom) {
    for (const auto& folder : {"include", "src"}) {
        for (const auto& source : tree(folder)) {
            if (source.name == "funnel/funnel.hpp") continue;
            EXPECT_TRUE(kRooms.contains(source.room)) << source.path << " is in no room of the floor plan";
        }
    }
}

TEST(Layers, IncludeSmallerNumbersOnly) {
    for (const auto& folder : {"include", "src"}) {
        for (const auto& source : tree(folder)) {
            if (!kRooms.contains(source.room)) continue;
            for (const auto& include : source.includes) {
                if (!include.name.starts_with("funnel/")) continue;
                const std::string room = room_of(include.name);
                if (room == source.room || is_agreed(source.room, include.name)) continue;
                EXPECT_TRUE(kRooms.contains(room) && kRooms.at(room).layer < kRooms.at(source.room).layer)
                    << source.path << " includes " << include.name;
            }
        }
    }
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
}

TEST(Layers, GiveHeaderRoomsStdAndEigenOnly) {
    for (const auto& source : headers()) {
        if (kRooms.at(source.room).compiled) continue;
        for (const auto& include : source.includes) {
            // Advice to Linux, behind an #ifdef; nothing depends on it.
            if (source.name.ends_with("base/huge_pages.hpp") && include.name == "sys/mman.h") continue;
            EXPECT_TRUE(include.quoted ? include.name.starts_with("funnel/")
                                       : is_std(include.name) || include.name.starts_with("Eigen/"))
                << source.path << " includes " << include.name;
        }
    }
}

TEST(Layers, ShowStdAndFunnelOnlyInCompiledRooms) {
    for (const auto& source : headers()) {
        if (!kRooms.at(source.room).compiled) continue;
        for (const auto& include : source.includes) {
            EXPECT_TRUE(include.quoted ? include.name.starts_with("funnel/") : is_std(include.name))
                << source.path << " includes " << include.name;
        }
    }
}

// What a server includes: it pulls in nothing of ours, and no Eigen.
TEST(Layers, GiveTheRecommenderStdOnly) {
    std::size_t seen = 0;
    for (const auto& source : headers()) {
        if (source.room != "recommender") continue;
        ++seen;
        for (const auto& include : source.includes)
            EXPECT_TRUE(!include.quoted && is_std(include.name)) << include.name;
    }
    EXPECT_EQ(seen, 1U);
}

TEST(Layers, KeepPrivateHeadersInTheirRoom) {
    for (const auto& source : tree("src")) {
        for (const auto& include : source.includes) {
            if (!include.quoted || include.name.starts_with("funnel/")) continue;
            // "file.hpp" or "room/.../file.hpp", both in the room of the file that includes it.
            const fs::path root = fs::path(FUNNEL_TEST_DIR).parent_path() / "src";
            const bool own = fs::exists(source.path.parent_path() / include.name) ||
                             (include.name.starts_with(source.room + "/") && fs::exists(root / include.name));
            EXPECT_TRUE(own) << source.path << " includes " << include.name << ", which is not of its room";
        }
    }
}

// Printing belongs to tools/, and clang 14 has no <format>.
TEST(Layers, AvoidHeadersThatPrintOrThatCompilersLack) {
    for (const auto& folder : {"include", "src"}) {
        for (const auto& source : tree(folder)) {
            for (const auto& include : source.includes) {
                EXPECT_FALSE(include.name == "iostream" || include.name == "format")
                    << source.path << " includes " << include.name;
            }
        }
    }
}

// tests/long/run.sh compiles every header alone, which takes minutes; this finds the usual fault at once.
TEST(Headers, IncludeTheStandardHeadersThatTheyUse) {
    for (const auto& source : headers()) {
        std::set<std::string> included;
        for (const auto& include : source.includes)
            included.insert(include.name);
        for (const auto& name : standard_names(source)) {
            for (const auto& [header, names] : kStandardNames) {
                if (names.contains(name) && !included.contains(header))
                    ADD_FAILURE() << source.path << " uses std::" << name << " without <" << header << ">";
            }
        }
    }
}

TEST(Headers, BeginWithTheLicenceAndAreReadOnce) {
    for (const auto& source : tree("include")) {
        EXPECT_EQ(source.first_line, "// SPDX-License-Identifier: MIT") << source.path;
        EXPECT_TRUE(source.once) << source.path << " lacks #pragma once";
    }
}

// A name found in a message or a search leads to one file.
TEST(Headers, HaveStemsOfTheirOwn) {
    std::map<std::string, std::string> first;
    for (const auto& folder : {"include", "src"}) {
        for (const auto& source : tree(folder)) {
            if (source.path.extension() != ".hpp") continue;
            const auto [at, is_new] = first.emplace(source.path.stem().string(), source.name);
            EXPECT_TRUE(is_new) << source.name << " and " << at->second << " have one stem";
        }
    }
    EXPECT_GT(first.size(), 100u);
}

// The names of the types that a header defines outside of classes and of detail namespaces.
std::vector<std::string> public_types(const Source& source) {
    static const std::regex kType(R"(^(?:class|struct|enum class|enum)\s+(\w+)[^;()]*(?:\{.*)?$)");
    std::vector<std::string> types;
    std::ifstream file(source.path);
    bool in_detail = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("namespace ")) in_detail = line.find("detail") != std::string::npos;
        if (line.starts_with("}  // namespace")) in_detail = false;
        std::smatch match;
        if (!in_detail && std::regex_match(line, match, kType)) types.push_back(match[1]);
    }
    return types;
}

TEST(Headers, DefinePublicTypesWithNamesOfTheirOwn) {
    std::map<std::string, std::string> first;
    for (const auto& source : headers()) {
        for (const std::string& type : public_types(source)) {
            const auto [at, is_new] = first.emplace(type, source.name);
            EXPECT_TRUE(is_new) << source.name << " and " << at->second << " define " << type;
        }
    }
    EXPECT_GT(first.size(), 200u);
}

TEST(Umbrella, NamesTheDoorsOfTheHeaderRoomsAndNoOther) {
    std::set<std::string> expected, found;
    for (const auto& source : headers()) {
        if (!kRooms.at(source.room).compiled && !is_detail(source.name)) expected.insert(source.name);
    }
    for (const auto& source : tree("include")) {
        if (source.name != "funnel/funnel.hpp") continue;
        for (const auto& include : source.includes)
            found.insert(include.name);
    }
    EXPECT_EQ(found, expected);
}

}  // namespace
