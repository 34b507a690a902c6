// SPDX-License-Identifier: MIT
// History: everything about users and items that happened strictly before now, kept event by event.
// Training, batch scoring and online calls run this same code. Features and costs: docs/features.md.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "funnel/base/bytes.hpp"
#include "funnel/history/detail/history_io.hpp"
#include "funnel/history/detail/history_item_rows.hpp"
#include "funnel/history/detail/history_sweep.hpp"
#include "funnel/history/detail/history_update.hpp"
#include "funnel/history/detail/history_user_rows.hpp"
#include "funnel/history/history_options.hpp"

namespace funnel::history {

/// Who was known at the time of an example.
struct Known {
    bool user = false;  ///< has an event in an earlier visit before t
    bool item = false;  ///< has any event before t
};

/// Const calls may run concurrently as long as nobody observes; changes need a lock.
class History {
 public:
    /// Throws Error(invalid_argument) for a negative lag, or a half-life, gap or forget time that is not
    /// positive.
    explicit History(HistoryOptions options = {});

    /// Takes in one event. Throws Error(invalid_argument) if its time is before the watermark or it has no
    /// user. With a lag the event waits until a later call passes its time + lag.
    void observe(const Event& event) { observe(event, events::session_key(event.session)); }
    /// As observe, with the visit's key as an EventLog holds it.
    void observe(const Event& event, std::uint64_t session);
    /// Says that it is `time` now: events before time - lag come into use. Needed only with a lag.
    void advance(std::int64_t time);

    /// The row of a context: the S0 event itself (user, item, time, session, list, position, category, brand,
    /// price as far as known). numeric: spec().numeric.size(), NaN = missing; categorical: likewise, empty =
    /// missing, views into the context or into this history, valid until the next observe.
    /// Does not allocate. What is observed counts: feature all contexts of one time before its events.
    void features(const Event& context, std::span<float> numeric,
                  std::span<std::string_view> categorical) const noexcept {
        features(context, events::session_key(context.session), numeric, categorical);
    }
    void features(const Event& context, std::uint64_t session, std::span<float> numeric,
                  std::span<std::string_view> categorical) const noexcept;

    /// n rows of one user, visit and time for n items; of each of `items` the item, list, position, category,
    /// brand and price count. The user part is computed once; rows equal those of features() byte for byte.
    /// numeric: n x d, categorical: n x c, row-major.
    void features_for_items(const Event& context, std::span<const Event> items, std::span<float> numeric,
                            std::span<std::string_view> categorical) const noexcept;

    [[nodiscard]] Known known(const Event& context) const noexcept {
        return known(context, events::session_key(context.session));
    }
    [[nodiscard]] Known known(const Event& context, std::uint64_t session) const noexcept;

    /// The time of the last event taken in; kNever if there was none.
    [[nodiscard]] std::int64_t watermark() const noexcept { return state_.watermark; }
    /// Microseconds, the longest time between one event taken in and the next: what is usual for a clock.
    [[nodiscard]] std::int64_t longest_gap() const noexcept { return state_.longest_gap; }
    [[nodiscard]] const events::FeatureSpec& spec() const noexcept { return spec_; }
    /// The first numbers of a row, which are the same for all items of one user, visit and time.
    [[nodiscard]] std::size_t user_features() const noexcept { return user_width_; }
    [[nodiscard]] const HistoryOptions& options() const noexcept { return state_.options; }

    /// Exact: features and later states are the same after a round trip; same events, same bytes.
    void write(base::ByteWriter& out) const { detail::write_state(state_, out); }
    /// Throws Error(format) if the bytes are damaged.
    [[nodiscard]] static History read(base::ByteReader& in) { return History(detail::read_state(in)); }

    /// The tables, for the headers of this room.
    [[nodiscard]] const detail::HistoryState& state() const noexcept { return state_; }

