// SPDX-License-Identifier: MIT
#include "ingest/row_store.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace funnel::ingest::detail {

RowStore::RowStore(unsigned workers, std::size_t columns, std::size_t chunk_rows, const std::string& temp)
    : columns_(columns), chunk_rows_(chunk_rows), file_(temp) {
    for (unsigned i = 0; i < workers; ++i)
        workers_.push_back(std::make_unique<Worker>());
}

void RowStore::add(const LogBlock& block) {
    Worker& worker = *workers_[block.worker];
    for (const std::uint64_t hash : block.new_users.hashes)
        worker.part_of_user.push_back(static_cast<std::uint8_t>(part_of(hash)));
    add_facts(worker.facts, block);
    add_lines(worker, block);
    worker.sequences.push_back(block.sequence);
    auto& counts = worker.counts.emplace_back();
    const std::size_t stride = row_bytes();
    const bool hashed = !block.row_hash.empty();
    for (std::size_t row = 0; row < block.time.size(); ++row) {
        const std::uint8_t part = worker.part_of_user[block.user[row]];
        Stream& stream = worker.streams[part];
        if (stream.next == stream.end) next_chunk(worker, stream);
        ++counts[part];
        const std::uint64_t hash = hashed ? block.row_hash[row] : 0;
        const PackedRow packed{block.time[row], block.session[row], block.user[row], block.item[row],
                               (hash & ~PackedRow::kKindBits) | static_cast<std::uint64_t>(block.kind[row])};
        std::memcpy(stream.next, &packed, sizeof packed);
        if (columns_ > 0) {
            std::byte* at = stream.next + sizeof packed;
            for (const auto& codes : block.texts)
                at = std::copy_n(reinterpret_cast<const std::byte*>(&codes[row]), sizeof codes[row], at);
            for (const auto& values : block.numbers)
                at = std::copy_n(reinterpret_cast<const std::byte*>(&values[row]), sizeof values[row], at);
        }
        stream.next += stride;
    }
    for (std::size_t part = 0; part < kUserParts; ++part)
        worker.streams[part].rows += counts[part];
}

void RowStore::add_facts(Facts& facts, const LogBlock& block) const {
    facts.rows += block.time.size();
    std::uint64_t sessions = 0;
    for (const std::int64_t time : block.time) {
        facts.first_time = std::min(facts.first_time, time);
        facts.last_time = std::max(facts.last_time, time);
    }
    for (const events::EventKind kind : block.kind)
        facts.kinds |= events::kind_bit(kind);
    for (const std::uint64_t session : block.session)
        sessions |= session;
    facts.has_sessions |= sessions != 0;
}

/// Order lines are few: the rows of each part before them are counted for the blocks that have any.
void RowStore::add_lines(Worker& worker, const LogBlock& block) {
    if (block.order_lines.empty()) return;
    std::array<std::uint32_t, kUserParts> before{};
    std::size_t row = 0;
    for (events::OrderLine line : block.order_lines) {
        for (; row < line.row; ++row)
            ++before[worker.part_of_user[block.user[row]]];
        const std::size_t part = worker.part_of_user[block.user[line.row]];
        Stream& stream = worker.streams[part];
        line.row = stream.rows + before[part];
        stream.lines.push_back(line);
    }
}

void RowStore::next_chunk(Worker& worker, Stream& stream) {
    std::byte* memory = nullptr;
    if (!stream.chunks.empty() && held_ + chunk_bytes() > allowed_) {
        Chunk& full = stream.chunks.back();
        full.offset = file_.write({full.memory, chunk_bytes()});
        memory = std::exchange(full.memory, nullptr);
    } else {
        memory = new_chunk(worker);
    }
    stream.chunks.push_back({memory, 0});
    stream.next = memory;
    stream.end = memory + chunk_bytes();
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
        for (std::uint32_t i = 0; i < workers_[w]->sequences.size(); ++i)
            order_.push_back({w, i});
    }
    std::ranges::sort(
        order_, {}, [&](const BlockPlace& place) { return workers_[place.worker]->sequences[place.index]; });
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
