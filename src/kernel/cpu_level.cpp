// SPDX-License-Identifier: MIT
// Highway's own answer lives in a shared library that tries out a timer before main: 4 ms, a third of a short
// run of the program. The features are those that hwy/ops/set_macros-inl.h lets the compiler use.
#include "funnel/kernel/cpu_level.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace funnel::kernel {
namespace {

CpuLevel find_level() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    const bool sse4 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("sse4.1") &&
                      __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("aes") &&
                      __builtin_cpu_supports("pclmul");
    if (!sse4) return CpuLevel::plain;
    unsigned a = 0, b = 0, c = 0, d = 0;
    constexpr unsigned kF16c = 1u << 29;  // clang 14 has no name for it
    const bool avx2 = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & kF16c) != 0 &&
                      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                      __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    if (!avx2) return CpuLevel::sse4;
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    return avx512 ? CpuLevel::avx512 : CpuLevel::avx2;
#elif defined(__aarch64__) && defined(__linux__)
    return (getauxval(AT_HWCAP) & HWCAP_AES) != 0 ? CpuLevel::neon : CpuLevel::plain;
#elif defined(__aarch64__)
    return CpuLevel::neon;
#else
    return CpuLevel::plain;
#endif
}

}  // namespace

CpuLevel cpu_level() noexcept {
    static const CpuLevel level = find_level();
    return level;
}

}  // namespace funnel::kernel
