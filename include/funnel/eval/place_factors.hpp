// SPDX-License-Identifier: MIT
// Observed over expected clicks, given the positions. The top of a list is clicked more, whatever is there,
// and good items are placed at the top. So the factors of items and of positions are estimated together,
// alternating between the two (a rank-one Poisson model).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace funnel::eval {

/// What an item had at a place.
struct PlaceCell {
    std::uint32_t item = 0, place = 0;
    double shown = 0, clicked = 0;
};

struct PlaceFactors {
    /// Per item, shrunk towards 1: clicks over those that its places let expect. NaN for items in no cell.
    std::vector<double> observed_over_expected;
    std::vector<double> place;     ///< clicks per impression of an average item there; NaN for unseen places
    std::string_view reason = {};  ///< "place_confounded": fewer than 20 items stood at several places
};

/// items, places: numbers above those in the cells; a pair of item and place in one cell. O(10 x cells).
[[nodiscard]] PlaceFactors place_factors(std::span<const PlaceCell> cells, std::size_t items,
                                         std::size_t places);

namespace detail {

inline constexpr int kPlaceRounds = 10;
inline constexpr std::size_t kFewMovedItems = 20;

[[nodiscard]] inline bool is_confounded(std::span<const PlaceCell> cells, std::size_t items) {
    std::vector<std::uint8_t> places_of(items);
    for (const PlaceCell& cell : cells) {
        if (cell.shown > 0 && places_of[cell.item] < 2) ++places_of[cell.item];
    }
    std::size_t moved = 0;
    for (const std::uint8_t places : places_of)
        moved += places > 1 ? 1 : 0;
    return moved < kFewMovedItems;
}

/// (O + g) / (E + g), 1/g by moments: no more than chance, and all are 1.
inline void shrink(std::span<const double> observed, std::span<const double> expected,
                   std::vector<double>& out) {
    double numerator = 0, squares = 0;
    for (std::size_t i = 0; i < observed.size(); ++i) {
        const double difference = observed[i] - expected[i];
        numerator += difference * difference - expected[i];
        squares += expected[i] * expected[i];
    }
    const double spread = squares > 0 ? numerator / squares : 0;
    out.assign(observed.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < observed.size(); ++i) {
        if (expected[i] > 0)
            out[i] = spread > 0 ? (observed[i] + 1 / spread) / (expected[i] + 1 / spread) : 1;
    }
}

}  // namespace detail

inline PlaceFactors place_factors(std::span<const PlaceCell> cells, std::size_t items, std::size_t places) {
    PlaceFactors factors;
    if (detail::is_confounded(cells, items)) {
        factors.reason = "place_confounded";
        return factors;
    }
    std::vector<double> of_item(items), of_place(places), a(items, 1.0), b(places),
        sum(std::max(items, places));
    for (const PlaceCell& cell : cells) {
        of_item[cell.item] += cell.clicked;
        of_place[cell.place] += cell.clicked;
    }
    for (int round = 0; round < detail::kPlaceRounds; ++round) {
        sum.assign(sum.size(), 0);
        for (const PlaceCell& cell : cells)
            sum[cell.place] += cell.shown * a[cell.item];
        for (std::size_t k = 0; k < places; ++k)
            b[k] = sum[k] > 0 ? of_place[k] / sum[k] : 0;
        sum.assign(sum.size(), 0);
        for (const PlaceCell& cell : cells)
            sum[cell.item] += cell.shown * b[cell.place];
        for (std::size_t i = 0; i < items; ++i)
            a[i] = (of_item[i] + 1) / (sum[i] + 1);
    }
    std::vector<double> expected(items), shown(places);
    double all_observed = 0, all_expected = 0;
    for (const PlaceCell& cell : cells) {
        expected[cell.item] += cell.shown * b[cell.place];
        shown[cell.place] += cell.shown;
        all_observed += cell.clicked;
        all_expected += cell.shown * b[cell.place];
    }
    const double scale = all_expected > 0 ? all_observed / all_expected : 0;
    for (double& value : expected)
        value *= scale;
    factors.place.assign(places, std::numeric_limits<double>::quiet_NaN());
    for (std::size_t k = 0; k < places; ++k) {
        if (shown[k] > 0) factors.place[k] = b[k] * scale;
    }
    detail::shrink(of_item, expected, factors.observed_over_expected);
    return factors;
}

}  // namespace funnel::eval
