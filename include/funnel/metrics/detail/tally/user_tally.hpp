// SPDX-License-Identifier: MIT
// UserTally: counts one user after the other, everything, into one Tally per segment.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "funnel/metrics/detail/inference/intervals.hpp"
#include "funnel/metrics/detail/tally/cart_tally.hpp"
#include "funnel/metrics/detail/tally/cohort_tally.hpp"
#include "funnel/metrics/detail/tally/funnel_tally.hpp"
#include "funnel/metrics/detail/tally/item_tally.hpp"
#include "funnel/metrics/detail/tally/order_tally.hpp"
#include "funnel/metrics/detail/tally/refund_tally.hpp"
#include "funnel/metrics/detail/tally/repeat_tally.hpp"
#include "funnel/metrics/detail/tally/tally_plan.hpp"
#include "funnel/metrics/detail/tally/visit_tally.hpp"

namespace funnel::metrics {

/// One thread at a time. n log n in the rows of a user, no allocation once warm.
class UserTally {
 public:
    explicit UserTally(const TallyPlan& plan);

    /// Rows of one user, sorted by (time, kind, key).
    void add_user(std::span<const UserRow> rows);

    /// Per key.
    [[nodiscard]] std::span<const Tally> tallies() const noexcept { return tallies_; }
    /// Per plan.groups keys; empty if that is 1.
    [[nodiscard]] std::span<const UserSupport> supports() const noexcept { return supports_; }
    /// Of all rows, also of those outside the period.
    [[nodiscard]] std::int64_t users() const noexcept { return users_; }
    [[nodiscard]] std::int64_t visits() const noexcept { return visits_of_log_; }

 private:
    struct KeyState {  // of the user at hand in one key
        std::int64_t user = 0;
        events::KindSet kinds = 0;  // of rows in the period, as the others
        bool viewed_item = false;
        bool seen = false;
    };
    void count_user(const UserView& user);
    void add_row(const UserView& user, std::size_t position);
    KeyState& key_state(std::uint16_t key);
    void count_users(const UserView& user);

    const TallyPlan& plan_;
    const EventKind click_;
    std::array<Count, 64> count_of_kind_{};
    std::vector<Tally> tallies_;
    std::vector<UserSupport> supports_;
    std::int64_t users_ = 0, visits_of_log_ = 0;

    VisitTally visits_;
    OrderTally orders_;
    RepeatTally repeats_;
    RefundTally refunds_;
    CartTally carts_;
    CohortTally cohorts_;
    ItemTally items_;
    FunnelTally funnel_;
    std::vector<std::uint32_t> visit_;   // per row
    std::vector<KeyState> key_states_;   // per key
    std::vector<std::uint16_t> keys_;    // keys of the user at hand
    std::vector<Tally::Counts> before_;  // what they held before this user; only for supports
};

inline UserTally::UserTally(const TallyPlan& plan)
    : plan_(plan),
      click_(plan.facts.click()),
      tallies_(plan.keys),
      supports_(plan.groups > 1 ? plan.keys / plan.groups : 0),
      visits_(plan),
      orders_(plan),
      repeats_(plan),
      refunds_(plan),
      carts_(plan),
      cohorts_(plan),
      items_(plan),
      funnel_(plan),
      key_states_(plan.keys) {
    for (Tally& tally : tallies_)
        tally.cohorts.resize(CohortSlots(plan.options).size());
    count_of_kind_.fill(Count::other_rows);
    const auto count_as = [&](EventKind kind, Count what) {
        count_of_kind_[static_cast<std::size_t>(kind)] = what;
    };
    count_as(EventKind::page_view, Count::page_views);
    count_as(EventKind::impression, Count::impressions);
    count_as(EventKind::view, Count::views);
    count_as(EventKind::cart_add, Count::cart_adds);
}

inline void UserTally::add_user(std::span<const UserRow> rows) {
    ++users_;
    const UserView user{rows, tallies_, plan_.first_counted, plan_.last_counted, plan_.counted_keys};
    count_user(user);
    for (std::size_t k = 0; k < before_.size(); ++k)
        supports_[keys_[k] / plan_.groups].add(before_[k], tallies_[keys_[k]]);
    visits_of_log_ += visits_.visits();
}

inline void UserTally::count_user(const UserView& user) {
    keys_.clear();
    before_.clear();
    visits_.start_user();
    orders_.start_user();
    carts_.start_user();
    items_.start_user();
    visit_.resize(user.rows.size());
    for (std::size_t i = 0; i < user.rows.size(); ++i)
        add_row(user, i);
    visits_.finish(user);
    orders_.finish(user);
    carts_.finish(user);
    if (!orders_.orders().empty()) repeats_.count_user(user, orders_);
    refunds_.count_user(user, orders_);
    cohorts_.count_user(user);
    const Entity entity = plan_.options.entity;
    items_.finish(user, [&](std::span<const std::uint64_t> pair) {
        if (entity == Entity::user_item) funnel_.count_pair(user, pair);
        if (entity == Entity::exposure || plan_.options.exposures)
            funnel_.count_exposures(user, pair, visit_, visits_.visits());
    });
    if (entity == Entity::user) funnel_.count_user(user);
    if (entity == Entity::session) funnel_.count_visits(user, visit_, visits_.visits());
    count_users(user);
}

// Of the rows outside the period too: the line of an order may be outside while the order counts.
inline UserTally::KeyState& UserTally::key_state(std::uint16_t key) {
    KeyState& state = key_states_[key];
    if (state.user != users_) {
        state = {.user = users_};
        keys_.push_back(key);
        if (!supports_.empty()) before_.push_back(tallies_[key].counts);
    }
    return state;
}

inline void UserTally::add_row(const UserView& user, std::size_t position) {
    const UserRow& row = user.rows[position];
    visit_[position] = visits_.add(user, position);
    items_.add(row, position);
    constexpr events::KindSet kCart = events::kind_bit(EventKind::cart_add) |
                                      events::kind_bit(EventKind::cart_remove) |
                                      events::kind_bit(EventKind::purchase);
    if ((kCart & events::kind_bit(row.kind)) != 0) carts_.add(user, position);
    if (row.kind == EventKind::purchase) orders_.add(row, position, visit_[position]);
    KeyState& state = key_state(row.key);
    if (!user.counts(position)) return;
    state.seen = true;
    state.kinds |= events::kind_bit(row.kind);
    state.viewed_item |= row.kind == EventKind::view && row.item != base::kNone;
    Tally& tally = tallies_[row.key];
    ++tally[count_of_kind_[static_cast<std::size_t>(row.kind)]];
    tally[Count::rows_without_visit_id] += row.session == 0;
    if (row.kind == click_) {
        ++tally[Count::clicks];
        tally[Count::clicks_unattributed] += row.item == base::kNone;
        tally[Count::clicks_mature] += plan_.mature(row.time, plan_.options.window);
    }
}

inline void UserTally::count_users(const UserView& user) {
    for (const std::uint16_t key : keys_) {
        if (!key_states_[key].seen) continue;
        const auto saw = [&](EventKind kind) {
            return (key_states_[key].kinds & events::kind_bit(kind)) != 0;
        };
        Tally& tally = user.tallies[key];
        ++tally[Count::users];
        tally[Count::viewers] += saw(EventKind::view);
        tally[Count::clickers] += saw(click_);
        tally[Count::buyers] += saw(EventKind::purchase);
        tally[Count::item_viewers] += key_states_[key].viewed_item;
    }
}

}  // namespace funnel::metrics
