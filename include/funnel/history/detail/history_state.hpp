// SPDX-License-Identifier: MIT
// HistoryState: the tables behind a History, as packed records; see docs/features.md for what they cost.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/flat_map.hpp"
#include "funnel/base/pair_filter.hpp"
#include "funnel/base/string_table.hpp"
#include "funnel/history/detail/rate_table.hpp"
#include "funnel/history/history_options.hpp"

namespace funnel::history {

using base::kNone;

/// The time of what never happened: before all times.
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();

namespace detail {

inline constexpr std::size_t kRecentItems = 5;
inline constexpr std::size_t kNeighbours = 16;
inline constexpr std::size_t kCartLines = 16;

/// Event kinds as dense channels, and which channels mean what. Derived from the options.
struct Channels {
    explicit Channels(const HistoryOptions& options);

    std::vector<EventKind> kinds;            ///< of each channel
    std::vector<std::string> names;          ///< of each channel
    std::array<std::uint8_t, 64> of_kind{};  ///< channel of a kind, or kNoChannel
    std::vector<std::uint64_t> stages;       ///< channels of each stage, as bits
    std::uint64_t later = 0;                 ///< channels of the stages after S0
    std::uint64_t engaging = 0;              ///< channels that show interest in an item
    std::uint64_t paired = 0;                ///< channels that are counted per user and item
    std::vector<std::uint8_t> pair_slot;     ///< per channel, its place among the paired ones
    std::size_t pair_slots = 0;

    static constexpr std::uint8_t kNoChannel = 255;
    [[nodiscard]] std::size_t size() const noexcept { return kinds.size(); }
    [[nodiscard]] std::uint8_t channel(EventKind kind) const noexcept {
        return of_kind[static_cast<std::size_t>(kind) & 63];
    }
};

[[nodiscard]] constexpr bool has_channel(std::uint64_t set, std::size_t channel) noexcept {
    return (set >> channel & 1) != 0;
}

/// In a context: a text is given that the history has never met.
inline constexpr std::uint32_t kUnheard = kNone - 1;

/// An event in the numbers of a history; kNone and NaN where something is missing.
struct Coded {
    std::int64_t time = 0;
    std::uint64_t session = 0;
    std::uint32_t user = kNone, item = kNone, category = kNone, brand = kNone, list = kNone;
    float position = std::numeric_limits<float>::quiet_NaN();
    float price = std::numeric_limits<float>::quiet_NaN();
    std::uint32_t kind = 0;
};

/// What is kept per user beside its counts. A visit's number counts the user's visits from 0; its lowest bit
/// says whether the visit has an id (a visit without one never goes on after another has begun).
struct UserState {
    std::int64_t first = kNever;  ///< kNever: no event since the user was last forgotten
    std::int64_t last = kNever;
    std::int64_t decayed_at = 0;  ///< of the floats down to price_weight and of the counts per channel
    std::int64_t visit_start = 0, visit_last = 0;
    std::int64_t previous_end = kNever;  ///< end of the visit before this one
    std::int64_t engaged_at = kNever;    ///< in this visit
    std::int64_t gap_last = kNever;      ///< last event without a visit id
    std::uint64_t visit_session = 0;
    std::uint32_t visit = 0, gap_visit = 0, first_visit = 0, visits = 0;
    float visit_weight = 0, items = 0, categories = 0, price_sum = 0, price_weight = 0;
    float visit_expected = 0, visit_unanswered = 0, visit_answers = 0;
    std::array<std::uint32_t, kRecentItems> recent{};  ///< newest first
    std::uint32_t recent_count = 0;
    std::uint32_t last_channel = Channels::kNoChannel;
    std::uint32_t unused = 0;
};

struct ItemState {
    std::int64_t first = kNever, last = kNever;
    std::int64_t short_at = 0;
    float short_exposures = 0, short_answers = 0;
    float price = std::numeric_limits<float>::quiet_NaN();  ///< last known
    float log_price = 0;                                    ///< of `price`
    float usual_log_price = 0, price_weight = 0;
    std::uint32_t category = kNone, brand = kNone;
    std::uint32_t neighbours = kNone;  ///< index of its list
    std::uint32_t unused = 0;
};

/// Exposures of an item to a user.
struct Seen {
    std::uint64_t key = 0;
    std::int64_t time = kNever;
    float count = 0;               ///< decayed, at `time`
    std::uint32_t visit = 0;       ///< of the last exposure
    std::uint32_t in_visit = 0;    ///< exposures in that visit
    std::uint32_t unanswered = 0;  ///< exposures since the user last engaged with the item
};

/// A user engaged with an item: row of the tables `acted_*`.
struct ActedRow {
    std::uint64_t key = 0;
    std::uint32_t row = 0;
    std::uint32_t unused = 0;
};

struct CategoryUse {
    std::uint64_t key = 0;
    std::int64_t at = 0;  ///< of the counts
    std::int64_t engaged_at = kNever;
    float exposures = 0, engaged = 0, final = 0;
    std::uint32_t unused = 0;
};

/// A visit with an id: (user, session) to its number.
struct VisitNumber {
    std::uint64_t key = 0;
    std::uint64_t session = 0;
    std::uint32_t user = 0, visit = 0;
};

/// (user, item, visit) of exposures that Seen no longer tells, because a later visit exposed the item again.
struct EarlierExposure {
    std::uint64_t key = 0;
    std::uint32_t user = 0, item = 0, visit = 0, unused = 0;
};

struct Cart {
    std::uint64_t key = 0;
    std::int64_t opened = 0, last = 0;
    std::array<std::uint32_t, kCartLines> items{};
    std::array<float, kCartLines> prices{};
    std::uint32_t lines = 0, unused = 0;
};

struct PlaceRow {
    std::uint64_t key = 0;
    std::uint32_t row = 0, unused = 0;
};

/// An exposure that waits for the horizon of stage 1.
struct Waiting {
    std::int64_t time = 0;
    std::uint32_t user = 0, item = 0, category = 0, brand = 0, list_row = 0, place_row = 0;
    float expected = 0;
    std::uint32_t unused = 0;
};

/// The items most often engaged with in the same visit, with decayed weights.
struct Neighbours {
    std::int64_t at = 0;
    std::array<std::uint32_t, kNeighbours> items{};
    std::array<float, kNeighbours> weights{};
    float total = 0;  ///< decayed engagements of the item itself
    std::uint32_t count = 0;
};

static_assert(sizeof(Coded) == 48 && sizeof(UserState) == 152 && sizeof(ItemState) == 64);
static_assert(sizeof(Seen) == 32 && sizeof(CategoryUse) == 40 && sizeof(Cart) == 160 &&
              sizeof(Neighbours) == 144);

struct HistoryState {
    explicit HistoryState(HistoryOptions o);

