// SPDX-License-Identifier: MIT
// RecentRows: which rows of its last days a history has seen. This tells a row that comes too late from one
// that comes again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/error.hpp"
#include "funnel/base/hash.hpp"
#include "funnel/base/time.hpp"
#include "funnel/events/event_log.hpp"

namespace funnel::events {

/// How long rows are remembered unless somebody says otherwise (--late-memory).
inline constexpr std::int64_t kLateMemory = 3 * base::kDay;

/// Rows at or before a watermark.
struct LateRows {
    std::uint64_t already_observed = 0;  ///< seen before
    std::uint64_t late = 0;              ///< never seen: they came after their time had passed
    std::uint64_t late_or_observed = 0;  ///< older than what is remembered

    [[nodiscard]] std::uint64_t all() const noexcept { return already_observed + late + late_or_observed; }
    LateRows& operator+=(const LateRows& other) noexcept {
        already_observed += other.already_observed;
        late += other.late;
        late_or_observed += other.late_or_observed;
        return *this;
    }
};

/// Hashes of rows, by the hour; 8 bytes each. What a row says counts, not how its file writes it.
/// Const calls may run concurrently; changes need a lock.
class RecentRows {
 public:
    /// Takes in the rows later than `after`, and forgets what is more than `memory` older than the latest.
    /// O(n), and n log n in the rows of the last days.
    void observe(const EventLog& log, std::int64_t after, std::int64_t memory = kLateMemory);

    /// The rows of a log at or before the watermark.
    [[nodiscard]] LateRows count_late(const EventLog& log, std::int64_t watermark) const;

    /// Older rows may have been seen or not.
    [[nodiscard]] std::int64_t known_since() const noexcept { return since_; }
    /// What came before is not known: the history is older than this record of it.
    void begin_after(std::int64_t watermark) { since_ = watermark == kEver ? kEver : watermark + 1; }

    void write(base::ByteWriter& out) const;
    /// Throws Error(format) if the bytes are damaged.
    [[nodiscard]] static RecentRows read(base::ByteReader& in);

    bool operator==(const RecentRows&) const = default;

 private:
    static constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::min();

    std::map<std::int64_t, std::vector<std::uint64_t>> hours_;  // hour since 1970: its rows, ascending
    std::int64_t since_ = kEver;
};

namespace detail {

/// Hours since 1970.
[[nodiscard]] inline std::int64_t hour_of(std::int64_t time) noexcept {
    return base::floor_div(time, base::kHour);
}

/// Rows are equal if they say the same of the same moment; what side tables complete is left out.
class RowHasher {
 public:
    explicit RowHasher(const EventLog& log)
        : log_(log), list_(log.text_column("list")), position_(log.number_column("position")) {}

    [[nodiscard]] std::uint64_t operator()(std::size_t row) {
        base::ByteWriter said;
        said.value(log_.time[row]);
        said.value(log_.kind[row]);
        said.text(log_.users.text(log_.user[row]));
        said.text(log_.item[row] == kNone ? std::string_view{} : log_.items.text(log_.item[row]));
        said.value(log_.session[row]);
        if (list_ != nullptr && list_->code[row] != kNone) said.text(list_->values.text(list_->code[row]));
        if (position_ != nullptr && position_->value[row] == position_->value[row])
            said.value(position_->value[row]);
        const auto line = std::ranges::lower_bound(log_.order_lines, row, {}, &OrderLine::row);
        if (line != log_.order_lines.end() && line->row == row) {
            said.text(line->order == kNone ? std::string_view{} : log_.orders.text(line->order));
            for (const double amount : {line->quantity, line->revenue}) {
                if (amount == amount) said.value(amount);
            }
        }
        const std::vector<char> bytes = said.take();
        return base::hash_bytes({bytes.data(), bytes.size()}, 0x1A7E);
    }

 private:
    const EventLog& log_;
    const TextColumn* list_;
    const NumberColumn* position_;
};

}  // namespace detail

inline void RecentRows::observe(const EventLog& log, std::int64_t after, std::int64_t memory) {
    std::int64_t latest = after;
    for (const std::int64_t time : log.time)
        latest = std::max(latest, time);
    if (latest == after) return;
    if (latest > kEver + memory + base::kHour)
        since_ = std::max(since_, detail::hour_of(latest - memory) * base::kHour);
    hours_.erase(hours_.begin(), hours_.lower_bound(detail::hour_of(since_)));
    detail::RowHasher hash(log);
    for (std::size_t row = 0; row < log.size(); ++row) {
        if (log.time[row] > after && log.time[row] >= since_)
            hours_[detail::hour_of(log.time[row])].push_back(hash(row));
    }
    for (auto& [hour, rows] : hours_) {
        if (!std::ranges::is_sorted(rows)) std::ranges::sort(rows);
    }
}

inline LateRows RecentRows::count_late(const EventLog& log, std::int64_t watermark) const {
    LateRows count;
    detail::RowHasher hash(log);
    for (std::size_t row = 0; row < log.size(); ++row) {
        if (log.time[row] > watermark) continue;
        if (log.time[row] < since_) {
            ++count.late_or_observed;
            continue;
        }
        const auto hour = hours_.find(detail::hour_of(log.time[row]));
        const bool seen = hour != hours_.end() && std::ranges::binary_search(hour->second, hash(row));
        ++(seen ? count.already_observed : count.late);
    }
    return count;
}

inline void RecentRows::write(base::ByteWriter& out) const {
    out.value(since_);
    out.value<std::uint64_t>(hours_.size());
    for (const auto& [hour, rows] : hours_) {
        out.value(hour);
        out.array(rows);
    }
}

inline RecentRows RecentRows::read(base::ByteReader& in) {
    RecentRows recent;
    recent.since_ = in.value<std::int64_t>();
    for (std::size_t left = in.length(2 * sizeof(std::uint64_t)); left > 0; --left) {
        const auto hour = in.value<std::int64_t>();
        auto rows = in.array<std::uint64_t>();
        const bool later = recent.hours_.empty() || hour > recent.hours_.rbegin()->first;
        if (!later || !std::ranges::is_sorted(rows))
            throw Error(ErrorCode::format, "damaged: rows of the last days out of order");
        recent.hours_.emplace_hint(recent.hours_.end(), hour, std::move(rows));
    }
    return recent;
}

}  // namespace funnel::events
