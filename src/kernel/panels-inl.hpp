// SPDX-License-Identifier: MIT
// Panels of 16 columns in vectors of the target, what they cost in registers, and how weights are packed into
// them. Compiled once per target: included by best_kernels.cpp only.

#if defined(FUNNEL_KERNEL_PANELS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef FUNNEL_KERNEL_PANELS_INL
#undef FUNNEL_KERNEL_PANELS_INL
#else
#define FUNNEL_KERNEL_PANELS_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "funnel/nn/kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace funnel::kernel::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using nn::kPanel;
using Block = nn::RowBlock<float>;
using ConstBlock = nn::RowBlock<const float>;
using Layer = nn::DenseLayer<float>;

using F = hn::CappedTag<float, kPanel>;
using V = hn::Vec<F>;
constexpr std::size_t kLanes = hn::MaxLanes(F());
constexpr std::size_t kVectors = kPanel / kLanes;  // per row of a panel

// Sums in registers: rows x vectors of a tile, within the 16 (AVX2), 32 (AVX-512, NEON) there are.
constexpr std::size_t kTileRows = kLanes == 1 ? 2 : 6;
constexpr std::size_t kGroup = kLanes == 16 ? 4 : 1;  // panels of a tile
constexpr std::size_t kNarrow = 6;  // layers up to this width are narrower than a panel: heads

/// Calls f.template operator()<rows>(first) for n rows in tiles of at most kMost, avoiding tiles of 1 or 2
/// rows, which could not fill the multiply-add units.
template <std::size_t kMost, typename Tile>
HWY_INLINE void for_tiles(std::size_t n, Tile&& tile) {
    std::size_t first = 0;
    const auto take = [&](std::size_t rows) {
        switch (rows) {
            case 1:
                tile(first, std::integral_constant<std::size_t, 1>());
                break;
            case 2:
                tile(first, std::integral_constant<std::size_t, std::min<std::size_t>(2, kMost)>());
                break;
            case 3:
                tile(first, std::integral_constant<std::size_t, std::min<std::size_t>(3, kMost)>());
                break;
            case 4:
                tile(first, std::integral_constant<std::size_t, std::min<std::size_t>(4, kMost)>());
                break;
            case 5:
                tile(first, std::integral_constant<std::size_t, std::min<std::size_t>(5, kMost)>());
                break;
            default:
                tile(first, std::integral_constant<std::size_t, kMost>());
                break;
        }
        first += rows;
    };
    while (n - first >= 2 * kMost || n - first == kMost)
        take(kMost);
    const std::size_t rest = n - first;
    if (rest > kMost) take((rest + 1) / 2);
    if (n > first) take(n - first);
}

/// Copies a vector row of a panel out; columns past `cols` are left alone.
HWY_INLINE void store_columns(const V (&values)[kVectors], std::size_t cols, float* to) {
    const F f;
    if (cols >= kPanel) {
        for (std::size_t v = 0; v < kVectors; ++v)
            hn::StoreU(values[v], f, to + v * kLanes);
        return;
    }
    HWY_ALIGN float row[kPanel];
    for (std::size_t v = 0; v < kVectors; ++v)
        hn::Store(values[v], f, row + v * kLanes);
    std::copy_n(row, cols, to);
}

HWY_INLINE void load_columns(const float* from, std::size_t cols, V (&values)[kVectors]) {
    const F f;
    if (cols >= kPanel) {
        for (std::size_t v = 0; v < kVectors; ++v)
            values[v] = hn::LoadU(f, from + v * kLanes);
        return;
    }
    HWY_ALIGN float row[kPanel] = {};
    std::copy_n(from, cols, row);
    for (std::size_t v = 0; v < kVectors; ++v)
        values[v] = hn::Load(f, row + v * kLanes);
}

/// 16 rows of weights (fewer at the end) into one panel of the transpose.
HWY_INLINE void pack_transposed(const Layer& layer, std::size_t first, std::size_t rows,
                                float* HWY_RESTRICT to) {
    const float* HWY_RESTRICT from = layer.weights + first * layer.out;
    std::size_t col = 0;
#if HWY_TARGET != HWY_SCALAR
    const hn::FixedTag<float, 4> q;
    const hn::RepartitionToWide<decltype(q)> pairs;
    for (; rows == kPanel && col + 4 <= layer.out; col += 4) {
        for (std::size_t k = 0; k < kPanel; k += 4) {
            const float* at = from + k * layer.out + col;
            const auto r0 = hn::LoadU(q, at), r1 = hn::LoadU(q, at + layer.out);
            const auto r2 = hn::LoadU(q, at + 2 * layer.out), r3 = hn::LoadU(q, at + 3 * layer.out);
            const auto a = hn::BitCast(pairs, hn::InterleaveLower(q, r0, r1));
            const auto b = hn::BitCast(pairs, hn::InterleaveUpper(q, r0, r1));
            const auto c = hn::BitCast(pairs, hn::InterleaveLower(q, r2, r3));
            const auto e = hn::BitCast(pairs, hn::InterleaveUpper(q, r2, r3));
            float* out = to + col * kPanel + k;
            hn::StoreU(hn::BitCast(q, hn::InterleaveLower(pairs, a, c)), q, out);
            hn::StoreU(hn::BitCast(q, hn::InterleaveUpper(pairs, a, c)), q, out + kPanel);
            hn::StoreU(hn::BitCast(q, hn::InterleaveLower(pairs, b, e)), q, out + 2 * kPanel);
            hn::StoreU(hn::BitCast(q, hn::InterleaveUpper(pairs, b, e)), q, out + 3 * kPanel);
        }
    }
#endif
    for (; col < layer.out; ++col) {
        for (std::size_t k = 0; k < kPanel; ++k)
            to[col * kPanel + k] = k < rows ? from[k * layer.out + col] : 0.0F;
    }
}

inline void pack(const Layer& layer, std::size_t first, std::size_t last, float* panels, float* transposed) {
    for (std::size_t p = 0; panels != nullptr && p < nn::panels_of(layer.out); ++p) {
        float* panel = panels + p * (layer.in + 1) * kPanel;
        const std::size_t col = p * kPanel;
        V row[kVectors];
        const auto copy = [&](const float* from, float* to) {
            load_columns(from, layer.out - col, row);
            store_columns(row, kPanel, to);
        };
        if (first == 0) copy(layer.bias + col, panel);
        for (std::size_t k = first; k < last; ++k)
            copy(layer.weights + k * layer.out + col, panel + (k + 1) * kPanel);
    }
    for (std::size_t k = first; transposed != nullptr && k < last; k += kPanel) {
        pack_transposed(layer, k, std::min(kPanel, last - k), transposed + k * layer.out);
    }
}

}  // namespace funnel::kernel::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
