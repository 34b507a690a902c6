// SPDX-License-Identifier: MIT
// LogCoder: the rows of one EventLog in the codes of one History, each id looked up once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "funnel/history/history.hpp"

namespace funnel::history {

/// Same rows and states as History::observe and features with EventLog::event(row), but faster.
/// Borrows both. One thread at a time.
class LogCoder {
 public:
    LogCoder(const EventLog& log, History& history);

    /// As history.observe.
    void observe(std::uint64_t row);

    /// Has what the row will need brought into the caches. Changes nothing.
    void prefetch(std::uint64_t row) const noexcept {
        const std::uint32_t item = log_.item[row];
        const std::uint32_t category = category_.column == nullptr ? kNone : category_.column->code[row];
        detail::prefetch_event(history_.state_, users_[log_.user[row]], item == kNone ? kNone : items_[item],
                               category == kNone ? kNone : category_.map[category]);
    }

    /// The user's part of a row's features: one call per user, visit and time is enough.
    [[nodiscard]] detail::UserPart user_part(std::uint64_t row) {
        return detail::user_part(history_.state_, find(row));
    }
    /// As history.features and history.known; `user` is the user part of a row with the same user, visit and
    /// time.
    Known features(std::uint64_t row, const detail::UserPart& user, std::span<float> numeric,
                   std::span<std::string_view> categorical);

 private:
    using Map = std::vector<std::uint32_t>;
    struct Column {
        const events::TextColumn* column = nullptr;
        Map map;
    };
    [[nodiscard]] detail::Coded find(std::uint64_t row);
    [[nodiscard]] detail::Coded intern(std::uint64_t row);
    [[nodiscard]] Event context(std::uint64_t row) const noexcept;
    void forget_renumbered();

    const EventLog& log_;
    History& history_;
    std::uint64_t generation_ = 0;
    Map users_, items_;
    Column category_, brand_, list_;
    const events::NumberColumn* position_ = nullptr;
    const events::NumberColumn* price_ = nullptr;
};

/// Has the history observe the rows after its watermark, in the order of time.
inline void observe_log(const EventLog& log, History& history);

namespace detail {

/// The number of code `code` of the log, kUnheard if the history has not met its text.
inline std::uint32_t look_up(std::vector<std::uint32_t>& map, std::uint32_t code,
                             const base::StringTable& from, const base::StringTable& to) {
    if (code == kNone) return kNone;
    if (map[code] == kNone) map[code] = to.find(from.text(code));
    return map[code] == kNone ? kUnheard : map[code];
}

}  // namespace detail

inline LogCoder::LogCoder(const EventLog& log, History& history)
    : log_(log),
      history_(history),
      generation_(history.state_.generation),
      users_(log.users.size(), kNone),
      items_(log.items.size(), kNone),
      position_(log.number_column("position")),
      price_(log.number_column("price")) {
    const auto bind = [&](Column& to, std::string_view name) {
        to.column = log.text_column(name);
        if (to.column != nullptr) to.map.assign(to.column->values.size(), kNone);
    };
    bind(category_, "category");
    bind(brand_, "brand");
    bind(list_, "list");
}

inline void LogCoder::forget_renumbered() {
    if (generation_ == history_.state_.generation) return;
    generation_ = history_.state_.generation;
    users_.assign(users_.size(), kNone);
    items_.assign(items_.size(), kNone);
}

inline detail::Coded LogCoder::find(std::uint64_t row) {
    forget_renumbered();
    const detail::HistoryState& s = history_.state_;
    const auto text = [&](Column& of, const base::StringTable& to) {
        return of.column == nullptr ? kNone
                                    : detail::look_up(of.map, of.column->code[row], of.column->values, to);
    };
    detail::Coded coded{.time = log_.time[row], .session = log_.session[row]};
    coded.user = detail::look_up(users_, log_.user[row], log_.users, s.users);
    coded.item = detail::look_up(items_, log_.item[row], log_.items, s.items);
    coded.category = text(category_, s.categories);
    coded.brand = text(brand_, s.brands);
    coded.list = text(list_, s.lists);
    if (position_ != nullptr) coded.position = position_->value[row];
    if (price_ != nullptr) coded.price = price_->value[row];
    if (log_.kind[row] == EventKind::purchase || log_.kind[row] == EventKind::refund) {
        const auto line = std::ranges::lower_bound(log_.order_lines, row, {}, &events::OrderLine::row);
        const bool found = line != log_.order_lines.end() && line->row == row;
        if (found) coded.price = static_cast<float>(line->price);
    }
    coded.kind = static_cast<std::uint32_t>(log_.kind[row]);
    return coded;
}

inline detail::Coded LogCoder::intern(std::uint64_t row) {
    detail::Coded coded = find(row);
    detail::HistoryState& s = history_.state_;
    const auto settle = [](std::uint32_t& id, Map& map, std::uint32_t code, const base::StringTable& from,
                           base::StringTable& to) {
        if (id == detail::kUnheard) id = map[code] = to.intern(from.text(code));
    };
    const auto settle_text = [&](std::uint32_t& id, Column& of, base::StringTable& to) {
        if (id == detail::kUnheard) settle(id, of.map, of.column->code[row], of.column->values, to);
    };
    settle(coded.user, users_, log_.user[row], log_.users, s.users);
    settle(coded.item, items_, log_.item[row], log_.items, s.items);
    settle_text(coded.category, category_, s.categories);
    settle_text(coded.brand, brand_, s.brands);
    settle_text(coded.list, list_, s.lists);
    return coded;
}

inline void LogCoder::observe(std::uint64_t row) {
    history_.prepare(log_.time[row]);
    history_.take_in(intern(row));
}

/// The texts that the categorical features of a row show.
inline Event LogCoder::context(std::uint64_t row) const noexcept {
    Event event;
    const auto text = [&](const Column& of) {
        const bool given = of.column != nullptr && of.column->code[row] != kNone;
        return given ? of.column->values.text(of.column->code[row]) : std::string_view{};
    };
    event.category = text(category_);
    event.brand = text(brand_);
    event.list = text(list_);
    return event;
}

inline Known LogCoder::features(std::uint64_t row, const detail::UserPart& user, std::span<float> numeric,
                                std::span<std::string_view> categorical) {
    const detail::ItemPart item = detail::item_part(history_.state_, find(row));
    detail::RowWriter out(numeric.data());
    detail::write_user_part(history_.state_, user, out);
    detail::write_item_part(history_.state_, user, item, out);
    history_.write_categories(user, item, context(row), categorical);
    return detail::known_of(user, item);
}

inline void observe_log(const EventLog& log, History& history) {
    constexpr std::size_t kAhead = 8;
    const std::int64_t watermark = history.watermark();
    LogCoder coder(log, history);
    const std::vector<std::uint64_t> rows = log.time_order();
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (i + kAhead < rows.size()) coder.prefetch(rows[i + kAhead]);
        if (watermark == kNever || log.time[rows[i]] > watermark) coder.observe(rows[i]);
    }
}

}  // namespace funnel::history
