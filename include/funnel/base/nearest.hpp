// SPDX-License-Identifier: MIT
// nearest: the known name that somebody may have meant. Distance: Levenshtein (1966).
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace funnel::base {

/// Lower case without blanks around it: what a person would call the same name.
[[nodiscard]] inline std::string folded(std::string_view name) {
    const std::size_t begin = name.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    std::string out(name.substr(begin, name.find_last_not_of(" \t") - begin + 1));
    std::ranges::transform(
        out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

/// Least number of characters to insert, drop or replace (Levenshtein 1966).
[[nodiscard]] inline std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replace = diagonal + (a[i] != b[j]);
            diagonal = std::exchange(row[j + 1], std::min({row[j] + 1, row[j + 1] + 1, replace}));
        }
    }
    return row.back();
}

/// The name most like `wanted`, or empty if none is much like it.
[[nodiscard]] inline std::string nearest(std::string_view wanted, std::span<const std::string> names) {
    const std::string key = folded(wanted.substr(0, 100));
    std::string best;
    std::size_t least = std::max<std::size_t>(key.size() / 2, 1) + 1;
    for (const std::string& name : names) {
        const std::size_t distance = edit_distance(key, folded(std::string_view(name).substr(0, 100)));
        if (distance < least) {
            least = distance;
            best = name;
        }
    }
    return best;
}

}  // namespace funnel::base
