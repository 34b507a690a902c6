// SPDX-License-Identifier: MIT
// StringTable: text to dense index and back, in order of first appearance. Open addressing with linear
// probing; an entry costs its bytes + 8 (offset) + 8 to 16 (slots). The lower half of the hash (the upper
// bits cut logs into parts) chooses the slot and is kept there, so a growing table is copied from front to
// back without reading the texts. Long probes reveal texts that were made to collide; the table then switches
// to a hash that nobody can predict.
//
//     base::StringTable users;
//     const std::uint32_t code = users.intern("u1");  // 0; the next new text is 1
//     show(users.text(code));
#pragma once

#include <algorithm>
#include <array>
#include <bit>
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
    /// Makes room for `texts` of them at once.
    void reserve(std::uint32_t texts);
    /// The index of `text`, or kNone.
    [[nodiscard]] std::uint32_t find(std::string_view text) const noexcept;
    /// The text of an index < size(); valid until the next intern.
    [[nodiscard]] std::string_view text(std::uint32_t index) const noexcept {
        return {chars_.data() + ends_[index], static_cast<std::size_t>(ends_[index + 1] - ends_[index])};
    }
    [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(ends_.size() - 1); }
    /// Has the place where the search for a text with this hash_bytes begins brought into the caches.
    void prefetch(std::uint64_t hash) const noexcept {
        if (salt_ == 0 && !slots_.empty()) __builtin_prefetch(slots_.data() + home(tag_of(hash)));
    }
    /// Has text(index) brought into the caches; `soon` is an index that will be asked for later.
    void prefetch_text(std::uint32_t index, std::uint32_t soon) const noexcept {
        __builtin_prefetch(ends_.data() + soon);
        __builtin_prefetch(chars_.data() + ends_[index]);
    }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// The most slots that a look-up of an entry visits. O(size): to find out why a table is slow.
    [[nodiscard]] std::size_t longest_probe() const noexcept;

    void write(ByteWriter& out) const;
    [[nodiscard]] static StringTable read(ByteReader& in);

 private:
    struct Slot {
        std::uint32_t index = kNone;
        std::uint32_t tag = 0;  // lower half of the hash: places the text and tells most others from it
    };
    /// At a load of 3/4 a probe of this length comes up in no table that fits into memory, unless by intent.
    static constexpr std::size_t kLongProbe = 1024;

    [[nodiscard]] std::uint64_t placed(std::string_view text, std::uint64_t hash) const noexcept {
        return salt_ == 0 ? hash : hash_bytes(text, salt_);
    }
    [[nodiscard]] static std::uint32_t tag_of(std::uint64_t placed_hash) noexcept {
        return static_cast<std::uint32_t>(placed_hash);
    }
    /// Where the search begins; for a table that has slots.
    [[nodiscard]] std::size_t home(std::uint32_t tag) const noexcept {
        return std::uint64_t{tag} << 32 >> shift_;
    }
    /// At a load of at most 3/4, with one to come.
    [[nodiscard]] static std::size_t slots_for(std::size_t texts, std::size_t at_least) noexcept {
        while ((texts + 2) * 4 > at_least * 3)
            at_least *= 2;
        return at_least;
    }
    void grow(std::size_t slots);
    void index_texts(std::uint64_t salt);
    [[nodiscard]] std::size_t locate(std::string_view text, std::uint32_t tag) const noexcept;
    [[nodiscard]] std::size_t probe_length(std::size_t at, std::uint32_t tag) const noexcept {
        return (at - home(tag)) & (slots_.size() - 1);
    }
    void swap_slots(HugeVector<Slot>& slots) noexcept {
        slots_.swap(slots);
        shift_ = 64 - std::countr_zero(slots_.size());
    }

    HugeVector<char> chars_;
    HugeVector<std::uint64_t> ends_{0};  // text i is [ends_[i], ends_[i + 1])
    HugeVector<Slot> slots_;
    int shift_ = 0;           // 64 - log2(slots)
    std::uint64_t salt_ = 0;  // 0: texts are placed by hash_bytes without a seed
};

