// SPDX-License-Identifier: MIT
// Puts large buffers into large pages where the system offers them: fewer page faults while they are filled,
// fewer TLB misses while they are probed.
#pragma once

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

namespace funnel::base {

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

/// Tables that are looked into at random: at a few hundred megabytes most look-ups would miss the address
/// cache of 4 KiB pages.
template <typename T>
using HugeVector = std::vector<T, HugePageAllocator<T>>;

/// Bytes that nobody has written to yet.
class HugeBuffer {
 public:
    explicit HugeBuffer(std::size_t bytes)
        : bytes_(bytes), data_(HugePageAllocator<std::byte>().allocate(bytes)) {}
    ~HugeBuffer() {
        if (data_ != nullptr) HugePageAllocator<std::byte>().deallocate(data_, bytes_);
    }
    HugeBuffer(HugeBuffer&& other) noexcept
        : bytes_(other.bytes_), data_(std::exchange(other.data_, nullptr)) {}
    HugeBuffer& operator=(HugeBuffer&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        std::swap(data_, other.data_);
        return *this;
    }

    [[nodiscard]] std::byte* data() const noexcept { return data_; }

 private:
    std::size_t bytes_;
    std::byte* data_;
};

}  // namespace funnel::base
