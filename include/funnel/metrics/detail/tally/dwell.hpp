// SPDX-License-Identifier: MIT
// DwellTimes: how long product pages were looked at; exact median and mean (docs/metrics.md, dwell_median_s).
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "funnel/base/hash.hpp"
#include "funnel/base/huge_pages.hpp"

namespace funnel::metrics {

/// A multiset of durations in microseconds. 4 bytes per view; 8 more for one longer than 71 minutes.
class DwellTimes {
 public:
    void add(std::uint64_t micros) {
        if (micros <= std::numeric_limits<std::uint32_t>::max()) {
            short_.push_back(static_cast<std::uint32_t>(micros));
        } else {
            long_.push_back(micros);
        }
    }

    DwellTimes& operator+=(const DwellTimes& other) {
        short_.insert(short_.end(), other.short_.begin(), other.short_.end());
        long_.insert(long_.end(), other.long_.begin(), other.long_.end());
        return *this;
    }

    [[nodiscard]] std::size_t count() const noexcept { return short_.size() + long_.size(); }

    /// Seconds; of an even count the mean of the middle two; empty without any. O(n). Reorders, no more.
    [[nodiscard]] std::optional<double> median_seconds();
    [[nodiscard]] std::optional<double> mean_seconds() const;
    /// The share-quantile, 0 <= share <= 1, between the neighbours in rank (Hyndman and Fan's type 7).
    [[nodiscard]] std::optional<double> quantile_seconds(double share);

 private:
    [[nodiscard]] std::uint64_t smallest(std::size_t rank);

    base::HugeVector<std::uint32_t> short_;
    std::vector<std::uint64_t> long_;
};

inline std::optional<double> DwellTimes::median_seconds() {
    if (count() == 0) return std::nullopt;
    const std::uint64_t low = smallest((count() - 1) / 2), high = smallest(count() / 2);
    return (static_cast<double>(low) + static_cast<double>(high)) / 2e6;
}

inline std::optional<double> DwellTimes::quantile_seconds(double share) {
    if (count() == 0) return std::nullopt;
    const double place = share * static_cast<double>(count() - 1);
    const auto rank = static_cast<std::size_t>(place);
    const auto low = static_cast<double>(smallest(rank));
    const auto high = static_cast<double>(smallest(std::min(rank + 1, count() - 1)));
    return (low + (place - static_cast<double>(rank)) * (high - low)) / 1e6;
}

inline std::optional<double> DwellTimes::mean_seconds() const {
    if (count() == 0) return std::nullopt;
    base::detail::uint128 sum = 0;
    for (const std::uint32_t micros : short_)
        sum += micros;
    for (const std::uint64_t micros : long_)
        sum += micros;
    return static_cast<double>(sum) / static_cast<double>(count()) / 1e6;
}

inline std::uint64_t DwellTimes::smallest(std::size_t rank) {
    const auto pick = [](auto& values, std::size_t at) {
        const auto nth = values.begin() + static_cast<std::ptrdiff_t>(at);
        std::nth_element(values.begin(), nth, values.end());
        return std::uint64_t{*nth};
    };
    return rank < short_.size() ? pick(short_, rank) : pick(long_, rank - short_.size());
}

}  // namespace funnel::metrics
