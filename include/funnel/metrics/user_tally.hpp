// SPDX-License-Identifier: MIT
// UserTally: counts one user after the other into one Tally per segment. Every unit (a view, a visit, a
// cart, an order) counts in the segment of its anchor row; what follows is looked for among all rows.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "funnel/events/visit.hpp"
#include "funnel/metrics/exposures.hpp"
#include "funnel/metrics/funnel_reach.hpp"
#include "funnel/metrics/options.hpp"
#include "funnel/metrics/tally.hpp"
#include "funnel/metrics/user_rows.hpp"

namespace funnel::metrics {

/// How long after an impression a click belongs to it.
inline constexpr std::int64_t kClickWindow = 30 * base::kMinute;

/// What all UserTally of one measurement share; it must outlive them.
struct TallyPlan {
    const EventLog& log;
    const MetricsOptions& options;
    LogFacts facts;
    StageSets sets;
    std::int64_t last_time = 0;          ///< T: the latest time, or `to` if that is earlier
    std::vector<std::int64_t> horizons;  ///< per stage after the first
    std::size_t keys = 1;                ///< segments
    bool one_key_per_user = true;        ///< all rows of a user have the same key

    /// Throws Error(invalid_argument) for options out of range.
    TallyPlan(const EventLog& the_log, const MetricsOptions& the_options, const LogFacts& the_facts);
};

/// One thread at a time. Cost per user: n log n in its rows, no allocation once warm.
class UserTally {
 public:
    explicit UserTally(const TallyPlan& plan);

    /// Rows of one user, sorted by (time, kind, key).
    void add_user(std::span<const UserRow> rows);

    /// Per key.
    [[nodiscard]] std::span<Tally> tallies() noexcept { return tallies_; }
    /// Visits of all rows, also of those before `from`.
    [[nodiscard]] std::int64_t visits_of_log() const noexcept { return visits_of_log_; }
    [[nodiscard]] std::int64_t users_of_log() const noexcept { return users_of_log_; }

 private:
    struct VisitState {
        std::uint32_t first = 0;  // position of its first row
        std::int64_t time = 0;    // earliest so far, going backwards
        std::int64_t later = 0;   // the next later time
        bool any = false, has_later = false;
        bool bought = false, carted = false, completed = false;
    };
    struct UserState {  // of one user in one key
        std::uint64_t user = 0;
        std::uint32_t orders = 0;
        bool viewed = false, clicked = false, bought = false;
    };
    struct Best {  // of one entity in one key
        std::uint64_t entity = 0;
        std::size_t reach = 0;
    };

    [[nodiscard]] Tally& at(std::size_t position) noexcept { return tallies_[rows_[position].key]; }
    void mark(Count what, std::size_t position) noexcept { ++at(position)[what]; }
    [[nodiscard]] bool mature(std::int64_t time, std::int64_t span) const noexcept {
        return events::mature(time, span, plan_.last_time);
    }

    void split_visits(std::span<const UserRow> all, std::size_t dropped);
    void count_rows();
    void count_row(std::size_t position);
    void count_visits();
    void count_orders();
    void count_order(std::span<const std::pair<std::uint64_t, std::uint32_t>> lines);
    void gather_items();
    void count_items();
    void count_pair(std::span<const std::uint64_t> pair);
    void count_unattributed(std::span<const std::uint64_t> pair);
    void count_funnel_of_user();
    void count_funnel_of_visits();
    void count_funnel_of_pair(std::span<const std::uint64_t> pair);
    void count_exposures_of_pair(std::span<const std::uint64_t> pair);
    void add_to_funnel(std::size_t position);
    void count_entity();
    void count_users();
    [[nodiscard]] UserState& user_state(std::size_t position);

    const TallyPlan& plan_;
    const EventKind click_;
    events::KindSet item_kinds_ = 0;  // rows that item_rows_ must hold
    std::vector<Tally> tallies_;
    std::int64_t visits_of_log_ = 0, users_of_log_ = 0;

