// SPDX-License-Identifier: MIT
// The kernels without a product: optimizer step, sums, sigmoid and cross-entropy.
// Compiled once per target: included by best_kernels.cpp only.

#if defined(FUNNEL_KERNEL_ELEMENTWISE_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef FUNNEL_KERNEL_ELEMENTWISE_INL
#undef FUNNEL_KERNEL_ELEMENTWISE_INL
#else
#define FUNNEL_KERNEL_ELEMENTWISE_INL
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "funnel/nn/kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace funnel::kernel::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using W = hn::ScalableTag<float>;
constexpr std::size_t kWide = hn::MaxLanes(W());

/// Calls step(pointers...) on whole vectors, then on the remaining elements one by one, each alone in a
/// vector of zeros on the stack: so every element is computed by the same instructions wherever it stands. A
/// vector filled by one store is read back without delay, one filled element by element is not. Outputs are
/// non-const.
template <typename Step, typename... T>
HWY_INLINE void for_vectors(std::size_t n, Step&& step, T*... pointers) {
    std::size_t i = 0;
    for (; i + kWide <= n; i += kWide)
        step((pointers + i)...);
    struct Single {
        HWY_ALIGN float values[kWide];
    };
    const W f;
    const auto alone = hn::FirstN(f, 1);
    const auto fetch = [&](float value, Single& single) {
        hn::Store(hn::IfThenElseZero(alone, hn::Set(f, value)), f, single.values);
    };
    const auto give_back = [](const Single& single, auto* to) {
        if constexpr (!std::is_const_v<std::remove_pointer_t<decltype(to)>>) *to = single.values[0];
    };
    const auto one = [&](auto&&... singles) {
        (fetch(pointers[i], singles), ...);
        step(singles.values...);
        (give_back(singles, pointers + i), ...);
    };
    for (; i < n; ++i)
        one(((void)pointers, Single())...);
}

inline void adamw(const nn::AdamWStep& s, std::size_t n, const float* g, float* p, float* m, float* v) {
    const W f;
    const auto set = [f](double value) { return hn::Set(f, static_cast<float>(value)); };
    const auto beta1 = set(s.beta1), rest1 = set(1.0 - s.beta1), beta2 = set(s.beta2),
               rest2 = set(1.0 - s.beta2);
    const auto keep = set(1.0 - s.learning_rate * s.weight_decay),
               rate = set(s.learning_rate / s.correction1);
    const auto root = set(1.0 / std::sqrt(s.correction2)), epsilon = set(s.epsilon);
    for_vectors(
        n,
        [&](const float* gradient, float* parameter, float* mean, float* square) {
            const auto x = hn::LoadU(f, gradient);
            const auto first = hn::MulAdd(beta1, hn::LoadU(f, mean), hn::Mul(rest1, x));
            const auto second = hn::MulAdd(beta2, hn::LoadU(f, square), hn::Mul(rest2, hn::Mul(x, x)));
            const auto denominator = hn::MulAdd(hn::Sqrt(second), root, epsilon);
            const auto step = hn::Div(hn::Mul(rate, first), denominator);
            hn::StoreU(first, f, mean);
            hn::StoreU(second, f, square);
            hn::StoreU(hn::MulSub(keep, hn::LoadU(f, parameter), step), f, parameter);
        },
        g, p, m, v);
}

inline void add(std::size_t n, const float* from, float* to) {
    const W f;
    for_vectors(
        n, [&](const float* a, float* b) { hn::StoreU(hn::Add(hn::LoadU(f, a), hn::LoadU(f, b)), f, b); },
        from, to);
}

/// e = exp(-|z|), which cannot overflow, and sigmoid(z) from it.
template <typename X>
HWY_INLINE X sigmoid_of(X z, X e) {
    const W f;
    const auto one = hn::Set(f, 1.0F);
    return hn::Div(hn::IfThenElse(hn::Lt(z, hn::Zero(f)), e, one), hn::Add(one, e));
}

