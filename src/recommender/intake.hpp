// SPDX-License-Identifier: MIT
// Intake: the door for events. Looks at clock and sizes, knows ids again, puts late events in order.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/events/event.hpp"
#include "funnel/recommender.hpp"

namespace funnel::recommender {

using Kinds = std::map<std::string, events::EventKind, std::less<>>;

/// An event with texts of its own, in one piece: user, item, session, category, brand, list.
struct OwnEvent {
    static constexpr std::size_t kTexts = 6;

    std::int64_t time = 0;
    std::uint64_t number = 0;  ///< in the order of arrival
    events::EventKind kind = events::EventKind::other;
    double position = 0, price = 0;
    std::uint32_t ends[kTexts] = {};
    std::string text = {};

    /// Valid as long as *this.
    [[nodiscard]] events::Event view() const noexcept;
    void write(base::ByteWriter& out) const;
    [[nodiscard]] static OwnEvent read(base::ByteReader& in);
    /// The order of a log: by time, then as events::EventKind says, then as they came.
    [[nodiscard]] bool before(const OwnEvent& other) const noexcept;
};

/// About the last `places` ids, as hashes in a fixed table: an id pushes out the oldest of its row of eight.
class RecentIds {
 public:
    explicit RecentIds(std::size_t places);
    /// False if the id is there already.
    bool enter(std::string_view id) noexcept;
    /// What is known, older ones first in each row; to be entered again.
    [[nodiscard]] std::vector<std::uint64_t> hashes() const;
    void enter_hash(std::uint64_t hash) noexcept;

 private:
    static constexpr std::size_t kRow = 8;
    bool add(std::uint64_t hash) noexcept;
    std::vector<std::uint64_t> hashes_;
    std::vector<std::uint8_t> next_;  // per row
};

/// Any thread may call any function.
class Intake {
 public:
    Intake(const Recommender::Options& options, Kinds kinds, std::int64_t watermark);

    std::size_t take(std::span<const Recommender::Event> events, std::int64_t now,
                     std::span<Recommender::Taken> answers) noexcept;
    /// Lets out what is due at `now`, if anything is, or some of it: a request must not wait for a crowd.
    void tick(std::int64_t now) noexcept {
        if (due_.load(std::memory_order_relaxed) <= now) (void)release(now);
    }
    /// Lets out some of what is due at `now`; true if more is.
    bool release(std::int64_t now) noexcept;

    /// For the writer: waits for events that are due, or for a call of wake; false when it is closed and
    /// empty.
    bool wait(std::vector<OwnEvent>& batch);
    void wake();
    void close();
    /// The number of events that were let out until now.
    [[nodiscard]] std::uint64_t released() const;

    /// What waits, in order, and the ids of one moment, to be written; and their way back.
    void write_waiting(base::ByteWriter& out, base::ByteWriter& ids) const;
    void put_back(std::vector<OwnEvent> events, std::span<const std::uint64_t> ids);

    /// Other names of kinds, and a history up to `watermark`. Kinds that had a name of the log's own get the
    /// number that it has now.
    void exchange(Kinds kinds, std::int64_t watermark);
    void stop_taking();
    void add_to(Recommender::Statistics& statistics) const;

 private:
    [[nodiscard]] Recommender::Taken take_one(const Recommender::Event& event, std::int64_t now);
    [[nodiscard]] bool too_long(const Recommender::Event& event) const noexcept;
    bool release_some(std::int64_t now) noexcept;
    void note_due() noexcept;

    static constexpr std::size_t kAtOnce = 100;  // events that are let out under one lock

    const Recommender::Options options_;
    mutable std::mutex mutex_;
    std::condition_variable ready_or_woken_;
    Kinds kinds_;
    RecentIds ids_;
    std::vector<OwnEvent> heap_;   // not due yet; the first one on top
    std::vector<OwnEvent> ready_;  // due, in order
    std::int64_t last_out_;        // time of the last event that was let out
    std::uint64_t next_number_ = 0, released_ = 0;
    bool woken_ = false, closed_ = false, failed_ = false;
    Recommender::Statistics counts_;
    std::atomic<std::int64_t> due_{std::numeric_limits<std::int64_t>::max()};  // of the top of the heap
};

}  // namespace funnel::recommender
