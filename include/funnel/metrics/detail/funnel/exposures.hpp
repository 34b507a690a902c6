// SPDX-License-Identifier: MIT
// ExposureLabels: the exposures of one user and item, and the stages they reached: the labels that models
// are trained on (docs/metrics.md, "Exposures").
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "funnel/events/visit.hpp"
#include "funnel/metrics/detail/funnel/funnel_reach.hpp"

namespace funnel::metrics {

/// One thread at a time. Cost per (user, item): its events + exposures x stages; no allocation once warm.
class ExposureLabels {
 public:
    /// horizons: microseconds, one per stage after the first. last_time: end of what is known.
    ExposureLabels(const StageSets& sets, std::vector<std::int64_t> horizons, std::int64_t last_time)
        : sets_(sets), horizons_(std::move(horizons)), last_time_(last_time), times_(sets.sets()) {
        if (!horizons_.empty()) longest_ = *std::ranges::max_element(horizons_);
    }

    void start_pair(std::uint32_t visits_of_user) {
        for (auto& times : times_)
            times.clear();
        exposures_.clear();
        next_.assign(sets_.sets(), 0);
        ++pair_;
        if (seen_.size() < visits_of_user) seen_.resize(visits_of_user, 0);
    }

    /// The pair's events of set `set`, in order of time. `entry`: any number of the caller's, or
    /// FunnelReach::kNoEntry for an event whose exposure does not count.
    void add(std::size_t set, std::int64_t time, std::uint32_t visit, std::uint32_t entry) {
        times_[set].push_back(time);
        if (set != 0 || seen_[visit] == pair_) return;
        seen_[visit] = pair_;
        if (entry != FunnelReach::kNoEntry) exposures_.push_back({time, entry});
    }

    /// Calls visit(entry, stage) for stage 0 and every stage reached, of every exposure whose longest
    /// horizon is over.
    template <typename Visit>
    void for_each_reached(Visit&& visit);

 private:
    struct Exposure {
        std::int64_t time;
        std::uint32_t entry;
    };

    StageSets sets_;
    std::vector<std::int64_t> horizons_;
    std::int64_t last_time_;
    std::int64_t longest_ = 0;
    std::vector<std::vector<std::int64_t>> times_;  // per set, ascending
    std::vector<std::size_t> next_;                 // per set: the first event at or after the exposure
    std::vector<Exposure> exposures_;
    std::vector<std::uint64_t> seen_;  // per visit: the last pair with an exposure in it
    std::uint64_t pair_ = 0;
};

template <typename Visit>
void ExposureLabels::for_each_reached(Visit&& visit) {
    for (const Exposure& exposure : exposures_) {
        if (!events::mature(exposure.time, longest_, last_time_)) continue;
        for (std::size_t set = 0; set < times_.size(); ++set) {
            while (next_[set] < times_[set].size() && times_[set][next_[set]] < exposure.time)
                ++next_[set];
        }
        visit(exposure.entry, std::size_t{0});
        bool any = false;
        std::int64_t earliest = 0;  // of this stage and those after it
        for (std::size_t k = sets_.stages() - 1; k >= 1; --k) {
            const std::size_t set = sets_.of_stage(k);
            const std::size_t at = next_[set] + (set == 0 ? 1 : 0);  // not the exposure itself
            if (at < times_[set].size()) {
                earliest = any ? std::min(earliest, times_[set][at]) : times_[set][at];
                any = true;
            }
            if (any && events::within(exposure.time, earliest, horizons_[k - 1])) visit(exposure.entry, k);
        }
    }
}

}  // namespace funnel::metrics
