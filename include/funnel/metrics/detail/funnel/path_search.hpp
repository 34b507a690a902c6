// SPDX-License-Identifier: MIT
// PathSearch: which stages one entity reached under FunnelRules, and when. For every entry all chains are
// followed at once, time by time: a chain is known by its length and its latest event.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "funnel/events/visit.hpp"
#include "funnel/metrics/detail/funnel/funnel_reach.hpp"
#include "funnel/metrics/detail/funnel/funnel_rules.hpp"

namespace funnel::metrics {

/// What came of one entry.
struct Try {
    std::int64_t start = 0;
    std::uint32_t stages = 0;                     ///< bit k: a chain from here ends at stage k
    std::array<std::int64_t, kMaxStages> time{};  ///< the earliest end of such a chain

    [[nodiscard]] bool reached(std::size_t k) const noexcept { return (stages >> k & 1) != 0; }
    /// 1 + the last stage reached.
    [[nodiscard]] std::size_t length() const noexcept {
        return static_cast<std::size_t>(std::bit_width(stages));
    }
};

/// One thread at a time. Cost per entity: entries x times in the window x stages, less where little can be
/// reached; no allocation once warm.
class PathSearch {
 public:
    PathSearch(const StageSets& sets, const FunnelRules& rules, std::int64_t window);

    void start() noexcept {
        groups_.clear();
        counts_.clear();
        entries_.clear();
    }

    /// The entity's rows in order of time. set: kNoSet for a row of no stage. `entry`: any number of the
    /// caller's; `counts`: whether what begins with the row is asked for, the same for all rows at one time.
    void add(std::uint8_t set, std::int64_t time, bool excluded, std::uint32_t entry, bool counts);

    /// Calls visit(entry, try) for every entry that counts, in order of time; entries at one time are told of
    /// one by one. With rules.count_entries only for those that begin a try. The first is told of even if it
    /// does not count.
    /// enough: stop when nothing new can be reached; for callers that only join what was reached.
    template <typename Visit>
    void for_each_try(bool enough, Visit&& visit);

 private:
    struct Group {  // rows at one time
        std::int64_t time;
        std::size_t rows = 0;
        std::size_t first_entry;
        bool excluded = false;
        bool stages = false;  // has a row of a stage
        bool counts = false;
    };
    struct Entry {
        std::uint8_t set;
        std::uint32_t number;
    };
    [[nodiscard]] std::uint32_t count(std::size_t group, std::size_t set) const noexcept {
        return counts_[group * sets_.sets() + set];
    }
    [[nodiscard]] bool may_start(std::uint8_t set) const noexcept;
    [[nodiscard]] std::int64_t last_time(std::size_t group) const noexcept;
    [[nodiscard]] std::uint32_t possible() const noexcept;
    [[nodiscard]] Try try_from(std::size_t group);
    void follow(const std::vector<std::size_t>& path, std::size_t group, Try& found);
    [[nodiscard]] std::uint64_t extend(const std::vector<std::size_t>& path, std::size_t group,
                                       std::size_t length);
    void follow_any(std::size_t group, Try& found);
    static void mark(Try& found, std::size_t stage, std::int64_t time) noexcept;

