// SPDX-License-Identifier: MIT
// PeopleTally: finds the users of one group, user by user.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "funnel/events/visit.hpp"
#include "funnel/metrics/detail/tally/order_tally.hpp"
#include "funnel/metrics/people.hpp"

namespace funnel::metrics::detail {

/// One thread at a time. n log n in the rows of a user.
class PeopleTally {
 public:
    PeopleTally(const TallyPlan& plan, const PeopleOptions& people)
        : plan_(&plan),
          people_(&people),
          price_(plan.log.number_column("price")),
          tallies_(1),
          splitter_(plan.options.visit_gap),
          orders_(plan) {}

    /// Rows of one user, sorted by (time, kind).
    void add_user(std::span<const UserRow> rows);

    [[nodiscard]] std::vector<Person>& found() noexcept { return found_; }

 private:
    /// When the rule began to hold, if it does; fills items_.
    [[nodiscard]] std::optional<std::int64_t> rule(std::span<const UserRow> rows);
    [[nodiscard]] std::optional<std::int64_t> abandoned_cart(std::span<const UserRow> rows);
    [[nodiscard]] std::optional<std::int64_t> abandoned_checkout(std::span<const UserRow> rows);
    [[nodiscard]] std::optional<std::int64_t> viewed_not_bought(std::span<const UserRow> rows);
    /// The time of the n-th order, from 1.
    [[nodiscard]] std::optional<std::int64_t> order_time(std::span<const UserRow> rows, std::size_t n);

    /// `time` + patience, if that is over by the end.
    [[nodiscard]] std::optional<std::int64_t> after(std::int64_t time, std::int64_t patience) const {
        if (time > std::numeric_limits<std::int64_t>::max() - patience) return std::nullopt;
        return time + patience < people_->end.value_or(plan_->last_time) ? std::optional(time + patience)
                                                                         : std::nullopt;
    }
    void hold(const UserRow& row);
    void drop(std::uint32_t item) {
        std::erase_if(items_, [&](const Held& held) { return held.item == item; });
    }
    [[nodiscard]] std::optional<events::Money> value_of_items() const;
    [[nodiscard]] std::optional<events::Money> value_of_orders(std::span<const UserRow> rows);
    [[nodiscard]] std::size_t furthest_step(std::span<const UserRow> rows) const;
    [[nodiscard]] bool is_about_orders() const noexcept { return people_->group >= PeopleGroup::first_order; }

    struct Held {
        std::uint32_t item;
        std::int64_t time;
        std::optional<events::Money> price;
    };
    const TallyPlan* plan_;
    const PeopleOptions* people_;
    const events::NumberColumn* price_;
    std::vector<Tally> tallies_;  // what OrderTally counts for `metrics`, and nobody reads
    events::VisitSplitter splitter_;
    OrderTally orders_;
    std::vector<Held> items_;
    std::vector<Person> found_;
};

inline void PeopleTally::add_user(std::span<const UserRow> rows) {
    items_.clear();
    if (is_about_orders()) {
        splitter_.start_user();
        orders_.start_user();
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const std::uint32_t visit = splitter_.visit(rows[i].time, rows[i].session);
            if (rows[i].kind == EventKind::purchase) orders_.add(rows[i], i, visit);
        }
        orders_.finish(UserView{rows, tallies_});
    }
    const auto since = rule(rows);
    if (!since || (people_->since && *since < *people_->since) ||
        (people_->until && *since >= *people_->until))
        return;
    Person person{.user = rows.front().user, .since = *since, .last_event = rows.back().time};
    // Equal times by text, so that the file's order says nothing.
    std::ranges::sort(items_, [&](const Held& x, const Held& y) {
        return x.time != y.time ? x.time > y.time
                                : plan_->log.items.text(x.item) < plan_->log.items.text(y.item);
    });
    for (std::size_t i = 0; i < std::min(items_.size(), kMaxPeopleItems); ++i)
        person.items.push_back(items_[i].item);
    person.value = is_about_orders() ? value_of_orders(rows) : value_of_items();
    person.step = furthest_step(rows);
    found_.push_back(std::move(person));
}

inline std::optional<std::int64_t> PeopleTally::rule(std::span<const UserRow> rows) {
    switch (people_->group) {
        case PeopleGroup::abandoned_cart:
            return abandoned_cart(rows);
        case PeopleGroup::abandoned_checkout:
            return abandoned_checkout(rows);
        case PeopleGroup::viewed_not_bought:
            return viewed_not_bought(rows);
        case PeopleGroup::first_order:
            return order_time(rows, 1);
        case PeopleGroup::repeat_buyer:
            return order_time(rows, 2);
        case PeopleGroup::lapsed:
            break;
    }
    return order_time(rows, 1) ? after(rows.back().time, people_->lapse) : std::nullopt;
}

