// SPDX-License-Identifier: MIT
// Vocabulary: the texts of one categorical feature, as ids of an embedding or with target rates.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/string_table.hpp"

namespace funnel::features {

/// A missing value is the empty text: a category like others if it is frequent enough.
/// Const calls may run concurrently; changes need a lock.
class Vocabulary {
 public:
    /// Keeps the texts with at least `min_count` rows, the most frequent first, equal counts by text.
    /// counts: rows per index of `texts`; missing: rows without a value.
    [[nodiscard]] static Vocabulary fit(const base::StringTable& texts, std::span<const std::uint64_t> counts,
                                        std::uint64_t missing, std::uint64_t min_count);

    /// Ids are 1 to size(); 0 stands for all others.
    [[nodiscard]] std::uint32_t id(std::string_view text) const noexcept {
        const std::uint32_t index = texts_.find(text);
        return index == base::kNone ? 0 : index + 1;
    }
    [[nodiscard]] std::uint32_t size() const noexcept { return texts_.size(); }
    [[nodiscard]] std::string_view text(std::uint32_t id) const noexcept { return texts_.text(id - 1); }

    /// The id of every index of another table.
    [[nodiscard]] std::vector<std::uint32_t> ids_of(const base::StringTable& texts) const {
        std::vector<std::uint32_t> ids(texts.size());
        for (std::uint32_t i = 0; i < ids.size(); ++i)
            ids[i] = id(texts.text(i));
        return ids;
    }

    void write(base::ByteWriter& out) const { texts_.write(out); }
    [[nodiscard]] static Vocabulary read(base::ByteReader& in) {
        Vocabulary vocabulary;
        vocabulary.texts_ = base::StringTable::read(in);
        return vocabulary;
    }

 private:
    base::StringTable texts_;
};

inline Vocabulary Vocabulary::fit(const base::StringTable& texts, std::span<const std::uint64_t> counts,
                                  std::uint64_t missing, std::uint64_t min_count) {
    std::vector<std::pair<std::uint64_t, std::string_view>> kept;
    for (std::uint32_t i = 0; i < counts.size(); ++i) {
        if (counts[i] >= std::max<std::uint64_t>(min_count, 1)) kept.emplace_back(counts[i], texts.text(i));
    }
    if (missing >= std::max<std::uint64_t>(min_count, 1)) kept.emplace_back(missing, std::string_view{});
    std::ranges::sort(kept, [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    Vocabulary vocabulary;
    for (const auto& [count, text] : kept)
        vocabulary.texts_.intern(text);
    return vocabulary;
}

}  // namespace funnel::features
