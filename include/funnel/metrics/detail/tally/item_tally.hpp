// SPDX-License-Identifier: MIT
// ItemTally: what becomes of impressions, clicks and carts of one user and one item: ctr, ctr_followed,
// cvr_post_click, cart_abandon_user_item.
#pragma once

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <span>
#include <vector>

#include "funnel/events/visit.hpp"
#include "funnel/metrics/detail/tally/tally_plan.hpp"

namespace funnel::metrics {

/// How long after an impression a click belongs to it.
inline constexpr std::int64_t kClickWindow = 30 * base::kMinute;

/// One thread at a time. n log n in the rows of a user that have an item.
class ItemTally {
 public:
    explicit ItemTally(const TallyPlan& plan);

    void start_user() noexcept {
        rows_.clear();
        shown_.clear();
        carted_.clear();
        bought_.clear();
        if (any_clicked_) clicked_.reset();
        any_clicked_ = false;
    }

    /// Rows come in order.
    void add(const UserRow& row, std::size_t position);

    /// Counts the (user, item) pairs. visit_pair(span of item << 32 | position) is called for each pair that
    /// has any of the rows that matter, in order of time.
    template <typename Visit>
    void finish(const UserView& user, Visit&& visit_pair);

 private:
    void select_shown();
    void count_pair(const UserView& user, std::span<const std::uint64_t> pair);
    void add_viewed(std::uint16_t key, bool carted, bool bought);
    void count_viewed(const UserView& user);
    static void count_viewers(const UserView& user, std::vector<std::uint16_t>& keys, Count what);
    void count_unattributed(const UserView& user, std::span<const std::uint64_t> pair) const;
    [[nodiscard]] static std::size_t bucket(std::uint32_t item) noexcept {
        return (item * 2654435761u) >> 21;
    }

    const TallyPlan& plan_;
    EventKind click_;
    events::KindSet always_;            // kinds whose rows matter whatever else happens
    std::vector<std::uint64_t> rows_;   // item << 32 | position
    std::vector<std::uint64_t> shown_;  // impressions, likewise
    std::bitset<2048> clicked_;         // buckets of items with a click
    bool any_clicked_ = false;
    std::vector<std::uint16_t> carted_, bought_;  // keys of views of items that were carted, bought after

