// SPDX-License-Identifier: MIT
// FlatMap: packed records under 64-bit keys, open addressing with linear probing, one cache miss per look-up.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/hash.hpp"

namespace funnel::features {

/// Key of a pair of dense indices.
[[nodiscard]] constexpr std::uint64_t pair_key(std::uint32_t first, std::uint32_t second) noexcept {
    return std::uint64_t{first} << 32 | second;
}

/// Record: trivially copyable, without padding, with a member `std::uint64_t key`. A record costs
/// sizeof(Record) / load, the load between 0.35 and 0.7. Const calls may run concurrently; changes need a
/// lock.
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
        const Record& slot = slots_[locate(key)];
        return slot.key == kFree ? nullptr : &slot;
    }
    [[nodiscard]] Record* find(std::uint64_t key) noexcept {
        return const_cast<Record*>(std::as_const(*this).find(key));
    }

    /// Has the place where the search for `key` begins brought into the caches, and the line behind it: a key
    /// that is not there is looked for in some six slots.
    void prefetch(std::uint64_t key) const noexcept {
        if (slots_.empty()) return;
        const auto* slot =
            reinterpret_cast<const char*>(slots_.data() + (base::mix64(key) & (slots_.size() - 1)));
        __builtin_prefetch(slot);
        __builtin_prefetch(slot + 64);
    }

    /// The record of record.key; put in as given if there was none.
    Record& insert(const Record& record) {
        if (size_ * 10 >= slots_.size() * 7) grow();
        Record& slot = slots_[locate(record.key)];
        if (slot.key == kFree) {
            slot = record;
            ++size_;
        }
        return slot;
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
        size_ = 0;
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
        for (const Record& record : in.array<Record>()) {
            if (record.key == kFree) throw Error(ErrorCode::format, "damaged: a key of a history");
            map.insert(record);
        }
        return map;
    }

 private:
    [[nodiscard]] std::size_t locate(std::uint64_t key) const noexcept {
        const std::size_t mask = slots_.size() - 1;
        std::size_t at = base::mix64(key) & mask;
        while (slots_[at].key != kFree && slots_[at].key != key)
            at = (at + 1) & mask;
        return at;
    }

    void grow() {
        Record free{};
        free.key = kFree;
        std::vector<Record> old(slots_.empty() ? 16 : slots_.size() * 2, free);
        old.swap(slots_);
        for (const Record& record : old) {
            if (record.key != kFree) slots_[locate(record.key)] = record;
        }
    }

    std::vector<Record> slots_;
    std::size_t size_ = 0;
};

}  // namespace funnel::features
