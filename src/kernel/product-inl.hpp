// SPDX-License-Identifier: MIT
// Products of a net's layers in register tiles. A tile holds kRows x (kGroup panels) sums in registers and
// streams over the inner dimension: per step one load per vector of the panel, one broadcast per row, and all
// multiply-adds in between. Goto and van de Geijn, "Anatomy of high-performance matrix multiplication"
// (2008). Compiled once per target: included by kernels.cpp only.

#if defined(FUNNEL_KERNEL_PRODUCT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef FUNNEL_KERNEL_PRODUCT_INL
#undef FUNNEL_KERNEL_PRODUCT_INL
#else
#define FUNNEL_KERNEL_PRODUCT_INL
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

enum class Start { zero, bias };

/// c tile (kRows, panels * kPanel) = start + a (kRows, inner) panel. `panel`: the first panel of the group,
/// the next ones panel_size further; its first row is the bias if asked. finish(row, panel, values) stores a
/// row.
template <std::size_t kRows, std::size_t kPanels, Start kStart, typename Finish>
HWY_INLINE void product_tile(const float* HWY_RESTRICT a, std::size_t stride, std::size_t inner,
                             const float* HWY_RESTRICT panel, std::size_t panel_size, Finish&& finish) {
    const F f;
    V sum[kRows][kPanels][kVectors];
    for (std::size_t r = 0; r < kRows; ++r) {
        for (std::size_t p = 0; p < kPanels; ++p) {
            for (std::size_t v = 0; v < kVectors; ++v) {
                sum[r][p][v] =
                    kStart == Start::bias ? hn::LoadU(f, panel + p * panel_size + v * kLanes) : hn::Zero(f);
            }
        }
    }
    if (kStart == Start::bias) panel += kPanel;
    for (std::size_t k = 0; k < inner; ++k, panel += kPanel) {
        V w[kPanels][kVectors];
        for (std::size_t p = 0; p < kPanels; ++p) {
            for (std::size_t v = 0; v < kVectors; ++v)
                w[p][v] = hn::LoadU(f, panel + p * panel_size + v * kLanes);
        }
        for (std::size_t r = 0; r < kRows; ++r) {
            const V x = hn::Set(f, a[r * stride + k]);
            for (std::size_t p = 0; p < kPanels; ++p) {
                for (std::size_t v = 0; v < kVectors; ++v)
                    sum[r][p][v] = hn::MulAdd(x, w[p][v], sum[r][p][v]);
            }
        }
    }
    for (std::size_t r = 0; r < kRows; ++r) {
        for (std::size_t p = 0; p < kPanels; ++p)
            finish(r, p, sum[r][p]);
    }
}

/// All rows against all panels of a matrix with `cols` columns, panel groups outside, so that a group stays
/// in the first-level cache. finish(row, first column, values).
template <Start kStart, typename Finish>
HWY_INLINE void product(ConstBlock a, std::size_t n, std::size_t inner, const float* panels, std::size_t cols,
                        Finish&& finish) {
    const std::size_t count = nn::panels_of(cols);
    const std::size_t size = (inner + (kStart == Start::bias ? 1 : 0)) * kPanel;
    const auto group = [&](std::size_t panel, auto panels_in_tile) {
        constexpr std::size_t kPanels = decltype(panels_in_tile)::value;
        for_tiles<kTileRows>(n, [&](std::size_t first, auto rows) {
            product_tile<decltype(rows)::value, kPanels, kStart>(
                a.data + first * a.stride, a.stride, inner, panels + panel * size, size,
                [&](std::size_t r, std::size_t p, const V(&values)[kVectors]) {
                    finish(first + r, (panel + p) * kPanel, values);
                });
        });
    };
    // A single row has too few sums in a panel of its own to hide the latency of a multiply-add.
    const auto single_row = [&](std::size_t panel) {
        product_tile<1, 4, kStart>(a.data, a.stride, inner, panels + panel * size, size,
                                   [&](std::size_t, std::size_t p, const V(&values)[kVectors]) {
                                       finish(0, (panel + p) * kPanel, values);
                                   });
    };
    std::size_t panel = 0;
    if (n == 1 && kLanes >= 8) {
        for (; panel + 4 <= count; panel += 4)
            single_row(panel);
    }
    for (; panel + kGroup <= count; panel += kGroup)
        group(panel, std::integral_constant<std::size_t, kGroup>());
    for (; panel < count; ++panel)
        group(panel, std::integral_constant<std::size_t, 1>());
}

/// One row against kHeads rows of weights: for heads, which are much narrower than a panel.
template <std::size_t kHeads>
HWY_INLINE void narrow_forward(const Layer& layer, ConstBlock a, std::size_t n, Block c) {
    const F f;
    const std::size_t panels = nn::panels_of(layer.in);
    for (std::size_t i = 0; i < n; ++i) {
        const float* HWY_RESTRICT x = a.data + i * a.stride;
        const float* HWY_RESTRICT w = layer.transposed;
        V sum[kHeads][kVectors];
        for (auto& head : sum) {
            for (V& value : head)
                value = hn::Zero(f);
        }
        for (std::size_t p = 0; p < panels; ++p, x += kPanel, w += kHeads * kPanel) {
            for (std::size_t v = 0; v < kVectors; ++v) {
                const V values = hn::LoadU(f, x + v * kLanes);
                for (std::size_t h = 0; h < kHeads; ++h) {
                    sum[h][v] = hn::MulAdd(values, hn::LoadU(f, w + h * kPanel + v * kLanes), sum[h][v]);
                }
            }
        }
        for (std::size_t h = 0; h < kHeads; ++h) {
            V total = sum[h][0];
            for (std::size_t v = 1; v < kVectors; ++v)
                total = hn::Add(total, sum[h][v]);
            c.data[i * c.stride + h] = layer.bias[h] + hn::GetLane(hn::SumOfLanes(f, total));
        }
    }
}