// An item that comes again keeps its price if the new row has none.
inline void PeopleTally::hold(const UserRow& row) {
    if (row.item == base::kNone) return;
    std::optional<events::Money> price;
    if (price_ != nullptr) {
        const bool has_line = row.kind == EventKind::purchase;  // of any other row, `line` is the row itself
        const std::uint64_t at = !has_line             ? row.line
                                 : row.line == kNoLine ? price_->value.size()
                                                       : plan_->log.order_lines[row.line].row;
        if (at < price_->value.size() && std::isfinite(price_->value[at]))
            price = events::Money::of(static_cast<double>(price_->value[at]));
    }
    for (const Held& held : items_) {
        if (held.item == row.item && !price) price = held.price;
    }
    drop(row.item);
    items_.push_back({row.item, row.time, price});
}

inline std::optional<std::int64_t> PeopleTally::abandoned_cart(std::span<const UserRow> rows) {
    std::int64_t touched = 0;
    for (const UserRow& row : rows) {
        if (row.kind == EventKind::cart_add) hold(row);
        if (row.kind == EventKind::cart_remove) drop(row.item);
        if (row.kind == EventKind::purchase) items_.clear();
        if (row.kind == EventKind::cart_add || row.kind == EventKind::cart_remove) touched = row.time;
    }
    return items_.empty() ? std::nullopt : after(touched, kPatience);
}

inline std::optional<std::int64_t> PeopleTally::abandoned_checkout(std::span<const UserRow> rows) {
    bool checked_out = false;
    std::int64_t checkout = 0;
    for (const UserRow& row : rows) {
        if (row.kind == EventKind::checkout) {
            checked_out = true;
            checkout = row.time;
        }
        if (row.kind == EventKind::checkout || row.kind == EventKind::cart_add) hold(row);
        if (row.kind == EventKind::cart_remove) drop(row.item);
        if (row.kind != EventKind::purchase) continue;
        checked_out = false;
        items_.clear();
    }
    return checked_out ? after(checkout, kPatience) : std::nullopt;
}

inline std::optional<std::int64_t> PeopleTally::viewed_not_bought(std::span<const UserRow> rows) {
    std::int64_t viewed = 0;
    for (const UserRow& row : rows) {
        if (row.kind == EventKind::view) {
            hold(row);
            if (row.item != base::kNone) viewed = row.time;
        }
        if (row.kind == EventKind::cart_add || row.kind == EventKind::purchase) drop(row.item);
    }
    return items_.empty() ? std::nullopt : after(viewed, kPatience);
}

inline std::optional<std::int64_t> PeopleTally::order_time(std::span<const UserRow> rows, std::size_t n) {
    std::vector<std::uint32_t> firsts;
    for (const Order& order : orders_.orders())
        firsts.push_back(order.first);
    if (firsts.size() < n) return std::nullopt;
    std::ranges::sort(firsts);  // positions are in order of time
    for (const UserRow& row : rows) {
        if (row.kind == EventKind::purchase) hold(row);
    }
    return rows[firsts[n - 1]].time;
}

inline std::optional<events::Money> PeopleTally::value_of_items() const {
    std::optional<events::Money> sum;
    for (const Held& held : items_) {
        if (!held.price) continue;
        if (!sum) sum.emplace();
        *sum += *held.price;
    }
    return sum;
}

inline std::optional<events::Money> PeopleTally::value_of_orders(std::span<const UserRow> rows) {
    std::optional<events::Money> sum;
    for (const PurchaseRow& row : orders_.rows()) {
        const auto amount = orders_.amount(rows[row.position]);
        if (!amount) continue;
        if (!sum) sum.emplace();
        *sum += *amount;
    }
    return sum;
}

inline std::size_t PeopleTally::furthest_step(std::span<const UserRow> rows) const {
    events::KindSet kinds = 0;
    for (const UserRow& row : rows)
        kinds |= events::kind_bit(row.kind);
    const auto& stages = plan_->options.funnel.stages;
    for (std::size_t k = stages.size(); k-- > 0;) {
        if ((stages[k].kinds & kinds) != 0) return k + 1;
    }
    return 0;
}

}  // namespace funnel::metrics::detail
