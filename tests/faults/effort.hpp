// SPDX-License-Identifier: MIT
// effort: how many cases a randomized test tries: few in every test run, all of them with FUNNEL_LONG_TESTS
// set (tests/long).
#pragma once

#include <cstdlib>

namespace funnel::faults {

[[nodiscard]] inline int effort(int in_every_run, int in_the_long_one) {
    return std::getenv("FUNNEL_LONG_TESTS") != nullptr ? in_the_long_one : in_every_run;
}

}  // namespace funnel::faults
