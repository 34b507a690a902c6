// SPDX-License-Identifier: MIT
// One set of kernels per target, and the choice between them at run time.

#include "funnel/kernel/best_kernels.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/kernel/cpu_level.hpp"

// Only what named() offers: nets on machines without AVX2 do not pay for twice the code.
#define HWY_COMPILE_ALL_ATTAINABLE
#define HWY_DISABLED_TARGETS \
    (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "best_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "elementwise-inl.hpp"
#include "outer-inl.hpp"
#include "product-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace funnel::kernel::HWY_NAMESPACE {

constexpr nn::Kernels table(std::string_view name) {
    return {name,   &pack, &forward, &backward_inputs, &backward_weights,
            &adamw, &add,  &bce,     &sigmoid,         &z_scores};
}

}  // namespace funnel::kernel::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace funnel::kernel {
namespace {

/// A set of this build; slowest first.
struct Set {
    CpuLevel level;
    nn::Kernels kernels;
};

constexpr Set kSets[] = {
#if HWY_TARGETS & HWY_SCALAR
    {CpuLevel::plain, N_SCALAR::table("scalar")},
#elif HWY_TARGETS & HWY_EMU128
    {CpuLevel::plain, N_EMU128::table("scalar")},
#endif
#if HWY_TARGETS & HWY_NEON
    {CpuLevel::neon, N_NEON::table("neon")},
#endif
#if HWY_TARGETS & HWY_AVX2
    {CpuLevel::avx2, N_AVX2::table("avx2")},
#endif
#if HWY_TARGETS & HWY_AVX3
    {CpuLevel::avx512, N_AVX3::table("avx512")},
#endif
};

/// The sets that this CPU can run. Decided once; the order of first calls does not matter.
const std::vector<const nn::Kernels*>& runnable() {
    static const std::vector<const nn::Kernels*> sets = [] {
        std::vector<const nn::Kernels*> found;
        for (const Set& set : kSets) {
            // The slowest is what the whole build may use.
            if (found.empty() || set.level <= cpu_level()) found.push_back(&set.kernels);
        }
        return found;
    }();
    return sets;
}

}  // namespace

const nn::Kernels& best() noexcept {
    return *runnable().back();
}

std::span<const std::string_view> names() noexcept {
    static const std::vector<std::string_view> list = [] {
        std::vector<std::string_view> found;
        for (const nn::Kernels* kernels : runnable())
            found.push_back(kernels->name);
        return found;
    }();
    return list;
}

const nn::Kernels& named(std::string_view name) {
    for (const nn::Kernels* kernels : runnable()) {
        if (kernels->name == name) return *kernels;
    }
    std::string here;
    for (const std::string_view known : names())
        here += (here.empty() ? "" : " or ") + std::string(known);
    throw Error(ErrorCode::invalid_argument, "kernel: expected " + here + " on this machine, got \"" +
                                                 std::string(name) + "\"; leave the choice to the program");
}

}  // namespace funnel::kernel
#endif  // HWY_ONCE
