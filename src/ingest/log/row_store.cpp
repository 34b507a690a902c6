// SPDX-License-Identifier: MIT
#include "ingest/log/row_store.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "funnel/base/error.hpp"

namespace funnel::ingest::detail {

RowStore::RowStore(unsigned workers, std::size_t columns, std::size_t chunk_rows, const std::string& temp)
    : columns_(columns), chunk_rows_(chunk_rows), file_(temp) {
    for (unsigned i = 0; i < workers; ++i) {
        workers_.push_back(std::make_unique<Worker>());
    }
}

void RowStore::add_users(Worker& worker, const LogBlock& block) const {
    for (const std::uint64_t hash : block.new_users.hashes) {
        const std::size_t part = part_of(hash);
        const std::uint32_t local = worker.users_in_part[part]++;
        if (local > kLocalUser)
            throw Error(ErrorCode::memory, "more than 16777216 users in one of 256 parts");
        worker.users.push_back({.place = static_cast<std::uint32_t>(part << 24) | local});
    }
}

/// Adds up the facts of a block and chooses how its rows are packed.
RowStore::Layout RowStore::add_facts(Worker& worker, const LogBlock& block) {
    Facts& facts = worker.facts;
    facts.rows += block.time.size();
    if (block.time.empty()) return {};
    const auto [first, last] = std::ranges::minmax(block.time);
    facts.first_time = std::min(facts.first_time, first);
    facts.last_time = std::max(facts.last_time, last);
    for (const events::EventKind kind : block.kind)
        facts.kinds |= events::kind_bit(kind);
    std::uint64_t sessions = 0;
    for (const std::uint64_t session : block.session)
        sessions |= session;
    facts.has_sessions |= sessions != 0;

    const std::uint64_t range = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first);
    Layout layout{.base = first,
                  .wide = std::ranges::max(worker.users_in_part) > kNarrowUsers,
                  .hashed = !block.row_hash.empty()};
    constexpr std::uint64_t kLimit = std::uint64_t{1} << 32;
    if (layout.wide || range < kLimit) return layout;
    // Times that are further apart are often whole seconds.
    constexpr std::int64_t kSecond = 1'000'000;
    layout.unit = kSecond;
    layout.wide = range / kSecond >= kLimit || std::ranges::any_of(block.time, [&](std::int64_t time) {
                      return (time - layout.base) % kSecond != 0;
                  });
    return layout;
}

void RowStore::add(const LogBlock& block) {
    constexpr std::size_t kAhead = 16;
    Worker& worker = *workers_[block.worker];
    add_users(worker, block);
    const Layout layout = add_facts(worker, block);
    StoredBlock& stored = worker.blocks.emplace_back(StoredBlock{block.sequence, layout, {}});
    auto line = block.order_lines.begin();
    const std::size_t most = most_row_bytes();
    const auto put = [](std::byte* at, const auto& value) {
        std::memcpy(at, &value, sizeof value);
        return at + sizeof value;
    };
    for (std::size_t row = 0, rows = block.time.size(); row < rows; ++row) {
        if (row + kAhead < rows) __builtin_prefetch(&worker.users[block.user[row + kAhead]], 1);
        User& user = worker.users[block.user[row]];
        const std::size_t part = user.place >> 24;
        const std::uint32_t local = user.place & kLocalUser;
        if (line != block.order_lines.end() && line->row == row) {
            std::vector<events::OrderLine>& lines = worker.streams[part].lines;
            lines.push_back(*line++);
            lines.back().row = worker.streams[part].rows + stored.rows[part];
        }
        Cursor& cursor = worker.cursors[part];
        if (static_cast<std::size_t>(cursor.end - cursor.next) < most) next_chunk(worker, part);
        ++stored.rows[part];
        ++user.rows;
        const bool fresh = block.session[row] != std::exchange(user.session, block.session[row]);
        const std::uint64_t hash = layout.hashed ? block.row_hash[row] : 0;
        const std::uint64_t rest =
            (hash & ~kLowHash) | (fresh ? kFreshSession : 0) | static_cast<std::uint64_t>(block.kind[row]);
        std::byte* at = cursor.next;
        if (layout.wide) {
            at = put(at, WideRow{block.time[row], block.item[row], local, rest});
        } else {
            const std::int64_t time = block.time[row] - layout.base;
            at = put(at, NarrowRow{static_cast<std::uint32_t>(layout.unit == 1 ? time : time / layout.unit),
                                   block.item[row], rest | std::uint64_t{local} << kUserShift});
        }
        if (layout.hashed) at = put(at, static_cast<std::uint32_t>(hash));
        put(at, user.session);
        at += fresh ? sizeof user.session : 0;
        for (const auto& codes : block.texts)
            at = put(at, codes[row]);
        for (const auto& values : block.numbers)
            at = put(at, values[row]);
        cursor.next = at;
    }
    for (std::size_t part = 0; part < kUserParts; ++part)
        worker.streams[part].rows += stored.rows[part];
}

