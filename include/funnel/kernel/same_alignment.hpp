// SPDX-License-Identifier: MIT
// Makes it a link error if a program whose matrices Eigen aligns for wider vectors (-march=native, -mavx)
// uses a library compiled without these flags: what one allocates, the other cannot free. Nothing to call. A
// program that needs such flags includes funnel/recommender.hpp, which shows no matrices, or compiles funnel
// with the same flags.
#pragma once

#include "funnel/base/matrix.hpp"

namespace funnel::kernel::detail {

/// The library defines the one that it was compiled with.
template <int kBytes>
struct [[gnu::visibility("default")]] LibraryWithEigenAlignment {
    static const char kMatchesThisFile;
};

// Every file that includes this asks the linker for the one that fits it.
#if __has_attribute(retain)
__attribute__((used, retain))
#else
__attribute__((used))
#endif
static const char* const kSameAlignment = &LibraryWithEigenAlignment<EIGEN_MAX_ALIGN_BYTES>::kMatchesThisFile;

}  // namespace funnel::kernel::detail
