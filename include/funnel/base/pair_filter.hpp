// SPDX-License-Identifier: MIT
// PairFilter: which items and categories a user may have records for.
#pragma once

#include <array>
#include <cstdint>

#include "funnel/base/hash.hpp"

namespace funnel::base {

/// One per user: a bit of the hash of every item and category that the user has a record of (a Bloom filter
/// of one hash). No means no; yes means that the tables must be asked. Most candidates of a list were never
/// shown to the user, and each look that is saved is a miss in a table larger than the caches. 32 bytes; half
/// of the looks for absent items are saved as long as a user saw fewer than 90 of them.
class PairFilter {
 public:
    void mark_seen(std::uint32_t item) noexcept { seen_[word_of(item)] |= bit_of(item); }
    void mark_acted(std::uint32_t item) noexcept { acted_ |= bit_of(item); }
    void mark_category(std::uint32_t category) noexcept { categories_ |= bit_of(category); }

    [[nodiscard]] bool may_have_seen(std::uint32_t item) const noexcept {
        return (seen_[word_of(item)] & bit_of(item)) != 0;
    }
    [[nodiscard]] bool may_have_acted(std::uint32_t item) const noexcept {
        return (acted_ & bit_of(item)) != 0;
    }
    [[nodiscard]] bool may_know_category(std::uint32_t category) const noexcept {
        return (categories_ & bit_of(category)) != 0;
    }

 private:
    [[nodiscard]] static std::uint64_t bit_of(std::uint32_t index) noexcept {
        return std::uint64_t{1} << (base::mix64(index) & 63);
    }
    [[nodiscard]] static std::size_t word_of(std::uint32_t index) noexcept {
        return base::mix64(index) >> 63;
    }
    std::array<std::uint64_t, 2> seen_{};
    std::uint64_t acted_ = 0, categories_ = 0;
};

static_assert(sizeof(PairFilter) == 32);

}  // namespace funnel::base
