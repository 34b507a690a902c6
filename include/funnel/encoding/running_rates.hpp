// SPDX-License-Identifier: MIT
// RunningRates: target rates of categories, updated with every row. A row sees what the rows before it say,
// never its own label: the ordered statistics of Prokhorenkova et al., "CatBoost" (2018).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "funnel/base/flat_map.hpp"
#include "funnel/encoding/category_encoder.hpp"
#include "funnel/encoding/moments.hpp"
#include "funnel/encoding/target_rates.hpp"
#include "funnel/encoding/vocabulary.hpp"

namespace funnel::encoding {

/// One categorical column and one target, categories by their hashes. 16 bytes per category over a load of
/// 0.35 to 0.7. One thread at a time.
class RunningRates {
 public:
    explicit RunningRates(double strength) : strength_(strength) {}

    /// For each row in order: its rate and count so far to out[0] and out[1], then its label counts. hashes
    /// and out go forward by their strides; labels: 0 or 1. `prior`: rate of a category without rows.
    void show_then_count(std::span<const std::uint8_t> labels, double prior, const std::uint64_t* hashes,
                         std::size_t hash_stride, float* out, std::size_t out_stride) {
        const auto strength = static_cast<float>(strength_),
                   positives = static_cast<float>(strength_ * prior);
        for (const std::uint8_t label : labels) {
            Count& count = counts_.insert({.key = Vocabulary::key_of(*hashes)});
            const auto rows = static_cast<float>(count.rows);
            out[0] = (static_cast<float>(count.positives) + positives) / (rows + strength);
            out[1] = rows;
            ++count.rows;
            count.positives += label;
            hashes += hash_stride;
            out += out_stride;
        }
    }

    /// As of all rows so far. rate, count: of what show_then_count wrote, under logit and log1p. totals: of
    /// all rows.
    [[nodiscard]] CategoryEncoder finish(const Moments& rate, const Moments& count, float clip) const;

 private:
    struct Count {
        std::uint64_t key = 0;
        std::uint32_t rows = 0, positives = 0;
    };
    double strength_;
    base::FlatMap<Count> counts_;
};

inline CategoryEncoder RunningRates::finish(const Moments& rate, const Moments& count, float clip) const {
    std::vector<Count> sorted;
    counts_.for_each([&](const Count& entry) { sorted.push_back(entry); });
    std::ranges::sort(sorted, {}, &Count::key);
    TargetRates rates(sorted.size() + 1, 1, strength_);
    std::vector<std::uint64_t> keys;
    for (const Count& entry : sorted) {
        keys.push_back(entry.key);
        rates.add(static_cast<std::uint32_t>(keys.size()), 0,
                  {static_cast<double>(entry.rows), static_cast<double>(entry.positives)});
    }
    return CategoryEncoder::of_rates(Vocabulary::of_keys(std::move(keys)), std::move(rates),
                                     {static_cast<float>(rate.mean), static_cast<float>(count.mean)},
                                     {rate.scale(), count.scale()}, clip);
}

}  // namespace funnel::encoding