    // The user at hand.
    std::span<const UserRow> rows_;
    std::size_t inside_ = 0;  // rows_[0, inside_) are inside [from, to)
    events::VisitSplitter splitter_;
    std::vector<std::uint32_t> visit_;  // per row
    std::vector<VisitState> visits_;
    std::vector<std::uint64_t> item_rows_;                            // item << 32 | position, sorted
    std::vector<std::pair<std::uint64_t, std::uint32_t>> purchases_;  // (order, position), sorted
    std::bitset<2048> clicked_items_;                                 // by hash: may hold others too
    std::vector<UserState> user_states_;                              // per key
    std::vector<std::uint16_t> touched_;                              // keys with rows of this user
    FunnelReach reach_;
    ExposureLabels exposures_;
    std::vector<Best> best_;  // per key
    std::vector<std::uint16_t> best_keys_;
    std::uint64_t entity_ = 0;
    std::vector<std::uint32_t> by_visit_, visit_ends_;
};

inline TallyPlan::TallyPlan(const EventLog& the_log, const MetricsOptions& the_options,
                            const LogFacts& the_facts)
    : log(the_log), options(the_options), facts(the_facts), sets(the_options.funnel) {
    const auto refuse = [](const std::string& what) { throw Error(ErrorCode::invalid_argument, what); };
    if (sets.stages() < 1 || sets.stages() > kMaxStages)
        refuse("metrics: expected a funnel of 1 to 32 stages");
    if (options.window < 0) refuse("metrics: expected a window of 0 or more");
    if (options.visit_gap <= 0) refuse("metrics: expected a visit gap above 0");
    if (options.from && options.to && *options.to < *options.from) {
        refuse("metrics: expected from <= to; exchange them");
    }
    horizons = options.horizons.empty() ? default_horizons(options.funnel) : options.horizons;
    if (horizons.size() + 1 != sets.stages())
        refuse("metrics: expected one horizon per stage after the first");
    if (std::ranges::any_of(horizons, [](std::int64_t h) { return h < 0; })) {
        refuse("metrics: expected horizons of 0 or more");
    }
    if (log.order_lines.size() >= kNoLine) refuse("metrics: more than 4294967294 order lines");
    last_time = options.to ? std::min(facts.last_time, *options.to) : facts.last_time;
}

inline UserTally::UserTally(const TallyPlan& plan)
    : plan_(plan),
      click_(plan.facts.click()),
      tallies_(plan.keys),
      splitter_(plan.options.visit_gap),
      user_states_(plan.keys),
      reach_(plan.sets, plan.options.window),
      exposures_(plan.sets, plan.horizons, plan.last_time),
      best_(plan.keys) {
    using events::kind_bit;
    item_kinds_ = kind_bit(click_) | kind_bit(EventKind::cart_add) | kind_bit(EventKind::purchase);
    const Entity entity = plan.options.entity;
    if (entity == Entity::user_item || entity == Entity::exposure) item_kinds_ |= plan.options.funnel.kinds();
}

inline void UserTally::add_user(std::span<const UserRow> rows) {
    ++users_of_log_;
    const auto before = [&](const std::optional<std::int64_t>& limit, std::size_t otherwise) {
        return limit ? static_cast<std::size_t>(std::ranges::lower_bound(rows, *limit, {}, &UserRow::time) -
                                                rows.begin())
                     : otherwise;
    };
    const std::size_t dropped = before(plan_.options.from, 0);
    rows_ = rows.subspan(dropped);
    inside_ = std::max(before(plan_.options.to, rows.size()), dropped) - dropped;
    split_visits(rows, dropped);
    if (inside_ == 0) return;
    touched_.clear();
    purchases_.clear();
    count_rows();
    count_visits();
    count_orders();
    gather_items();
    count_items();
    if (plan_.options.entity == Entity::user) count_funnel_of_user();
    if (plan_.options.entity == Entity::session) count_funnel_of_visits();
    count_users();
}

inline void UserTally::split_visits(std::span<const UserRow> all, std::size_t dropped) {
    if (dropped > 0) {
        splitter_.start_user();
        for (const UserRow& row : all)
            splitter_.visit(row.time, row.session);
        visits_of_log_ += splitter_.count();
    }
    splitter_.start_user();
    visit_.resize(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        visit_[i] = splitter_.visit(rows_[i].time, rows_[i].session);
    }
    if (dropped == 0) visits_of_log_ += splitter_.count();
}

inline UserTally::UserState& UserTally::user_state(std::size_t position) {
    const std::uint16_t key = rows_[position].key;
    UserState& state = user_states_[key];
    if (state.user != static_cast<std::uint64_t>(users_of_log_)) {
        state = {.user = static_cast<std::uint64_t>(users_of_log_)};
        touched_.push_back(key);
    }
    return state;
}

inline void UserTally::count_rows() {
    for (std::size_t i = 0; i < inside_; ++i)
        count_row(i);
}

inline void UserTally::count_row(std::size_t position) {
    const UserRow& row = rows_[position];
    Tally& tally = at(position);
    UserState& user = user_state(position);
    ++tally[Count::events];
    if (row.session == 0 && plan_.facts.has_sessions) ++tally[Count::rows_without_visit_id];
    if (row.kind == click_) {
        user.clicked = true;
        ++tally[Count::clicks];
        if (row.item == base::kNone) ++tally[Count::clicks_unattributed];
        if (mature(row.time, plan_.options.window)) ++tally[Count::clicks_mature];
    }
    if (row.kind == EventKind::impression) {
        ++tally[Count::impressions];
    } else if (row.kind == EventKind::view) {
        ++tally[Count::views];
        user.viewed = true;
    } else if (row.kind == EventKind::page_view) {
        ++tally[Count::page_views];
    } else if (row.kind == EventKind::purchase) {
        ++tally[Count::purchase_rows];
        user.bought = true;
        const std::uint32_t order = row.line == kNoLine ? base::kNone : plan_.log.order_lines[row.line].order;
        // Without an order id the visit stands for the order; ids and visits do not meet.
        const std::uint64_t key = order == base::kNone ? (std::uint64_t{1} << 32 | visit_[position]) : order;
        purchases_.emplace_back(key, static_cast<std::uint32_t>(position));
    }
}

inline void UserTally::count_visits() {
    visits_.assign(splitter_.count(), {});
    for (std::size_t i = rows_.size(); i-- > 0;) {
        const UserRow& row = rows_[i];
        VisitState& visit = visits_[visit_[i]];
        if (!visit.any || row.time < visit.time) {
            visit.later = visit.time;
            visit.has_later = visit.any;
            visit.time = row.time;
            visit.any = true;
        }
        visit.first = static_cast<std::uint32_t>(i);
        if (row.kind == EventKind::purchase) visit.bought = true;
        if (i >= inside_) continue;
        if (row.kind == EventKind::cart_add) {
            visit.carted = true;
            visit.completed = visit.bought;
        } else if (row.kind == EventKind::view) {
            if (visit.has_later) {
                at(i).dwell.add(events::elapsed(row.time, visit.later));
            } else {
                mark(Count::dwell_censored, i);
            }
        }
    }
    for (const VisitState& visit : visits_) {
        if (visit.first >= inside_) continue;
        Tally& tally = at(visit.first);
        ++tally[Count::visits];
        tally[Count::visits_bought] += visit.bought;
        tally[Count::visits_carted] += visit.carted;
        tally[Count::visits_abandoned] += visit.carted && !visit.completed;
    }
}

inline void UserTally::count_orders() {
    if (purchases_.size() > 1) std::ranges::sort(purchases_);
    for (std::size_t begin = 0, end = 0; begin < purchases_.size(); begin = end) {
        while (end < purchases_.size() && purchases_[end].first == purchases_[begin].first)
            ++end;
        count_order(std::span(purchases_).subspan(begin, end - begin));
    }
}

inline void UserTally::count_order(std::span<const std::pair<std::uint64_t, std::uint32_t>> lines) {
    const std::size_t first = lines.front().second;
    events::Money amount;
    bool has_amount = false;
    for (const auto& line : lines) {
        const UserRow& row = rows_[line.second];
        if (row.time > rows_[first].time) mark(Count::late_order_rows, line.second);
        std::optional<events::Money> value;
        if (row.line != kNoLine) {
            const events::OrderLine& order = plan_.log.order_lines[row.line];
            value = plan_.facts.amounts().amount(order.price, order.quantity, order.revenue);
        }
        if (!value) {
            mark(Count::purchase_rows_without_value, line.second);
            continue;
        }
        has_amount = true;
        amount += *value;
        at(line.second).revenue += *value;
    }
    Tally& tally = at(first);
    ++tally[Count::orders];
    ++user_state(first).orders;
    if (has_amount) {
        ++tally[Count::orders_with_amount];
        tally.order_revenue += amount;
    }
}

inline void UserTally::gather_items() {
    const auto bucket = [](std::uint32_t item) { return (item * 2654435761u) >> 21; };
    clicked_items_.reset();
    for (const UserRow& row : rows_) {
        if (row.kind == click_ && row.item != base::kNone) clicked_items_.set(bucket(row.item));
    }
    // An impression of an item that the user never clicked says no more than that it was there.
    item_rows_.clear();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const UserRow& row = rows_[i];
        if (row.item == base::kNone) continue;
        if ((item_kinds_ & events::kind_bit(row.kind)) != 0 ||
            (row.kind == EventKind::impression && clicked_items_.test(bucket(row.item)))) {
            item_rows_.push_back(std::uint64_t{row.item} << 32 | i);
        }
    }
    if (!std::ranges::is_sorted(item_rows_)) std::ranges::sort(item_rows_);
}

