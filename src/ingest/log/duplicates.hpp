// SPDX-License-Identifier: MIT
// Rows of a log that equal an earlier row in every field. Hashes are spread over buckets block by block,
// while they are in the cache; a bucket is small enough to be searched there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "funnel/events/event_log.hpp"

namespace funnel::ingest::detail {

inline constexpr std::size_t kHashBuckets = 512;

/// 32 bits of each row's hash, bucket by bucket. One thread at a time.
class BlockMarks {
 public:
    void fill(std::span<const std::uint64_t> hashes);
    [[nodiscard]] std::span<const std::uint32_t> bucket(std::size_t i) const noexcept {
        return std::span(marks_).subspan(begins_[i], begins_[i + 1] - begins_[i]);
    }

 private:
    std::array<std::uint32_t, kHashBuckets + 1> begins_{};
    std::vector<std::uint32_t> marks_;
};

/// One thread at a time. 4 bytes a row.
class DuplicateFinder {
 public:
    void reserve(std::size_t rows);
    void add(const BlockMarks& block);

    /// The rows of the log, ascending, that equal an earlier one in row_hash, user, time, kind and item. Its
    /// rows are those whose hashes were added. O(n).
    [[nodiscard]] std::vector<std::uint64_t> find(const events::EventLog& log, unsigned threads) const;

 private:
    std::array<std::vector<std::uint32_t>, kHashBuckets> buckets_;
};

/// Removes the rows, given ascending.
void drop_rows(events::EventLog& log, std::span<const std::uint64_t> rows);

}  // namespace funnel::ingest::detail