inline double bce(std::size_t n, const float* z, const float* y, const float* c, float* g) {
    const W f;
    constexpr std::size_t kPart = 64 * kWide;  // short sums in float, the long one in double
    double loss = 0.0;
    for (std::size_t first = 0; first < n; first += kPart) {
        auto sum = hn::Zero(f);
        for_vectors(
            std::min(kPart, n - first),
            [&](const float* logit, const float* target, const float* factor, float* gradient) {
                const auto x = hn::LoadU(f, logit), t = hn::LoadU(f, target), w = hn::LoadU(f, factor);
                const auto e = hn::Exp(f, hn::Neg(hn::Abs(x)));
                hn::StoreU(hn::Mul(w, hn::Sub(sigmoid_of(x, e), t)), f, gradient);
                const auto softplus = hn::Add(hn::Max(x, hn::Zero(f)), hn::Log1p(f, e));
                sum = hn::MulAdd(w, hn::NegMulAdd(t, x, softplus), sum);
            },
            z + first, y + first, c + first, g + first);
        loss += static_cast<double>(hn::GetLane(hn::SumOfLanes(f, sum)));
    }
    return loss;
}

inline void sigmoid(std::size_t n, const float* z, float* p) {
    const W f;
    for_vectors(
        n,
        [&](const float* logit, float* out) {
            const auto x = hn::LoadU(f, logit);
            hn::StoreU(sigmoid_of(x, hn::Exp(f, hn::Neg(hn::Abs(x)))), f, out);
        },
        z, p);
}

/// As nn::detail::fast_log.
template <typename X>
HWY_INLINE X fast_log(X x) {
    const W f;
    const hn::RebindToSigned<W> bits;
    const auto root = hn::Set(bits, static_cast<std::int32_t>(nn::detail::kRootHalf));
    const auto shifted = hn::Sub(hn::BitCast(bits, x), root);
    const auto exponent = hn::ConvertTo(f, hn::ShiftRight<23>(shifted));
    const auto mantissa = hn::Add(hn::And(shifted, hn::Set(bits, 0x007FFFFF)), root);
    const auto m = hn::Sub(hn::BitCast(f, mantissa), hn::Set(f, 1.0F));
    const auto q = hn::Mul(m, m);
    auto y = hn::Set(f, nn::detail::kLog[0]);
    for (std::size_t k = 1; k < nn::detail::kLog.size(); ++k)
        y = hn::MulAdd(y, m, hn::Set(f, nn::detail::kLog[k]));
    const auto low = hn::MulAdd(exponent, hn::Set(f, nn::detail::kLn2Low), hn::Mul(q, hn::Set(f, -0.5F)));
    y = hn::Add(m, hn::MulAdd(hn::Mul(y, m), q, low));
    return hn::MulAdd(exponent, hn::Set(f, nn::detail::kLn2High), y);
}

/// About 40 instructions per vector, one of them a division.
inline void z_scores(std::size_t groups, const nn::ZScores<float>* parameters, float clip, const float* from,
                     float* to) {
    static_assert(nn::kScores % kWide == 0);
    const W f;
    const auto one = hn::Set(f, 1.0F), most = hn::Set(f, clip), least = hn::Set(f, -clip);
    for (std::size_t i = 0; i < groups * nn::kScores; i += kWide) {
        const nn::ZScores<float>& group = parameters[i / nn::kScores];
        const std::size_t lane = i % nn::kScores;
        const auto x = hn::LoadU(f, from + i);
        const auto identity = hn::LoadU(f, group.identity.data() + lane);
        const auto logit = hn::LoadU(f, group.logit.data() + lane);
        const auto log1p = hn::LoadU(f, group.log1p.data() + lane);
        const auto cut = hn::Min(hn::Abs(x), hn::Set(f, nn::kLongest));
        const auto rate = hn::Min(hn::Max(x, hn::Set(f, nn::kLeastRate)), hn::Set(f, nn::kMostRate));
        const auto numerator = hn::MulAdd(logit, rate, hn::MulAdd(log1p, hn::Add(one, cut), identity));
        const auto log = fast_log(hn::Div(numerator, hn::NegMulAdd(logit, rate, one)));
        const auto t = hn::MulAdd(identity, x, hn::MulAdd(logit, log, hn::Mul(log1p, hn::CopySign(log, x))));
        const auto score = hn::Mul(hn::Sub(t, hn::LoadU(f, group.mean.data() + lane)),
                                   hn::LoadU(f, group.scale.data() + lane));
        hn::StoreU(hn::IfThenElseZero(hn::IsFinite(x), hn::Min(hn::Max(score, least), most)), f, to + i);
    }
}

}  // namespace funnel::kernel::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
