// SPDX-License-Identifier: MIT
// LogChecker: which rows of a batch can be used as events, and their times.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ingest/csv/row_batch.hpp"
#include "ingest/log/log_plan.hpp"
#include "ingest/log/time_parser.hpp"

namespace funnel::ingest::detail {

/// One thread at a time.
class LogChecker {
 public:
    explicit LogChecker(const LogPlan& plan) : plan_(plan) {}

    /// Checks all rows of the batch. A row that several things are wrong with has the reason that comes
    /// first: ignored, time, user, event, numbers.
    void check(const FileFormat& format, const RowBatch& batch);

    // After check, per row:
    [[nodiscard]] bool all_usable() const noexcept { return all_usable_; }
    [[nodiscard]] bool usable(std::size_t row) const noexcept {
        return reason_[row] == Reason::none && ignored_[row] == 0;
    }
    [[nodiscard]] bool ignored(std::size_t row) const noexcept { return ignored_[row] != 0; }
    /// A good row that is not known as of the time asked for; ignored as well.
    [[nodiscard]] bool after(std::size_t row) const noexcept { return ignored_[row] == kAfter; }
    [[nodiscard]] Reason reason(std::size_t row) const noexcept { return reason_[row]; }
    [[nodiscard]] const std::vector<std::int64_t>& times() const noexcept { return times_; }
    /// Of a row that is neither usable nor ignored. `line`: its first physical line.
    [[nodiscard]] BadRow bad_row(const FileFormat& format, const RowBatch& batch, std::size_t row) const;
    /// Which slot is wrong in such a row.
    [[nodiscard]] std::size_t slot(std::size_t row) const noexcept { return slot_[row]; }

 private:
    void reject(std::size_t row, Reason reason, std::size_t slot) noexcept;
    void check_ignored(const RowBatch& batch);
    void check_known();
    void check_times(const FileFormat& format, const RowBatch& batch);
    void check_present(const RowBatch& batch, std::size_t slot, Reason reason);
    void check_numbers(const RowBatch& batch, std::size_t slot);

    static constexpr std::uint8_t kAfter = 2;
    const LogPlan& plan_;
    TimeUnit unit_ = TimeUnit::automatic;  // of parser_
    bool unit_detected_ = false;
    std::optional<TimeParser> parser_;
    bool all_usable_ = true;
    std::vector<std::int64_t> times_;
    std::vector<Reason> reason_;
    std::vector<std::uint32_t> slot_;  // of the reason
    std::vector<std::uint8_t> ignored_;
};

}  // namespace funnel::ingest::detail