 private:
    friend class LogCoder;
    explicit History(detail::HistoryState state);
    void take_in(const detail::Coded& event);
    void prepare(std::int64_t time);
    [[nodiscard]] detail::Coded intern(const Event& event, std::uint64_t session);
    [[nodiscard]] detail::Coded find(const Event& event, std::uint64_t session) const noexcept;
    [[nodiscard]] detail::Coded find_item(const Event& event) const noexcept;
    [[nodiscard]] static std::uint32_t find_id(const base::StringTable& table,
                                               std::string_view text) noexcept {
        if (text.empty()) return kNone;
        const std::uint32_t found = table.find(text);
        return found == kNone ? detail::kUnheard : found;
    }
    void write_categories(const detail::UserPart& user, const detail::ItemPart& item, const Event& context,
                          std::span<std::string_view> out) const noexcept;

    detail::HistoryState state_;
    events::FeatureSpec spec_;
    std::size_t user_width_ = 0;  // values of the user part of a row
};

namespace detail {

[[nodiscard]] inline Known known_of(const UserPart& user, const ItemPart& item) noexcept {
    const bool returns = user.user != nullptr && user.visit.number >> 1 > user.user->first_visit >> 1;
    return {.user = returns, .item = item.item != nullptr};
}

inline const HistoryOptions& checked(const HistoryOptions& o) {
    if (o.lag < 0 || o.half_life <= 0 || o.short_half_life <= 0 || o.forget <= 0 || o.visit_gap <= 0 ||
        o.first_horizon < 0) {
        throw Error(ErrorCode::invalid_argument,
                    "history: durations must be positive, lag and horizon at least 0");
    }
    return o;
}

}  // namespace detail

inline History::History(HistoryOptions options) : History(detail::HistoryState(detail::checked(options))) {}

inline History::History(detail::HistoryState state) : state_(std::move(state)) {
    detail::describe_user_part(state_, spec_);
    user_width_ = spec_.numeric.size();
    detail::describe_item_part(state_, spec_);
}

inline void History::observe(const Event& event, std::uint64_t session) {
    if (event.user.empty()) throw Error(ErrorCode::invalid_argument, "history: an event without a user");
    prepare(event.time);
    take_in(intern(event, session));
}

/// Everything that must happen before the event's ids are looked up: sweeping renumbers users.
inline void History::prepare(std::int64_t time) {
    if (state_.watermark != kNever && time < state_.watermark) {
        throw Error(ErrorCode::invalid_argument,
                    "history: expected events in the order of time, got " + base::format_time(time) +
                        " after " + base::format_time(state_.watermark) + "; sort them first");
    }
    if (state_.options.lag == 0) {
        detail::sweep_if_due(state_, time);
    } else {
        advance(time);
    }
}

inline void History::take_in(const detail::Coded& event) {
    state_.fit_tables();
    if (state_.watermark != kNever) {
        state_.longest_gap = std::max(state_.longest_gap, base::micros_since(state_.watermark, event.time));
    }
    state_.watermark = event.time;
    if (state_.options.lag == 0) {
        detail::apply(state_, event);
    } else {
        state_.pending.push_back(event);
    }
}

inline void History::advance(std::int64_t time) {
    while (!state_.pending.empty() &&
           base::micros_since(state_.pending.front().time, time) > state_.options.lag) {
        detail::sweep_if_due(state_, state_.pending.front().time);
        const detail::Coded event = state_.pending.front();  // its user may have a new number now
        state_.pending.pop_front();
        detail::apply(state_, event);
    }
}

inline detail::Coded History::intern(const Event& event, std::uint64_t session) {
    detail::Coded coded = find(event, session);
    const auto settle = [](std::uint32_t& id, base::StringTable& table, std::string_view text) {
        if (id == detail::kUnheard) id = table.intern(text);
    };
    settle(coded.user, state_.users, event.user);
    settle(coded.item, state_.items, event.item);
    settle(coded.category, state_.categories, event.category);
    settle(coded.brand, state_.brands, event.brand);
    settle(coded.list, state_.lists, event.list);
    return coded;
}

inline detail::Coded History::find(const Event& event, std::uint64_t session) const noexcept {
    detail::Coded coded = find_item(event);
    coded.time = event.time;
    coded.session = session;
    coded.user = find_id(state_.users, event.user);
    coded.kind = static_cast<std::uint32_t>(event.kind);
    return coded;
}

/// The item and what is said about it; the rest is left empty.
inline detail::Coded History::find_item(const Event& event) const noexcept {
    return {.item = find_id(state_.items, event.item),
            .category = find_id(state_.categories, event.category),
            .brand = find_id(state_.brands, event.brand),
            .list = find_id(state_.lists, event.list),
            .position = static_cast<float>(event.position),
            .price = static_cast<float>(event.price)};
}

inline void History::features(const Event& context, std::uint64_t session, std::span<float> numeric,
                              std::span<std::string_view> categorical) const noexcept {
    const detail::Coded coded = find(context, session);
    const detail::UserPart user = detail::user_part(state_, coded);
    const detail::ItemPart item = detail::item_part(state_, coded);
    detail::RowWriter out(numeric.data());
    detail::write_user_part(state_, user, out);
    detail::write_item_part(state_, user, item, out);
    write_categories(user, item, context, categorical);
}

inline void History::features_for_items(const Event& context, std::span<const Event> items,
                                        std::span<float> numeric,
                                        std::span<std::string_view> categorical) const noexcept {
    const std::size_t d = spec_.numeric.size(), c = spec_.categorical.size();
    const detail::UserPart user =
        detail::user_part(state_, find(context, events::session_key(context.session)));
    constexpr std::size_t kGroup = 16;  // all are looked up, and what they need fetched, before the first row
    std::array<detail::Coded, kGroup> group;
    detail::EarlierRows earlier;
    for (std::size_t first = 0; first < items.size(); first += kGroup) {
        const std::size_t n = std::min(kGroup, items.size() - first);
        for (std::size_t i = 0; i < n; ++i) {
            group[i] = find_item(items[first + i]);
            group[i].time = context.time;
            group[i].session = user.context.session;
            group[i].user = user.context.user;
            detail::prefetch_candidate(state_, user.context.user, group[i].item, group[i].category);
        }
        for (std::size_t i = 0; i < n; ++i) {
            float* row = numeric.data() + (first + i) * d;
            if (first + i == 0) {
                detail::RowWriter shared(row);
                detail::write_user_part(state_, user, shared);
            } else {
                std::copy_n(numeric.begin(), user_width_, row);
            }
            detail::RowWriter out(row + user_width_);
            const detail::ItemPart item = detail::item_part(state_, group[i]);
            detail::write_item_part(state_, user, item, out, &earlier);
            write_categories(user, item, items[first + i], categorical.subspan((first + i) * c, c));
        }
    }
}

inline void History::write_categories(const detail::UserPart& user, const detail::ItemPart& item,
                                      const Event& context, std::span<std::string_view> out) const noexcept {
    const auto text = [](std::string_view given, std::uint32_t id, const base::StringTable& table) {
        return !given.empty() || id >= table.size() ? given : table.text(id);
    };
    std::size_t at = 0;
    if (detail::has_group(state_, events::FeatureGroup::visit)) {
        const bool known = user.in_visit && user.user->last_channel < state_.channels.size();
        out[at++] =
            known ? std::string_view(state_.channels.names[user.user->last_channel]) : std::string_view{};
    }
    if (detail::has_group(state_, events::FeatureGroup::category)) {
        out[at++] = text(context.category, item.category, state_.categories);
        out[at++] = text(context.brand, item.brand, state_.brands);
    }
    if (detail::has_group(state_, events::FeatureGroup::place)) out[at++] = context.list;
}

inline Known History::known(const Event& context, std::uint64_t session) const noexcept {
    const detail::Coded coded = find(context, session);
    return detail::known_of(detail::user_part(state_, coded), detail::item_part(state_, coded));
}

}  // namespace funnel::history
