// SPDX-License-Identifier: MIT
// VisitSimulator: what one shopper does in one visit, as drafts of events in time order.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "funnel/base/random.hpp"
#include "funnel/base/string_table.hpp"
#include "funnel/base/time.hpp"
#include "funnel/events/event.hpp"
#include "funnel/simulate/detail/catalogue.hpp"
#include "funnel/simulate/detail/shopper.hpp"
#include "funnel/simulate/detail/truth.hpp"

namespace funnel::simulate {

/// An event before its ids are written out.
struct Draft {
    std::int64_t time = 0;
    std::uint64_t session = 0;
    std::uint64_t order = 0;  ///< 0: none
    std::uint32_t user = 0;
    std::uint32_t item = base::kNone;
    std::uint16_t position = 0;  ///< 0: none
    std::uint16_t quantity = 0;  ///< 0: none
    events::EventKind kind = events::EventKind::page_view;
    List list = List::none;
};

/// Borrows everything it is given. One thread at a time.
class VisitSimulator {
 public:
    VisitSimulator(const Catalogue& catalogue, Truth& truth, ClickOracle& oracle, std::vector<Draft>& drafts)
        : catalogue_(catalogue), truth_(truth), oracle_(oracle), drafts_(drafts) {}

    /// Appends the drafts of the visit and gives the time of its last event.
    std::int64_t run(Shopper& shopper, std::uint32_t user, std::int64_t start);

 private:
    void browse();
    void look_through_list(List list, std::uint32_t category);
    void look_at(std::uint32_t item, List list);
    void buy_at_once(std::uint32_t item, List list);
    void finish_cart();
    void place_order(const std::vector<CartLine>& lines, List list);

    [[nodiscard]] std::uint32_t favourite_category();
    [[nodiscard]] std::optional<std::uint32_t> unseen_item(List list, std::uint32_t category);
    Draft& write(events::EventKind kind, std::uint32_t item = base::kNone, List list = List::none);
    void wait(double low_seconds, double high_seconds) noexcept;
    /// A draw that comes true with probability p.
    [[nodiscard]] bool happens(double p) noexcept { return rng_.uniform() < p; }

    const Catalogue& catalogue_;
    Truth& truth_;
    ClickOracle& oracle_;
    std::vector<Draft>& drafts_;