inline void UserTally::count_items() {
    for (std::size_t begin = 0, end = 0; begin < item_rows_.size(); begin = end) {
        while (end < item_rows_.size() && item_rows_[end] >> 32 == item_rows_[begin] >> 32)
            ++end;
        const auto pair = std::span<const std::uint64_t>(item_rows_).subspan(begin, end - begin);
        count_pair(pair);
        count_unattributed(pair);
        if (plan_.options.entity == Entity::user_item) count_funnel_of_pair(pair);
        if (plan_.options.entity == Entity::exposure) count_exposures_of_pair(pair);
    }
}

// Backwards, so that what follows an event is known when the event is met.
inline void UserTally::count_pair(std::span<const std::uint64_t> pair) {
    const std::int64_t window = plan_.options.window;
    bool clicked = false, click_free = false;  // a click was seen; since the last impression
    bool bought = false, purchase_free = false;
    std::int64_t click_time = 0, purchase_time = 0;
    std::size_t first_add = rows_.size(), first_purchase = rows_.size();
    bool add_bought = false, add_bought_in_window = false;
    for (std::size_t i = pair.size(); i-- > 0;) {
        const auto position = static_cast<std::uint32_t>(pair[i]);
        const UserRow& row = rows_[position];
        const bool counts = position < inside_;
        if (row.kind == EventKind::purchase) {
            first_purchase = position;
            if (row.time > plan_.last_time) continue;
            bought = purchase_free = true;
            purchase_time = row.time;
        } else if (row.kind == click_) {
            if (counts && purchase_free && events::within(row.time, purchase_time, window) &&
                mature(row.time, window)) {
                mark(Count::clicks_bought, position);
            }
            purchase_free = false;
            clicked = click_free = true;
            click_time = row.time;
        } else if (row.kind == EventKind::impression) {
            if (counts && clicked && events::within(row.time, click_time, kClickWindow)) {
                mark(Count::impressions_followed, position);
                if (click_free) mark(Count::impressions_credited, position);
            }
            click_free = false;
        } else if (row.kind == EventKind::cart_add) {
            first_add = position;
            add_bought = bought;
            add_bought_in_window = bought && events::within(row.time, purchase_time, window);
        }
    }
    if (first_add < inside_) {
        Tally& tally = at(first_add);
        ++tally[Count::pairs_carted];
        tally[Count::pairs_abandoned] += !add_bought;
        if (mature(rows_[first_add].time, window)) {
            ++tally[Count::pairs_mature];
            tally[Count::pairs_mature_abandoned] += !add_bought_in_window;
        }
    }
    if (first_purchase < inside_ && first_add > first_purchase) mark(Count::pairs_uncarted, first_purchase);
}

