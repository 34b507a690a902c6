// SPDX-License-Identifier: MIT
// Makes it a link error if a program compiled with _GLIBCXX_DEBUG uses a library compiled without it, or the
// other way round: their std::vector types differ in size. Nothing to call.
#pragma once

namespace funnel::files::detail {

#ifdef _GLIBCXX_DEBUG
inline constexpr bool kGlibcxxDebug = true;
#else
inline constexpr bool kGlibcxxDebug = false;
#endif

/// The library defines the one that it was compiled with.
template <bool kOn>
struct [[gnu::visibility("default")]] LibraryWithGlibcxxDebug {
    static const char kMatchesThisFile;
};

// Every file that includes this asks the linker for the one that fits it.
#if __has_attribute(retain)
__attribute__((used, retain))
#else
__attribute__((used))
#endif
static const char* const kSameContainers = &LibraryWithGlibcxxDebug<kGlibcxxDebug>::kMatchesThisFile;

}  // namespace funnel::files::detail
