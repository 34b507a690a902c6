// SPDX-License-Identifier: MIT
// AliasTable: draws an index with given weights in constant time.
// Source: Vose, "A linear algorithm for generating random numbers with a given distribution" (1991).
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "funnel/base/random.hpp"

namespace funnel::simulate {

/// Immutable: share freely. 16 bytes per index.
class AliasTable {
 public:
    /// weights: at least one value, each >= 0, not all 0.
    explicit AliasTable(std::span<const double> weights);

    /// One of 0 .. size - 1; two draws from rng.
    [[nodiscard]] std::uint32_t draw(Rng& rng) const noexcept {
        const auto i = static_cast<std::uint32_t>(rng.below(slots_.size()));
        return rng.uniform() < slots_[i].keep ? i : slots_[i].alias;
    }

 private:
    struct Slot {
        double keep = 1;
        std::uint32_t alias = 0;
    };
    std::vector<Slot> slots_;
};

inline AliasTable::AliasTable(std::span<const double> weights) : slots_(weights.size()) {
    const double mean =
        std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(weights.size());
    std::vector<std::uint32_t> small, large;
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
        slots_[i] = {weights[i] / mean, i};
        (slots_[i].keep < 1 ? small : large).push_back(i);
    }
    while (!small.empty() && !large.empty()) {
        const std::uint32_t giver = large.back(), taker = small.back();
        small.pop_back();
        slots_[taker].alias = giver;
        slots_[giver].keep -= 1 - slots_[taker].keep;
        if (slots_[giver].keep < 1) {
            large.pop_back();
            small.push_back(giver);
        }
    }
    for (const std::uint32_t i : small)
        slots_[i].keep = 1;  // left over by rounding
    for (const std::uint32_t i : large)
        slots_[i].keep = 1;
}

}  // namespace funnel::simulate
