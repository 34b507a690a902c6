// SPDX-License-Identifier: MIT
#include "funnel/kernel/same_alignment.hpp"

namespace funnel::kernel::detail {

template <int kBytes>
const char LibraryWithEigenAlignment<kBytes>::kMatchesThisFile = 0;

template struct LibraryWithEigenAlignment<EIGEN_MAX_ALIGN_BYTES>;

}  // namespace funnel::kernel::detail
