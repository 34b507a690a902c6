// SPDX-License-Identifier: MIT
// The part of a feature row that all items of one user, visit and time share. Each group stands as a pair
// describe_X / write_X with the same order of names and values.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "funnel/base/feature.hpp"
#include "funnel/history/detail/history_queries.hpp"
#include "funnel/history/detail/history_state.hpp"

namespace funnel::history::detail {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// Writes the values of one row from left to right.
class RowWriter {
 public:
    explicit RowWriter(float* at) noexcept : at_(at) {}
    void put(double value) noexcept { *at_++ = static_cast<float>(value); }
    void skip(std::size_t n) noexcept {
        for (; n > 0; --n)
            put(kUnknown);
    }
    void copy(const float* values, std::size_t n) noexcept { at_ = std::copy_n(values, n, at_); }
    [[nodiscard]] float* position() const noexcept { return at_; }

 private:
    float* at_;
};

/// What of a row is the same for all items of one user, visit and time.
struct UserPart {
    Coded context;
    const UserState* user = nullptr;  ///< nullptr: unknown or forgotten
    bool in_visit = false;            ///< the context goes on with the user's current visit
    Visit visit;
    double decay = 1;                                ///< of the user's counts
    double price = kUnknown;                         ///< typical log price
    std::size_t recent = 0;                          ///< recent items of this visit
    double recent_price = kUnknown;                  ///< their mean log price
    std::array<double, events::kMaxStages> prior{};  ///< global rate of stage k
    double exposures = 0;                            ///< of all items
    const Cart* cart = nullptr;
    /// Neighbours of the recent items with their share of the engagements; the first `near` are set.
    std::array<std::uint32_t, kRecentItems * kNeighbours> near_items;
    std::array<float, kRecentItems * kNeighbours> near_weights;
    std::size_t near = 0;
};

/// Seconds from `then` to `now`, missing if it never was.
[[nodiscard]] inline double seconds_since(std::int64_t then, std::int64_t now) noexcept {
    return then == kNever ? kUnknown : static_cast<double>(base::micros_since(then, now)) * 1e-6;
}

/// Age in days, cut at `longest`: what grows with the log is no input.
[[nodiscard]] inline double age_days(std::int64_t first, std::int64_t now, double longest) noexcept {
    return std::min(longest, static_cast<double>(base::micros_since(first, now)) * 1e-6 / 86400);
}

/// Rate of stage k, from 1, shrunk to `prior` with the given strength.
[[nodiscard]] inline double stage_rate(const Rates& r, std::size_t stage, double strength,
                                       double prior) noexcept {
    constexpr double kLeast = 1e-6;  // events may outnumber exposures where not every exposure is logged
    const double rate = stage == 1 ? shrunk(r.reached(), r.ripe(), strength, prior)
                                   : shrunk(r.events(stage), r.exposures(), strength, prior);
    return std::clamp(rate, kLeast, 1 - kLeast);
}

/// Clicks over expected clicks, shrunk to 1.
[[nodiscard]] inline double response(const Rates& r, double strength, double prior) noexcept {
    return (r.reached() + strength * prior) / (r.expected() + strength * prior);
}

[[nodiscard]] inline bool has_group(const HistoryState& s, events::FeatureGroup group) noexcept {
    return (s.options.groups & events::group_bit(group)) != 0;
}

inline void describe_user(const HistoryState& s, events::FeatureSpec& spec) {
    const auto add = [&](std::string name, base::Transform t) {
        spec.add(events::FeatureGroup::user, "user_" + name, t);
    };
    for (const std::string& kind : s.channels.names) {
        add(kind + "_count", base::Transform::log1p);
        add(kind + "_age", base::Transform::log1p);
    }
    for (std::size_t k = 1; k < s.channels.stages.size(); ++k) {
        add(s.options.funnel.stages[k].name + "_rate", base::Transform::logit);
    }
    add("response", base::Transform::log1p);
    add("visits", base::Transform::log1p);
    add("tenure_days", base::Transform::log1p);
    add("items", base::Transform::log1p);
    add("categories", base::Transform::log1p);
    add("log_price", base::Transform::identity);
    add("previous_visit_age", base::Transform::log1p);
}

inline void write_user(const HistoryState& s, const UserPart& p, RowWriter& out) {
    const std::int64_t now = p.context.time;
    const std::size_t n = s.channels.size(), at = p.user != nullptr ? p.context.user * n : 0;
    for (std::size_t c = 0; c < n; ++c) {
        out.put(p.user != nullptr ? static_cast<double>(s.user_counts[at + c]) * p.decay : 0.0);
        out.put(p.user != nullptr ? seconds_since(s.user_last[at + c], now) : kUnknown);
    }
    const auto strength = static_cast<double>(s.options.strengths.user);
    const Rates rates = s.user_rates.at(p.user != nullptr ? p.context.user : kNone, now);
    for (std::size_t k = 1; k < s.channels.stages.size(); ++k)
        out.put(stage_rate(rates, k, strength, p.prior[k]));
    out.put(response(rates, strength, p.prior[1]));
    if (p.user == nullptr) {
        for (int zero = 0; zero < 4; ++zero)
            out.put(0.0);
        return out.skip(2);
    }
    out.put(static_cast<double>(p.user->visit_weight) * p.decay);
    constexpr double kLongest = 7;  // a model learns the whole range from the first weeks of a log
    out.put(age_days(p.user->first, now, kLongest));
    out.put(static_cast<double>(p.user->items) * p.decay);
    out.put(static_cast<double>(p.user->categories) * p.decay);
    out.put(p.price);
    out.put(seconds_since(p.in_visit ? p.user->previous_end : p.user->visit_last, now));
}

inline void describe_cart(events::FeatureSpec& spec) {
    spec.add(events::FeatureGroup::cart, "cart_items", base::Transform::log1p);
    spec.add(events::FeatureGroup::cart, "cart_value", base::Transform::log1p);
    spec.add(events::FeatureGroup::cart, "cart_age", base::Transform::log1p);
    spec.add(events::FeatureGroup::cart, "cart_idle", base::Transform::log1p);
}

inline void write_cart(const UserPart& p, RowWriter& out) {
    if (p.cart == nullptr) {
        out.put(0.0);
        out.put(0.0);
        return out.skip(2);
    }
    double value = 0;
    for (std::uint32_t i = 0; i < p.cart->lines; ++i) {
        if (!std::isnan(p.cart->prices[i])) value += static_cast<double>(p.cart->prices[i]);
    }
    out.put(p.cart->lines);
    out.put(value);
    out.put(seconds_since(p.cart->opened, p.context.time));
    out.put(seconds_since(p.cart->last, p.context.time));
}

inline void describe_visit(const HistoryState& s, events::FeatureSpec& spec) {
    const auto add = [&](std::string name, base::Transform t = base::Transform::log1p) {
        spec.add(events::FeatureGroup::visit, "visit_" + name, t);
    };
    for (const std::string& kind : s.channels.names)
        add(kind + "_count");
    for (const char* name : {"seconds", "pause", "unanswered", "engaged_age", "response"})
        add(name);
    spec.add_category(events::FeatureGroup::visit, "visit_last_event");
}

inline void write_visit(const HistoryState& s, const UserPart& p, RowWriter& out) {
    const std::size_t n = s.channels.size();
    if (!p.in_visit) {
        for (std::size_t c = 0; c < n; ++c)
            out.put(0.0);
        out.skip(2);
        out.put(0.0);
        out.skip(1);
        return out.put(1.0);
    }
    const UserState& u = *p.user;
    for (std::size_t c = 0; c < n; ++c)
        out.put(s.visit_counts[p.context.user * n + c]);
    out.put(seconds_since(u.visit_start, p.context.time));
    out.put(seconds_since(u.visit_last, p.context.time));
    out.put(static_cast<double>(u.visit_unanswered));
    out.put(seconds_since(u.engaged_at, p.context.time));
    constexpr double kExpected = 1;  // expected answers that a visit's own count against
    out.put((static_cast<double>(u.visit_answers) + kExpected) /
            (static_cast<double>(u.visit_expected) + kExpected));
}

inline void describe_clock(events::FeatureSpec& spec) {
    for (const char* name : {"hour_sin", "hour_cos", "weekday_sin", "weekday_cos"}) {
        spec.add(events::FeatureGroup::clock, name, base::Transform::identity);
    }
}

inline void write_clock(const UserPart& p, RowWriter& out) {
    for (const std::int64_t period : {base::kDay, 7 * base::kDay}) {
        const auto into = static_cast<double>(base::floor_mod(p.context.time, period));
        const double turns = into / static_cast<double>(period);
        out.put(base::sine_of_turns(turns));
        out.put(base::sine_of_turns(turns + 0.25));
    }
}

/// What turns the weights of an item's neighbours into shares of the visits that engaged with it.
[[nodiscard]] inline double share_of_visits(const HistoryState& s, const Neighbours& list,
                                            std::int64_t now) noexcept {
    constexpr double kStrength = 5;  // engagements with the item that a share counts against
    const double f = decay_factor(s, base::micros_since(list.at, now));
    return f / (static_cast<double>(list.total) * f + kStrength);
}

/// Fills in the recent items of the visit: their price and their neighbours.
inline void find_recent(const HistoryState& s, UserPart& p) noexcept {
    p.recent = p.user->recent_count;
    double log_prices = 0, priced = 0;
    for (std::size_t r = 0; r < p.recent; ++r) {
        const ItemState& item = s.item[p.user->recent[r]];
        if (item.price_weight > 0) {
            log_prices += static_cast<double>(item.log_price);
            priced += 1;
        }
        if (item.neighbours == kNone) continue;
        const Neighbours& list = s.neighbours[item.neighbours];
        const double share = share_of_visits(s, list, p.context.time);
        for (std::size_t i = 0; i < list.count; ++i) {
            p.near_items[p.near] = list.items[i];
            p.near_weights[p.near++] = static_cast<float>(static_cast<double>(list.weights[i]) * share);
        }
    }
    if (priced > 0) p.recent_price = log_prices / priced;
}

/// The user's part of the row of `c`.
[[nodiscard]] inline UserPart user_part(const HistoryState& s, const Coded& c) noexcept {
    UserPart p;
    p.context = c;
    const std::int64_t now = c.time;
    const Rates all = s.place_rates.at(0, now);
    for (std::size_t k = 1; k < s.channels.stages.size(); ++k)
        p.prior[k] = global_rate(all, k);
    p.exposures = all.exposures();
    p.user = live_user(s, c.user, now);
    if (p.user == nullptr) return p;
    const UserState& u = *p.user;
    p.decay = decay_factor(s, base::micros_since(u.decayed_at, now));
    p.visit = visit_of(s, u, c.user, c.session, now);
    p.in_visit = !p.visit.is_new && p.visit.number == u.visit;
    if (u.price_weight > 0) p.price = static_cast<double>(u.price_sum / u.price_weight);
    const Cart* cart = s.carts.find(c.user);
    p.cart = cart != nullptr && cart->lines > 0 ? cart : nullptr;
    if (p.in_visit) find_recent(s, p);
    return p;
}

/// Writes the values that describe_user_part describes.
inline void write_user_part(const HistoryState& s, const UserPart& p, RowWriter& out) {
    if (has_group(s, events::FeatureGroup::user)) write_user(s, p, out);
    if (has_group(s, events::FeatureGroup::cart)) write_cart(p, out);
    if (has_group(s, events::FeatureGroup::visit)) write_visit(s, p, out);
    if (has_group(s, events::FeatureGroup::clock)) write_clock(p, out);
}

inline void describe_user_part(const HistoryState& s, events::FeatureSpec& spec) {
    if (has_group(s, events::FeatureGroup::user)) describe_user(s, spec);
    if (has_group(s, events::FeatureGroup::cart)) describe_cart(spec);
    if (has_group(s, events::FeatureGroup::visit)) describe_visit(s, spec);
    if (has_group(s, events::FeatureGroup::clock)) describe_clock(spec);
}

}  // namespace funnel::history::detail
