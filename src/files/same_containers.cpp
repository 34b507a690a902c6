// SPDX-License-Identifier: MIT
#include "funnel/files/same_containers.hpp"

namespace funnel::files::detail {

template <bool kOn>
const char LibraryWithGlibcxxDebug<kOn>::kMatchesThisFile = 0;

template struct LibraryWithGlibcxxDebug<kGlibcxxDebug>;

}  // namespace funnel::files::detail
