// SPDX-License-Identifier: MIT
// for_each_user: the rows of a log user by user, each user's in order of (time, kind), on several threads.
// Two counting sorts, by blocks of users and inside a block; a small sort where a user's rows are unsorted.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "funnel/base/parallel.hpp"
#include "funnel/events/event_log.hpp"

namespace funnel::metrics {

inline constexpr std::uint32_t kNoLine = std::numeric_limits<std::uint32_t>::max();

/// What metrics need of a row, in one place: 32 bytes.
struct UserRow {
    std::int64_t time = 0;
    std::uint64_t session = 0;
    std::uint32_t item = 0;
    std::uint32_t user = 0;
    std::uint32_t line =
        kNoLine;            ///< of a purchase or refund: index into EventLog::order_lines; else the row
    std::uint16_t key = 0;  ///< segment
    EventKind kind = EventKind::other;
};

/// Calls worker.add_user(rows) for every user of the log that has rows, with the user's rows sorted by
/// (time, kind, key); the rows may be changed by the worker. key_of(row) is the segment of a row.
/// Workers run concurrently, each on one thread; which worker gets which user is not defined.
/// Memory: 32 bytes per row for a part of the log at a time (an eighth, or 4 million rows), 4 per user.
template <typename Worker, typename KeyOf>
void for_each_user(const EventLog& log, const KeyOf& key_of, std::span<Worker> workers);

namespace detail {

/// Users [begin, end) and where their rows stand in the buffer of their round.
struct UserBlock {
    std::size_t rows = 0;
    std::size_t offset = 0;
};

/// Splits users into blocks of equal numbers of users, small enough that a block stays in the cache.
class UserBlocks {
 public:
    static constexpr std::size_t kRowsPerBlock = 16384;

    UserBlocks(const EventLog& log, std::size_t chunks) : log_(log), chunks_(chunks) {
        const std::size_t users = log.users.size();
        const std::size_t wanted = log.size() / kRowsPerBlock + 1;
        while ((users >> shift_) > wanted)
            ++shift_;
        blocks_ = (users >> shift_) + 1;
    }

    [[nodiscard]] std::size_t blocks() const noexcept { return blocks_; }
    [[nodiscard]] std::size_t block_of(std::uint32_t user) const noexcept { return user >> shift_; }
    [[nodiscard]] std::uint32_t first_user(std::size_t block) const noexcept {
        return static_cast<std::uint32_t>(block << shift_);
    }
    [[nodiscard]] std::size_t users_per_block() const noexcept { return std::size_t{1} << shift_; }
    [[nodiscard]] std::pair<std::size_t, std::size_t> chunk(std::size_t c) const noexcept {
        return {log_.size() / chunks_ * c, c + 1 == chunks_ ? log_.size() : log_.size() / chunks_ * (c + 1)};
    }

    /// Rows of every (chunk, block).
    [[nodiscard]] std::vector<std::size_t> count(unsigned threads) const {
        std::vector<std::size_t> counts(chunks_ * blocks_);
        base::for_each_task(chunks_, threads, [&](std::size_t c) {
            const auto [begin, end] = chunk(c);
            std::vector<std::uint32_t> local(blocks_);
            for (std::size_t row = begin; row < end; ++row)
                ++local[block_of(log_.user[row])];
            std::ranges::copy(local, counts.begin() + static_cast<std::ptrdiff_t>(c * blocks_));
        });
        return counts;
    }

 private:
    const EventLog& log_;
    std::size_t chunks_;
    std::size_t blocks_ = 1;
    unsigned shift_ = 0;
};

/// The order in which a worker gets a user's rows.
[[nodiscard]] inline bool comes_before(const UserRow& a, const UserRow& b) noexcept {
    return a.time != b.time ? a.time < b.time : a.kind != b.kind ? a.kind < b.kind : a.key < b.key;
}

inline void sort_rows(std::span<UserRow> rows) {
    if (!std::ranges::is_sorted(rows, comes_before)) std::ranges::sort(rows, comes_before);
}

/// Finds the order lines of rows that are asked for in row order.
class LineFinder {
 public:
    LineFinder(const EventLog& log, std::size_t first_row)
        : lines_(log.order_lines),
          at_(static_cast<std::size_t>(
              std::ranges::lower_bound(lines_, first_row, {}, &events::OrderLine::row) - lines_.begin())) {}

    [[nodiscard]] std::uint32_t find(std::size_t row) noexcept {
        while (at_ < lines_.size() && lines_[at_].row < row)
            ++at_;
        return at_ < lines_.size() && lines_[at_].row == row ? static_cast<std::uint32_t>(at_) : kNoLine;
    }

