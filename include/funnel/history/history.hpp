// SPDX-License-Identifier: MIT
// History: everything about users and items that happened strictly before now, kept event by event.
// Training, batch scoring and online calls run this same code. Features and costs: docs/features.md.
//
//     history::History history;  // what users and items did, as the features of one moment
//     for (std::uint64_t row = 0; row < log.size(); ++row) history.observe(log.event(row));
//     std::vector<float> numbers(history.spec().numeric.size());
//     std::vector<std::string_view> texts(history.spec().categorical.size());
//     history.features({.time = now, .user = "u1", .item = "i1"}, numbers, texts);
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

/// Items whose ids were looked up, so that calls with the same items need not look again. Made and renewed by
/// History::look_up. One thread at a time.
struct ItemCodes {
    std::vector<detail::Coded> codes;
    std::uint64_t generation = 0;  ///< of the history when they were looked up
    std::size_t texts = 0;         ///< that it knew
    bool complete = false;         ///< it knew all of theirs
};

/// Const calls may run concurrently as long as nobody observes; changes need a lock.
class History {
 public:
    /// Throws Error(invalid_argument) for a negative lag, or a half-life, gap or forget time that is not
    /// positive.
    explicit History(HistoryOptions options = {});

    /// Takes in one event. Throws Error(invalid_argument) if its time is before the watermark or it has no
    /// user. With a lag the event waits until a later call passes its time + lag.
    void observe(const Event& event) { observe(event, events::session_key(event)); }
    /// As observe, with the visit's key as an EventLog holds it.
    void observe(const Event& event, std::uint64_t session);
    /// Says that it is `time` now: events before time - lag come into use. Needed only with a lag.
    void advance(std::int64_t time);

    /// The row of a context: the S0 event itself (user, item, time, session, list, position, category, brand,
    /// price as far as known). numeric: spec().numeric.size(), NaN = missing; categorical: likewise, empty =
    /// missing, views into the context or into this history, valid until the next observe.
    /// Does not allocate. What is observed counts: feature all contexts of one time before its events.
    /// Throws Error(shape) for other sizes.
    void features(const Event& context, std::span<float> numeric,
                  std::span<std::string_view> categorical) const {
        features(context, events::session_key(context), numeric, categorical);
    }
    void features(const Event& context, std::uint64_t session, std::span<float> numeric,
                  std::span<std::string_view> categorical) const;

    /// n rows of one user, visit and time for n items; of each of `items` the item, list, position, category,
    /// brand and price count. The user part is computed once; rows equal those of features() byte for byte.
    /// numeric: n x d, categorical: n x c, row-major; Error(shape) for other sizes.
    void features_for_items(const Event& context, std::span<const Event> items, std::span<float> numeric,
                            std::span<std::string_view> categorical) const;

    /// Looks the ids of `items` up, if `codes` (of the same items and this history, or empty) do not hold any
    /// more. The same for features_for_items, which then gives the same rows in less time.
    void look_up(std::span<const Event> items, ItemCodes& codes) const;
    void features_for_items(const Event& context, std::span<const Event> items, const ItemCodes& codes,
                            std::span<float> numeric, std::span<std::string_view> categorical) const;

    [[nodiscard]] Known known(const Event& context) const noexcept {
        return known(context, events::session_key(context));
    }
    [[nodiscard]] Known known(const Event& context, std::uint64_t session) const noexcept;

    /// Keeps no more users and items than these from now on: with one more, those that never came back and
    /// then those that were silent for longest are forgotten before their time. Not part of the written
    /// bytes.
    void limit(std::size_t users, std::size_t items) noexcept {
        state_.max_users = users;
        state_.max_items = items;
    }

    /// The time of the last event taken in; kNever if there was none.
    [[nodiscard]] std::int64_t watermark() const noexcept { return state_.watermark; }
    /// Microseconds, the longest time between one event taken in and the next: what is usual for a clock.
    [[nodiscard]] std::int64_t longest_gap() const noexcept { return state_.longest_gap; }
    [[nodiscard]] const events::FeatureSpec& spec() const noexcept { return spec_; }
    /// The first numbers of a row, which are the same for all items of one user, visit and time.
    [[nodiscard]] std::size_t user_features() const noexcept { return user_width_; }
    [[nodiscard]] const HistoryOptions& options() const noexcept { return state_.options; }
    /// Equal where the options are: what a model asks a history that it is given.
    [[nodiscard]] std::uint64_t options_key() const noexcept { return options_key_; }

    /// Exact: features and later states are the same after a round trip; same events, same bytes.
    void write(base::ByteWriter& out) const { detail::write_state(state_, out); }
    /// Throws Error(format) if the bytes are damaged.
    [[nodiscard]] static History read(base::ByteReader& in) { return History(detail::read_state(in)); }