inline void UserTally::count_unattributed(std::span<const std::uint64_t> pair) {
    bool shown = false;
    std::int64_t shown_time = 0;
    for (const std::uint64_t entry : pair) {
        const auto position = static_cast<std::uint32_t>(entry);
        const UserRow& row = rows_[position];
        if (row.kind == EventKind::impression) {
            shown = true;
            shown_time = row.time;
        } else if (row.kind == click_ && position < inside_ &&
                   (!shown || !events::within(shown_time, row.time, kClickWindow))) {
            mark(Count::clicks_unattributed, position);
        }
    }
}

inline void UserTally::add_to_funnel(std::size_t position) {
    const UserRow& row = rows_[position];
    const std::uint8_t set = plan_.sets.of(row.kind);
    if (set == StageSets::kNoSet) return;
    reach_.add(set, row.time,
               position < inside_ ? static_cast<std::uint32_t>(position) : FunnelReach::kNoEntry);
}

inline void UserTally::count_funnel_of_user() {
    reach_.start_entity();
    for (std::size_t i = 0; i < rows_.size(); ++i)
        add_to_funnel(i);
    count_entity();
}

inline void UserTally::count_funnel_of_visits() {
    // Visits may be interleaved: a stable counting sort puts the rows of each together.
    visit_ends_.assign(splitter_.count() + 1, 0);
    for (const std::uint32_t visit : visit_)
        ++visit_ends_[visit + 1];
    for (std::size_t v = 1; v < visit_ends_.size(); ++v)
        visit_ends_[v] += visit_ends_[v - 1];
    by_visit_.resize(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        by_visit_[visit_ends_[visit_[i]]++] = static_cast<std::uint32_t>(i);
    }
    for (std::size_t v = 0, i = 0; v < splitter_.count(); ++v) {
        reach_.start_entity();
        for (; i < visit_ends_[v]; ++i)
            add_to_funnel(by_visit_[i]);
        count_entity();
    }
}

