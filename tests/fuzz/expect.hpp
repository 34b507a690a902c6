// SPDX-License-Identifier: MIT
// expect: a claim of a fuzz target; the fuzzer keeps the input for which it does not hold.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace funnel::fuzz {

inline void expect(bool holds, const std::string& claim) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", claim.c_str());
    std::abort();
}

}  // namespace funnel::fuzz
