// SPDX-License-Identifier: MIT
// FlatMap: packed records under 64-bit keys, open addressing with linear probing over a byte of the hash per
// slot, eight at a time (after Benzaquen et al., "Swiss tables", 2017). An absent key costs one cache miss,
// in an array that is a small part of the table; a present key costs two. The upper bits of the hash choose
// the slot, so a growing table is copied from front to back. Long probes reveal keys that a log or a file
// made to collide; the table then switches to a hash that nobody can predict.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/hash.hpp"
#include "funnel/base/huge_pages.hpp"
#include "funnel/base/secret_salt.hpp"

namespace funnel::base {

/// Key of a pair of dense indices.
[[nodiscard]] constexpr std::uint64_t pair_key(std::uint32_t first, std::uint32_t second) noexcept {
    return std::uint64_t{first} << 32 | second;
}

/// Record: trivially copyable, without padding, with a member `std::uint64_t key`. A record costs
/// (sizeof(Record) + 1) / load, the load between 0.35 and 0.7. Const calls may run concurrently; changes need
/// a lock.
template <typename Record>
class FlatMap {
    static_assert(std::is_trivially_copyable_v<Record>);

 public:
    static constexpr std::uint64_t kFree =
        std::numeric_limits<std::uint64_t>::max();  // no record has this key

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// The record of `key`, or nullptr; valid until the next change.
    [[nodiscard]] const Record* find(std::uint64_t key) const noexcept {
        if (slots_.empty()) return nullptr;
        const Place place = locate(key, hash_of(key));
        return place.taken ? &slots_[place.slot] : nullptr;
    }
    [[nodiscard]] Record* find(std::uint64_t key) noexcept {
        return const_cast<Record*>(std::as_const(*this).find(key));
    }

    /// Has the place where the search for `key` begins brought into the caches.
    void prefetch(std::uint64_t key) const noexcept {
        if (slots_.empty()) return;
        const std::size_t at = home(hash_of(key));
        __builtin_prefetch(tags_.data() + at);
        __builtin_prefetch(slots_.data() + at);
    }

    /// The record of record.key; put in as given if there was none.
    Record& insert(const Record& record) {
        if (size_ * 10 >= slots_.size() * 7) grow();
        const std::uint64_t hash = hash_of(record.key);
        const Place place = locate(record.key, hash);
        if (place.taken) return slots_[place.slot];
        fill(place.slot, hash, record);
        if (probe_length(place.slot, hash) <= kLongProbe) return slots_[place.slot];
        change_hash();
        return slots_[locate(record.key, hash_of(record.key)).slot];
    }

    /// The most slots that a look-up of a record visits. O(size): to find out why a table is slow.
    [[nodiscard]] std::size_t longest_probe() const noexcept {
        std::size_t longest = 0;
        for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
            if (slots_[slot].key == kFree) continue;
            longest = std::max(longest, probe_length(slot, hash_of(slots_[slot].key)) + 1);
        }
        return longest;
    }