    HistoryOptions options;
    Channels channels;
    double decay, short_decay;  ///< exponents of 2 per microsecond, negative

    base::StringTable users, items, categories, brands, lists;
    std::int64_t watermark = kNever;  ///< last event taken in
    std::int64_t applied = kNever;    ///< last event in use
    std::int64_t begin = kNever;      ///< first event in use
    std::int64_t longest_gap = 0;     ///< microseconds from one event to the next, of those taken in
    std::uint64_t generation = 0;     ///< changes when users and items are renumbered; not written
    /// The most that a host wants to keep; not written.
    std::size_t max_users = std::numeric_limits<std::size_t>::max(), max_items = max_users;

    base::HugeVector<UserState> user;
    base::HugeVector<float> user_counts;           ///< per user and channel, at decayed_at
    base::HugeVector<std::int64_t> user_last;      ///< per user and channel
    base::HugeVector<std::uint32_t> visit_counts;  ///< per user and channel, of the current visit
    RateTable user_rates;
    base::HugeVector<base::PairFilter>
        user_pairs;  ///< follows from seen, acted and category_use; not written

    base::HugeVector<ItemState> item;
    base::HugeVector<std::int64_t> item_last;  ///< per item and channel
    RateTable item_rates;
    base::HugeVector<Neighbours> neighbours;

    RateTable category_rates, brand_rates, place_rates;  ///< place row 0: all places
    base::FlatMap<PlaceRow> places;

    base::FlatMap<Seen> seen;
    base::FlatMap<ActedRow> acted;
    base::HugeVector<float> acted_counts;       ///< per row and pair slot, at acted_at
    base::HugeVector<std::int64_t> acted_last;  ///< per row and pair slot
    base::HugeVector<std::int64_t> acted_at;
    base::FlatMap<CategoryUse> category_use;
    base::FlatMap<VisitNumber> visit_numbers;
    base::FlatMap<EarlierExposure> earlier;
    base::FlatMap<Cart> carts;

