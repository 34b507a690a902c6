// SPDX-License-Identifier: MIT
// VisitTally: visits, their purchases and abandoned carts, and how long product pages were looked at.
#pragma once

#include <cstdint>
#include <vector>

#include "funnel/events/visit.hpp"
#include "funnel/metrics/detail/tally/tally_plan.hpp"

namespace funnel::metrics {

/// One thread at a time. O(1) per row.
class VisitTally {
 public:
    explicit VisitTally(const TallyPlan& plan) : splitter_(plan.options.visit_gap) {}

    void start_user() noexcept {
        splitter_.start_user();
        visits_.clear();
        waiting_.clear();
    }

    /// The visit of the next row; rows come in order. User-wide numbers, from 0.
    std::uint32_t add(const UserView& user, std::size_t position);

    /// Counts the visits of the user.
    void finish(const UserView& user) const;

    [[nodiscard]] std::uint32_t visits() const noexcept { return splitter_.count(); }

 private:
    static constexpr std::uint32_t kNobody = 0xFFFF'FFFF;
    struct Visit {
        std::uint32_t first;              // position of its first row
        std::uint32_t waiting = kNobody;  // views at the latest time: index into waiting_
        bool bought = false, carted = false, completed = false;
    };
    struct WaitingView {
        std::uint32_t position;
        std::uint32_t next;  // of the same visit
    };
    void add_event(const UserView& user, std::size_t position, Visit& visit);
    void end_dwell(const UserView& user, Visit& visit, std::int64_t now);

    events::VisitSplitter splitter_;
    std::vector<Visit> visits_;
    std::vector<WaitingView> waiting_;
};

inline std::uint32_t VisitTally::add(const UserView& user, std::size_t position) {
    const UserRow& row = user.rows[position];
    const std::uint32_t number = splitter_.visit(row.time, row.session);
    if (number == visits_.size()) visits_.push_back({.first = static_cast<std::uint32_t>(position)});
    Visit& visit = visits_[number];
    if (visit.waiting != kNobody && row.time > user.rows[waiting_[visit.waiting].position].time) {
        end_dwell(user, visit, row.time);
    }
    if (row.kind != EventKind::impression) add_event(user, position, visit);
    return number;
}

inline void VisitTally::add_event(const UserView& user, std::size_t position, Visit& visit) {
    switch (user.rows[position].kind) {
        case EventKind::view:
            if (!user.counts(position)) break;
            waiting_.push_back({static_cast<std::uint32_t>(position), visit.waiting});
            visit.waiting = static_cast<std::uint32_t>(waiting_.size() - 1);
            break;
        case EventKind::cart_add:
            visit.carted = true;
            break;
        case EventKind::purchase:
            visit.bought = true;
            visit.completed |= visit.carted;
            break;
        default:
            break;
    }
}

inline void VisitTally::end_dwell(const UserView& user, Visit& visit, std::int64_t now) {
    for (; visit.waiting != kNobody; visit.waiting = waiting_[visit.waiting].next) {
        const std::uint32_t position = waiting_[visit.waiting].position;
        user.at(position).dwell.add(events::elapsed(user.rows[position].time, now));
    }
}

inline void VisitTally::finish(const UserView& user) const {
    for (const Visit& visit : visits_) {
        for (std::uint32_t at = visit.waiting; at != kNobody; at = waiting_[at].next) {
            user.mark(Count::dwell_censored, waiting_[at].position);
        }
        if (!user.counts(visit.first)) continue;
        Tally& tally = user.at(visit.first);
        ++tally[Count::visits];
        tally[Count::visits_bought] += visit.bought;
        tally[Count::visits_carted] += visit.carted;
        tally[Count::visits_abandoned] += visit.carted && !visit.completed;
    }
}

}  // namespace funnel::metrics
