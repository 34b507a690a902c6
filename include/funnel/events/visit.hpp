// SPDX-License-Identifier: MIT
// VisitSplitter: the visits of one user. All rows with the same visit id are one visit; rows without an id
// form visits among themselves, split where the user was silent for 30 minutes or more (docs/metrics.md).
#pragma once

#include <cstdint>
#include <vector>

#include "funnel/base/hash.hpp"
#include "funnel/base/time.hpp"

namespace funnel::events {

inline constexpr std::int64_t kVisitGap = 30 * base::kMinute;

/// later - earlier in microseconds, for any two times with earlier <= later: no overflow.
[[nodiscard]] constexpr std::uint64_t elapsed(std::int64_t earlier, std::int64_t later) noexcept {
    return static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier);
}

/// later - earlier <= span, for earlier <= later and span >= 0: windows are inclusive.
[[nodiscard]] constexpr bool within(std::int64_t earlier, std::int64_t later, std::int64_t span) noexcept {
    return elapsed(earlier, later) <= static_cast<std::uint64_t>(span);
}

/// Whether a window of `span` that opened at `time` is over at `last_time`: time + span <= last_time.
[[nodiscard]] constexpr bool mature(std::int64_t time, std::int64_t span, std::int64_t last_time) noexcept {
    return time <= last_time && elapsed(time, last_time) >= static_cast<std::uint64_t>(span);
}

/// One thread at a time. O(1) per event; the scratch is kept from user to user.
class VisitSplitter {
 public:
    /// gap: microseconds, > 0. A silence of exactly `gap` starts a new visit.
    explicit VisitSplitter(std::int64_t gap = kVisitGap) : gap_(gap) {}

    /// Forgets the user before.
    void start_user() noexcept;

    /// The visit of the user's next event, in time order; visits count from 0 in order of their first event.
    /// session: EventLog::session of the row, 0 = no id.
    std::uint32_t visit(std::int64_t time, std::uint64_t session);

    /// Visits of this user so far.
    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }

 private:
    struct Slot {
        std::uint64_t session = 0;
        std::uint32_t visit = 0;
        std::uint32_t user = 0;  // the slot is empty unless this is user_
    };
    Slot& locate(std::uint64_t session) noexcept;
    void grow();

    std::int64_t gap_;
    std::uint32_t count_ = 0;
    std::uint32_t given_ = 0;  // visits with an id
    std::uint32_t user_ = 0;
    std::uint64_t last_session_ = 0;
    std::uint32_t last_visit_ = 0;
    bool silent_ = true;  // no row without an id yet
    std::int64_t last_free_time_ = 0;
    std::uint32_t last_free_visit_ = 0;
    std::vector<Slot> slots_{64};
};

inline void VisitSplitter::start_user() noexcept {
    if (++user_ == 0) {
        for (Slot& slot : slots_)
            slot.user = 0;
        user_ = 1;
    }
    count_ = given_ = 0;
    last_session_ = 0;
    silent_ = true;
}

inline std::uint32_t VisitSplitter::visit(std::int64_t time, std::uint64_t session) {
    if (session == 0) {
        if (silent_ || !within(last_free_time_, time, gap_ - 1)) last_free_visit_ = count_++;
        silent_ = false;
        last_free_time_ = time;
        return last_free_visit_;
    }
    if (session == last_session_) return last_visit_;
    Slot* slot = &locate(session);
    if (slot->user != user_) {
        if ((given_ + 1) * 2 > slots_.size()) {
            grow();
            slot = &locate(session);
        }
        *slot = {session, count_++, user_};
        ++given_;
    }
    last_session_ = session;
    return last_visit_ = slot->visit;
}

inline VisitSplitter::Slot& VisitSplitter::locate(std::uint64_t session) noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = base::mix64(session) & mask;
    while (slots_[at].user == user_ && slots_[at].session != session)
        at = (at + 1) & mask;
    return slots_[at];
}

inline void VisitSplitter::grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
        if (slot.user == user_) locate(slot.session) = slot;
    }
}

}  // namespace funnel::events
