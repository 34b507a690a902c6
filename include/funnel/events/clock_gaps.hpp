// SPDX-License-Identifier: MIT
// find_clock_gaps: uses the gaps in the times of a whole log to find rows whose clock was wrong. Rows ahead
// come after the earliest gap that is longer than 6 h and than three times every gap before it. Rows behind
// come before the latest gap that is so in comparison with every gap after it. In both cases they must be few
// rows of few users.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "funnel/base/time.hpp"
#include "funnel/events/visit.hpp"

namespace funnel::events {

inline constexpr auto kShortestClockGap = static_cast<std::uint64_t>(6 * base::kHour);
/// A gap is suspicious if it is longer than this many times every other one.
inline constexpr std::uint64_t kClockGapRatio = 3;
/// Times apart by more than this are no log of one shop.
inline constexpr auto kImpossibleGap = static_cast<std::uint64_t>(365 * base::kDay);

/// Rows whose times lie in one span of 2^32 microseconds.
struct TimeSpan {
    std::int64_t first = 0, last = 0;
    std::uint64_t rows = 0;
};

/// The spans of a log, from which every gap of more than 72 minutes follows exactly: enough, since a third of
/// the shortest gap asked for is longer. One thread at a time; about 3 ns per row, 24 bytes per span.
class TimeSpans {
 public:
    void add(std::span<const std::int64_t> times);
    TimeSpans& operator+=(const TimeSpans& other);

    /// In order of time.
    [[nodiscard]] std::vector<TimeSpan> sorted() const;

 private:
    static constexpr std::size_t kSlots = 4096;  // 200 days
    struct Slot {
        std::int64_t number = 0;
        TimeSpan span = {};
    };
    void flush(Slot& slot);

    std::vector<Slot> slots_ = std::vector<Slot>(kSlots);  // spans that are being filled, by their last bits
    std::unordered_map<std::int64_t, TimeSpan> flushed_;
};

/// No row lies between the two times.
struct ClockGap {
    std::int64_t before = 0, after = 0;
    std::uint64_t rows_before = 0, rows_after = 0;

    [[nodiscard]] std::uint64_t length() const noexcept { return elapsed(before, after); }
};

/// Which rows are kept: those of [first, last].
struct ClockCut {
    std::int64_t first = std::numeric_limits<std::int64_t>::min();
    std::int64_t last = std::numeric_limits<std::int64_t>::max();

    [[nodiscard]] bool keeps(std::int64_t time) const noexcept { return time >= first && time <= last; }
    [[nodiscard]] bool all() const noexcept {
        return first == std::numeric_limits<std::int64_t>::min() &&
               last == std::numeric_limits<std::int64_t>::max();
    }
};

/// Gaps with few rows on their outer side: whether these are of few users decides (UsersBehind).
struct ClockGaps {
    std::vector<ClockGap> ahead;   ///< from the earliest on, each longer than those before
    std::vector<ClockGap> behind;  ///< from the latest back, likewise
    std::vector<ClockGap> wide;    ///< as suspicious, with too many rows on both sides; in order of time

    [[nodiscard]] bool any() const noexcept { return !ahead.empty() || !behind.empty(); }
};

/// spans: in order of time. known_gap: of earlier logs, microseconds.
[[nodiscard]] ClockGaps find_clock_gaps(std::span<const TimeSpan> spans, std::uint64_t known_gap);

/// The longest gap of the rows that a cut keeps, 0 without one; gaps of up to 72 minutes may be missed.
[[nodiscard]] std::uint64_t longest_gap(std::span<const TimeSpan> spans, const ClockCut& cut) noexcept;

/// Counts the users on the outer side of each gap. One thread at a time; a few comparisons per user.
class UsersBehind {
 public:
    explicit UsersBehind(const ClockGaps& gaps)
        : gaps_(gaps), ahead_(gaps.ahead.size()), behind_(gaps.behind.size()) {}

    /// first, last: the user's earliest and latest row.
    void add_user(std::int64_t first, std::int64_t last) noexcept {
        ++users_;
        for (std::size_t i = 0; i < ahead_.size(); ++i)
            ahead_[i] += last >= gaps_.ahead[i].after;
        for (std::size_t i = 0; i < behind_.size(); ++i)
            behind_[i] += first <= gaps_.behind[i].before;
    }

    /// Of the same gaps and other users.
    UsersBehind& operator+=(const UsersBehind& other) noexcept {
        users_ += other.users_;
        for (std::size_t i = 0; i < ahead_.size(); ++i)
            ahead_[i] += other.ahead_[i];
        for (std::size_t i = 0; i < behind_.size(); ++i)
            behind_[i] += other.behind_[i];
        return *this;
    }

    /// Leaves out the rows behind the first gap, on each side, that are of at most 1 % of the users, or of
    /// one.
    [[nodiscard]] ClockCut cut() const noexcept;

