// SPDX-License-Identifier: MIT
// PathTally: entities under FunnelRules, counted in every segment in which they have an entry; how long the
// steps took and what was bought on the way.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "funnel/metrics/detail/funnel/path_search.hpp"
#include "funnel/metrics/detail/tally/order_tally.hpp"
#include "funnel/metrics/detail/tally/tally_plan.hpp"

namespace funnel::metrics {

/// One thread at a time.
class PathTally {
 public:
    explicit PathTally(const TallyPlan& plan)
        : plan_(plan),
          search_(plan.sets, plan.options.rules, plan.options.window),
          categories_(plan.log.text_column("category")),
          amounts_(plan.facts.amounts()) {}

    /// One entity: its rows, in order.
    void count_entity(const UserView& user, std::span<const std::uint32_t> rows);

 private:
    /// What an entity came to in one segment.
    struct Found {
        std::uint16_t key;
        std::uint32_t stages;
        std::uint32_t entry;  // of the best try: the furthest, of equal ones the earliest
        Try best;
        std::uint32_t mature = 0;  // stages reached from entries whose window is over
    };
    void search(const UserView& user, std::span<const std::uint32_t> rows);
    void take(const UserView& user, std::uint32_t entry, const Try& found);
    void count(const UserView& user, std::span<const std::uint32_t> rows, const Found& found);
    void count_times(const UserView& user, std::span<const std::uint32_t> rows, const Found& found);
    [[nodiscard]] std::uint32_t held(const UserRow& row) const noexcept;

    const TallyPlan& plan_;
    PathSearch search_;
    const events::TextColumn* categories_;
    events::AmountRule amounts_;
    std::vector<Found> found_;
    std::optional<std::pair<std::uint32_t, Try>> first_;          // the first entry
    std::vector<std::pair<std::uint32_t, std::uint32_t>> parts_;  // what is held, position
    std::vector<std::uint32_t> part_;
};

inline std::uint32_t PathTally::held(const UserRow& row) const noexcept {
    if (plan_.options.rules.hold == Hold::item) return row.item;
    if (categories_ == nullptr || row.line == kNoLine) return base::kNone;
    const bool order = row.kind == EventKind::purchase || row.kind == EventKind::refund;
    return categories_->code[order ? plan_.log.order_lines[row.line].row : row.line];
}

inline void PathTally::count_entity(const UserView& user, std::span<const std::uint32_t> rows) {
    found_.clear();
    first_.reset();
    if (plan_.options.rules.hold == Hold::nothing) {
        search(user, rows);
    } else {
        parts_.clear();
        for (const std::uint32_t position : rows) {
            const std::uint32_t what = held(user.rows[position]);
            if (what != base::kNone) parts_.emplace_back(what, position);
        }
        std::ranges::sort(parts_);
        for (std::size_t begin = 0, end = 0; begin < parts_.size(); begin = end) {
            part_.clear();
            for (; end < parts_.size() && parts_[end].first == parts_[begin].first; ++end)
                part_.push_back(parts_[end].second);
            search(user, part_);
        }
    }
    for (const Found& found : found_)
        count(user, rows, found);
    if (!first_ || !plan_.one_key_per_user || !user.counts(first_->first)) return;
    const Try& first = first_->second;
    const std::size_t last = plan_.sets.stages() - 1;
    plan_.add_first_entry(user.at(first_->first), first.start,
                          first.reached(last) ? std::optional(first.time[last]) : std::nullopt);
}

inline void PathTally::search(const UserView& user, std::span<const std::uint32_t> rows) {
    search_.start();
    for (const std::uint32_t position : rows) {
        const UserRow& row = user.rows[position];
        search_.add(plan_.sets.of(row.kind), row.time,
                    (plan_.options.rules.excluded & events::kind_bit(row.kind)) != 0, position,
                    user.counts(position));
    }
    const bool join = plan_.one_key_per_user && !plan_.options.timing && !plan_.options.rules.count_entries;
    search_.for_each_try(join, [&](std::uint32_t entry, const Try& found) { take(user, entry, found); });
}

inline void PathTally::take(const UserView& user, std::uint32_t entry, const Try& found) {
    const std::size_t last = plan_.sets.stages() - 1;
    const auto sooner = [&](const Try& other) {  // of entries at one time, the one that arrives first
        if (found.start != other.start) return found.start < other.start;
        if (user.counts(entry) != user.counts(first_->first)) return user.counts(entry);
        return found.reached(last) && (!other.reached(last) || found.time[last] < other.time[last]);
    };
    if (!first_ || sooner(first_->second)) first_.emplace(entry, found);
    if (!user.counts(entry)) return;
    const std::uint16_t key = user.rows[entry].key;
    const std::uint32_t mature = plan_.mature(found.start, plan_.options.window) ? found.stages : 0;
    const auto same = std::ranges::find(found_, key, &Found::key);
    if (same == found_.end() || plan_.options.rules.count_entries) {
        found_.push_back({key, found.stages, entry, found, mature});
        return;
    }
    same->stages |= found.stages;
    same->mature |= mature;
    const auto rank = [](const Try& of) { return std::pair(of.length(), -of.start); };
    if (rank(found) > rank(same->best)) {
        same->entry = entry;
        same->best = found;
    }
}

inline void PathTally::count(const UserView& user, std::span<const std::uint32_t> rows, const Found& found) {
    Tally& tally = user.tallies[found.key];
    for (std::size_t k = 0; k < plan_.sets.stages(); ++k)
        tally.reached[k] += found.stages >> k & 1;
    tally.mature_entities += found.mature != 0;
    tally.mature_reached += found.mature >> (plan_.sets.stages() - 1) & 1;
    if (plan_.options.timing) count_times(user, rows, found);
}

inline void PathTally::count_times(const UserView& user, std::span<const std::uint32_t> rows,
                                   const Found& found) {
    const Try& best = found.best;
    events::Money value;
    for (const std::uint32_t position : rows) {
        const UserRow& row = user.rows[position];
        if (row.kind != EventKind::purchase || row.line == kNoLine || row.time < best.start) continue;
        if (!events::within(best.start, row.time, plan_.options.window)) break;
        const events::OrderLine& line = plan_.log.order_lines[row.line];
        if (const auto amount = amounts_.amount(line.price, line.quantity, line.revenue)) value += *amount;
    }
    auto& steps = user.tallies[found.key].steps;
    steps.resize(plan_.sets.stages());
    std::int64_t before = best.start;  // when the last required stage was reached
    for (std::size_t k = 0; k < steps.size(); ++k) {
        if (!best.reached(k)) continue;
        steps[k].value += value;
        if (plan_.options.rules.open) continue;
        if (k > 0) {
            steps[k].from_entry.add(events::elapsed(best.start, best.time[k]));
            steps[k].from_step_before.add(events::elapsed(before, best.time[k]));
        }
        if (!plan_.options.rules.is_optional(k)) before = best.time[k];
    }
}

}  // namespace funnel::metrics
