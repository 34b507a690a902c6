// SPDX-License-Identifier: MIT
#include "ingest/duplicates.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "funnel/base/parallel.hpp"

namespace funnel::ingest::detail {
namespace {

constexpr unsigned kBucketBits = 10;
constexpr std::size_t kBuckets = std::size_t{1} << kBucketBits;

std::size_t bucket_of(std::uint64_t hash) {
    return hash >> (64 - kBucketBits);
}
/// The part of a hash that is compared within a bucket; 0 means an empty slot there.
std::uint32_t mark_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 16) | 1u;
}

/// Marks of all rows, bucket by bucket: 4 bytes a row.
struct Buckets {
    std::vector<std::uint32_t> marks;
    std::vector<std::size_t> begins;
};

Buckets fill_buckets(const std::vector<std::uint64_t>& hashes) {
    Buckets buckets{std::vector<std::uint32_t>(hashes.size()), std::vector<std::size_t>(kBuckets + 1)};
    for (const std::uint64_t hash : hashes)
        ++buckets.begins[bucket_of(hash) + 1];
    for (std::size_t i = 0; i < kBuckets; ++i)
        buckets.begins[i + 1] += buckets.begins[i];
    std::vector<std::size_t> next(buckets.begins.begin(), buckets.begins.end() - 1);
    for (const std::uint64_t hash : hashes)
        buckets.marks[next[bucket_of(hash)]++] = mark_of(hash);
    return buckets;
}

/// Marks that occur more than once in a bucket.
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
    repeated.erase(std::unique(repeated.begin(), repeated.end()), repeated.end());
    return repeated;
}

/// Rows whose mark occurs more than once: few rows but all duplicates and their originals.
std::vector<std::uint64_t> candidates(const std::vector<std::uint64_t>& hashes, unsigned threads) {
    const Buckets buckets = fill_buckets(hashes);
    std::vector<std::vector<std::uint32_t>> repeated(kBuckets);
    constexpr std::size_t kTasks = 32;
    base::for_each_task(kTasks, threads, [&](std::size_t task) {
        std::vector<std::uint32_t> slots;
        for (std::size_t i = task * (kBuckets / kTasks); i < (task + 1) * (kBuckets / kTasks); ++i) {
            const auto marks = std::span(buckets.marks)
                                   .subspan(buckets.begins[i], buckets.begins[i + 1] - buckets.begins[i]);
            repeated[i] = repeated_marks(marks, slots);
        }
    });
    std::vector<std::uint64_t> rows;
    if (std::ranges::all_of(repeated, [](const auto& marks) { return marks.empty(); })) return rows;
    for (std::uint64_t row = 0; row < hashes.size(); ++row) {
        const auto& marks = repeated[bucket_of(hashes[row])];
        if (!marks.empty() && std::ranges::binary_search(marks, mark_of(hashes[row]))) rows.push_back(row);
    }
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

std::vector<std::uint64_t> find_duplicates(const events::EventLog& log, unsigned threads) {
    std::vector<std::uint64_t> rows = candidates(log.row_hash, threads);
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