 private:
    const ClockGaps& gaps_;
    std::uint64_t users_ = 0;
    std::vector<std::uint64_t> ahead_, behind_;
};

inline void TimeSpans::add(std::span<const std::int64_t> times) {
    for (const std::int64_t time : times) {
        const std::int64_t number = time >> 32;
        Slot& slot = slots_[static_cast<std::size_t>(number) % kSlots];
        if (slot.number != number || slot.span.rows == 0) {
            flush(slot);
            slot = {number, {time, time, 0}};
        }
        slot.span.first = std::min(slot.span.first, time);
        slot.span.last = std::max(slot.span.last, time);
        ++slot.span.rows;
    }
}

inline void TimeSpans::flush(Slot& slot) {
    if (slot.span.rows == 0) return;
    const auto [at, is_new] = flushed_.try_emplace(slot.number, slot.span);
    if (!is_new) {
        at->second.first = std::min(at->second.first, slot.span.first);
        at->second.last = std::max(at->second.last, slot.span.last);
        at->second.rows += slot.span.rows;
    }
    slot.span.rows = 0;
}

inline TimeSpans& TimeSpans::operator+=(const TimeSpans& other) {
    for (const TimeSpan& span : other.sorted()) {
        Slot slot{span.first >> 32, span};
        flush(slot);
    }
    return *this;
}

inline std::vector<TimeSpan> TimeSpans::sorted() const {
    TimeSpans all;
    all.flushed_ = flushed_;
    for (Slot slot : slots_)
        all.flush(slot);
    std::vector<TimeSpan> spans;
    spans.reserve(all.flushed_.size());
    for (const auto& [number, span] : all.flushed_)
        spans.push_back(span);
    std::ranges::sort(spans, {}, &TimeSpan::first);
    return spans;
}

namespace detail {

[[nodiscard]] inline std::vector<ClockGap> gaps_between(std::span<const TimeSpan> spans) {
    std::uint64_t rows = 0, before = 0;
    for (const TimeSpan& span : spans)
        rows += span.rows;
    std::vector<ClockGap> gaps;
    for (std::size_t i = 1; i < spans.size(); ++i) {
        before += spans[i - 1].rows;
        gaps.push_back({spans[i - 1].last, spans[i].first, before, rows - before});
    }
    return gaps;
}

/// Each gap that is suspicious against the ones that come before it in the given order, and its outer rows.
/// An impossible gap with few rows on the far side is a wrong clock there, no measure for this side.
template <typename Gaps, typename Take>
void find_suspicious(const Gaps& gaps, std::uint64_t rows, std::uint64_t longest,
                     std::uint64_t ClockGap::*inner, const Take& take) {
    for (const ClockGap& gap : gaps) {
        const std::uint64_t length = gap.length();
        if (length > kShortestClockGap && longest <= (length - 1) / kClockGapRatio) take(gap);
        if (length > kImpossibleGap && gap.*inner * 100 <= rows) continue;
        longest = std::max(longest, length);
    }
}

}  // namespace detail

inline ClockGaps find_clock_gaps(std::span<const TimeSpan> spans, std::uint64_t known_gap) {
    std::uint64_t rows = 0;
    for (const TimeSpan& span : spans)
        rows += span.rows;
    std::vector<ClockGap> gaps = detail::gaps_between(spans);
    ClockGaps found;
    const auto few = [&](std::uint64_t some) { return some * 100 <= rows; };
    detail::find_suspicious(gaps, rows, known_gap, &ClockGap::rows_before, [&](const ClockGap& gap) {
        if (few(gap.rows_after)) {
            found.ahead.push_back(gap);
        } else if (!few(gap.rows_before)) {
            found.wide.push_back(gap);
        }
    });
    std::ranges::reverse(gaps);
    detail::find_suspicious(gaps, rows, known_gap, &ClockGap::rows_after, [&](const ClockGap& gap) {
        if (few(gap.rows_before)) found.behind.push_back(gap);
    });
    return found;
}

inline std::uint64_t longest_gap(std::span<const TimeSpan> spans, const ClockCut& cut) noexcept {
    std::uint64_t longest = 0;
    for (std::size_t i = 1; i < spans.size(); ++i) {
        if (cut.keeps(spans[i - 1].last) && cut.keeps(spans[i].first))
            longest = std::max(longest, elapsed(spans[i - 1].last, spans[i].first));
    }
    return longest;
}

inline ClockCut UsersBehind::cut() const noexcept {
    ClockCut cut;
    const std::uint64_t most = std::max<std::uint64_t>(1, users_ / 100);
    for (std::size_t i = ahead_.size(); i-- > 0;) {
        if (ahead_[i] <= most) cut.last = gaps_.ahead[i].before;
    }
    for (std::size_t i = behind_.size(); i-- > 0;) {
        if (behind_[i] <= most) cut.first = gaps_.behind[i].after;
    }
    return cut;
}

}  // namespace funnel::events