    /// The tables, for the headers of this room.
    [[nodiscard]] const detail::HistoryState& state() const noexcept { return state_; }

 private:
    friend class LogCoder;
    explicit History(detail::HistoryState state);
    void check_room(std::size_t rows, std::span<float> numeric,
                    std::span<std::string_view> categorical) const;
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
    template <typename CodeOf>
    void write_items(const Event& context, std::span<const Event> items, const CodeOf& code_of,
                     std::span<float> numeric, std::span<std::string_view> categorical) const noexcept;
    [[nodiscard]] std::size_t known_texts() const noexcept {
        return std::size_t{state_.items.size()} + state_.categories.size() + state_.brands.size() +
               state_.lists.size();
    }
    void write_categories(const detail::UserPart& user, const detail::ItemPart& item, const Event& context,
                          std::span<std::string_view> out) const noexcept;

    detail::HistoryState state_;
    events::FeatureSpec spec_;
    std::size_t user_width_ = 0;  // values of the user part of a row
    std::uint64_t options_key_ = 0;
};

namespace detail {

[[nodiscard]] inline Known known_of(const UserPart& user, const ItemPart& item) noexcept {
    const bool returns = user.user != nullptr && user.visit.number >> 1 > user.user->first_visit >> 1;
    return {.user = returns, .item = item.item != nullptr};
}

[[noreturn]] inline void refuse_room(std::size_t rows, std::size_t numbers, std::size_t texts,
                                     std::size_t room, std::size_t text_room) {
    throw Error(ErrorCode::shape, "history: expected room for " + std::to_string(rows) + " rows of " +
                                      std::to_string(numbers) + " numbers and " + std::to_string(texts) +
                                      " texts, got \"" + std::to_string(room) + " and " +
                                      std::to_string(text_room) + "\"; make it rows x spec() in size");
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
    options_key_ = state_.options.key();
}

inline void History::check_room(std::size_t rows, std::span<float> numeric,
                                std::span<std::string_view> categorical) const {
    const std::size_t d = spec_.numeric.size(), c = spec_.categorical.size();
    if (numeric.size() != rows * d || categorical.size() != rows * c)
        detail::refuse_room(rows, d, c, numeric.size(), categorical.size());
}

inline void History::observe(const Event& event, std::uint64_t session) {
    if (event.user.empty()) throw Error(ErrorCode::invalid_argument, "history: an event without a user");
    if (event.time == kNever) {
        throw Error(ErrorCode::invalid_argument,
                    "history: expected a time, got the smallest 64-bit number, which stands for never");
    }
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
                              std::span<std::string_view> categorical) const {
    check_room(1, numeric, categorical);
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
                                        std::span<std::string_view> categorical) const {
    check_room(items.size(), numeric, categorical);
    write_items(
        context, items, [&](std::size_t i) { return find_item(items[i]); }, numeric, categorical);
}

inline void History::look_up(std::span<const Event> items, ItemCodes& codes) const {
    const bool holds = codes.codes.size() == items.size() && codes.generation == state_.generation &&
                       (codes.complete || codes.texts == known_texts());
    if (holds) return;
    codes.codes.resize(items.size());
    codes.generation = state_.generation;
    codes.texts = known_texts();
    codes.complete = true;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const detail::Coded& code = codes.codes[i] = find_item(items[i]);
        for (const std::uint32_t id : {code.item, code.category, code.brand, code.list})
            codes.complete &= id != detail::kUnheard;
    }
}

inline void History::features_for_items(const Event& context, std::span<const Event> items,
                                        const ItemCodes& codes, std::span<float> numeric,
                                        std::span<std::string_view> categorical) const {
    check_room(items.size(), numeric, categorical);
    if (codes.codes.size() != items.size() || codes.generation != state_.generation) {
        throw Error(ErrorCode::shape, "history: expected the codes of these items, got those of " +
                                          std::to_string(codes.codes.size()) + "; call look_up before");
    }
    write_items(
        context, items, [&](std::size_t i) { return codes.codes[i]; }, numeric, categorical);
}

/// The rows of items whose code is code_of(i).
template <typename CodeOf>
void History::write_items(const Event& context, std::span<const Event> items, const CodeOf& code_of,
                          std::span<float> numeric, std::span<std::string_view> categorical) const noexcept {
    const std::size_t d = spec_.numeric.size(), c = spec_.categorical.size();
    const detail::UserPart user = detail::user_part(state_, find(context, events::session_key(context)));
    constexpr std::size_t kGroup = 16;  // all are looked up, and what they need fetched, before the first row
    std::array<detail::Coded, kGroup> group;
    detail::EarlierRows earlier;
    for (std::size_t first = 0; first < items.size(); first += kGroup) {
        const std::size_t n = std::min(kGroup, items.size() - first);
        for (std::size_t i = 0; i < n; ++i) {
            group[i] = code_of(first + i);
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