inline void forward(const Layer& layer, ConstBlock a, std::size_t n, Block c, bool relu) {
    if (layer.out <= kNarrow && layer.transposed != nullptr && !relu) {
        switch (layer.out) {
            case 1:
                return narrow_forward<1>(layer, a, n, c);
            case 2:
                return narrow_forward<2>(layer, a, n, c);
            case 3:
                return narrow_forward<3>(layer, a, n, c);
            case 4:
                return narrow_forward<4>(layer, a, n, c);
            case 5:
                return narrow_forward<5>(layer, a, n, c);
            default:
                return narrow_forward<6>(layer, a, n, c);
        }
    }
    const F f;
    const V least = relu ? hn::Zero(f) : hn::Set(f, -hwy::HighestValue<float>());
    const std::size_t room = c.stride >= nn::padded(layer.out) ? nn::padded(layer.out) : layer.out;
    product<Start::bias>(a, n, layer.in, layer.panels, layer.out,
                         [&](std::size_t row, std::size_t col, const V(&values)[kVectors]) {
                             V out[kVectors];
                             for (std::size_t v = 0; v < kVectors; ++v)
                                 out[v] = hn::Max(values[v], least);
                             store_columns(out, room - col, c.data + row * c.stride + col);
                         });
}

/// Masks and scales a vector of dL/d(inputs) by the activations before, if there are any.
template <bool kMasked>
HWY_INLINE V through_relu(V delta, const float* before, V scale) {
    if (!kMasked) return delta;
    const F f;
    return hn::IfThenElseZero(hn::Gt(hn::LoadU(f, before), hn::Zero(f)), hn::Mul(scale, delta));
}

/// As backward_inputs for heads: their weights stay in registers while the rows pass by.
template <std::size_t kHeads, bool kMasked>
HWY_INLINE void narrow_inputs(const Layer& layer, ConstBlock d, std::size_t n, ConstBlock a, V scale,
                              Block da) {
    const F f;
    for (std::size_t col = 0; col < layer.in; col += kPanel) {
        V w[kHeads][kVectors];
        for (std::size_t h = 0; h < kHeads; ++h) {
            for (std::size_t v = 0; v < kVectors; ++v) {
                w[h][v] = hn::LoadU(f, layer.transposed + col * kHeads + h * kPanel + v * kLanes);
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            V sum[kVectors];
            for (V& value : sum)
                value = hn::Zero(f);
            for (std::size_t h = 0; h < kHeads; ++h) {
                const V x = hn::Set(f, d.data[i * d.stride + h]);
                for (std::size_t v = 0; v < kVectors; ++v)
                    sum[v] = hn::MulAdd(x, w[h][v], sum[v]);
            }
            for (std::size_t v = 0; v < kVectors; ++v) {
                const float* before = kMasked ? a.data + i * a.stride + col + v * kLanes : nullptr;
                hn::StoreU(through_relu<kMasked>(sum[v], before, scale), f,
                           da.data + i * da.stride + col + v * kLanes);
            }
        }
    }
}

template <bool kMasked>
HWY_INLINE void backward_inputs(const Layer& layer, ConstBlock d, std::size_t n, ConstBlock a, V scale,
                                Block da) {
    const bool room = da.stride >= nn::padded(layer.in);
    switch (room ? layer.out : 0) {
        case 1:
            return narrow_inputs<1, kMasked>(layer, d, n, a, scale, da);
        case 2:
            return narrow_inputs<2, kMasked>(layer, d, n, a, scale, da);
        case 3:
            return narrow_inputs<3, kMasked>(layer, d, n, a, scale, da);
        case 4:
            return narrow_inputs<4, kMasked>(layer, d, n, a, scale, da);
        case 5:
            return narrow_inputs<5, kMasked>(layer, d, n, a, scale, da);
        case 6:
            return narrow_inputs<6, kMasked>(layer, d, n, a, scale, da);
        default:
            break;
    }
    const std::size_t cols = room ? nn::padded(layer.in) : layer.in;
    product<Start::zero>(d, n, layer.out, layer.transposed, layer.in,
                         [&](std::size_t row, std::size_t col, const V(&values)[kVectors]) {
                             V out[kVectors];
                             for (std::size_t v = 0; v < kVectors; ++v) {
                                 const float* before =
                                     kMasked ? a.data + row * a.stride + col + v * kLanes : nullptr;
                                 out[v] = through_relu<kMasked>(values[v], before, scale);
                             }
                             store_columns(out, cols - col, da.data + row * da.stride + col);
                         });
}

inline void backward_inputs(const Layer& layer, ConstBlock d, std::size_t n, ConstBlock a, float scale,
                            Block da) {
    const V factor = hn::Set(F(), scale);
    if (a.data != nullptr) {
        backward_inputs<true>(layer, d, n, a, factor, da);
    } else {
        backward_inputs<false>(layer, d, n, a, factor, da);
    }
}

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
