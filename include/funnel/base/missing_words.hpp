// SPDX-License-Identifier: MIT
// MissingWords: the words that mean "no value" in a table: nothing, NA, N/A, nan, null, None, \N, and those
// that a user adds.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace funnel::base {

/// Immutable: share freely. Words fit in any case of ASCII letters.
class MissingWords {
 public:
    MissingWords() = default;
    /// more: further words, such as "-" or "unknown".
    explicit MissingWords(std::vector<std::string> more) : more_(std::move(more)) {
        for (const std::string& word : more_)
            longest_ = std::max(longest_, word.size());
    }

    [[nodiscard]] bool contain(std::string_view text) const noexcept {
        if (text.size() > longest_) return false;
        if (text.empty()) return true;
        const char first = text.front();
        const bool may_be = first == 'n' || first == 'N' || first == '\\';
        if (!may_be) return is_added(text);
        for (const std::string_view word : {"na", "n/a", "nan", "null", "none", "\\n"}) {
            if (same(text, word)) return true;
        }
        return is_added(text);
    }
    [[nodiscard]] const std::vector<std::string>& more() const noexcept { return more_; }

 private:
    [[nodiscard]] bool is_added(std::string_view text) const noexcept {
        return std::ranges::any_of(more_, [&](const std::string& word) { return same(text, word); });
    }
    [[nodiscard]] static bool same(std::string_view a, std::string_view b) noexcept {
        const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
        return std::ranges::equal(a, b, {}, small, small);
    }

    std::vector<std::string> more_;
    std::size_t longest_ = 4;
};

}  // namespace funnel::base
