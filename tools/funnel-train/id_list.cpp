// SPDX-License-Identifier: MIT
#include "id_list.hpp"

#include <fstream>
#include <string_view>

#include "funnel/base/error.hpp"

namespace funnel::tool {
namespace {

/// The first field of a line of CSV, without quotes.
std::string first_field(std::string_view line) {
    if (!line.starts_with('"')) return std::string(line.substr(0, line.find(',')));
    std::string field;
    for (std::size_t i = 1; i < line.size(); ++i) {
        if (line[i] == '"' && (i + 1 == line.size() || line[++i] != '"')) break;
        field += line[i];
    }
    return field;
}

}  // namespace

std::vector<std::string> read_ids(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw Error(ErrorCode::io, path + ": cannot read; does the file exist?");
    std::vector<std::string> ids;
    for (std::string line; std::getline(file, line);) {
        if (ids.empty() && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
        if (line.ends_with('\r')) line.pop_back();
        if (!line.empty()) ids.push_back(first_field(line));
    }
    return ids;
}

}  // namespace funnel::tool
