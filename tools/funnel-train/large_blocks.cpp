// SPDX-License-Identifier: MIT
// Asks for large pages under every large block of the program: a log or its examples fill hundreds of
// megabytes once, and a page fault per 4 KiB costs more than that where the machine is a virtual one
// (docs/performance.md). The library leaves the allocator of its host alone.
#include <cstddef>
#include <cstdlib>
#include <new>

#include "funnel/base/huge_pages.hpp"

namespace {

constexpr std::size_t kLarge = 2 * funnel::base::kHugePage;  // below, hardly a whole large page fits

}  // namespace

void* operator new(std::size_t bytes) {
    for (;;) {
        if (void* const block = std::malloc(bytes == 0 ? 1 : bytes)) {
            if (bytes >= kLarge) funnel::base::advise_huge_pages(block, bytes);
            return block;
        }
        const std::new_handler handler = std::get_new_handler();
        if (handler == nullptr) throw std::bad_alloc();
        handler();
    }
}

void operator delete(void* block) noexcept {
    std::free(block);
}

void operator delete(void* block, std::size_t) noexcept {
    std::free(block);
}
