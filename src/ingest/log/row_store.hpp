// SPDX-License-Identifier: MIT
// RowStore: the rows of a log cut by user into kUserParts parts while they are read, 16 to 36 bytes each
// and 4 per further column. What exceeds the memory allowed goes to a nameless file, chunk by chunk.
#pragma once

#include <algorithm>
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

#include "funnel/base/huge_pages.hpp"
#include "funnel/events/event_log.hpp"
#include "ingest/log/log_block.hpp"
#include "ingest/log/spill_file.hpp"

namespace funnel::ingest::detail {

inline constexpr std::size_t kUserParts = 256;

/// The part of a user, by the hash of the id: the same whatever else is in the log.
[[nodiscard]] inline std::size_t part_of(std::uint64_t user_hash) noexcept {
    return user_hash >> 56;
}

/// One row as it is read back.
struct StoredRow {
    std::int64_t time = 0;
    std::uint64_t session = 0;
    std::uint64_t mark = 0;  ///< the upper 58 bits of row_hash, 0 without hashes, then the kind
    std::uint32_t user = 0;  ///< counts the users of this part and worker
    std::uint32_t item = 0;  ///< code of the worker that parsed it
    events::EventKind kind{};
};

/// A user of one part and worker.
struct StoredUser {
    std::uint32_t code = 0;  ///< of the worker
    std::uint32_t rows = 0;
};

/// The longest row without columns.
inline constexpr std::size_t kMostRowBytes = 36;

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

    /// To be called once after the last block: puts the blocks in their order and lists the users.
    void seal();
    /// After seal: the users of a part that a worker has met, by StoredRow::user.
    [[nodiscard]] std::span<const StoredUser> users(unsigned worker, std::size_t part) const noexcept {
        return workers_[worker]->users_of_part[part];
    }

    /// The rows of one part in file order, in memory while this lives.
    class Part {
     public:
        Part(const RowStore& store, std::size_t part);
        /// visit(worker, stored_row, columns, line): `line` is the order line of the row or null.
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
        std::uint64_t rows = 0;
        std::vector<Chunk> chunks;
        std::vector<events::OrderLine> lines;  // rows count in this stream
    };
    /// Where the next row of a stream goes.
    struct Cursor {
        std::byte* next = nullptr;
        std::byte* end = nullptr;
    };
    struct User {
        std::uint64_t session = 0;  // of the latest row
        std::uint32_t place = 0;    // part, then 24 bits that count the users of the part
        std::uint32_t rows = 0;
    };
    /// How the rows of a block are packed: times count from `base` in steps of `unit`, unless they are wide.
    struct Layout {
        std::int64_t base = 0;
        std::int64_t unit = 1;
        bool wide = false;
        bool hashed = false;
    };
    struct StoredBlock {
        std::uint64_t sequence = 0;
        Layout layout;
        std::array<std::uint32_t, kUserParts> rows{};  // of each part
    };
    // Behind a row stand the rest of its hash, if there are any, its session, if it is fresh, and its
    // columns.
    struct NarrowRow {
        std::uint32_t time, item;
        std::uint64_t rest;  // 41 bits of the hash, 16 of the user, whether the session is fresh, the kind
    };
    struct WideRow {
        std::int64_t time;
        std::uint32_t item, user;
        std::uint64_t rest;  // as above, without the user
    };
    static_assert(sizeof(NarrowRow) == 16 &&
                  sizeof(WideRow) + sizeof(std::uint32_t) + sizeof(std::uint64_t) == kMostRowBytes);
    static constexpr std::uint64_t kKindBits = 63, kFreshSession = 64;
    static constexpr unsigned kUserShift = 7, kHashShift = 23;
    static constexpr std::uint64_t kLowHash = (std::uint64_t{1} << kHashShift) - 1;
    static constexpr std::uint32_t kNarrowUsers = 1u << (kHashShift - kUserShift),
                                   kLocalUser = (1u << 24) - 1;

    struct Worker {
        std::array<Cursor, kUserParts> cursors;
        std::array<Stream, kUserParts> streams;
        base::HugeVector<User> users;  // by code
        std::array<std::uint32_t, kUserParts> users_in_part{};
        std::array<std::vector<StoredUser>, kUserParts> users_of_part;  // after seal, instead of users
        base::HugeVector<StoredBlock> blocks;
        std::vector<base::HugeBuffer> slabs;  // of chunks
        std::size_t slab_used = 0;
        Facts facts;
    };
    /// Reads the rows of one stream in their order.
    struct Reader {
        std::span<const std::byte* const> chunks;
        const std::byte* at = nullptr;
        const std::byte* end = nullptr;
        std::vector<std::uint64_t> sessions;  // of each user's latest row
        std::uint64_t rows = 0;               // read so far
        std::size_t lines = 0;                // of them with an order line