inline void UserTally::count_funnel_of_pair(std::span<const std::uint64_t> pair) {
    reach_.start_entity();
    for (const std::uint64_t entry : pair)
        add_to_funnel(static_cast<std::uint32_t>(entry));
    count_entity();
}

inline void UserTally::count_exposures_of_pair(std::span<const std::uint64_t> pair) {
    exposures_.start_pair(splitter_.count());
    for (const std::uint64_t entry : pair) {
        const auto position = static_cast<std::uint32_t>(entry);
        const std::uint8_t set = plan_.sets.of(rows_[position].kind);
        if (set == StageSets::kNoSet) continue;
        exposures_.add(set, rows_[position].time, visit_[position],
                       position < inside_ ? position : FunnelReach::kNoEntry);
    }
    exposures_.for_each_reached(
        [&](std::uint32_t position, std::size_t stage) { ++at(position).reached[stage]; });
}

inline void UserTally::count_entity() {
    const auto count = [&](std::uint16_t key, std::size_t reach) {
        for (std::size_t k = 0; k < reach; ++k)
            ++tallies_[key].reached[k];
    };
    if (plan_.one_key_per_user) return count(rows_.front().key, reach_.best());
    ++entity_;
    best_keys_.clear();
    reach_.for_each_entry([&](std::uint32_t position, std::size_t reach) {
        Best& best = best_[rows_[position].key];
        if (best.entity != entity_) {
            best = {entity_, 0};
            best_keys_.push_back(rows_[position].key);
        }
        best.reach = std::max(best.reach, reach);
    });
    for (const std::uint16_t key : best_keys_)
        count(key, best_[key].reach);
}

inline void UserTally::count_users() {
    for (const std::uint16_t key : touched_) {
        const UserState& user = user_states_[key];
        Tally& tally = tallies_[key];
        ++tally[Count::users];
        tally[Count::viewers] += user.viewed;
        tally[Count::clickers] += user.clicked;
        tally[Count::buyers] += user.bought;
        tally[Count::customers] += user.orders >= 1;
        tally[Count::repeat_customers] += user.orders >= 2;
    }
}

}  // namespace funnel::metrics
