// SPDX-License-Identifier: MIT
// IdTable: the ids one thread has met, text to code. Open addressing; a short text lies in its slot, so that
// a look-up costs one cache line. The upper bits of the hash choose the slot, so that a table that grows is
// copied from front to back. Lists what is new, for the merge into the log's own table. Ids that were
// made to collide are told by the length of a probe: then a hash that nobody can foresee places them.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/huge_pages.hpp"
#include "funnel/base/secret_salt.hpp"
#include "funnel/base/string_table.hpp"
#include "ingest/csv/fast_hash.hpp"

namespace funnel::ingest::detail {

using base::kNone;

/// Texts that got their codes since the list was cleared, in order of their codes.
struct NewIds {
    std::vector<char> chars;
    std::vector<std::size_t> ends;
    std::vector<std::uint64_t> hashes;  ///< hash_bytes

    void clear() {
        chars.clear();
        ends.clear();
        hashes.clear();
    }
    void add(std::string_view text, std::uint64_t hash) {
        chars.insert(chars.end(), text.begin(), text.end());
        ends.push_back(chars.size());
        hashes.push_back(hash);
    }
    [[nodiscard]] std::size_t size() const noexcept { return ends.size(); }
    [[nodiscard]] std::string_view text(std::size_t i) const noexcept {
        const std::size_t begin = i == 0 ? 0 : ends[i - 1];
        return {chars.data() + begin, ends[i] - begin};
    }
};

/// One thread at a time. Texts hold no NUL and have 16 readable bytes behind them.
class IdTable {
 public:
    IdTable() : slots_(1024) {}

    /// codes[i] becomes the code of text_at(i), kNone if that is empty.
    template <typename TextAt>
    void intern(std::size_t count, const TextAt& text_at, std::uint32_t* codes, NewIds& fresh) {
        std::array<Key, kStretch> keys;
        std::array<std::size_t, kStretch> places;
        for (std::size_t begin = 0; begin < count; begin += kStretch) {
            const std::size_t n = count - begin < kStretch ? count - begin : kStretch;
            reserve(n);
            const Slot* const slots = slots_.data();
            std::uint32_t hashed = 0;
            for (std::size_t i = 0; i < n; ++i) {
                const Key key = make_key(text_at(begin + i));
                const std::size_t place = home(key);
                __builtin_prefetch(slots + place);
                keys[i] = key;
                places[i] = place;
                hashed |= key.high & kHashed;
            }
            for (std::size_t i = 0; i < n; ++i) {
                const Slot& slot = slots[places[i]];
                // An empty text has the key of an empty slot, whose code is kNone.
                const bool found = ((slot.low ^ keys[i].low) | (slot.high ^ keys[i].high) | hashed) == 0;
                codes[begin + i] =
                    found ? slot.code : find_or_add(text_at(begin + i), keys[i], places[i], fresh);
            }
        }
    }

    std::uint32_t intern(std::string_view text, NewIds& fresh) {
        std::uint32_t code = kNone;
        intern(
            1, [text](std::size_t) { return text; }, &code, fresh);
        return code;
    }

    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    /// Times that ids collided so much that another hash was taken.
    [[nodiscard]] std::uint64_t hash_changes() const noexcept { return hash_changes_; }

 private:
    // What a text is found by: up to 12 bytes as they are, 13 to 19 digits as their value, of any other text
    // the hash. Texts of one kind never look like those of another, since they hold no NUL.
    struct Key {
        std::uint64_t low = 0;
        std::uint32_t high = 0;
    };
    static constexpr std::size_t kStretch = 64;      // look-ups whose slots are fetched ahead together
    static constexpr std::size_t kLongProbe = 1024;  // none is that long by chance
    static constexpr std::uint32_t kDigits = 0x40000000u, kHashed = 0x80000000u;

    // 16 bytes, so that no slot lies in two cache lines.
    struct Slot {
        std::uint64_t low = 0;
        std::uint32_t high = 0;
        std::uint32_t code = kNone;
    };

