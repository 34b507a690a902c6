// SPDX-License-Identifier: MIT
// Sources of candidates as lists of items in their order: popular, new, and those seen together with others.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "funnel/base/string_table.hpp"
#include "funnel/history/detail/history_item_rows.hpp"
#include "funnel/history/detail/history_state.hpp"
#include "funnel/history/detail/user_items.hpp"

namespace funnel::history::detail {

/// The place of every item in the order of ids; those of `extra` come after those of `items`.
[[nodiscard]] inline std::vector<std::uint32_t> places_of_ids(const base::StringTable& items,
                                                              const base::StringTable& extra) {
    const std::uint32_t known = items.size(), all = known + extra.size();
    std::vector<std::uint32_t> order(all), places(all);
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::sort(order, {},
                      [&](std::uint32_t i) { return i < known ? items.text(i) : extra.text(i - known); });
    for (std::uint32_t i = 0; i < all; ++i)
        places[order[i]] = i;
    return places;
}

/// Items by their number, largest first, then by id.
template <typename Number>
[[nodiscard]] std::vector<std::uint32_t> in_order(std::vector<std::pair<Number, std::uint32_t>>& items,
                                                  std::span<const std::uint32_t> places) {
    std::ranges::sort(items, [&](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : places[a.second] < places[b.second];
    });
    std::vector<std::uint32_t> order;
    order.reserve(items.size());
    for (const auto& [number, item] : items)
        order.push_back(item);
    return order;
}

/// Which items the shop shows: at least half as often as they are clicked, put into carts, bought. What is
/// sold by another way, under the id of a variant for instance, is no example that a model learns from: its
/// rates are none.
[[nodiscard]] inline std::vector<bool> shown_items(const HistoryState& s, std::int64_t now) {
    std::vector<bool> shown(s.items.size(), false);
    for (std::uint32_t i = 0; i < s.item.size(); ++i) {
        if (live_item(s, i, now) == nullptr) continue;
        const Rates r = s.item_rates.at(i, now);
        shown[i] = r.exposures() > 0;
        for (std::size_t k = 1; k < s.channels.stages.size(); ++k)
            shown[i] = shown[i] && 2 * r.exposures() >= r.events(k);
    }
    return shown;
}

/// Items by the decayed number of visits that engaged with them.
[[nodiscard]] inline std::vector<std::uint32_t> popular_items(const HistoryState& s, std::int64_t now,
                                                              std::span<const std::uint32_t> places) {
    std::vector<std::pair<double, std::uint32_t>> items;
    for (std::uint32_t i = 0; i < s.item.size(); ++i) {
        const ItemState* item = live_item(s, i, now);
        if (item == nullptr || item->neighbours == kNone) continue;
        const Neighbours& list = s.neighbours[item->neighbours];
        const double visits =
            static_cast<double>(list.total) * decay_factor(s, base::micros_since(list.at, now));
        if (visits > 0) items.emplace_back(visits, i);
    }
    return in_order(items, places);
}

/// Items met first within a half-life, the newest first. An item of the first week may be of any age.
[[nodiscard]] inline std::vector<std::uint32_t> fresh_items(const HistoryState& s, std::int64_t now,
                                                            std::span<const std::uint32_t> places) {
    std::vector<std::pair<std::int64_t, std::uint32_t>> items;
    for (std::uint32_t i = 0; i < s.item.size(); ++i) {
        const ItemState* item = live_item(s, i, now);
        if (item == nullptr || base::micros_since(s.begin, item->first) < 7 * base::kDay) continue;
        if (base::micros_since(item->first, now) < s.options.half_life) items.emplace_back(item->first, i);
    }
    return in_order(items, places);
}

/// Reused from call to call.
struct ItemSums {
    std::vector<std::uint32_t> items = {};  ///< the result
    std::vector<std::pair<double, std::uint32_t>> sums = {};
    std::vector<std::pair<std::uint32_t, double>> terms = {};
};

/// Items seen in the same visits as the first of `own`, into sums.items: by the sum, over these, of their
/// share of the visits of each. These themselves are left out.
inline void find_coviewed(const HistoryState& s, std::span<const UserItem> own, std::int64_t now,
                          std::span<const std::uint32_t> places, ItemSums& sums) {
    constexpr std::size_t kSeeds = 10;
    const std::span<const UserItem> seeds = own.first(std::min(kSeeds, own.size()));
    sums.terms.clear();
    for (const UserItem& seed : seeds) {
        const ItemState& item = s.item[seed.item];
        if (item.neighbours == kNone) continue;
        const Neighbours& list = s.neighbours[item.neighbours];
        const double share = share_of_visits(s, list, now);
        for (std::size_t i = 0; i < list.count; ++i) {
            const std::uint32_t other = list.items[i];
            if (live_item(s, other, now) == nullptr ||
                std::ranges::find(seeds, other, &UserItem::item) != seeds.end())
                continue;
            sums.terms.emplace_back(other, static_cast<double>(list.weights[i]) * share);
        }
    }
    // Terms of one item in the order of the seeds: sums of floating-point numbers depend on it.
    std::ranges::stable_sort(sums.terms, {}, &std::pair<std::uint32_t, double>::first);
    sums.sums.clear();
    for (const auto& [item, term] : sums.terms) {
        if (sums.sums.empty() || sums.sums.back().second != item) sums.sums.emplace_back(0.0, item);
        sums.sums.back().first += term;
    }
    std::ranges::sort(sums.sums, [&](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : places[a.second] < places[b.second];
    });
    sums.items.clear();
    for (const auto& [sum, item] : sums.sums)
        sums.items.push_back(item);
}

}  // namespace funnel::history::detail
