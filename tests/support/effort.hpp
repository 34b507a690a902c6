// SPDX-License-Identifier: MIT
// How many cases a randomized test tries.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace funnel::support {

/// Few in every test run, all of them with FUNNEL_LONG_TESTS set (tests/long).
[[nodiscard]] inline int effort(int in_every_run, int in_the_long_one) {
    return std::getenv("FUNNEL_LONG_TESTS") != nullptr ? in_the_long_one : in_every_run;
}

/// Cases that compare results: the release build tries them all. Sanitizers, which are ten times slower, look
/// for something else and find it in the first ones.
[[nodiscard]] inline std::uint64_t cases(std::uint64_t all) {
#ifdef FUNNEL_SANITIZED
    return std::getenv("FUNNEL_LONG_TESTS") != nullptr ? all : all / 8;
#else
    return all;
#endif
}

}  // namespace funnel::support
