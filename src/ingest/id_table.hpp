// SPDX-License-Identifier: MIT
// IdTable: the ids one thread has met, text to code. Open addressing; a text of at most 16 bytes lies in its
// slot, so that a look-up costs one cache line. Lists what is new, for the merge into the log's own table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/string_table.hpp"
#include "ingest/fast_hash.hpp"

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

    /// codes[i] becomes the code of texts[i], kNone if that is empty.
    void intern(std::span<const std::string_view> texts, std::uint32_t* codes, NewIds& fresh) {
        constexpr std::size_t kStretch = 32;
        std::array<Words, kStretch> words;
        std::array<std::uint64_t, kStretch> hashes;
        for (std::size_t begin = 0; begin < texts.size(); begin += kStretch) {
            const std::size_t n = texts.size() - begin < kStretch ? texts.size() - begin : kStretch;
            reserve(n);
            for (std::size_t i = 0; i < n; ++i) {
                const std::string_view text = texts[begin + i];
                words[i] = load_words(text.data(), text.size());
                hashes[i] = text.size() <= 16 ? hash_words(words[i], text.size()) : fast_hash(text);
                __builtin_prefetch(&slots_[hashes[i] & mask()]);
            }
            for (std::size_t i = 0; i < n; ++i) {
                const std::string_view text = texts[begin + i];
                codes[begin + i] = text.empty() ? kNone : find_or_add(text, words[i], hashes[i], fresh);
            }
        }
    }

    std::uint32_t intern(std::string_view text, NewIds& fresh) {
        std::uint32_t code = kNone;
        intern(std::span(&text, 1), &code, fresh);
        return code;
    }

    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

 private:
    struct Slot {
        std::uint64_t low = 0;   // first 8 bytes; of a text over 16 bytes its hash
        std::uint64_t high = 0;  // next 8 bytes; of a text over 16 bytes its place in long_chars_
        std::uint32_t length = 0;
        std::uint32_t code = kNone;
    };

    [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }

    std::uint32_t find_or_add(std::string_view text, Words words, std::uint64_t hash, NewIds& fresh) {
        const bool is_long = text.size() > 16;
        for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
            Slot& slot = slots_[at];
            if (slot.code == kNone) return add(slot, text, words, hash, fresh);
            if (!is_long && slot.low == words.low && slot.high == words.high && slot.length <= 16)
                return slot.code;
            if (is_long && slot.length == text.size() && slot.low == hash &&
                std::memcmp(long_chars_.data() + slot.high, text.data(), text.size()) == 0) {
                return slot.code;
            }
        }
    }

    std::uint32_t add(Slot& slot, std::string_view text, Words words, std::uint64_t hash, NewIds& fresh) {
        if (size_ == kNone - 1) throw Error(ErrorCode::memory, "more than 4294967294 distinct ids");
        if (text.size() > 16) {
            words = {hash, long_chars_.size()};
            long_chars_.insert(long_chars_.end(), text.begin(), text.end());
        }
        slot = {words.low, words.high, static_cast<std::uint32_t>(text.size()), size_};
        fresh.add(text, hash);
        return size_++;
    }

    /// Room for n more at a load of at most one half.
    void reserve(std::size_t n) {
        if ((size_ + n) * 2 <= slots_.size()) return;
        std::vector<Slot> old(slots_.size() * 2);
        old.swap(slots_);
        for (const Slot& slot : old) {
            if (slot.code == kNone) continue;
            const std::uint64_t hash =
                slot.length > 16 ? slot.low : hash_words({slot.low, slot.high}, slot.length);
            std::size_t at = hash & mask();
            while (slots_[at].code != kNone)
                at = (at + 1) & mask();
            slots_[at] = slot;
        }
    }

    std::vector<Slot> slots_;
    std::vector<char> long_chars_;
    std::uint32_t size_ = 0;
};

}  // namespace funnel::ingest::detail
