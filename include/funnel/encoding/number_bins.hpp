// SPDX-License-Identifier: MIT
// NumberBins: a number as a category, namely its bin, so that an embedding can give every bin a meaning of
// its own. It complements the z-score, in which a small net finds steps late.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/error.hpp"

namespace funnel::encoding {

/// Immutable: share freely.
class NumberBins {
 public:
    /// edges: ascending; values: those of the training rows, sorted here. An edge begins a bin if at least
    /// `min_rows` values lie in it and in the bin before.
    [[nodiscard]] static NumberBins fit(std::uint32_t feature, std::span<const float> edges,
                                        std::vector<float>& values, std::uint32_t min_rows);

    [[nodiscard]] std::uint32_t feature() const noexcept { return feature_; }
    /// The least value of each bin but the first, ascending.
    [[nodiscard]] const std::vector<float>& starts() const noexcept { return starts_; }
    /// Ids there are: missing, then the bins.
    [[nodiscard]] std::uint32_t ids() const noexcept {
        return static_cast<std::uint32_t>(starts_.size()) + 2;
    }
    /// 0 if x is not finite, else 1 + the number of starts at or below it.
    [[nodiscard]] std::uint32_t id(float x) const noexcept {
        if (!std::isfinite(x)) return 0;
        return 1 + static_cast<std::uint32_t>(std::ranges::upper_bound(starts_, x) - starts_.begin());
    }

    void write(base::ByteWriter& out) const {
        out.value(feature_);
        out.array(starts_);
    }
    /// Throws Error(format) if the bytes are damaged or name a feature beyond d.
    [[nodiscard]] static NumberBins read(base::ByteReader& in, std::size_t d);

 private:
    std::uint32_t feature_ = 0;
    std::vector<float> starts_;
};

inline NumberBins NumberBins::fit(std::uint32_t feature, std::span<const float> edges,
                                  std::vector<float>& values, std::uint32_t min_rows) {
    NumberBins bins;
    bins.feature_ = feature;
    std::ranges::sort(values);
    const auto below = [&](float edge) {
        return static_cast<std::size_t>(std::ranges::lower_bound(values, edge) - values.begin());
    };
    std::size_t begin = 0;
    for (const float edge : edges) {
        const std::size_t at = below(edge);
        if (at - begin < min_rows || values.size() - at < min_rows) continue;
        bins.starts_.push_back(edge);
        begin = at;
    }
    return bins;
}

inline NumberBins NumberBins::read(base::ByteReader& in, std::size_t d) {
    NumberBins bins;
    bins.feature_ = in.value<std::uint32_t>();
    bins.starts_ = in.array<float>();
    bool fits = bins.feature_ < d && !bins.starts_.empty();
    float last = -std::numeric_limits<float>::infinity();
    for (const float start : bins.starts_) {
        fits = fits && std::isfinite(start) && start > last;
        last = start;
    }
    if (!fits) throw Error(ErrorCode::format, "damaged: the bins of a number in a model");
    return bins;
}

}  // namespace funnel::encoding
