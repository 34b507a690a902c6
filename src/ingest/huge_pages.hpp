// SPDX-License-Identifier: MIT
// Large buffers in large pages where the system offers them: fewer page faults while they are filled, fewer
// misses of the address cache while they are probed.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>

namespace funnel::ingest::detail {

inline constexpr std::size_t kHugePage = std::size_t{1} << 21;

/// Asks for large pages inside [begin, begin + bytes). Only advice: nothing depends on it.
inline void advise_huge_pages([[maybe_unused]] const void* begin,
                              [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef MADV_HUGEPAGE
    const auto first = (reinterpret_cast<std::uintptr_t>(begin) + kHugePage - 1) & ~(kHugePage - 1);
    const auto last = (reinterpret_cast<std::uintptr_t>(begin) + bytes) & ~(kHugePage - 1);
    if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
}

/// For vectors that grow large: such buffers begin at a large page.
template <typename T>
struct HugePageAllocator {
    using value_type = T;
    HugePageAllocator() = default;
    template <typename U>
    HugePageAllocator(const HugePageAllocator<U>&) noexcept {}

    [[nodiscard]] T* allocate(std::size_t n) {
        const std::size_t bytes = n * sizeof(T);
        if (bytes < kHugePage) return static_cast<T*>(::operator new(bytes, std::align_val_t(64)));
        T* const p = static_cast<T*>(::operator new(bytes, std::align_val_t(kHugePage)));
        advise_huge_pages(p, bytes);
        return p;
    }
    void deallocate(T* p, std::size_t n) noexcept {
        ::operator delete(p, std::align_val_t(n * sizeof(T) < kHugePage ? 64 : kHugePage));
    }
    template <typename U>
    bool operator==(const HugePageAllocator<U>&) const noexcept {
        return true;
    }
};

}  // namespace funnel::ingest::detail