    std::deque<Waiting> waiting;  ///< by time
    std::deque<Coded> pending;    ///< taken in but younger than the lag

    /// Makes rows for all interned users and items.
    void fit_tables();
    /// Makes user_pairs anew from the tables.
    void fill_pair_filters();
};

inline Channels::Channels(const HistoryOptions& options) {
    const Funnel& funnel = options.funnel;
    constexpr auto kCustom = static_cast<std::size_t>(EventKind::custom_first);
    of_kind.fill(kNoChannel);
    for (std::size_t k = 0; k < kCustom + funnel.custom_types.size(); ++k) {
        const bool has_name = k < events::kKindNames.size() || k >= kCustom;
        if (!has_name || ((options.kinds | funnel.kinds()) >> k & 1) == 0) continue;
        of_kind[k] = static_cast<std::uint8_t>(kinds.size());
        kinds.push_back(static_cast<EventKind>(k));
        names.push_back(k < kCustom ? std::string(events::kKindNames[k]) : funnel.custom_types[k - kCustom]);
    }
    const auto channels_of = [&](KindSet set) {
        std::uint64_t bits = 0;
        for (std::size_t c = 0; c < kinds.size(); ++c) {
            if ((set & events::kind_bit(kinds[c])) != 0) bits |= std::uint64_t{1} << c;
        }
        return bits;
    };
    for (const events::Stage& stage : funnel.stages)
        stages.push_back(channels_of(stage.kinds));
    for (std::size_t k = 1; k < stages.size(); ++k)
        later |= stages[k];
    using enum EventKind;
    const std::uint64_t shown = channels_of(events::kind_bit(page_view) | events::kind_bit(impression));
    const std::uint64_t no_interest =
        channels_of(events::kind_bit(cart_remove) | events::kind_bit(refund) | events::kind_bit(other));
    const std::uint64_t all = channels_of(~KindSet{0});
    engaging = (all & ~shown & ~no_interest) | later;
    paired = (all & ~shown) | later;
    for (std::size_t c = 0; c < kinds.size(); ++c) {
        pair_slot.push_back(static_cast<std::uint8_t>(pair_slots));
        if (has_channel(paired, c)) ++pair_slots;
    }
}

inline HistoryState::HistoryState(HistoryOptions o)
    : options(std::move(o)),
      channels(options),
      decay(-1.0 / static_cast<double>(options.half_life)),
      short_decay(-1.0 / static_cast<double>(options.short_half_life)),
      user_rates(options.funnel.stages.size() - 1, options.half_life),
      item_rates(options.funnel.stages.size() - 1, options.half_life),
      category_rates(options.funnel.stages.size() - 1, options.half_life),
      brand_rates(options.funnel.stages.size() - 1, options.half_life),
      place_rates(options.funnel.stages.size() - 1, options.half_life) {
    place_rates.resize(1);
}

inline void HistoryState::fit_tables() {
    const std::size_t n = channels.size();
    user.resize(users.size());
    user_counts.resize(users.size() * n, 0.0f);
    user_last.resize(users.size() * n, kNever);
    visit_counts.resize(users.size() * n, 0);
    user_rates.resize(users.size());
    user_pairs.resize(users.size());
    item.resize(items.size());
    item_last.resize(items.size() * n, kNever);
    item_rates.resize(items.size());
    category_rates.resize(categories.size());
    brand_rates.resize(brands.size());
}

inline void HistoryState::fill_pair_filters() {
    user_pairs.assign(users.size(), {});
    const auto pairs_of = [&](std::uint64_t key) -> base::PairFilter& { return user_pairs[key >> 32]; };
    const auto thing = [](std::uint64_t key) { return static_cast<std::uint32_t>(key); };
    seen.for_each([&](const Seen& record) { pairs_of(record.key).mark_seen(thing(record.key)); });
    acted.for_each([&](const ActedRow& record) { pairs_of(record.key).mark_acted(thing(record.key)); });
    category_use.for_each(
        [&](const CategoryUse& record) { pairs_of(record.key).mark_category(thing(record.key)); });
}

}  // namespace detail
}  // namespace funnel::history