void RowStore::next_chunk(Worker& worker, std::size_t part) {
    Stream& stream = worker.streams[part];
    std::byte* memory = nullptr;
    if (!stream.chunks.empty() && held_ + chunk_bytes() > allowed_) {
        Chunk& full = stream.chunks.back();
        std::fill(worker.cursors[part].next, worker.cursors[part].end, std::byte{0});
        full.offset = file_.write({full.memory, chunk_bytes()});
        memory = std::exchange(full.memory, nullptr);
    } else {
        memory = new_chunk(worker);
    }
    stream.chunks.push_back({memory, 0});
    worker.cursors[part] = {memory, memory + chunk_bytes()};
}

std::byte* RowStore::new_chunk(Worker& worker) {
    const std::size_t per_slab = std::max<std::size_t>(1, base::kHugePage / chunk_bytes());
    if (worker.slabs.empty() || worker.slab_used == per_slab) {
        worker.slabs.emplace_back(per_slab * chunk_bytes());
        worker.slab_used = 0;
    }
    held_ += chunk_bytes();
    return worker.slabs.back().data() + worker.slab_used++ * chunk_bytes();
}

RowStore::Facts RowStore::facts() const {
    Facts all;
    for (const auto& worker : workers_) {
        const Facts& mine = worker->facts;
        all.rows += mine.rows;
        all.first_time = std::min(all.first_time, mine.first_time);
        all.last_time = std::max(all.last_time, mine.last_time);
        all.kinds |= mine.kinds;
        all.has_sessions |= mine.has_sessions;
    }
    return all;
}

std::uint64_t RowStore::rows_of_part(std::size_t part) const {
    std::uint64_t rows = 0;
    for (const auto& worker : workers_)
        rows += worker->streams[part].rows;
    return rows;
}

void RowStore::seal() {
    for (std::uint32_t w = 0; w < workers_.size(); ++w) {
        Worker& worker = *workers_[w];
        for (std::uint32_t i = 0; i < worker.blocks.size(); ++i)
            order_.push_back({w, i});
        for (std::size_t part = 0; part < kUserParts; ++part)
            worker.users_of_part[part].reserve(worker.users_in_part[part]);
        for (std::uint32_t code = 0; code < worker.users.size(); ++code)
            worker.users_of_part[worker.users[code].place >> 24].push_back({code, worker.users[code].rows});
        worker.users = {};
    }
    std::ranges::sort(order_, {}, [&](const BlockPlace& place) {
        return workers_[place.worker]->blocks[place.index].sequence;
    });
}

RowStore::Part::Part(const RowStore& store, std::size_t part)
    : store_(store), part_(part), chunks_(store.workers_.size()) {
    const std::size_t bytes = store.chunk_bytes();
    std::size_t spilled = 0;
    for (const auto& worker : store.workers_)
        spilled += static_cast<std::size_t>(
            std::ranges::count(worker->streams[part].chunks, nullptr, &Chunk::memory));
    read_back_.resize(spilled * bytes);
    std::byte* to = read_back_.data();
    for (std::size_t w = 0; w < chunks_.size(); ++w) {
        for (const Chunk& chunk : store.workers_[w]->streams[part].chunks) {
            if (chunk.memory == nullptr) {
                store.file_.read(chunk.offset, {to, bytes});
                chunks_[w].push_back(to);
                to += bytes;
            } else {
                chunks_[w].push_back(chunk.memory);
            }
        }
    }
}

}  // namespace funnel::ingest::detail