    struct Viewed {  // what followed the views of the pair at hand in one key
        std::uint64_t pair = 0;
        bool carted = false, bought = false;
    };
    std::vector<Viewed> viewed_;              // per key
    std::vector<std::uint16_t> viewed_keys_;  // of the pair at hand
    std::uint64_t pair_ = 0;
};

inline ItemTally::ItemTally(const TallyPlan& plan)
    : plan_(plan), click_(plan.facts.click()), viewed_(plan.keys) {
    using events::kind_bit;
    always_ = kind_bit(click_) | kind_bit(EventKind::view) | kind_bit(EventKind::cart_add) |
              kind_bit(EventKind::purchase);
    const Entity entity = plan.options.entity;
    if (entity == Entity::user_item || entity == Entity::exposure || plan.options.exposures) {
        always_ |= plan.options.funnel.kinds() | plan.options.rules.excluded;
        if (plan.options.rules.order == StepOrder::strict) always_ = ~events::KindSet{0};
    }
}

inline void ItemTally::add(const UserRow& row, std::size_t position) {
    if (row.item == base::kNone) return;
    const std::uint64_t entry = std::uint64_t{row.item} << 32 | position;
    if ((always_ & events::kind_bit(row.kind)) != 0) {
        rows_.push_back(entry);
        if (row.kind == click_) {
            clicked_.set(bucket(row.item));
            any_clicked_ = true;
        }
    } else if (row.kind == EventKind::impression) {
        shown_.push_back(entry);
    }
}

template <typename Visit>
void ItemTally::finish(const UserView& user, Visit&& visit_pair) {
    if (any_clicked_) select_shown();
    if (!std::ranges::is_sorted(rows_)) std::ranges::sort(rows_);
    for (std::size_t begin = 0, end = 0; begin < rows_.size(); begin = end) {
        while (end < rows_.size() && rows_[end] >> 32 == rows_[begin] >> 32)
            ++end;
        const auto pair = std::span<const std::uint64_t>(rows_).subspan(begin, end - begin);
        count_pair(user, pair);
        count_unattributed(user, pair);
        visit_pair(pair);
    }
    count_viewers(user, carted_, Count::viewers_carted);
    count_viewers(user, bought_, Count::viewers_bought);
}

// An impression of an item that the user never clicked says no more than that it was there. Appends the
// others, and few more, without a branch that nobody could predict.
inline void ItemTally::select_shown() {
    std::size_t size = rows_.size();
    rows_.resize(size + shown_.size());
    for (const std::uint64_t entry : shown_) {
        rows_[size] = entry;
        size += clicked_.test(bucket(static_cast<std::uint32_t>(entry >> 32)));
    }
    rows_.resize(size);
}

/// What became of a pair of user and item that was carted; positions are rows.size() where there is none.
struct CartedPair {
    std::size_t first_add, first_purchase;
    bool bought = false;            ///< at or after the first cart_add
    bool bought_in_window = false;  ///< that, and within the window
};

/// Walks over the rows of one pair, backwards, so that what follows an event is known when the event is met.
/// The rules of ctr, ctr_followed, cvr_post_click and cart_abandon_user_item stand here and nowhere else.
/// view(position, carted, bought): what follows the view; click(position): of a click with the credit for a
/// purchase in the window; impression(position, credited): a click follows within 30 minutes, and the
/// impression has the credit for it.
template <typename View, typename Click, typename Impression>
CartedPair walk_pair(std::span<const UserRow> rows, std::span<const std::uint64_t> pair, EventKind click_kind,
                     std::int64_t window, View&& view, Click&& click, Impression&& impression) {
    CartedPair out{.first_add = rows.size(), .first_purchase = rows.size()};
    bool clicked = false, click_free = false;    // a click follows; and no impression is in between
    bool bought = false, purchase_free = false;  // a purchase follows; and no click is in between
    std::int64_t click_time = 0, purchase_time = 0;
    for (std::size_t i = pair.size(); i-- > 0;) {
        const auto position = static_cast<std::uint32_t>(pair[i]);
        const UserRow& row = rows[position];
        if (row.kind == EventKind::view) view(position, out.first_add < rows.size(), bought);
        if (row.kind == EventKind::purchase) {
            out.first_purchase = position;
            bought = purchase_free = true;
            purchase_time = row.time;
        } else if (row.kind == click_kind) {
            if (purchase_free && events::within(row.time, purchase_time, window)) click(position);
            purchase_free = false;
            clicked = click_free = true;
            click_time = row.time;
        } else if (row.kind == EventKind::impression) {
            if (clicked && events::within(row.time, click_time, kClickWindow))
                impression(position, click_free);
            click_free = false;
        } else if (row.kind == EventKind::cart_add) {
            out.first_add = position;
            out.bought = bought;
            out.bought_in_window = bought && events::within(row.time, purchase_time, window);
        }
    }
    return out;
}

inline void ItemTally::count_pair(const UserView& user, std::span<const std::uint64_t> pair) {
    ++pair_;
    viewed_keys_.clear();
    const std::int64_t window = plan_.options.window;
    const CartedPair cart = walk_pair(
        user.rows, pair, click_, window,
        [&](std::size_t position, bool carted, bool bought) {
            if (user.counts(position)) add_viewed(user.rows[position].key, carted, bought);
        },
        [&](std::size_t position) {
            if (user.counts(position) && plan_.mature(user.rows[position].time, window))
                user.mark(Count::clicks_bought, position);
        },
        [&](std::size_t position, bool credited) {
            if (!user.counts(position)) return;
            user.mark(Count::impressions_followed, position);
            if (credited) user.mark(Count::impressions_credited, position);
        });
    count_viewed(user);
    if (cart.first_add < user.rows.size() && user.counts(cart.first_add) &&
        plan_.warm(user.rows[cart.first_add].time)) {
        Tally& tally = user.at(cart.first_add);
        ++tally[Count::pairs_carted];
        tally[Count::pairs_abandoned] += !cart.bought;
        if (plan_.mature(user.rows[cart.first_add].time, window)) {
            ++tally[Count::pairs_mature];
            tally[Count::pairs_mature_abandoned] += !cart.bought_in_window;
        }
    }
    if (cart.first_purchase < user.rows.size() && user.counts(cart.first_purchase) &&
        cart.first_add > cart.first_purchase && plan_.warm(user.rows[cart.first_purchase].time)) {
        user.mark(Count::pairs_uncarted, cart.first_purchase);
    }
}

// Views come backwards: the last to come, the earliest of its key, is followed by most.
inline void ItemTally::add_viewed(std::uint16_t key, bool carted, bool bought) {
    Viewed& viewed = viewed_[key];
    if (viewed.pair != pair_) viewed_keys_.push_back(key);
    viewed = {pair_, carted, bought};
}

inline void ItemTally::count_viewed(const UserView& user) {
    for (const std::uint16_t key : viewed_keys_) {
        const Viewed& viewed = viewed_[key];
        Tally& tally = user.tallies[key];
        ++tally[Count::pairs_viewed];
        tally[Count::pairs_viewed_carted] += viewed.carted;
        tally[Count::pairs_viewed_bought] += viewed.bought;
        if (viewed.carted) carted_.push_back(key);
        if (viewed.bought) bought_.push_back(key);
    }
}

inline void ItemTally::count_viewers(const UserView& user, std::vector<std::uint16_t>& keys, Count what) {
    std::ranges::sort(keys);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    for (const std::uint16_t key : keys)
        ++user.tallies[key][what];
}

inline void ItemTally::count_unattributed(const UserView& user, std::span<const std::uint64_t> pair) const {
    bool shown = false;
    std::int64_t shown_time = 0;
    for (const std::uint64_t entry : pair) {
        const auto position = static_cast<std::uint32_t>(entry);
        const UserRow& row = user.rows[position];
        if (row.kind == EventKind::impression) {
            shown = true;
            shown_time = row.time;
        } else if (row.kind == click_ && user.counts(position) &&
                   (!shown || !events::within(shown_time, row.time, kClickWindow))) {
            user.mark(Count::clicks_unattributed, position);
        }
    }
}

}  // namespace funnel::metrics