        /// The row at `at`, which moves on to its columns.
        StoredRow next(const Layout& layout);
    };
    struct BlockPlace {
        std::uint32_t worker, index;
    };

    void add_users(Worker& worker, const LogBlock& block) const;
    [[nodiscard]] static Layout add_facts(Worker& worker, const LogBlock& block);
    void next_chunk(Worker& worker, std::size_t part);
    [[nodiscard]] std::byte* new_chunk(Worker& worker);
    [[nodiscard]] std::size_t column_bytes() const noexcept { return columns_ * sizeof(std::uint32_t); }
    /// Of the longest row: no row is begun in a chunk that has less left.
    [[nodiscard]] std::size_t most_row_bytes() const noexcept { return kMostRowBytes + column_bytes(); }
    [[nodiscard]] std::size_t chunk_bytes() const noexcept {
        return std::max((sizeof(NarrowRow) + column_bytes()) * chunk_rows_, most_row_bytes());
    }

    std::size_t columns_, chunk_rows_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<BlockPlace> order_;  // blocks in file order
    std::atomic<std::uint64_t> allowed_{std::numeric_limits<std::uint64_t>::max()};
    std::atomic<std::uint64_t> held_{0};  // bytes of chunks in memory
    SpillFile file_;
};

inline StoredRow RowStore::Reader::next(const Layout& layout) {
    StoredRow out;
    std::uint64_t rest = 0;
    if (layout.wide) {
        WideRow packed;
        std::memcpy(&packed, at, sizeof packed);  // 4 bytes aligned with an odd number of columns
        at += sizeof packed;
        rest = packed.rest;
        out.time = packed.time;
        out.item = packed.item;
        out.user = packed.user;
    } else {
        NarrowRow packed;
        std::memcpy(&packed, at, sizeof packed);
        at += sizeof packed;
        rest = packed.rest;
        out.time = layout.base + layout.unit * static_cast<std::int64_t>(packed.time);
        out.item = packed.item;
        out.user = static_cast<std::uint32_t>(rest >> kUserShift) & (kNarrowUsers - 1);
    }
    out.kind = static_cast<events::EventKind>(rest & kKindBits);
    if (layout.hashed) {
        std::uint32_t low = 0;
        std::memcpy(&low, at, sizeof low);
        at += sizeof low;
        out.mark = (rest >> kHashShift << kHashShift) | (low & kLowHash & ~kKindBits);
    }
    out.mark |= static_cast<std::uint64_t>(out.kind);
    std::uint64_t& session = sessions[out.user];
    if ((rest & kFreshSession) != 0) {
        std::memcpy(&session, at, sizeof session);
        at += sizeof session;
    }
    out.session = session;
    return out;
}

template <typename Visit>
void RowStore::Part::for_each_row(Visit&& visit) const {
    std::vector<Reader> readers(chunks_.size());
    for (std::size_t w = 0; w < readers.size(); ++w) {
        readers[w].chunks = chunks_[w];
        readers[w].sessions.resize(store_.workers_[w]->users_of_part[part_].size());
    }
    for (const BlockPlace place : store_.order_) {
        const Worker& worker = *store_.workers_[place.worker];
        const Stream& stream = worker.streams[part_];
        const StoredBlock& block = worker.blocks[place.index];
        Reader& reader = readers[place.worker];
        for (const std::uint64_t end = reader.rows + block.rows[part_]; reader.rows < end; ++reader.rows) {
            if (static_cast<std::size_t>(reader.end - reader.at) < store_.most_row_bytes()) {
                reader.at = reader.chunks.front();
                reader.end = reader.at + store_.chunk_bytes();
                reader.chunks = reader.chunks.subspan(1);
            }
            const bool has_line =
                reader.lines < stream.lines.size() && stream.lines[reader.lines].row == reader.rows;
            const StoredRow row = reader.next(block.layout);
            visit(place.worker, row, reinterpret_cast<const std::uint32_t*>(reader.at),
                  has_line ? &stream.lines[reader.lines++] : nullptr);
            reader.at += store_.column_bytes();
        }
    }
}

}  // namespace funnel::ingest::detail
