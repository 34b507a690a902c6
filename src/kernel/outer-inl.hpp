// SPDX-License-Identifier: MIT
// The gradient of a layer's weights: sums of outer products over the rows, in register tiles like those of
// product-inl.hpp. Compiled once per target: included by best_kernels.cpp only.

#if defined(FUNNEL_KERNEL_OUTER_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef FUNNEL_KERNEL_OUTER_INL
#undef FUNNEL_KERNEL_OUTER_INL
#else
#define FUNNEL_KERNEL_OUTER_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "panels-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace funnel::kernel::HWY_NAMESPACE {

/// g tile (kRows, kPanels panels) = sum over n examples of x[., row] y[., panel]. finish(row, panel, values).
template <std::size_t kRows, std::size_t kPanels, typename Finish>
HWY_INLINE void outer_tile(const float* HWY_RESTRICT x, std::size_t x_stride, const float* HWY_RESTRICT y,
                           std::size_t y_stride, std::size_t n, Finish&& finish) {
    const F f;
    V sum[kRows][kPanels][kVectors];
    for (auto& row : sum) {
        for (auto& panel : row) {
            for (V& value : panel)
                value = hn::Zero(f);
        }
    }
    for (std::size_t i = 0; i < n; ++i, x += x_stride, y += y_stride) {
        V right[kPanels][kVectors];
        for (std::size_t p = 0; p < kPanels; ++p) {
            for (std::size_t v = 0; v < kVectors; ++v)
                right[p][v] = hn::LoadU(f, y + p * kPanel + v * kLanes);
        }
        for (std::size_t r = 0; r < kRows; ++r) {
            const V left = hn::Set(f, x[r]);
            for (std::size_t p = 0; p < kPanels; ++p) {
                for (std::size_t v = 0; v < kVectors; ++v) {
                    sum[r][p][v] = hn::MulAdd(left, right[p][v], sum[r][p][v]);
                }
            }
        }
    }
    for (std::size_t r = 0; r < kRows; ++r) {
        for (std::size_t p = 0; p < kPanels; ++p)
            finish(r, p, sum[r][p]);
    }
}

/// Column sums of d, one panel at a time, in four strands to hide the latency of an addition.
HWY_INLINE void column_sums(ConstBlock d, std::size_t n, std::size_t cols, float* gb, bool accumulate) {
    const F f;
    constexpr std::size_t kStrands = kVectors >= 4 ? 1 : 4;
    for (std::size_t col = 0; col < cols; col += kPanel) {
        V sum[kStrands][kVectors];
        for (auto& strand : sum) {
            for (V& value : strand)
                value = hn::Zero(f);
        }
        const float* HWY_RESTRICT row = d.data + col;
        std::size_t i = 0;
        for (; i + kStrands <= n; i += kStrands) {
            for (std::size_t s = 0; s < kStrands; ++s, row += d.stride) {
                for (std::size_t v = 0; v < kVectors; ++v)
                    sum[s][v] = hn::Add(sum[s][v], hn::LoadU(f, row + v * kLanes));
            }
        }
        for (; i < n; ++i, row += d.stride) {
            for (std::size_t v = 0; v < kVectors; ++v)
                sum[0][v] = hn::Add(sum[0][v], hn::LoadU(f, row + v * kLanes));
        }
        V total[kVectors];
        if (accumulate) {
            load_columns(gb + col, cols - col, total);
        } else {
            for (V& value : total)
                value = hn::Zero(f);
        }
        for (const auto& strand : sum) {
            for (std::size_t v = 0; v < kVectors; ++v)
                total[v] = hn::Add(total[v], strand[v]);
        }
        store_columns(total, cols - col, gb + col);
    }
}

/// As backward_weights for heads: the panels run over the inputs, the tile's rows are the heads.
template <std::size_t kHeads>
HWY_INLINE void narrow_weights(ConstBlock a, ConstBlock d, std::size_t n, std::size_t in, float* gw,
                               bool accumulate) {
    constexpr std::size_t kMost = kLanes >= 8 ? std::max<std::size_t>(1, 4 / kHeads) : 1;
    const auto group = [&](std::size_t first, auto panels_in_tile) {
        outer_tile<kHeads, decltype(panels_in_tile)::value>(
            d.data, d.stride, a.data + first, a.stride, n,
            [&](std::size_t head, std::size_t panel, const V(&values)[kVectors]) {
                HWY_ALIGN float column[kPanel];
                store_columns(values, kPanel, column);
                const std::size_t k = first + panel * kPanel, count = std::min(kPanel, in - k);
                for (std::size_t j = 0; j < count; ++j) {
                    float& g = gw[(k + j) * kHeads + head];
                    g = accumulate ? g + column[j] : column[j];
                }
            });
    };
    std::size_t first = 0;
    for (; first + (kMost - 1) * kPanel < in; first += kMost * kPanel) {
        group(first, std::integral_constant<std::size_t, kMost>());
    }
    for (; first < in; first += kPanel)
        group(first, std::integral_constant<std::size_t, 1>());
}

inline void backward_weights(ConstBlock a, ConstBlock d, std::size_t n, std::size_t in, std::size_t out,
                             float* gw, float* gb, bool accumulate) {
    column_sums(d, n, out, gb, accumulate);
    switch (out) {
        case 1:
            return narrow_weights<1>(a, d, n, in, gw, accumulate);
        case 2:
            return narrow_weights<2>(a, d, n, in, gw, accumulate);
        case 3:
            return narrow_weights<3>(a, d, n, in, gw, accumulate);
        case 4:
            return narrow_weights<4>(a, d, n, in, gw, accumulate);
        case 5:
            return narrow_weights<5>(a, d, n, in, gw, accumulate);
        case 6:
            return narrow_weights<6>(a, d, n, in, gw, accumulate);
        default:
            break;
    }
    const auto group = [&](std::size_t col, auto panels_in_tile) {
        for_tiles<kTileRows>(in, [&](std::size_t first, auto rows) {
            outer_tile<decltype(rows)::value, decltype(panels_in_tile)::value>(
                a.data + first, a.stride, d.data + col, d.stride, n,
                [&](std::size_t r, std::size_t p, const V(&values)[kVectors]) {
                    const std::size_t at = col + p * kPanel;
                    float* to = gw + (first + r) * out + at;
                    V total[kVectors];
                    if (accumulate) load_columns(to, out - at, total);
                    for (std::size_t v = 0; v < kVectors; ++v) {
                        total[v] = accumulate ? hn::Add(total[v], values[v]) : values[v];
                    }
                    store_columns(total, out - at, to);
                });
        });
    };
    std::size_t col = 0;
    for (; col + (kGroup - 1) * kPanel < out; col += kGroup * kPanel) {
        group(col, std::integral_constant<std::size_t, kGroup>());
    }
    for (; col < out; col += kPanel)
        group(col, std::integral_constant<std::size_t, 1>());
}

}  // namespace funnel::kernel::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