 private:
    std::span<const events::OrderLine> lines_;
    std::size_t at_;
};

[[nodiscard]] inline UserRow user_row(const EventLog& log, std::size_t row, std::uint16_t key,
                                      LineFinder& lines) {
    const EventKind kind = log.kind[row];
    const bool has_line = kind == EventKind::purchase || kind == EventKind::refund;
    return {log.time[row],
            log.session[row],
            log.item[row],
            log.user[row],
            has_line ? lines.find(row) : static_cast<std::uint32_t>(row),
            key,
            kind};
}

/// Hands over the rows of a log whose rows stand user by user already.
template <typename Worker, typename KeyOf>
void read_grouped(const EventLog& log, const KeyOf& key_of, Worker& worker) {
    LineFinder lines(log, 0);
    std::vector<UserRow> rows;
    for (std::size_t begin = 0, end = 0; begin < log.size(); begin = end) {
        const std::uint32_t user = log.user[begin];
        while (end < log.size() && log.user[end] == user)
            ++end;
        rows.resize(end - begin);
        for (std::size_t row = begin; row < end; ++row)
            rows[row - begin] = user_row(log, row, key_of(row), lines);
        sort_rows(rows);
        worker.add_user(rows);
    }
}

/// Copies the rows of one chunk that belong to blocks [first, last) to their places in `out`;
/// places: next free place per block, from first.
template <typename KeyOf>
void scatter_rows(const EventLog& log, const UserBlocks& blocks, std::size_t chunk, std::size_t first,
                  std::size_t last, const KeyOf& key_of, std::span<std::size_t> places, UserRow* out) {
    const auto [begin, end] = blocks.chunk(chunk);
    LineFinder lines(log, begin);
    for (std::size_t row = begin; row < end; ++row) {
        const std::size_t block = blocks.block_of(log.user[row]);
        if (block < first || block >= last) continue;
        out[places[block - first]++] = user_row(log, row, key_of(row), lines);
    }
}

/// Hands a block to a worker, user by user.
class BlockReader {
 public:
    template <typename Worker>
    void read(std::span<const UserRow> rows, std::uint32_t first_user, std::size_t users, Worker& worker) {
        ends_.assign(users + 1, 0);
        for (const UserRow& row : rows)
            ++ends_[row.user - first_user + 1];
        for (std::size_t u = 1; u <= users; ++u)
            ends_[u] += ends_[u - 1];
        sorted_.resize(rows.size());
        for (const UserRow& row : rows)
            sorted_[ends_[row.user - first_user]++] = row;
        std::size_t begin = 0;
        for (std::size_t u = 0; u < users; ++u) {
            const std::span<UserRow> mine(sorted_.data() + begin, ends_[u] - begin);
            begin = ends_[u];
            if (mine.empty()) continue;
            sort_rows(mine);
            worker.add_user(mine);
        }
    }

 private:
    std::vector<std::size_t> ends_;
    std::vector<UserRow> sorted_;
};

}  // namespace detail

template <typename Worker, typename KeyOf>
void for_each_user(const EventLog& log, const KeyOf& key_of, std::span<Worker> workers) {
    if (log.empty()) return;
    if (workers.size() == 1 && std::ranges::is_sorted(log.user)) {
        return detail::read_grouped(log, key_of, workers.front());
    }
    const auto threads = static_cast<unsigned>(workers.size());
    const detail::UserBlocks blocks(log, threads);
    const std::vector<std::size_t> counts = blocks.count(threads);
    const std::size_t round_rows = std::max<std::size_t>(log.size() / 8, 4'000'000);
    std::vector<UserRow> buffer;
    std::vector<detail::BlockReader> readers(threads);
    for (std::size_t first = 0, last = 0; first < blocks.blocks(); first = last) {
        // Where each chunk writes into each block: blocks one after the other, chunks in order inside.
        std::vector<std::size_t> starts, places;
        std::size_t rows = 0;
        for (last = first; last < blocks.blocks() && (last == first || rows < round_rows); ++last) {
            starts.push_back(rows);
            for (std::size_t c = 0; c < threads; ++c) {
                places.push_back(rows);
                rows += counts[c * blocks.blocks() + last];
            }
        }
        starts.push_back(rows);
        buffer.resize(std::max(buffer.size(), rows));
        base::for_each_task(threads, threads, [&](std::size_t c) {
            std::vector<std::size_t> mine(last - first);
            for (std::size_t b = 0; b < mine.size(); ++b)
                mine[b] = places[b * threads + c];
            detail::scatter_rows(log, blocks, c, first, last, key_of, mine, buffer.data());
        });
        std::atomic<std::size_t> next{first};
        base::for_each_task(threads, threads, [&](std::size_t w) {
            for (std::size_t b; (b = next.fetch_add(1)) < last;) {
                const std::span<const UserRow> block(buffer.data() + starts[b - first],
                                                     starts[b - first + 1] - starts[b - first]);
                readers[w].read(block, blocks.first_user(b), blocks.users_per_block(), workers[w]);
            }
        });
    }
}

}  // namespace funnel::metrics
