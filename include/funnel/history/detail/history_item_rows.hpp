// SPDX-License-Identifier: MIT
// The part of a feature row that belongs to the item: itself, the pair with the user, its category, its
// likeness to the visit, its place. describe_X and write_X have the same order of names and values.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "funnel/base/feature.hpp"
#include "funnel/history/detail/history_user_rows.hpp"

namespace funnel::history::detail {

/// What a row says about its item.
struct ItemPart {
    Coded context;
    const ItemState* item = nullptr;  ///< nullptr: unknown or forgotten
    std::uint32_t category = kNone, brand = kNone;
    double log_price = kUnknown;
};

/// What a category or brand alone decides for a user at one time, by where an earlier row of the same call
/// says it: many items have few of them.
class SameValues {
 public:
    /// Writes the values of `id` by write(out), or as they were written last time.
    template <typename Write>
    void write(std::uint32_t id, RowWriter& out, Write&& write) {
        Entry& entry = entries_[id % entries_.size()];
        if (entry.values != nullptr && entry.id == id) return out.copy(entry.values, entry.count);
        const float* const begin = out.position();
        write(out);
        entry = {id, static_cast<std::uint32_t>(out.position() - begin), begin};
    }

 private:
    struct Entry {
        std::uint32_t id = kNone, count = 0;
        const float* values = nullptr;
    };
    std::array<Entry, 16> entries_{};
};

/// For the rows of several items of one call.
struct EarlierRows {
    SameValues categories, brands, user_categories;
};

/// write(out), which `id` alone decides, or what it wrote in an earlier row, if these are given.
template <typename Write>
void write_once(EarlierRows* earlier, SameValues EarlierRows::*same, std::uint32_t id, RowWriter& out,
                Write&& write) {
    if (earlier != nullptr) return (earlier->*same).write(id, out, write);
    write(out);
}

/// Calls use(channel, slot) for every channel that is counted per pair.
template <typename Use>
void for_each_paired(const Channels& channels, Use&& use) {
    for (std::size_t c = 0; c < channels.size(); ++c) {
        if (has_channel(channels.paired, c)) use(c, channels.pair_slot[c]);
    }
}

inline void describe_item(const HistoryState& s, events::FeatureSpec& spec) {
    const auto add = [&](std::string name, base::Transform t) {
        spec.add(events::FeatureGroup::item, "item_" + name, t);
    };
    const auto& stages = s.options.funnel.stages;
    for (std::size_t k = 1; k < stages.size(); ++k)
        add(stages[k].name + "_rate", base::Transform::logit);
    for (std::size_t k = 2; k < stages.size(); ++k) {
        add(stages[k].name + "_per_" + stages[k - 1].name, base::Transform::logit);
    }
    for (const auto& stage : stages)
        add(stage.name + "_age", base::Transform::log1p);
    add("response", base::Transform::log1p);
    add("per_mille", base::Transform::log1p);
    add("age_days", base::Transform::log1p);
    add("trend", base::Transform::log1p);
    add("response_trend", base::Transform::log1p);
    add("log_price", base::Transform::identity);
    add("price_to_usual", base::Transform::identity);
}

/// Days since the item's first event. An item of the history's first week may be of any age: it counts as
/// old, or the age of most items would be that of the log.
[[nodiscard]] inline double item_age_days(const HistoryState& s, const ItemState& item,
                                          std::int64_t now) noexcept {
    constexpr double kLongest = 30;
    return base::micros_since(s.begin, item.first) < 7 * base::kDay ? kLongest
                                                                    : age_days(item.first, now, kLongest);
}

/// Rate of stage k among the events of stage k - 1, from 2.
[[nodiscard]] inline double step_rate(const Rates& r, const UserPart& p, std::size_t k) {
    constexpr double kSteps = 5;  // prior strength in steps: they are rarer than exposures
    const double prior = std::min(0.999, p.prior[k] / p.prior[k - 1]);
    return std::clamp(shrunk(r.events(k), r.events(k - 1), kSteps, prior), 1e-6, 1 - 1e-6);
}

/// The latest event of the given channels on the item.
[[nodiscard]] inline std::int64_t last_on_item(const HistoryState& s, const ItemPart& i,
                                               std::uint64_t channels) noexcept {
    std::int64_t last = kNever;
    if (i.item == nullptr) return last;
    const std::int64_t* times = s.item_last.data() + i.context.item * s.channels.size();
    for (; channels != 0; channels &= channels - 1)
        last = std::max(last, times[std::countr_zero(channels)]);
    return last;
}

inline void write_item(const HistoryState& s, const UserPart& p, const ItemPart& i, RowWriter& out) {
    const std::int64_t now = p.context.time;
    const std::size_t stages = s.channels.stages.size();
    const auto strength = static_cast<double>(s.options.strengths.item);
    const Rates r = s.item_rates.at(i.item != nullptr ? i.context.item : kNone, now);
    for (std::size_t k = 1; k < stages; ++k)
        out.put(stage_rate(r, k, strength, p.prior[k]));
    for (std::size_t k = 2; k < stages; ++k)
        out.put(step_rate(r, p, k));
    for (std::size_t k = 0; k < stages; ++k)
        out.put(seconds_since(last_on_item(s, i, s.channels.stages[k]), now));
    out.put(response(r, strength, p.prior[1]));
    out.put(1000 * r.exposures() / std::max(1.0, p.exposures));
    if (i.item == nullptr) {
        out.skip(3);
        out.put(i.log_price);
        return out.skip(1);
    }
    out.put(item_age_days(s, *i.item, now));
    // Steady exposures leave half_life / ln 2 of their rate in a count, so this factor makes both equal.
    const double scale = s.short_decay / s.decay;
    const double f = short_decay_factor(s, base::micros_since(i.item->short_at, now)) * scale;
    const double shown = static_cast<double>(i.item->short_exposures) * f;
    const double answers = static_cast<double>(i.item->short_answers) * f;
    constexpr double kSteady = 10;
    out.put((shown + kSteady) / (r.exposures() + kSteady));
    const double rate = stage_rate(r, 1, strength, p.prior[1]);
    out.put((answers + strength * rate) / ((shown + strength) * rate));
    out.put(i.log_price);
    out.put(i.item->price_weight > 0 ? i.log_price - static_cast<double>(i.item->usual_log_price) : kUnknown);
}

inline void describe_user_item(const HistoryState& s, events::FeatureSpec& spec) {
    const auto add = [&](std::string name, base::Transform t) {
        spec.add(events::FeatureGroup::user_item, "pair_" + name, t);
    };
    for_each_paired(s.channels, [&](std::size_t channel, std::size_t) {
        add(s.channels.names[channel] + "_count", base::Transform::log1p);
        add(s.channels.names[channel] + "_age", base::Transform::log1p);
    });
    add("exposures", base::Transform::log1p);
    add("exposure_age", base::Transform::log1p);
    add("unanswered", base::Transform::log1p);
    add("exposures_in_visit", base::Transform::log1p);
    add("log_price_to_user", base::Transform::identity);
}

inline void write_user_item(const HistoryState& s, const UserPart& p, const ItemPart& i, RowWriter& out) {
    const std::int64_t now = p.context.time;
    const std::uint64_t key = base::pair_key(p.context.user, i.context.item);
    const base::PairFilter* pairs =
        p.user != nullptr && i.item != nullptr ? &s.user_pairs[p.context.user] : nullptr;
    const bool may_have_acted = pairs != nullptr && pairs->may_have_acted(i.context.item);
    const ActedRow* acted = may_have_acted ? s.acted.find(key) : nullptr;
    if (acted != nullptr && is_stale(s, *p.user, s.acted_at[acted->row], now)) acted = nullptr;
    const std::size_t at = acted != nullptr ? acted->row * s.channels.pair_slots : 0;
    const double f =
        acted != nullptr ? decay_factor(s, base::micros_since(s.acted_at[acted->row], now)) : 0.0;
    for_each_paired(s.channels, [&](std::size_t, std::size_t slot) {
        out.put(acted != nullptr ? static_cast<double>(s.acted_counts[at + slot]) * f : 0.0);
        out.put(acted != nullptr ? seconds_since(s.acted_last[at + slot], now) : kUnknown);
    });
    const bool may_have_seen = pairs != nullptr && pairs->may_have_seen(i.context.item);
    const Seen* seen = may_have_seen ? s.seen.find(key) : nullptr;
    if (seen != nullptr && is_stale(s, *p.user, seen->time, now)) seen = nullptr;
    out.put(seen != nullptr
                ? static_cast<double>(seen->count) * decay_factor(s, base::micros_since(seen->time, now))
                : 0.0);
    out.put(seen != nullptr ? seconds_since(seen->time, now) : kUnknown);
    out.put(seen != nullptr ? seen->unanswered : 0.0);
    out.put(seen != nullptr && p.in_visit && seen->visit == p.visit.number ? seen->in_visit : 0.0);
    out.put(i.log_price - p.price);
}

inline void describe_cart_item(events::FeatureSpec& spec) {
    spec.add(events::FeatureGroup::cart, "cart_has_item", base::Transform::identity);
}

inline void write_cart_item(const UserPart& p, const ItemPart& i, RowWriter& out) {
    const auto* lines = p.cart != nullptr ? p.cart->items.data() : nullptr;
    const std::size_t count = p.cart != nullptr ? p.cart->lines : 0;
    out.put(std::find(lines, lines + count, i.context.item) != lines + count ? 1.0 : 0.0);
}

inline void describe_category(const HistoryState& s, events::FeatureSpec& spec) {
    for (const char* of : {"category_", "brand_"}) {
        for (std::size_t k = 1; k < s.options.funnel.stages.size(); ++k) {
            spec.add(events::FeatureGroup::category, of + s.options.funnel.stages[k].name + "_rate",
                     base::Transform::logit);
        }
        spec.add(events::FeatureGroup::category, std::string(of) + "response", base::Transform::log1p);
    }
    spec.add_category(events::FeatureGroup::category, "category");
    spec.add_category(events::FeatureGroup::category, "brand");
}

inline void write_category(const HistoryState& s, const UserPart& p, const ItemPart& i, RowWriter& out,
                           EarlierRows* earlier) {
    const auto strength = static_cast<double>(s.options.strengths.category);
    const auto write = [&](const RateTable& table, std::uint32_t row, SameValues EarlierRows::*same) {
        if (row == kNone) return out.skip(s.channels.stages.size());
        write_once(earlier, same, row, out, [&](RowWriter& to) {
            const Rates r = table.at(row, p.context.time);
            for (std::size_t k = 1; k < s.channels.stages.size(); ++k)
                to.put(stage_rate(r, k, strength, p.prior[k]));
            to.put(response(r, strength, p.prior[1]));
        });
    };
    write(s.category_rates, i.category, &EarlierRows::categories);
    write(s.brand_rates, i.brand, &EarlierRows::brands);
}

inline void describe_user_category(events::FeatureSpec& spec) {
    for (const char* name : {"exposures", "engaged", "final", "engaged_age"}) {
        spec.add(events::FeatureGroup::user_category, std::string("user_category_") + name,
                 base::Transform::log1p);
    }
    spec.add(events::FeatureGroup::user_category, "user_category_rate", base::Transform::logit);
}

inline void write_user_category(const HistoryState& s, const UserPart& p, std::uint32_t category,
                                RowWriter& out) {
    const std::int64_t now = p.context.time;
    const bool may_know = p.user != nullptr && s.user_pairs[p.context.user].may_know_category(category);
    const CategoryUse* use =
        may_know ? s.category_use.find(base::pair_key(p.context.user, category)) : nullptr;
    if (use != nullptr && is_stale(s, *p.user, use->at, now)) use = nullptr;
    const double f = use != nullptr ? decay_factor(s, base::micros_since(use->at, now)) : 0.0;
    const double exposures = use != nullptr ? static_cast<double>(use->exposures) * f : 0.0;
    const double engaged = use != nullptr ? static_cast<double>(use->engaged) * f : 0.0;
    out.put(exposures);
    out.put(engaged);
    out.put(use != nullptr ? static_cast<double>(use->final) * f : 0.0);
    out.put(use != nullptr ? seconds_since(use->engaged_at, now) : kUnknown);
    const auto strength = static_cast<double>(s.options.strengths.user);
    out.put(std::clamp(shrunk(engaged, exposures, strength, p.prior[1]), 1e-6, 1 - 1e-6));
}

inline void write_user_category(const HistoryState& s, const UserPart& p, const ItemPart& i, RowWriter& out,
                                EarlierRows* earlier) {
    if (i.category == kNone) return out.skip(5);
    write_once(earlier, &EarlierRows::user_categories, i.category, out,
               [&](RowWriter& to) { write_user_category(s, p, i.category, to); });
}

inline void describe_agreement(events::FeatureSpec& spec) {
    for (const char* name : {"recent_items", "recent_same_category", "recent_same_brand",
                             "recent_log_price_to", "recent_place"}) {
        spec.add(events::FeatureGroup::agreement, name, base::Transform::identity);
    }
}

inline void write_agreement(const HistoryState& s, const UserPart& p, const ItemPart& i, RowWriter& out) {
    out.put(static_cast<double>(p.recent));
    if (p.recent == 0) return out.skip(4);
    double categories = 0, brands = 0, place = 0;
    for (std::size_t r = 0; r < p.recent; ++r) {
        const ItemState& other = s.item[p.user->recent[r]];
        categories += i.category != kNone && other.category == i.category ? 1 : 0;
        brands += i.brand != kNone && other.brand == i.brand ? 1 : 0;
        if (p.user->recent[r] == i.context.item) place = 1.0 / static_cast<double>(r + 1);
    }
    const auto count = static_cast<double>(p.recent);
    out.put(i.category == kNone ? kUnknown : categories / count);
    out.put(i.brand == kNone ? kUnknown : brands / count);
    out.put(i.log_price - p.recent_price);
    out.put(place);
}

inline void describe_coview(events::FeatureSpec& spec) {
    spec.add(events::FeatureGroup::coview, "coview_sum", base::Transform::log1p);
    spec.add(events::FeatureGroup::coview, "coview_most", base::Transform::log1p);
}

inline void write_coview(const UserPart& p, const ItemPart& i, RowWriter& out) {
    double sum = 0, most = 0;
    bool near = false;  // mostly not: found out without a branch per neighbour
    for (std::size_t k = 0; k < p.near; ++k)
        near |= p.near_items[k] == i.context.item;
    for (std::size_t k = 0; near && k < p.near; ++k) {
        if (p.near_items[k] != i.context.item) continue;
        sum += static_cast<double>(p.near_weights[k]);
        most = std::max(most, static_cast<double>(p.near_weights[k]));
    }
    constexpr double kPerMille = 1000;  // so that log1p spreads small shares
    out.put(p.recent == 0 ? kUnknown : kPerMille * sum);
    out.put(p.recent == 0 ? kUnknown : kPerMille * most);
}

inline void describe_place(events::FeatureSpec& spec) {
    spec.add(events::FeatureGroup::place, "position", base::Transform::log1p);
    spec.add(events::FeatureGroup::place, "list_rate", base::Transform::logit);
    spec.add(events::FeatureGroup::place, "place_rate", base::Transform::logit);
    spec.add_category(events::FeatureGroup::place, "list");
}

inline void write_place(const HistoryState& s, const UserPart& p, const ItemPart& i, RowWriter& out) {
    const bool has_position = position_bucket(i.context.position) != 0;
    if (i.context.list == kNone && !has_position) return out.skip(3);
    const PlaceRate rate = place_rate(s, i.context, p.context.time, p.prior[1]);
    out.put(has_position ? static_cast<double>(i.context.position) : kUnknown);
    out.put(std::clamp(rate.list, 1e-6, 1 - 1e-6));
    out.put(std::clamp(rate.place, 1e-6, 1 - 1e-6));
}

/// The item's part of the row of `c`, whose user and time are those of the user part.
[[nodiscard]] inline ItemPart item_part(const HistoryState& s, const Coded& c) noexcept {
    ItemPart i;
    i.context = c;
    i.item = live_item(s, c.item, c.time);
    i.category = c.category;
    i.brand = c.brand;
    if (i.item != nullptr) {
        if (i.category == kNone) i.category = i.item->category;
        if (i.brand == kNone) i.brand = i.item->brand;
    }
    if (i.item != nullptr && (std::isnan(c.price) || c.price == i.item->price)) {
        if (!std::isnan(i.item->price)) i.log_price = static_cast<double>(i.item->log_price);
    } else if (c.price > 0.0f && std::isfinite(c.price)) {
        i.log_price =
            static_cast<double>(static_cast<float>(base::natural_log(static_cast<double>(c.price))));
    }
    return i;
}

/// earlier: the same for all rows of one user part, which stay where they are; or nullptr.
inline void write_item_part(const HistoryState& s, const UserPart& p, const ItemPart& i, RowWriter& out,
                            EarlierRows* earlier = nullptr) {
    if (has_group(s, events::FeatureGroup::item)) write_item(s, p, i, out);
    if (has_group(s, events::FeatureGroup::user_item)) write_user_item(s, p, i, out);
    if (has_group(s, events::FeatureGroup::cart)) write_cart_item(p, i, out);
    if (has_group(s, events::FeatureGroup::category)) write_category(s, p, i, out, earlier);
    if (has_group(s, events::FeatureGroup::user_category)) write_user_category(s, p, i, out, earlier);
    if (has_group(s, events::FeatureGroup::agreement)) write_agreement(s, p, i, out);
    if (has_group(s, events::FeatureGroup::coview)) write_coview(p, i, out);
    if (has_group(s, events::FeatureGroup::place)) write_place(s, p, i, out);
}

inline void describe_item_part(const HistoryState& s, events::FeatureSpec& spec) {
    if (has_group(s, events::FeatureGroup::item)) describe_item(s, spec);
    if (has_group(s, events::FeatureGroup::user_item)) describe_user_item(s, spec);
    if (has_group(s, events::FeatureGroup::cart)) describe_cart_item(spec);
    if (has_group(s, events::FeatureGroup::category)) describe_category(s, spec);
    if (has_group(s, events::FeatureGroup::user_category)) describe_user_category(spec);
    if (has_group(s, events::FeatureGroup::agreement)) describe_agreement(spec);
    if (has_group(s, events::FeatureGroup::coview)) describe_coview(spec);
    if (has_group(s, events::FeatureGroup::place)) describe_place(spec);
}

}  // namespace funnel::history::detail