    using Slots = base::HugeVector<Slot>;
    [[nodiscard]] static int shift_of(const Slots& slots) noexcept {
        return 64 - std::countr_zero(slots.size());
    }

    struct LongText {
        std::size_t begin = 0, size = 0;
    };

    [[nodiscard]] Key make_key(std::string_view text) const noexcept {
        const std::size_t n = text.size();
        const char* const p = text.data();
        if (n <= 8) return {load_head(p, n), 0};
        if (n <= 12) return {load8(p), static_cast<std::uint32_t>(load_head(p + 8, n - 8))};
        std::uint64_t value = 0;
        if (n <= 19 && parse_digits(text, value)) return {value, kDigits | static_cast<std::uint32_t>(n)};
        return {fast_hash(text, salt_), kHashed};
    }

    [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }
    [[nodiscard]] std::size_t home(Key key) const noexcept {
        return base::detail::fold(key.low ^ key_, key.high ^ kHashKey1) >> shift_;
    }

    [[nodiscard]] bool same_long_text(std::uint32_t code, std::string_view text) const noexcept {
        const LongText& known = long_texts_[code];
        return known.size == text.size() &&
               std::memcmp(long_chars_.data() + known.begin, text.data(), text.size()) == 0;
    }

    std::uint32_t find_or_add(std::string_view text, Key key, std::size_t at, NewIds& fresh) {
        if (text.empty()) return kNone;
        for (const std::size_t home = at;; at = (at + 1) & mask()) {
            Slot& slot = slots_[at];
            if (slot.code == kNone) {
                collided_ |= ((at - home) & mask()) > kLongProbe;
                return add(slot, text, key, fresh);
            }
            if (slot.low != key.low || slot.high != key.high) continue;
            if (key.high != kHashed || same_long_text(slot.code, text)) return slot.code;
        }
    }

    std::uint32_t add(Slot& slot, std::string_view text, Key key, NewIds& fresh) {
        if (size_ == kNone - 1) throw Error(ErrorCode::memory, "more than 4294967294 distinct ids");
        if (key.high == kHashed) {
            long_texts_.resize(std::size_t{size_} + 1);
            long_texts_.back() = {long_chars_.size(), text.size()};
            long_chars_.insert(long_chars_.end(), text.begin(), text.end());
        }
        slot = {key.low, key.high, size_};
        fresh.add(text, fast_hash(text));
        return size_++;
    }

    /// Room for n more at a load of at most 5/8.
    void reserve(std::size_t n) {
        if (collided_) change_hash();
        if ((size_ + n) * 8 > slots_.size() * 5) rebuild(slots_.size() * 2);
    }

    void rebuild(std::size_t size) { place_all(Slots(size)); }

    /// Everything stays as it was if memory is refused.
    void change_hash() {
        Slots empty(slots_.size());
        salt_ = base::secret_salt();
        key_ = base::mix64(kHashKey0 + salt_);
        ++hash_changes_;
        collided_ = false;
        for (Slot& slot : slots_) {
            if (slot.code == kNone || slot.high != kHashed) continue;
            const LongText& known = long_texts_[slot.code];
            slot.low = base::hash_bytes({long_chars_.data() + known.begin, known.size}, salt_);
        }
        place_all(std::move(empty));
    }

    void place_all(Slots&& empty) noexcept {
        empty.swap(slots_);
        shift_ = shift_of(slots_);
        for (const Slot& slot : empty) {
            if (slot.code == kNone) continue;
            std::size_t at = home({slot.low, slot.high});
            while (slots_[at].code != kNone)
                at = (at + 1) & mask();
            slots_[at] = slot;
        }
    }

    Slots slots_;
    int shift_ = shift_of(slots_);
    std::vector<LongText> long_texts_;  // by code, as far as there are any
    std::vector<char> long_chars_;
    std::uint32_t size_ = 0;
    std::uint64_t salt_ = 0, key_ = kHashKey0;
    std::uint64_t hash_changes_ = 0;
    bool collided_ = false;
};

}  // namespace funnel::ingest::detail
