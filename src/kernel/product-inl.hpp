// SPDX-License-Identifier: MIT
// Products of a net's layers in register tiles: forward, and the gradient of the inputs. A tile holds kRows x
// (kGroup panels) sums in registers and streams over the inner dimension: per step one load per vector of the
// panel, one broadcast per row, and all multiply-adds in between. Goto and van de Geijn, "Anatomy of
// high-performance matrix multiplication" (2008). Compiled once per target: included by best_kernels.cpp
// only.

#if defined(FUNNEL_KERNEL_PRODUCT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef FUNNEL_KERNEL_PRODUCT_INL
#undef FUNNEL_KERNEL_PRODUCT_INL
#else
#define FUNNEL_KERNEL_PRODUCT_INL
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <utility>

#include "panels-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace funnel::kernel::HWY_NAMESPACE {

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

}  // namespace funnel::kernel::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
