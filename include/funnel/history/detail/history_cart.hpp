// SPDX-License-Identifier: MIT
// What events do to the open cart of a user.
#pragma once

#include <algorithm>
#include <cstddef>

#include "funnel/history/detail/history_state.hpp"

namespace funnel::history::detail {

inline void remove_line(Cart& cart, std::size_t line) {
    for (std::size_t i = line; i + 1 < cart.lines; ++i) {
        cart.items[i] = cart.items[i + 1];
        cart.prices[i] = cart.prices[i + 1];
    }
    --cart.lines;
}

/// Adds, removes and buys. An event without an item buys or removes everything.
inline void change_cart(HistoryState& s, const Coded& e, EventKind kind) {
    if (kind != EventKind::cart_add && kind != EventKind::cart_remove && kind != EventKind::purchase) return;
    const bool adds = kind == EventKind::cart_add;
    if (adds && e.item == kNone) return;
    Cart* cart = adds ? &s.carts.insert({.key = e.user}) : s.carts.find(e.user);
    if (cart == nullptr || (!adds && cart->lines == 0)) return;
    if (cart->lines == 0) cart->opened = e.time;
    cart->last = e.time;
    if (e.item == kNone) {
        cart->lines = 0;
        return;
    }
    const auto end = cart->items.begin() + cart->lines;
    const auto line =
        static_cast<std::size_t>(std::find(cart->items.begin(), end, e.item) - cart->items.begin());
    if (line < cart->lines) remove_line(*cart, line);
    if (!adds) return;
    if (cart->lines == kCartLines) remove_line(*cart, 0);
    cart->items[cart->lines] = e.item;
    cart->prices[cart->lines] = s.item[e.item].price;
    ++cart->lines;
}

}  // namespace funnel::history::detail
