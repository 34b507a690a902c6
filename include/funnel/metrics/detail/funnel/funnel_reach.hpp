// SPDX-License-Identifier: MIT
// FunnelReach: how far one entity came in the ordered windowed funnel (docs/metrics.md, "The funnel").
// For every entry the earliest event of each later stage is taken: if any chain exists, this one does.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "funnel/events/funnel_stages.hpp"
#include "funnel/events/visit.hpp"
#include "funnel/metrics/detail/tally/tally.hpp"

namespace funnel::metrics {

/// The distinct type sets of a funnel; stages have equal or disjoint ones.
class StageSets {
 public:
    static constexpr std::uint8_t kNoSet = 255;

    explicit StageSets(const Funnel& funnel) {
        set_of_kind_.fill(kNoSet);
        for (const events::Stage& stage : funnel.stages) {
            const auto first = static_cast<std::size_t>(
                std::ranges::find(funnel.stages, stage.kinds, &events::Stage::kinds) - funnel.stages.begin());
            if (&funnel.stages[first] == &stage) {
                for (std::size_t kind = 0; kind < set_of_kind_.size(); ++kind) {
                    if ((stage.kinds >> kind & 1) != 0) set_of_kind_[kind] = sets_;
                }
                set_of_stage_.push_back(sets_++);
            } else {
                set_of_stage_.push_back(set_of_stage_[first]);
            }
        }
    }

    [[nodiscard]] std::size_t stages() const noexcept { return set_of_stage_.size(); }
    [[nodiscard]] std::size_t sets() const noexcept { return sets_; }
    /// Of stage k; stage 0 has set 0.
    [[nodiscard]] std::size_t of_stage(std::size_t k) const noexcept { return set_of_stage_[k]; }
    /// Of an event, or kNoSet if no stage asks for its kind.
    [[nodiscard]] std::uint8_t of(events::EventKind kind) const noexcept {
        return set_of_kind_[static_cast<std::size_t>(kind)];
    }

 private:
    std::array<std::uint8_t, 64> set_of_kind_{};
    std::vector<std::uint8_t> set_of_stage_;
    std::uint8_t sets_ = 0;
};

/// One thread at a time. Cost per entity: its events + its entries x stages; no allocation once warm.
class FunnelReach {
 public:
    /// window: microseconds from the first to the last event of a chain, inclusive.
    FunnelReach(const StageSets& sets, std::int64_t window)
        : sets_(sets), window_(window), times_(sets.sets()), next_(sets.stages()), used_(sets.sets()) {}

    void start_entity() noexcept {
        for (auto& times : times_)
            times.clear();
        entries_.clear();
    }

    /// The entity's events of set `set`, in order of time. `entry` is any number of the caller's for an
    /// event that may start a chain (set 0), or kNoEntry.
    static constexpr std::uint32_t kNoEntry = std::numeric_limits<std::uint32_t>::max();
    void add(std::size_t set, std::int64_t time, std::uint32_t entry) {
        times_[set].push_back(time);
        if (set == 0) entries_.push_back(entry);
    }

    /// The longest chain that starts at any entry, and at any entry whose window is over at `last_time`: 0
    /// without one.
    struct Best {
        std::size_t reach = 0, mature = 0;
    };
    [[nodiscard]] Best best(std::int64_t last_time);

    /// Where the first event of set 0 led: known after best(), if there was one and it is an entry.
    struct FirstEntry {
        std::int64_t start = 0;
        std::optional<std::int64_t> end = {};  ///< when it came to the last stage
    };
    [[nodiscard]] const std::optional<FirstEntry>& first_entry() const noexcept { return first_; }

    /// Calls visit(entry, length of the longest chain that starts there) for every entry.
    template <typename Visit>
    void for_each_entry(Visit&& visit);

 private:
    [[nodiscard]] std::size_t chain_from(std::size_t entry) noexcept;
    [[nodiscard]] std::size_t tie_end(std::size_t entry) const noexcept;
    [[nodiscard]] bool any_counts(std::size_t begin, std::size_t end) const noexcept {
        for (std::size_t entry = begin; entry < end; ++entry) {
            if (entries_[entry] != kNoEntry) return true;
        }
        return false;
    }

    StageSets sets_;
    std::int64_t window_;
    std::vector<std::vector<std::int64_t>> times_;  // per set, ascending
    std::vector<std::uint32_t> entries_;            // per time of set 0
    std::vector<std::size_t> next_;                 // per stage: no earlier event can serve the next entry
    std::vector<std::size_t> used_;                 // per set: 1 + the last event of the chain at hand
    std::optional<FirstEntry> first_;
    std::int64_t end_ = 0;   // of the last stage that the chain at hand came to
    std::size_t limit_ = 0;  // no later entry can come further
};

inline FunnelReach::Best FunnelReach::best(std::int64_t last_time) {
    std::ranges::fill(next_, 0);
    limit_ = sets_.stages();
    first_.reset();
    Best best;
    for (std::size_t entry = 0, end = 0; entry < entries_.size() && best.reach < limit_; entry = end) {
        end = tie_end(entry);
        if (!any_counts(entry, end)) continue;
        best.reach = std::max(best.reach, chain_from(entry));
        // Windows are over in order of time.
        if (events::mature(times_[0][entry], window_, last_time)) best.mature = best.reach;
        if (entry != 0) continue;
        first_ = {times_[0][entry]};
        if (best.reach == sets_.stages()) first_->end = end_;
    }
    return best;
}

template <typename Visit>
void FunnelReach::for_each_entry(Visit&& visit) {
    std::ranges::fill(next_, 0);
    limit_ = sets_.stages();
    for (std::size_t entry = 0; entry < entries_.size();) {
        // Entries at one time are interchangeable: each may come first, leaving the others to later stages.
        const std::size_t end = tie_end(entry);
        if (any_counts(entry, end)) {
            const std::size_t length = chain_from(entry);
            for (; entry < end; ++entry) {
                if (entries_[entry] != kNoEntry) visit(entries_[entry], length);
            }
        }
        entry = end;
    }
}

inline std::size_t FunnelReach::tie_end(std::size_t entry) const noexcept {
    const std::int64_t time = times_[0][entry];
    while (entry < entries_.size() && times_[0][entry] == time)
        ++entry;
    return entry;
}

inline std::size_t FunnelReach::chain_from(std::size_t entry) noexcept {
    const std::int64_t start = times_[0][entry];
    std::int64_t now = start;
    std::ranges::fill(used_, 0);
    used_[0] = entry + 1;
    for (std::size_t k = 1; k < sets_.stages(); ++k) {
        const std::size_t set = sets_.of_stage(k);
        const auto& times = times_[set];
        std::size_t at = std::max(next_[k], used_[set]);
        while (at < times.size() && times[at] < now)
            ++at;
        next_[k] = at;
        if (at == times.size()) limit_ = std::min(limit_, k);
        if (at == times.size() || !events::within(start, times[at], window_)) return k;
        used_[set] = at + 1;
        now = times[at];
    }
    end_ = now;
    return sets_.stages();
}

}  // namespace funnel::metrics
