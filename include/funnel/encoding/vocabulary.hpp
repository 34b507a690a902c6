// SPDX-License-Identifier: MIT
// Vocabulary: the texts of one categorical feature, for embedding ids or target rates.
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
#include "funnel/base/flat_map.hpp"
#include "funnel/base/hash.hpp"
#include "funnel/base/string_table.hpp"

namespace funnel::encoding {

/// A missing value is the empty text: a category like others if it is frequent enough.
/// Const calls may run concurrently; changes need a lock.
class Vocabulary {
 public:
    /// Keeps the texts with at least `min_count` rows, the most frequent first, equal counts by text.
    /// counts: rows per index of `texts`; missing: rows without a value.
    [[nodiscard]] static Vocabulary fit(const base::StringTable& texts, std::span<const std::uint64_t> counts,
                                        std::uint64_t missing, std::uint64_t min_count);

    /// Texts that are known by their hashes alone: id i + 1 for the key_of keys[i], all distinct.
    [[nodiscard]] static Vocabulary of_keys(std::vector<std::uint64_t> keys);

    /// Ids are 1 to size(); 0 stands for all others.
    [[nodiscard]] std::uint32_t id(std::string_view text) const noexcept {
        if (!keys_.empty()) {
            const HashedId* found = ids_.find(key_of(base::hash_bytes(text)));
            return found == nullptr ? 0 : found->id;
        }
        const std::uint32_t index = texts_.find(text);
        return index == base::kNone ? 0 : index + 1;
    }
    [[nodiscard]] std::uint32_t size() const noexcept {
        return keys_.empty() ? texts_.size() : static_cast<std::uint32_t>(keys_.size());
    }

    /// Whether its texts are known by their hashes alone.
    [[nodiscard]] bool hashed() const noexcept { return !keys_.empty(); }
    /// The text of an id from 1 to size(); not of texts that are known by their hashes alone.
    [[nodiscard]] std::string_view text(std::uint32_t id) const noexcept { return texts_.text(id - 1); }

    /// The key of a text's base::hash_bytes: one bit less, so that none is FlatMap::kFree.
    [[nodiscard]] static constexpr std::uint64_t key_of(std::uint64_t hash) noexcept { return hash >> 1; }

    /// The id of every index of another table.
    [[nodiscard]] std::vector<std::uint32_t> ids_of(const base::StringTable& texts) const {
        std::vector<std::uint32_t> ids(texts.size());
        for (std::uint32_t i = 0; i < ids.size(); ++i)
            ids[i] = id(texts.text(i));
        return ids;
    }

    void write(base::ByteWriter& out) const {
        texts_.write(out);
        out.array(keys_);
    }
    [[nodiscard]] static Vocabulary read(base::ByteReader& in);

 private:
    struct HashedId {
        std::uint64_t key = 0;
        std::uint32_t id = 0, unused = 0;
    };
    base::StringTable texts_;
    std::vector<std::uint64_t> keys_;  // or these
    base::FlatMap<HashedId> ids_;      // of the keys
};

inline Vocabulary Vocabulary::of_keys(std::vector<std::uint64_t> keys) {
    Vocabulary vocabulary;
    vocabulary.keys_ = std::move(keys);
    for (const std::uint64_t key : vocabulary.keys_) {
        const auto next = static_cast<std::uint32_t>(vocabulary.ids_.size() + 1);
        vocabulary.ids_.insert({.key = key, .id = next});
    }
    return vocabulary;
}

inline Vocabulary Vocabulary::read(base::ByteReader& in) {
    base::StringTable texts = base::StringTable::read(in);
    std::vector<std::uint64_t> keys = in.array<std::uint64_t>();
    const bool possible =
        std::ranges::all_of(keys, [](std::uint64_t key) { return key <= key_of(~std::uint64_t{0}); });
    Vocabulary vocabulary = of_keys(std::move(keys));
    const bool both = !texts.empty() && !vocabulary.keys_.empty();
    if (both || !possible || vocabulary.ids_.size() != vocabulary.keys_.size()) {
        throw Error(ErrorCode::format, "damaged: the texts of a category");
    }
    vocabulary.texts_ = std::move(texts);
    return vocabulary;
}

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

}  // namespace funnel::encoding
