// SPDX-License-Identifier: MIT
// One set of kernels per target, and the choice between them at run time.

#include "funnel/kernel/kernels.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "funnel/base/error.hpp"

// Only what named() offers: older x86 levels would double the size of the code for machines of before 2013.
#define HWY_COMPILE_ALL_ATTAINABLE
#define HWY_DISABLED_TARGETS \
    (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels.cpp"
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
    std::int64_t target;
    nn::Kernels kernels;
};

constexpr Set kSets[] = {
#if HWY_TARGETS & HWY_SCALAR
    {HWY_SCALAR, N_SCALAR::table("scalar")},
#elif HWY_TARGETS & HWY_EMU128
    {HWY_EMU128, N_EMU128::table("scalar")},
#endif
#if HWY_TARGETS & HWY_NEON
    {HWY_NEON, N_NEON::table("neon")},
#endif
#if HWY_TARGETS & HWY_AVX2
    {HWY_AVX2, N_AVX2::table("avx2")},
#endif
#if HWY_TARGETS & HWY_AVX3
    {HWY_AVX3, N_AVX3::table("avx512")},
#endif
};

/// The sets that this CPU can run. Decided once; the order of first calls does not matter.
const std::vector<const nn::Kernels*>& runnable() {
    static const std::vector<const nn::Kernels*> sets = [] {
        std::vector<const nn::Kernels*> found;
        for (const Set& set : kSets) {
            // The plain one needs no support, and SupportedTargets may leave it out.
            const bool plain = set.kernels.name == "scalar";
            if (plain || (hwy::SupportedTargets() & set.target) != 0) found.push_back(&set.kernels);
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
