// SPDX-License-Identifier: MIT
// RateTable: decayed exposures and stage events per user, item, category or place, and the shrunk rates
// (n+ + m p0) / (n + m) that follow from them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/huge_pages.hpp"
#include "funnel/base/portable_math.hpp"

namespace funnel::history {

/// Counts of one row at one moment, all 0 without a row. Valid until the table changes.
class Rates {
 public:
    Rates() = default;
    Rates(const float* values, double factor) noexcept : values_(values), factor_(factor) {}

    [[nodiscard]] double ripe() const noexcept {
        return count(0);
    }  ///< exposures older than the horizon of stage 1
    [[nodiscard]] double reached() const noexcept { return count(1); }  ///< of these: reached stage 1 in time
    [[nodiscard]] double expected() const noexcept {
        return count(2);
    }  ///< of these: the sum of p0 of their places
    [[nodiscard]] double exposures() const noexcept { return count(3); }  ///< all exposures
    /// Events of a stage, from 1.
    [[nodiscard]] double events(std::size_t stage) const noexcept { return count(3 + stage); }

 private:
    [[nodiscard]] double count(std::size_t i) const noexcept {
        return values_ == nullptr ? 0.0 : static_cast<double>(values_[i]) * factor_;
    }
    const float* values_ = nullptr;
    double factor_ = 0;
};

/// Rows of decayed counts. A count is halved every half_life; it is stored with the time it was last brought
/// up to, per row, and decays when it is touched or read. (4 + stages) x 4 + 8 bytes per row.
class RateTable {
 public:
    /// stages: number of stages after S0.
    RateTable(std::size_t stages, std::int64_t half_life)
        : width_(4 + stages), per_microsecond_(-1.0 / static_cast<double>(half_life)) {}

    void resize(std::size_t rows) {
        values_.resize(rows * width_, 0.0f);
        times_.resize(rows, 0);
    }
    [[nodiscard]] std::size_t rows() const noexcept { return times_.size(); }

    /// Row `row` at `time`; empty counts if there is no such row.
    [[nodiscard]] Rates at(std::size_t row, std::int64_t time) const noexcept {
        return row < rows() ? Rates(values_.data() + row * width_, factor(row, time)) : Rates();
    }

    /// Has the row brought into the caches.
    void prefetch(std::size_t row) const noexcept {
        if (row >= rows()) return;
        __builtin_prefetch(values_.data() + row * width_);
        __builtin_prefetch(times_.data() + row);
    }

    void add_exposure(std::size_t row, std::int64_t time) { touch(row, time)[3] += 1.0f; }
    void add_ripe(std::size_t row, std::int64_t time, bool reached, float expected) {
        float* v = touch(row, time);
        v[0] += 1.0f;
        v[1] += reached ? 1.0f : 0.0f;
        v[2] += expected;
    }
    /// stage: from 1.
    void add_event(std::size_t row, std::size_t stage, std::int64_t time) {
        touch(row, time)[3 + stage] += 1.0f;
    }

    void clear_row(std::size_t row) {
        for (std::size_t i = 0; i < width_; ++i)
            values_[row * width_ + i] = 0.0f;
        times_[row] = 0;
    }
    /// Keeps row r as row map[r], dropping rows whose number there is not below `rows`. map ascends.
    void compact(std::span<const std::uint32_t> map, std::size_t rows) {
        for (std::size_t r = 0; r < map.size(); ++r) {
            if (map[r] >= rows) continue;
            for (std::size_t i = 0; i < width_; ++i)
                values_[map[r] * width_ + i] = values_[r * width_ + i];
            times_[map[r]] = times_[r];
        }
        values_.resize(rows * width_);
        times_.resize(rows);
    }

    void write(base::ByteWriter& out) const {
        out.array(values_);
        out.array(times_);
    }
    /// Throws Error(format) for bytes that are no rows of this width.
    void read(base::ByteReader& in) {
        in.array(values_);
        in.array(times_);
        if (values_.size() != times_.size() * width_) {
            throw Error(ErrorCode::format, "damaged: the rates of a history");
        }
    }

 private:
    /// What is left of a count at `time`.
    [[nodiscard]] double factor(std::size_t row, std::int64_t time) const noexcept {
        return base::exp2_of_negative(static_cast<double>(base::micros_since(times_[row], time)) *
                                      per_microsecond_);
    }

    float* touch(std::size_t row, std::int64_t time) {
        float* v = values_.data() + row * width_;
        if (time != times_[row]) {
            const auto f = static_cast<float>(factor(row, time));
            for (std::size_t i = 0; i < width_; ++i)
                v[i] *= f;
            times_[row] = time;
        }
        return v;
    }

    std::size_t width_;
    double per_microsecond_;
    base::HugeVector<float> values_;
    base::HugeVector<std::int64_t> times_;
};

}  // namespace funnel::history
