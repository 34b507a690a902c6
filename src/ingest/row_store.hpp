// SPDX-License-Identifier: MIT
// RowStore: the rows of a log cut by user into kUserParts parts while they are read, 32 bytes each and 4 per
// further column. What exceeds the memory allowed goes to a nameless file, chunk by chunk.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "ingest/log_block.hpp"
#include "ingest/spill_file.hpp"

namespace funnel::ingest::detail {

inline constexpr std::size_t kUserParts = 256;

/// The part of a user, by the hash of the id: the same whatever else is in the log.
[[nodiscard]] inline std::size_t part_of(std::uint64_t user_hash) noexcept {
    return user_hash >> 56;
}

/// One row. Codes are those of the worker that parsed it.
struct PackedRow {
    std::int64_t time;
    std::uint64_t session;
    std::uint32_t user, item;
    std::uint64_t mark;  ///< the upper 58 bits of row_hash, then the kind

    static constexpr std::uint64_t kKindBits = 63;
    [[nodiscard]] events::EventKind kind() const noexcept {
        return static_cast<events::EventKind>(mark & kKindBits);
    }
};
static_assert(sizeof(PackedRow) == 32);

/// add and seal: one thread per worker; the rest when all rows are added, concurrently.
class RowStore {
 public:
    /// `columns`: words behind each row, the codes of text columns and the values of number columns.
    /// `chunk_rows`: a power of two. `temp`: folder of the spill file.
    RowStore(unsigned workers, std::size_t columns, std::size_t chunk_rows, const std::string& temp);

    /// Bytes of rows that may be in memory; chunks that are full go to the file above that.
    void allow(std::uint64_t bytes) noexcept { allowed_ = bytes; }

    /// Appends the rows of a block, which is the block.sequence-th of the log.
    void add(const LogBlock& block);

    /// Of all rows.
    struct Facts {
        std::uint64_t rows = 0;
        std::int64_t first_time = std::numeric_limits<std::int64_t>::max();
        std::int64_t last_time = std::numeric_limits<std::int64_t>::min();
        events::KindSet kinds = 0;
        bool has_sessions = false;
    };
    [[nodiscard]] Facts facts() const;
    [[nodiscard]] std::uint64_t spilled_bytes() const noexcept { return file_.size(); }
    [[nodiscard]] std::uint64_t rows_of_part(std::size_t part) const;

    /// To be called once after the last block: puts the blocks in their order.
    void seal();

    /// The rows of one part in file order, in memory while this lives.
    class Part {
     public:
        Part(const RowStore& store, std::size_t part);
        /// visit(worker, row, columns, line): `line` is the order line of the row or null.
        template <typename Visit>
        void for_each_row(Visit&& visit) const;

     private:
        const RowStore& store_;
        std::size_t part_;
        std::vector<std::vector<const std::byte*>> chunks_;  // [worker]
        std::vector<std::byte> read_back_;
    };

 private:
    struct Chunk {
        std::byte* memory = nullptr;  // null: in the file
        std::uint64_t offset = 0;
    };
    /// What one worker has of one part.
    struct Stream {
        std::byte* next = nullptr;
        std::byte* end = nullptr;
        std::uint64_t rows = 0;
        std::vector<Chunk> chunks;
        std::vector<events::OrderLine> lines;  // rows count in this stream
    };
    struct Worker {
        std::array<Stream, kUserParts> streams;
        std::vector<std::uint8_t> part_of_user;
        std::vector<std::array<std::uint32_t, kUserParts>> counts;  // per block: rows of each part
        std::vector<std::uint64_t> sequences;                       // per block
        std::vector<base::HugeBuffer> slabs;                        // of chunks
        std::size_t slab_used = 0;
        Facts facts;
    };
    struct BlockPlace {
        std::uint32_t worker, index;
    };

    void add_facts(Facts& facts, const LogBlock& block) const;
    void add_lines(Worker& worker, const LogBlock& block);
    void next_chunk(Worker& worker, Stream& stream);
    [[nodiscard]] std::byte* new_chunk(Worker& worker);
    [[nodiscard]] std::size_t row_bytes() const noexcept {
        return sizeof(PackedRow) + columns_ * sizeof(std::uint32_t);
    }
    [[nodiscard]] std::size_t chunk_bytes() const noexcept { return row_bytes() * chunk_rows_; }

    std::size_t columns_, chunk_rows_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<BlockPlace> order_;  // blocks in file order
    std::atomic<std::uint64_t> allowed_{std::numeric_limits<std::uint64_t>::max()};
    std::atomic<std::uint64_t> held_{0};  // bytes of chunks in memory
    SpillFile file_;
};

template <typename Visit>
void RowStore::Part::for_each_row(Visit&& visit) const {
    const std::size_t stride = store_.row_bytes(), chunk_rows = store_.chunk_rows_;
    std::vector<std::uint64_t> done(chunks_.size());
    std::vector<std::size_t> lines(chunks_.size());
    for (const BlockPlace place : store_.order_) {
        const Stream& stream = store_.workers_[place.worker]->streams[part_];
        std::uint64_t row = done[place.worker];
        const std::uint64_t end = row + store_.workers_[place.worker]->counts[place.index][part_];
        done[place.worker] = end;
        std::size_t& line = lines[place.worker];
        for (; row < end; ++row) {
            const std::byte* const at =
                chunks_[place.worker][row / chunk_rows] + (row & (chunk_rows - 1)) * stride;
            const bool has_line = line < stream.lines.size() && stream.lines[line].row == row;
            PackedRow packed;
            std::memcpy(&packed, at, sizeof packed);  // 4 bytes aligned with an odd number of columns
            visit(place.worker, packed, reinterpret_cast<const std::uint32_t*>(at + sizeof packed),
                  has_line ? &stream.lines[line++] : nullptr);
        }
    }
}

}  // namespace funnel::ingest::detail
