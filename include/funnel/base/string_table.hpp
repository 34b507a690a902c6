// SPDX-License-Identifier: MIT
// StringTable: text to dense index and back, in order of first appearance.
// Open addressing with linear probing; an entry costs its bytes + 8 (offset) + 8 to 16 (slots). Texts that
// were made to collide are told by the length of a probe: then a hash that nobody can foresee places them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/error.hpp"
#include "funnel/base/hash.hpp"
#include "funnel/base/huge_pages.hpp"
#include "funnel/base/secret_salt.hpp"

namespace funnel::base {

/// "No value": a missing item, category, order, ...
inline constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// Const calls may run concurrently; changes need a lock.
class StringTable {
 public:
    /// The index of `text`, a new one if it was not there. Throws Error(memory) past 2^32 - 2 entries.
    std::uint32_t intern(std::string_view text);
    /// As intern, for a caller that has hash_bytes(text) already.
    std::uint32_t intern(std::string_view text, std::uint64_t hash);
    /// The index of `text`, or kNone.
    [[nodiscard]] std::uint32_t find(std::string_view text) const noexcept;
    /// The text of an index < size(); valid until the next intern.
    [[nodiscard]] std::string_view text(std::uint32_t index) const noexcept {
        return {chars_.data() + ends_[index], static_cast<std::size_t>(ends_[index + 1] - ends_[index])};
    }
    [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(ends_.size() - 1); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// The most slots that a look-up of an entry visits. O(size): to find out why a table is slow.
    [[nodiscard]] std::size_t longest_probe() const noexcept;

    void write(ByteWriter& out) const;
    [[nodiscard]] static StringTable read(ByteReader& in);

 private:
    struct Slot {
        std::uint32_t index = kNone;
        std::uint32_t tag = 0;  // upper half of the hash: most misses are seen without touching the text
    };
    /// At a load of 3/4 a probe of this length comes up in no table that fits into memory, unless by intent.
    static constexpr std::size_t kLongProbe = 1024;

    [[nodiscard]] std::uint64_t placed(std::string_view text, std::uint64_t hash) const noexcept {
        return salt_ == 0 ? hash : hash_bytes(text, salt_);
    }
    void rebuild(std::size_t slots, std::uint64_t salt);
    void index_texts();
    [[nodiscard]] std::size_t locate(std::string_view text, std::uint64_t placed_hash) const noexcept;
    [[nodiscard]] std::size_t probe_length(std::size_t at, std::uint64_t placed_hash) const noexcept {
        return (at - placed_hash) & (slots_.size() - 1);
    }

    HugeVector<char> chars_;
    HugeVector<std::uint64_t> ends_{0};  // text i is [ends_[i], ends_[i + 1])
    HugeVector<Slot> slots_;
    std::uint64_t salt_ = 0;  // 0: texts are placed by hash_bytes without a seed
};

inline std::uint32_t StringTable::intern(std::string_view text) {
    return intern(text, hash_bytes(text));
}

inline std::uint32_t StringTable::intern(std::string_view text, std::uint64_t hash) {
    if ((ends_.size() + 1) * 4 > slots_.size() * 3) rebuild(slots_.empty() ? 16 : slots_.size() * 2, salt_);
    const std::uint64_t place = placed(text, hash);
    const std::size_t at = locate(text, place);
    Slot& slot = slots_[at];
    if (slot.index != kNone) return slot.index;
    if (size() == kNone - 1) throw Error(ErrorCode::memory, "more than 4294967294 distinct ids");
    chars_.insert(chars_.end(), text.begin(), text.end());
    ends_.push_back(chars_.size());
    slot = {size() - 1, static_cast<std::uint32_t>(place >> 32)};
    if (probe_length(at, place) > kLongProbe) rebuild(slots_.size(), secret_salt());
    return size() - 1;
}

inline std::uint32_t StringTable::find(std::string_view text) const noexcept {
    return slots_.empty() ? kNone : slots_[locate(text, hash_bytes(text, salt_))].index;
}

inline std::size_t StringTable::locate(std::string_view text, std::uint64_t placed_hash) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    const auto tag = static_cast<std::uint32_t>(placed_hash >> 32);
    std::size_t at = placed_hash & mask;
    while (slots_[at].index != kNone && (slots_[at].tag != tag || this->text(slots_[at].index) != text)) {
        at = (at + 1) & mask;
    }
    return at;
}

/// Everything stays as it was if memory is refused.
inline void StringTable::rebuild(std::size_t slots, std::uint64_t salt) {
    HugeVector<Slot> old(slots);
    old.swap(slots_);
    salt_ = salt;
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
        if (slot.index == kNone) continue;
        const std::uint64_t place = hash_bytes(text(slot.index), salt_);
        std::size_t at = place & mask;
        while (slots_[at].index != kNone)
            at = (at + 1) & mask;
        slots_[at] = {slot.index, static_cast<std::uint32_t>(place >> 32)};
    }
}

inline std::size_t StringTable::longest_probe() const noexcept {
    std::size_t longest = 0;
    for (std::size_t at = 0; at < slots_.size(); ++at) {
        if (slots_[at].index == kNone) continue;
        longest = std::max(longest, probe_length(at, hash_bytes(text(slots_[at].index), salt_)) + 1);
    }
    return longest;
}

inline void StringTable::write(ByteWriter& out) const {
    out.array(chars_);
    out.array(ends_);
}

inline StringTable StringTable::read(ByteReader& in) {
    StringTable table;
    in.array(table.chars_);
    in.array(table.ends_);
    const auto& ends = table.ends_;
    if (ends.empty() || ends.front() != 0 || ends.back() != table.chars_.size() ||
        !std::ranges::is_sorted(ends) || ends.size() - 1 >= kNone) {
        throw Error(ErrorCode::format, "damaged: a table of texts");
    }
    if (ends.size() > 1) table.index_texts();
    return table;
}

/// Fills the slots for all texts at once. Their places are fetched ahead: a large table lies outside the
/// caches.
inline void StringTable::index_texts() {
    std::size_t slots = 16;
    while (ends_.size() * 4 > slots * 3)
        slots *= 2;
    slots_.assign(slots, {});
    constexpr std::uint32_t kAhead = 16;
    std::array<std::uint64_t, kAhead> hashes{};
    for (std::uint64_t i = 0; i < size() + std::uint64_t{kAhead}; ++i) {
        if (i >= kAhead) {
            const auto index = static_cast<std::uint32_t>(i - kAhead);
            const std::uint64_t hash = hashes[i % kAhead];
            const std::size_t at = locate(text(index), hash);
            if (slots_[at].index != kNone) throw Error(ErrorCode::format, "damaged: a text twice in a table");
            slots_[at] = {index, static_cast<std::uint32_t>(hash >> 32)};
            if (probe_length(at, hash) > kLongProbe && salt_ == 0) {
                salt_ = secret_salt();
                return index_texts();
            }
        }
        if (i >= size()) continue;
        hashes[i % kAhead] = hash_bytes(text(static_cast<std::uint32_t>(i)), salt_);
        __builtin_prefetch(slots_.data() + (hashes[i % kAhead] & (slots - 1)));
    }
}

}  // namespace funnel::base
