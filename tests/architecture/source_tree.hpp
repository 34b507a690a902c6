// SPDX-License-Identifier: MIT
// SourceTree: the rooms of CONTRIBUTING.md, and every file with its #include lines.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace funnel::architecture {

namespace fs = std::filesystem;

struct Room {
    int layer;
    bool compiled;
};

// A room includes rooms of a smaller layer only. Adding a room means adding it here.
inline const std::map<std::string, Room> kRooms = {
    {"base", {0, false}},       {"events", {1, false}},   {"nn", {1, false}},      {"eval", {1, false}},
    {"files", {1, true}},       {"kernel", {1, true}},    {"ingest", {2, true}},   {"metrics", {2, false}},
    {"history", {2, false}},    {"encoding", {2, false}}, {"dataset", {2, false}}, {"simulate", {2, false}},
    {"model", {3, false}},      {"forecast", {3, false}}, {"train", {4, false}},   {"score", {5, false}},
    {"explain", {5, false}},    {"persist", {6, true}},   {"onnx", {6, true}},     {"report", {8, true}},
    {"recommender", {8, true}}, {"capi", {9, true}},      {"serve", {9, true}},
};

// The includes of equals: kernel fills the table of functions that nn declares; dataset joins what a history
// knows to what an encoder takes in.
inline bool is_agreed(const std::string& room, const std::string& header) {
    return (room == "kernel" && header == "funnel/nn/kernels.hpp") ||
           (room == "dataset" &&
            (header.starts_with("funnel/history/") || header.starts_with("funnel/encoding/")));
}

// What a room keeps to itself: "funnel/history/detail/history_state.hpp".
inline bool is_detail(const std::string& header) {
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

inline Source parse(const fs::path& root, const fs::path& path) {
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

/// c_headers: also those for C, which have rules of their own.
inline std::vector<Source> tree(const std::string& folder, bool c_headers = false) {
    const fs::path root = fs::path(FUNNEL_TEST_DIR).parent_path() / folder;
    std::vector<Source> sources;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        const auto extension = entry.path().extension();
        if (extension == ".hpp" || extension == ".cpp" || (c_headers && extension == ".h"))
            sources.push_back(parse(root, entry.path()));
    }
    std::ranges::sort(sources, {}, &Source::name);
    return sources;
}

inline std::vector<Source> headers() {
    auto all = tree("include");
    std::erase_if(all, [](const Source& source) { return source.room.empty(); });  // the umbrella
    return all;
}

// "funnel/nn/linear.hpp" -> "nn"
inline std::string room_of(const std::string& header) {
    if (header == "funnel/recommender.hpp") return "recommender";
    const auto from = header.find('/') + 1;
    return header.substr(from, header.find('/', from) - from);
}

inline bool is_std(const std::string& name) {
    return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == std::string::npos;
}

}  // namespace funnel::architecture
