// SPDX-License-Identifier: MIT
// FunnelTally: the funnel of each entity of a user, counted in every segment in which the entity has an
// entry.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "funnel/metrics/clickhouse_funnel.hpp"
#include "funnel/metrics/detail/funnel/exposures.hpp"
#include "funnel/metrics/detail/funnel/funnel_reach.hpp"
#include "funnel/metrics/detail/tally/path_tally.hpp"
#include "funnel/metrics/detail/tally/tally_plan.hpp"

namespace funnel::metrics {

/// One thread at a time.
class FunnelTally {
 public:
    explicit FunnelTally(const TallyPlan& plan)
        : plan_(plan),
          reach_(plan.sets, plan.options.window),
          exposures_(plan.sets, plan.horizons, plan.last_time),
          best_(plan.keys) {
        if (plan.options.semantics == Semantics::clickhouse)
            clickhouse_.emplace(plan.sets, plan.options.window);
        if (!plan.options.rules.plain() || plan.options.timing) paths_.emplace(plan);
    }

    /// visit: per row of the user, of `visits` visits.
    void count_user(const UserView& user);
    void count_visits(const UserView& user, std::span<const std::uint32_t> visit, std::uint32_t visits);

    /// One (user, item) pair: entries whose lower 32 bits are positions, in order.
    void count_pair(const UserView& user, std::span<const std::uint64_t> pair);
    void count_exposures(const UserView& user, std::span<const std::uint64_t> pair,
                         std::span<const std::uint32_t> visit, std::uint32_t visits);

 private:
    struct Best {  // of one entity in one key
        std::uint64_t entity = 0;
        std::size_t reach = 0;
    };
    void start_entity() noexcept {
        reach_.start_entity();
        rows_.clear();
        if (clickhouse_) clickhouse_->start_entity();
    }
    void add(const UserView& user, std::size_t position);
    void count_entity(const UserView& user);

    const TallyPlan& plan_;
    FunnelReach reach_;
    ExposureLabels exposures_;
    std::optional<PathTally> paths_;              // in place of reach_ if there are rules
    std::vector<std::uint32_t> rows_;             // of the entity, for paths_
    std::optional<ClickHouseFunnel> clickhouse_;  // likewise, for that dialect
    std::vector<Best> best_;                      // per key
    std::vector<std::uint16_t> keys_;             // of the entity's entries
    std::uint64_t entity_ = 0;
    std::vector<std::uint32_t> by_visit_, visit_ends_;
};

inline void FunnelTally::add(const UserView& user, std::size_t position) {
    if (clickhouse_) {
        const UserRow& row = user.rows[position];
        return clickhouse_->add(plan_.sets.of(row.kind), row.time, user.counts(position));
    }
    if (paths_) {
        rows_.push_back(static_cast<std::uint32_t>(position));
        return;
    }
    const UserRow& row = user.rows[position];
    const std::uint8_t set = plan_.sets.of(row.kind);
    if (set == StageSets::kNoSet) return;
    reach_.add(set, row.time,
               user.counts(position) ? static_cast<std::uint32_t>(position) : FunnelReach::kNoEntry);
}

inline void FunnelTally::count_user(const UserView& user) {
    start_entity();
    for (std::size_t i = 0; i < user.rows.size(); ++i)
        add(user, i);
    count_entity(user);
}

inline void FunnelTally::count_visits(const UserView& user, std::span<const std::uint32_t> visit,
                                      std::uint32_t visits) {
    // Visits may be interleaved: a stable counting sort puts the rows of each together.
    visit_ends_.assign(visits + std::size_t{1}, 0);
    for (const std::uint32_t v : visit)
        ++visit_ends_[v + std::size_t{1}];
    for (std::size_t v = 1; v < visit_ends_.size(); ++v)
        visit_ends_[v] += visit_ends_[v - 1];
    by_visit_.resize(visit.size());
    for (std::size_t i = 0; i < visit.size(); ++i) {
        by_visit_[visit_ends_[visit[i]]++] = static_cast<std::uint32_t>(i);
    }
    for (std::size_t v = 0, i = 0; v < visits; ++v) {
        start_entity();
        for (; i < visit_ends_[v]; ++i)
            add(user, by_visit_[i]);
        count_entity(user);
    }
}

inline void FunnelTally::count_pair(const UserView& user, std::span<const std::uint64_t> pair) {
    start_entity();
    for (const std::uint64_t entry : pair)
        add(user, static_cast<std::uint32_t>(entry));
    count_entity(user);
}

inline void FunnelTally::count_exposures(const UserView& user, std::span<const std::uint64_t> pair,
                                         std::span<const std::uint32_t> visit, std::uint32_t visits) {
    exposures_.start_pair(visits);
    for (const std::uint64_t entry : pair) {
        const auto position = static_cast<std::uint32_t>(entry);
        const std::uint8_t set = plan_.sets.of(user.rows[position].kind);
        if (set == StageSets::kNoSet) continue;
        exposures_.add(set, user.rows[position].time, visit[position],
                       user.counts(position) ? position : FunnelReach::kNoEntry);
    }
    const bool entity = plan_.options.entity == Entity::exposure;
    exposures_.for_each_reached([&](std::uint32_t position, std::size_t stage) {
        Tally& tally = user.at(position);
        if (entity) ++tally.reached[stage];
        tally[Count::exposures_ripe] += stage == 0;
        tally[Count::exposures_clicked] += stage != 0 && stage == plan_.click_stage;
    });
}

inline void FunnelTally::count_entity(const UserView& user) {
    const auto count = [&](std::uint16_t key, std::size_t reach) {
        for (std::size_t k = 0; k < reach; ++k)
            ++user.tallies[key].reached[k];
    };
    if (clickhouse_) return count(user.rows.front().key, clickhouse_->reach());
    if (paths_) return paths_->count_entity(user, rows_);
    if (plan_.one_key_per_user) {
        const std::uint16_t key = plan_.user_key(user.rows.front());
        const FunnelReach::Best best = reach_.best(plan_.last_time);
        count(key, best.reach);
        user.tallies[key].mature_entities += best.mature > 0;
        user.tallies[key].mature_reached += best.mature == plan_.sets.stages();
        if (const auto& first = reach_.first_entry())
            plan_.add_first_entry(user.tallies[key], first->start, first->end);
        return;
    }
    ++entity_;
    keys_.clear();
    reach_.for_each_entry([&](std::uint32_t position, std::size_t reach) {
        Best& best = best_[user.rows[position].key];
        if (best.entity != entity_) {
            best = {entity_, 0};
            keys_.push_back(user.rows[position].key);
        }
        best.reach = std::max(best.reach, reach);
    });
    for (const std::uint16_t key : keys_)
        count(key, best_[key].reach);
}

}  // namespace funnel::metrics
