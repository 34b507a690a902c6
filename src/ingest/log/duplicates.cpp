// SPDX-License-Identifier: MIT
#include "ingest/log/duplicates.hpp"

#include <algorithm>
#include <tuple>

#include "funnel/base/parallel.hpp"

namespace funnel::ingest::detail {
namespace {

std::size_t bucket_of(std::uint64_t hash) {
    return hash >> 55;
}
static_assert(kHashBuckets == 512);

/// The part of a hash that is compared within a bucket; never 0, which is an empty slot there.
std::uint32_t mark_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 16) | 1u;
}

/// Marks that occur more than once, ascending. `slots` is scratch.
std::vector<std::uint32_t> repeated_marks(std::span<const std::uint32_t> marks,
                                          std::vector<std::uint32_t>& slots) {
    std::size_t size = 16;
    while (size < marks.size() * 2)
        size *= 2;
    slots.assign(size, 0);
    std::vector<std::uint32_t> repeated;
    for (const std::uint32_t mark : marks) {
        std::size_t at = (mark * 0x9E3779B1u) & (size - 1);
        while (slots[at] != 0 && slots[at] != mark)
            at = (at + 1) & (size - 1);
        if (slots[at] == mark) repeated.push_back(mark);
        slots[at] = mark;
    }
    std::ranges::sort(repeated);
    repeated.erase(std::unique(repeated.begin(), repeated.end()),
                   repeated.end());  // clang 14: no ranges::unique
    return repeated;
}

/// Rows whose mark is repeated: all duplicates, their originals, and hardly any others.
std::vector<std::uint64_t> rows_with_marks(const std::vector<std::uint64_t>& hashes,
                                           const std::vector<std::vector<std::uint32_t>>& repeated,
                                           unsigned threads) {
    constexpr std::size_t kTasks = 64;
    std::vector<std::vector<std::uint64_t>> found(kTasks);
    base::for_each_task(kTasks, threads, [&](std::size_t task) {
        const std::size_t begin = hashes.size() * task / kTasks, end = hashes.size() * (task + 1) / kTasks;
        for (std::size_t row = begin; row < end; ++row) {
            const auto& marks = repeated[bucket_of(hashes[row])];
            if (!marks.empty() && std::ranges::binary_search(marks, mark_of(hashes[row]))) {
                found[task].push_back(row);
            }
        }
    });
    std::vector<std::uint64_t> rows;
    for (const auto& part : found)
        rows.insert(rows.end(), part.begin(), part.end());
    return rows;
}

template <typename T>
void drop(std::vector<T>& values, std::span<const std::uint64_t> rows) {
    if (values.empty() || rows.empty()) return;
    std::size_t kept = rows.front();
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::size_t end = i + 1 < rows.size() ? rows[i + 1] : values.size();
        for (std::size_t row = rows[i] + 1; row < end; ++row)
            values[kept++] = values[row];
    }
    values.resize(kept);
}

}  // namespace

void BlockMarks::fill(std::span<const std::uint64_t> hashes) {
    begins_.fill(0);
    for (const std::uint64_t hash : hashes)
        ++begins_[bucket_of(hash) + 1];
    for (std::size_t i = 0; i < kHashBuckets; ++i)
        begins_[i + 1] += begins_[i];
    marks_.resize(hashes.size());
    std::array<std::uint32_t, kHashBuckets> next;
    std::copy_n(begins_.begin(), kHashBuckets, next.begin());
    for (const std::uint64_t hash : hashes)
        marks_[next[bucket_of(hash)]++] = mark_of(hash);
}

void DuplicateFinder::reserve(std::size_t rows) {
    for (auto& bucket : buckets_)
        bucket.reserve(rows / kHashBuckets + rows / kHashBuckets / 16);
}

void DuplicateFinder::add(const BlockMarks& block) {
    for (std::size_t i = 0; i < kHashBuckets; ++i) {
        const auto marks = block.bucket(i);
        buckets_[i].insert(buckets_[i].end(), marks.begin(), marks.end());
    }
}

std::vector<std::uint64_t> DuplicateFinder::find(const events::EventLog& log, unsigned threads) const {
    constexpr std::size_t kPerTask = 16;
    std::vector<std::vector<std::uint32_t>> repeated(kHashBuckets);
    base::for_each_task(kHashBuckets / kPerTask, threads, [&](std::size_t task) {
        std::vector<std::uint32_t> slots;
        for (std::size_t i = task * kPerTask; i < (task + 1) * kPerTask; ++i)
            repeated[i] = repeated_marks(buckets_[i], slots);
    });
    std::vector<std::uint64_t> rows;
    if (std::ranges::any_of(repeated, [](const auto& marks) { return !marks.empty(); })) {
        rows = rows_with_marks(log.row_hash, repeated, threads);
    }
    const auto key = [&](std::uint64_t row) {
        return std::tuple(log.row_hash[row], log.user[row], log.time[row], log.kind[row], log.item[row]);
    };
    std::ranges::sort(rows, [&](std::uint64_t a, std::uint64_t b) {
        const auto first = key(a), second = key(b);
        return first != second ? first < second : a < b;
    });
    std::vector<std::uint64_t> duplicates;
    for (std::size_t i = 1; i < rows.size(); ++i) {
        if (key(rows[i]) == key(rows[i - 1])) duplicates.push_back(rows[i]);
    }
    std::ranges::sort(duplicates);
    return duplicates;
}

void drop_rows(events::EventLog& log, std::span<const std::uint64_t> rows) {
    if (rows.empty()) return;
    std::erase_if(log.order_lines,
                  [&](const events::OrderLine& line) { return std::ranges::binary_search(rows, line.row); });
    for (auto& line : log.order_lines)
        line.row -= static_cast<std::uint64_t>(std::ranges::lower_bound(rows, line.row) - rows.begin());
    drop(log.time, rows);
    drop(log.user, rows);
    drop(log.item, rows);
    drop(log.kind, rows);
    drop(log.session, rows);
    drop(log.row_hash, rows);
    for (auto& column : log.text_columns)
        drop(column.code, rows);
    for (auto& column : log.number_columns)
        drop(column.value, rows);
}

}  // namespace funnel::ingest::detail
