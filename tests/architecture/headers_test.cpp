// SPDX-License-Identifier: MIT
// What every header must have, and the names that must be its own.
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string_view>

#include "architecture/source_tree.hpp"

namespace funnel::architecture {
namespace {

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

// tests/long/run.sh compiles every header alone, which takes minutes; this finds the usual fault at once.
TEST(Headers, IncludeTheStandardHeadersThatTheyUse) {
    std::size_t seen = 0;
    for (const auto& source : headers()) {
        std::set<std::string> included;
        for (const auto& include : source.includes)
            included.insert(include.name);
        for (const auto& name : standard_names(source)) {
            ++seen;
            for (const auto& [header, names] : kStandardNames) {
                if (names.contains(name) && !included.contains(header))
                    ADD_FAILURE() << source.path << " uses std::" << name << " without <" << header << ">";
            }
        }
    }
    EXPECT_GT(seen, 500u);
}

TEST(Headers, BeginWithTheLicenceAndAreReadOnce) {
    const auto sources = tree("include");
    EXPECT_GT(sources.size(), 100u);
    for (const auto& source : sources) {
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
}  // namespace funnel::architecture