    /// Calls visit(record) for every record, in no useful order.
    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (const Record& slot : slots_) {
            if (slot.key != kFree) visit(slot);
        }
    }

    /// Keeps the records for which change(record) is true; it may change them, also their keys.
    template <typename Change>
    void rebuild(Change&& change) {
        std::vector<Record> kept;
        for (Record& slot : slots_) {
            if (slot.key != kFree && change(slot)) kept.push_back(slot);
        }
        slots_.clear();
        slots_.shrink_to_fit();
        tags_.clear();
        tags_.shrink_to_fit();
        size_ = 0;
        reserve(kept.size());  // in the order of their slots: a smaller table would fill from the front
        for (const Record& record : kept)
            insert(record);
    }

    /// Sorted by key, so that equal contents give equal bytes.
    void write(base::ByteWriter& out) const {
        std::vector<Record> records;
        records.reserve(size_);
        for_each([&](const Record& record) { records.push_back(record); });
        std::ranges::sort(records, {}, &Record::key);
        out.array(records);
    }
    [[nodiscard]] static FlatMap read(base::ByteReader& in) {
        FlatMap map;
        const std::size_t size = in.length(sizeof(Record));
        map.reserve(size);
        std::array<Record, 64> group;  // all of a group are fetched before the first is placed
        for (std::size_t first = 0; first < size; first += group.size()) {
            const auto records = std::span(group).first(std::min(group.size(), size - first));
            in.values(records);
            for (const Record& record : records)
                map.prefetch(record.key);
            for (const Record& record : records) {
                const std::size_t before = map.size_;
                if (record.key != kFree) map.insert(record);
                if (map.size_ == before) throw Error(ErrorCode::format, "damaged: a key of a history");
            }
        }
        return map;
    }

 private:
    struct Place {
        std::size_t slot = 0;
        bool taken = false;
    };
    static constexpr std::size_t kGroup = 8;  // tags that are compared at once
    // At a load of 0.7 a probe of this length comes up in no table that fits into memory, unless by intent.
    static constexpr std::size_t kLongProbe = 8192;
    static constexpr std::uint64_t kLowBits = 0x0101010101010101, kHighBits = 0x8080808080808080;

    /// Of a slot in use: seven bits of the hash that do not choose the slot. 0: free.
    [[nodiscard]] static constexpr std::uint8_t tag_of(std::uint64_t hash) noexcept {
        return static_cast<std::uint8_t>(0x80 | (hash & 0x7F));
    }
    [[nodiscard]] std::uint64_t hash_of(std::uint64_t key) const noexcept { return base::mix64(key ^ salt_); }
    /// Where the search begins; for a table that has slots.
    [[nodiscard]] std::size_t home(std::uint64_t hash) const noexcept { return hash >> shift_; }
    [[nodiscard]] std::size_t probe_length(std::size_t slot, std::uint64_t hash) const noexcept {
        return (slot - home(hash)) & (slots_.size() - 1);
    }
    void set_tag(std::size_t slot, std::uint64_t hash) noexcept {
        tags_[slot] = tag_of(hash);
        if (slot < kGroup) tags_[slots_.size() + slot] = tags_[slot];  // groups may begin at the last slots
    }

    void fill(std::size_t slot, std::uint64_t hash, const Record& record) noexcept {
        slots_[slot] = record;
        set_tag(slot, hash);
        ++size_;
    }

    /// The slot of the key, or the free one where it belongs.
    [[nodiscard]] Place locate(std::uint64_t key, std::uint64_t hash) const noexcept {
        const std::size_t mask = slots_.size() - 1;
        const std::uint64_t wanted = kLowBits * tag_of(hash);
        for (std::size_t at = home(hash);; at = (at + kGroup) & mask) {
            std::uint64_t tags;
            std::memcpy(&tags, tags_.data() + at, kGroup);
            const std::uint64_t differing = tags ^ wanted;
            // A zero byte; above one, a byte of 1 may show as well: the key decides.
            std::uint64_t like = (differing - kLowBits) & ~differing & kHighBits;
            for (; like != 0; like &= like - 1) {
                const std::size_t slot = (at + static_cast<std::size_t>(std::countr_zero(like)) / 8) & mask;
                if (slots_[slot].key == key) return {slot, true};
            }
            const std::uint64_t free = ~tags & kHighBits;
            if (free != 0) return {(at + static_cast<std::size_t>(std::countr_zero(free)) / 8) & mask, false};
        }
    }

    /// Places all records anew, where nobody can foresee. No figure depends on it: what is written is sorted.
    void change_hash() { place_anew(slots_.size(), base::secret_salt()); }

    void grow() { place_anew(slots_.empty() ? 16 : slots_.size() * 2, salt_); }

    /// As many slots as inserting the records one by one would end with.
    void reserve(std::size_t records) {
        if (records == 0) return;
        std::size_t slots = 16;
        while ((records - 1) * 10 >= slots * 7)
            slots *= 2;
        if (slots > slots_.size()) place_anew(slots, salt_);
    }

    /// Everything stays as it was if memory is refused.
    void place_anew(std::size_t slots, std::uint64_t salt) {
        Record free{};
        free.key = kFree;
        base::HugeVector<Record> old(slots, free);
        base::HugeVector<std::uint8_t> tags(slots + kGroup, 0);
        old.swap(slots_);
        tags.swap(tags_);
        salt_ = salt;
        shift_ = 64 - std::countr_zero(slots);
        for (const Record& record : old) {
            if (record.key == kFree) continue;
            const std::uint64_t hash = hash_of(record.key);
            const std::size_t slot = locate(record.key, hash).slot;
            slots_[slot] = record;
            set_tag(slot, hash);
        }
    }

    base::HugeVector<Record> slots_;
    base::HugeVector<std::uint8_t> tags_;  ///< of the slots, and of the first kGroup again
    std::size_t size_ = 0;
    std::uint64_t salt_ = 0;  // 0: keys are placed by mix64 alone
    int shift_ = 0;           // 64 - log2(slots)
};

}  // namespace funnel::base