    // Of the visit at hand.
    Rng rng_{0};
    Shopper* shopper_ = nullptr;
    std::uint32_t user_ = 0;
    std::int64_t time_ = 0;
    Mood mood_;
    std::vector<std::uint32_t> seen_;  // shown or opened in this visit: not shown again
    std::uint32_t last_category_ = base::kNone;
};

inline std::int64_t VisitSimulator::run(Shopper& shopper, std::uint32_t user, std::int64_t start) {
    rng_ = Rng(base::random_at(shopper.stream, shopper.visits++));
    shopper_ = &shopper;
    user_ = user;
    time_ = start;
    mood_.wants_to_buy = happens(0.25);
    seen_.clear();
    last_category_ = base::kNone;
    ++truth_.visits;
    const auto due =
        std::ranges::find_if(shopper.needs, [&](const Need& need) { return need.time <= start; });
    if (due != shopper.needs.end()) {  // comes back for what is used up
        const std::uint32_t item = due->item;
        shopper.needs.erase(due);
        mood_.wants_to_buy = true;
        look_at(item, List::none);
    } else if (happens(0.1)) {  // a link from elsewhere
        look_at(catalogue_.draw(rng_), List::none);
    }
    browse();
    finish_cart();
    return time_;
}

inline void VisitSimulator::browse() {
    do {
        wait(2, 20);
        if (last_category_ != base::kNone && happens(0.35)) {
            look_through_list(List::related, last_category_);
        } else if (happens(0.3)) {
            look_through_list(List::home, 0);
        } else {
            // Draws stand in statements of their own: compilers order the arguments of a call differently.
            const std::uint32_t category = favourite_category();
            look_through_list(happens(0.4) ? List::search : List::category, category);
        }
    } while (happens(mood_.wants_to_buy ? 0.65 : 0.5));
}

inline void VisitSimulator::look_through_list(List list, std::uint32_t category) {
    write(events::EventKind::page_view);
    ++truth_.page_views;
    const std::size_t places = 8 + rng_.below(5);
    std::vector<std::uint32_t> clicked;
    for (std::size_t position = 1; position <= places; ++position) {
        const auto item = unseen_item(list, category);
        if (!item) break;
        write(events::EventKind::impression, *item, list).position = static_cast<std::uint16_t>(position);
        const double p = click_probability(*shopper_, catalogue_.item(*item), *item, list, position, mood_);
        const bool click = happens(p);
        ++truth_.impressions;
        truth_.expected_clicks += p;
        oracle_.add(p, click);
        if (click) clicked.push_back(*item);
    }
    // At most 12 clicks of at most 140 s each: all are within 30 minutes of the page.
    for (const std::uint32_t item : clicked) {
        wait(1, 15);
        write(events::EventKind::click, item, list);
        ++truth_.clicks;
        wait(0.2, 1.5);
        look_at(item, list);
    }
}

inline void VisitSimulator::look_at(std::uint32_t index, List list) {
    const Item& item = catalogue_.item(index);
    if (std::ranges::count(seen_, index) == 0) seen_.push_back(index);
    last_category_ = item.category;
    write(events::EventKind::view, index, list);
    ++truth_.views;
    const double p = cart_probability(*shopper_, item, index, mood_);
    const double at_once = 0.08 * p;
    truth_.expected_cart_adds += p;
    truth_.expected_orders += (1 - p) * at_once;
    const bool into_cart = happens(p), immediate = happens(at_once);
    detail::remember(shopper_->viewed, index);
    wait(4, std::min(100.0, 15 * std::exp(0.8 * std::abs(rng_.normal()))));
    if (happens(0.3 * p)) write(events::EventKind::favorite, index, list);
    if (into_cart) {
        const auto quantity = static_cast<std::uint16_t>(happens(0.85) ? 1 : 2 + rng_.below(2));
        write(events::EventKind::cart_add, index, list).quantity = quantity;
        ++truth_.cart_adds;
        shopper_->cart.push_back({index, quantity});
    } else if (immediate) {
        wait(5, 20);
        place_order({{index, 1}}, list);
    }
}

inline void VisitSimulator::finish_cart() {
    auto& cart = shopper_->cart;
    std::erase_if(cart, [&](const CartLine& line) {
        if (!happens(0.1)) return false;
        wait(2, 15);
        write(events::EventKind::cart_remove, line.item).quantity = line.quantity;
        ++truth_.cart_removes;
        return true;
    });
    if (cart.empty()) return;
    double worth = 0;
    for (const CartLine& line : cart)
        worth += catalogue_.item(line.item).price() * line.quantity;
    const double p = checkout_probability(*shopper_, worth, mood_);
    truth_.expected_orders += p * kPaymentProbability;
    if (happens(p)) {
        wait(5, 40);
        for (const CartLine& line : cart) {
            write(events::EventKind::checkout, line.item).quantity = line.quantity;
            ++truth_.checkouts;
        }
        if (!happens(kPaymentProbability)) return;  // the cart waits for the next visit
        wait(20, 120);
        place_order(cart, List::none);
        cart.clear();
    } else if (happens(0.6)) {
        cart.clear();  // forgotten
    }
}

inline void VisitSimulator::place_order(const std::vector<CartLine>& lines, List list) {
    const std::uint64_t order = ++truth_.orders;
    write(events::EventKind::payment).order = order;
    wait(1, 4);
    for (const CartLine& line : lines) {
        Draft& draft = write(events::EventKind::purchase, line.item, list);
        draft.quantity = line.quantity;
        draft.order = order;
        const Item& item = catalogue_.item(line.item);
        ++truth_.purchases;
        truth_.revenue_cents += item.cents * line.quantity;
        detail::remember(shopper_->bought, line.item);
        if (kCategories[item.category].used_up && happens(0.6)) {
            const double days = 7 + 14 * rng_.uniform();
            shopper_->needs.push_back({line.item, time_ + static_cast<std::int64_t>(days * base::kDay)});
        }
    }
}

inline std::uint32_t VisitSimulator::favourite_category() {
    std::array<double, kCategories.size()> sums{};
    double sum = 0;
    for (std::size_t c = 0; c < sums.size(); ++c) {
        sum += std::exp(agreement(shopper_->taste, catalogue_.category_taste(c)));
        sums[c] = sum;
    }
    const auto chosen = std::ranges::upper_bound(sums, rng_.uniform() * sum);
    return static_cast<std::uint32_t>(std::min<std::ptrdiff_t>(chosen - sums.begin(), sums.size() - 1));
}

inline std::optional<std::uint32_t> VisitSimulator::unseen_item(List list, std::uint32_t category) {
    for (int attempt = 0; attempt < 20; ++attempt) {
        const std::uint32_t item =
            list == List::home ? catalogue_.draw(rng_) : catalogue_.draw_in(category, rng_);
        if (std::ranges::count(seen_, item) > 0) continue;
        seen_.push_back(item);
        return item;
    }
    return std::nullopt;  // a small shelf is soon seen through
}

inline Draft& VisitSimulator::write(events::EventKind kind, std::uint32_t item, List list) {
    Draft draft;
    draft.time = time_;
    draft.session = truth_.visits;
    draft.user = user_;
    draft.item = item;
    draft.kind = kind;
    draft.list = list;
    ++truth_.events;
    drafts_.push_back(draft);
    return drafts_.back();
}

inline void VisitSimulator::wait(double low_seconds, double high_seconds) noexcept {
    const double seconds = low_seconds + (high_seconds - low_seconds) * rng_.uniform();
    time_ += 1000 * static_cast<std::int64_t>(seconds * 1000);  // whole milliseconds
}

}  // namespace funnel::simulate