inline std::uint32_t StringTable::intern(std::string_view text) {
    return intern(text, hash_bytes(text));
}

inline std::uint32_t StringTable::intern(std::string_view text, std::uint64_t hash) {
    const std::size_t slots = slots_for(size(), std::max<std::size_t>(slots_.size(), 16));
    if (slots != slots_.size()) grow(slots);
    const std::uint32_t tag = tag_of(placed(text, hash));
    const std::size_t at = locate(text, tag);
    Slot& slot = slots_[at];
    if (slot.index != kNone) return slot.index;
    if (size() == kNone - 1) throw Error(ErrorCode::memory, "more than 4294967294 distinct ids");
    ends_.push_back(chars_.size() + text.size());
    try {
        chars_.insert(chars_.end(), text.begin(), text.end());
    } catch (...) {
        ends_.pop_back();
        throw;
    }
    slot = {size() - 1, tag};
    if (probe_length(at, tag) > kLongProbe) index_texts(secret_salt());
    return size() - 1;
}

inline void StringTable::reserve(std::uint32_t texts) {
    const std::size_t slots = slots_for(texts, std::max<std::size_t>(slots_.size(), 16));
    if (slots != slots_.size()) grow(slots);
    ends_.reserve(std::size_t{texts} + 1);
}

inline std::uint32_t StringTable::find(std::string_view text) const noexcept {
    return slots_.empty() ? kNone : slots_[locate(text, tag_of(hash_bytes(text, salt_)))].index;
}

inline std::size_t StringTable::locate(std::string_view text, std::uint32_t tag) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = home(tag);
    while (slots_[at].index != kNone && (slots_[at].tag != tag || this->text(slots_[at].index) != text)) {
        at = (at + 1) & mask;
    }
    return at;
}

/// Everything stays as it was if memory is refused.
inline void StringTable::grow(std::size_t slots) {
    HugeVector<Slot> old(slots);
    swap_slots(old);
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
        if (slot.index == kNone) continue;
        std::size_t at = home(slot.tag);
        while (slots_[at].index != kNone)
            at = (at + 1) & mask;
        slots_[at] = slot;
    }
}

inline std::size_t StringTable::longest_probe() const noexcept {
    std::size_t longest = 0;
    for (std::size_t at = 0; at < slots_.size(); ++at) {
        if (slots_[at].index == kNone) continue;
        longest = std::max(longest, probe_length(at, slots_[at].tag) + 1);
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
    if (ends.size() > 1) table.index_texts(0);
    return table;
}

/// Places all texts by their hashes. Their places are fetched ahead: a large table lies outside the caches.
/// Everything stays as it was if memory is refused.
inline void StringTable::index_texts(std::uint64_t salt) {
    HugeVector<Slot> empty(slots_for(size(), std::max<std::size_t>(slots_.size(), 16)));
    swap_slots(empty);
    salt_ = salt;
    constexpr std::uint32_t kAhead = 16;
    std::array<std::uint32_t, kAhead> tags{};
    for (std::uint64_t i = 0; i < size() + std::uint64_t{kAhead}; ++i) {
        if (i >= kAhead) {
            const auto index = static_cast<std::uint32_t>(i - kAhead);
            const std::uint32_t tag = tags[i % kAhead];
            const std::size_t at = locate(text(index), tag);
            if (slots_[at].index != kNone) throw Error(ErrorCode::format, "damaged: a text twice in a table");
            slots_[at] = {index, tag};
            if (probe_length(at, tag) > kLongProbe && salt_ == 0) return index_texts(secret_salt());
        }
        if (i >= size()) continue;
        tags[i % kAhead] = tag_of(hash_bytes(text(static_cast<std::uint32_t>(i)), salt_));
        __builtin_prefetch(slots_.data() + home(tags[i % kAhead]));
    }
}

}  // namespace funnel::base