    StageSets sets_;
    FunnelRules rules_;
    std::int64_t window_;
    std::vector<std::vector<std::size_t>> paths_;  // stages of a funnel without optional ones, per variant
    std::vector<Group> groups_;
    std::vector<std::uint32_t> counts_;  // per group and set
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> used_;                  // per set
    std::array<std::int64_t, kMaxStages + 1> last_{};  // per length: the latest end of a chain
};

inline PathSearch::PathSearch(const StageSets& sets, const FunnelRules& rules, std::int64_t window)
    : sets_(sets), rules_(rules), window_(window), used_(sets.sets()) {
    // Each choice of optional stages left out, and with an open funnel each stage to begin with.
    std::vector<std::size_t> skippable;
    for (std::size_t k = 0; k < sets.stages(); ++k) {
        if (rules.is_optional(k)) skippable.push_back(k);
    }
    for (std::size_t choice = 0; choice < std::size_t{1} << skippable.size(); ++choice) {
        std::vector<std::size_t> path;
        for (std::size_t k = 0; k < sets.stages(); ++k) {
            const auto at = std::ranges::find(skippable, k);
            if (at == skippable.end() || (choice >> (at - skippable.begin()) & 1) == 0) path.push_back(k);
        }
        for (std::size_t first = 0; first < (rules.open ? path.size() : 1); ++first)
            paths_.emplace_back(path.begin() + static_cast<std::ptrdiff_t>(first), path.end());
    }
}

inline void PathSearch::add(std::uint8_t set, std::int64_t time, bool excluded, std::uint32_t entry,
                            bool counts) {
    if (groups_.empty() || groups_.back().time != time) {
        groups_.push_back({.time = time, .first_entry = entries_.size()});
        counts_.resize(counts_.size() + sets_.sets());
    }
    Group& group = groups_.back();
    ++group.rows;
    group.excluded |= excluded;
    if (set == StageSets::kNoSet) return;
    group.stages = true;
    ++counts_[(groups_.size() - 1) * sets_.sets() + set];
    if (!may_start(set)) return;
    group.counts |= counts;
    entries_.push_back({set, entry});
}

inline bool PathSearch::may_start(std::uint8_t set) const noexcept {
    return set == 0 || rules_.open || rules_.order == StepOrder::any;
}

// The end of the window that opens with a group, or the excluded row that ends it.
inline std::int64_t PathSearch::last_time(std::size_t group) const noexcept {
    const std::int64_t start = groups_[group].time;
    for (std::size_t g = group + 1; g < groups_.size(); ++g) {
        if (!events::within(start, groups_[g].time, window_)) break;
        if (groups_[g].excluded) return groups_[g].time;
    }
    return start > std::numeric_limits<std::int64_t>::max() - window_
               ? std::numeric_limits<std::int64_t>::max()
               : start + window_;
}

inline std::uint32_t PathSearch::possible() const noexcept {
    std::uint32_t stages = 0;
    bool passable = true;  // no required stage without any row yet
    for (std::size_t k = 0; k < sets_.stages(); ++k) {
        bool any = false;
        for (std::size_t g = 0; g < groups_.size() && !any; ++g)
            any = count(g, sets_.of_stage(k)) > 0;
        if (any && passable) stages |= 1u << k;
        if (!any && !rules_.is_optional(k) && !rules_.open && rules_.order != StepOrder::any)
            passable = false;
    }
    return stages;
}

template <typename Visit>
void PathSearch::for_each_try(bool enough, Visit&& visit) {
    if (entries_.empty()) return;
    const std::uint32_t all = enough ? possible() : 0;
    std::uint32_t seen = 0;
    std::optional<std::int64_t> busy;  // a try goes on up to here
    for (std::size_t g = 0; g < groups_.size(); ++g) {
        const std::size_t end = g + 1 < groups_.size() ? groups_[g + 1].first_entry : entries_.size();
        std::size_t entry = groups_[g].first_entry;
        if (entry == end || (busy && groups_[g].time <= *busy)) continue;
        if (entry > 0 && !groups_[g].counts && !rules_.count_entries) continue;
        const Try found = try_from(g);
        for (; entry < end; ++entry) {
            visit(entries_[entry].number, found);
            if (rules_.count_entries) break;
        }
        if (groups_[g].counts) seen |= found.stages;
        if (rules_.first_entry || (enough && seen == all)) break;
        if (rules_.count_entries) {
            const std::size_t last = sets_.stages() - 1;
            busy = found.reached(last) ? found.time[last] : last_time(g);
        }
    }
}

inline void PathSearch::mark(Try& found, std::size_t stage, std::int64_t time) noexcept {
    if (!found.reached(stage) || time < found.time[stage]) found.time[stage] = time;
    found.stages |= 1u << stage;
}

inline Try PathSearch::try_from(std::size_t group) {
    Try found{.start = groups_[group].time};
    if (rules_.order == StepOrder::any) {
        follow_any(group, found);
        return found;
    }
    for (const auto& path : paths_)
        follow(path, group, found);
    return found;
}

inline void PathSearch::follow_any(std::size_t group, Try& found) {
    std::vector<std::uint32_t>& seen = used_;
    std::ranges::fill(seen, 0);
    const std::int64_t last = last_time(group);
    for (std::size_t g = group; g < groups_.size() && groups_[g].time <= last; ++g) {
        std::size_t steps = 0;
        for (std::size_t set = 0; set < seen.size(); ++set) {
            seen[set] += count(g, set);
            std::uint32_t wanted = 0;
            for (std::size_t k = 0; k < sets_.stages(); ++k)
                wanted += sets_.of_stage(k) == set;
            steps += std::min(seen[set], wanted);
        }
        for (std::size_t k = 0; k < steps; ++k)
            mark(found, k, groups_[g].time);
        if (steps == sets_.stages()) return;
    }
}

// Lengths of chains that end in `group`, as bits: one of `length` earlier events goes on here.
inline std::uint64_t PathSearch::extend(const std::vector<std::size_t>& path, std::size_t group,
                                        std::size_t length) {
    std::uint64_t reached = 0;
    std::ranges::fill(used_, 0);
    while (length < path.size()) {
        const std::size_t set = sets_.of_stage(path[length]);
        if (used_[set] == count(group, set)) break;
        ++used_[set];
        reached |= std::uint64_t{1} << ++length;
        if (rules_.strict_increase) break;
    }
    return reached;
}

inline void PathSearch::follow(const std::vector<std::size_t>& path, std::size_t group, Try& found) {
    if (count(group, sets_.of_stage(path.front())) == 0) return;
    const bool strict = rules_.order == StepOrder::strict;
    const std::int64_t last = last_time(group);
    std::uint64_t live = 0;  // lengths of chains that may go on
    for (std::size_t g = group; g < groups_.size() && groups_[g].time <= last; ++g) {
        const Group& now = groups_[g];
        if (!now.stages && !strict) continue;
        std::uint64_t here = 0, whole = 0;  // chains that end here; those that use every row
        for (std::size_t length = 0; length < path.size(); ++length) {
            if (g == group ? length > 0 : (live >> length & 1) == 0 || length == 0) continue;
            const std::int64_t limit = rules_.step_window(path[length]);
            if (g != group && limit != kNoStepWindow && !events::within(last_[length], now.time, limit))
                continue;
            const std::uint64_t reached = extend(path, g, length);
            here |= reached;
            if (length + now.rows <= path.size()) whole |= reached & std::uint64_t{1} << (length + now.rows);
        }
        for (std::size_t length = 1; length <= path.size(); ++length) {
            if ((here >> length & 1) == 0) continue;
            mark(found, path[length - 1], now.time);
            last_[length] = now.time;
        }
        live = strict ? (g == group ? here : whole) : live | here;
        if ((live == 0) || (here >> path.size() & 1) != 0) return;
    }
}

}  // namespace funnel::metrics
