// SPDX-License-Identifier: MIT
// Stops compilation if the compiler's flags would change the last bits of a feature: one program trains a
// model and another uses it, and both must compute the same. Nothing to call.
#pragma once

// __ASSOCIATIVE_MATH__ and __RECIPROCAL_MATH__ are the parts of -ffast-math that g++ tells of.
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__) || \
    defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__)
#error \
    "funnel: expected exact arithmetic, got -ffast-math, -Ofast or a part of it; compile files that include funnel without it"
#endif

// No compiler tells whether it contracts a * b + c; without such an instruction it cannot.
#if !defined(FUNNEL_FP_CONTRACT_OFF) &&                                                               \
    (defined(__FMA__) || defined(__FMA4__) || defined(__ARM_FEATURE_FMA) || defined(__FP_FAST_FMA) || \
     defined(__FP_FAST_FMAF))
#error \
    "funnel: expected a * b + c to be rounded twice, got a CPU with fused multiply-add; add -ffp-contract=off -DFUNNEL_FP_CONTRACT_OFF, as funnel::core in CMake and pkg-config do"
#endif
