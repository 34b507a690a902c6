// SPDX-License-Identifier: MIT
// FirstEntries: when the first entry of every entity led to the last stage, and how long it was watched, so
// that windows which are not over can be judged: naive, mature and Kaplan-Meier (docs/metrics.md,
// "Windows that are not over").
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/eval/interval.hpp"

namespace funnel::metrics {

/// Adds exactly, in any order. 8 bytes per entity that arrived or whose window is not over.
struct FirstEntries {
    std::int64_t mature = 0;             ///< window over by the end of the log
    std::int64_t mature_reached = 0;     ///< of those, at the last stage
    std::int64_t unreached = 0;          ///< mature and not at the last stage
    std::vector<std::int64_t> reached;   ///< microseconds to the last stage
    std::vector<std::int64_t> censored;  ///< microseconds watched, not there yet

    /// watched: from the entry to the end of the log; arrival: to the last stage, if it is known.
    void add(std::int64_t watched, std::int64_t window, std::optional<std::int64_t> arrival) {
        const bool over = watched >= window;
        mature += over;
        mature_reached += over && arrival.has_value();
        unreached += over && !arrival;
        if (arrival) {
            reached.push_back(*arrival);
        } else if (!over) {
            censored.push_back(watched);
        }
    }

    FirstEntries& operator+=(const FirstEntries& other) {
        mature += other.mature;
        mature_reached += other.mature_reached;
        unreached += other.unreached;
        reached.insert(reached.end(), other.reached.begin(), other.reached.end());
        censored.insert(censored.end(), other.censored.begin(), other.censored.end());
        return *this;
    }

    [[nodiscard]] std::int64_t entries() const noexcept {
        return unreached + static_cast<std::int64_t>(reached.size() + censored.size());
    }
};

/// Kaplan and Meier, "Nonparametric estimation from incomplete observations" (1958): the share that arrives
/// within the window, and Greenwood's variance of its complement (1926).
struct KaplanMeier {
    double rate = 0;
    double variance = 0;
};

/// The estimate from all entries and from all but some. Immutable: share freely.
class ArrivalCurve {
 public:
    /// n log(distinct times of arrival).
    explicit ArrivalCurve(const FirstEntries& all);

    [[nodiscard]] KaplanMeier all() const { return estimate(all_); }
    /// Without entries that were part of all.
    [[nodiscard]] KaplanMeier without(const FirstEntries& some) const;

 private:
    struct Counts {  // per time
        std::int64_t entries = 0;
        std::vector<std::int64_t> arrived,
            censored;  // censored: since the time before, this one not included
    };
    [[nodiscard]] Counts counts_of(const FirstEntries& entries) const;
    [[nodiscard]] static KaplanMeier estimate(const Counts& counts);

    std::vector<std::int64_t> times_;
    Counts all_;
};

inline ArrivalCurve::ArrivalCurve(const FirstEntries& all) : times_(all.reached) {
    std::ranges::sort(times_);
    times_.erase(std::unique(times_.begin(), times_.end()), times_.end());
    all_ = counts_of(all);
}

inline ArrivalCurve::Counts ArrivalCurve::counts_of(const FirstEntries& entries) const {
    Counts counts{.entries = entries.entries(),
                  .arrived = std::vector<std::int64_t>(times_.size() + 1),
                  .censored = std::vector<std::int64_t>(times_.size() + 1)};
    const auto index = [&](auto at) { return static_cast<std::size_t>(at - times_.begin()); };
    for (const std::int64_t time : entries.reached)
        ++counts.arrived[index(std::ranges::lower_bound(times_, time))];
    for (const std::int64_t time : entries.censored)
        ++counts.censored[index(std::ranges::upper_bound(times_, time))];
    return counts;
}

inline KaplanMeier ArrivalCurve::without(const FirstEntries& some) const {
    Counts counts = counts_of(some);
    counts.entries = all_.entries - counts.entries;
    for (std::size_t i = 0; i < counts.arrived.size(); ++i) {
        counts.arrived[i] = all_.arrived[i] - counts.arrived[i];
        counts.censored[i] = all_.censored[i] - counts.censored[i];
    }
    return estimate(counts);
}

inline KaplanMeier ArrivalCurve::estimate(const Counts& counts) {
    double survival = 1, sum = 0;
    auto at_risk = static_cast<double>(counts.entries);
    for (std::size_t i = 0; i < counts.arrived.size(); ++i) {
        at_risk -= static_cast<double>(counts.censored[i]);
        const auto arrived = static_cast<double>(counts.arrived[i]);
        if (arrived == 0) continue;
        survival *= 1 - arrived / at_risk;
        if (at_risk > arrived) sum += arrived / (at_risk * (at_risk - arrived));
        at_risk -= arrived;
    }
    return {1 - survival, survival * survival * sum};
}

/// Greenwood's interval on the scale log(-log S), which stays inside (0, 1); empty at 0 and 1.
[[nodiscard]] inline std::optional<eval::Interval> greenwood(const KaplanMeier& estimate) noexcept {
    const double survival = 1 - estimate.rate;
    if (!(survival > 0 && survival < 1)) return std::nullopt;
    const double log_survival = std::log(survival);
    const double error = std::sqrt(estimate.variance) / (survival * std::abs(log_survival));
    const auto rate = [&](double shift) { return 1 - std::exp(log_survival * std::exp(shift)); };
    return eval::Interval{rate(-eval::kZ95 * error), rate(eval::kZ95 * error)};
}

}  // namespace funnel::metrics
