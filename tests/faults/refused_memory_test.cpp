// SPDX-License-Identifier: MIT
// Tables that a host keeps when memory is refused at any moment: what was in them stays, and they go on.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "funnel/base/flat_map.hpp"
#include "funnel/base/string_table.hpp"

namespace {

int allocations_left = -1;  // below 0: all that are asked for

void* granted(void* p) {
    if (p == nullptr) throw std::bad_alloc();
    return p;
}

/// Not inlined: g++ takes it for a mismatch with its own operator new.
[[gnu::noinline]] void release(void* p) noexcept {
    std::free(p);
}

bool refused() noexcept {
    if (allocations_left < 0) return false;
    return allocations_left-- == 0;
}

}  // namespace

void* operator new(std::size_t size) {
    if (refused()) throw std::bad_alloc();
    return granted(std::malloc(std::max<std::size_t>(size, 1)));
}
void* operator new(std::size_t size, std::align_val_t align) {
    if (refused()) throw std::bad_alloc();
    const auto to = static_cast<std::size_t>(align);
    return granted(std::aligned_alloc(to, (std::max<std::size_t>(size, 1) + to - 1) / to * to));
}
void operator delete(void* p) noexcept {
    release(p);
}
void operator delete(void* p, std::size_t) noexcept {
    release(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
    release(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
    release(p);
}

namespace funnel::faults {
namespace {

constexpr std::uint32_t kEntries = 3000;

/// Puts entries 0, 1, ... in, of which every n-th allocation fails once, and tries again.
template <typename Put>
void put_all(int allocations, const Put& put) {
    int refusals = 0;
    for (std::uint32_t i = 0; i < kEntries;) {
        allocations_left = allocations;
        try {
            for (; i < kEntries; ++i)
                put(i);
            allocations_left = -1;
        } catch (const std::bad_alloc&) {
            ++refusals;
            for (int again = 0; again < 3; ++again) {  // also what does not fit now is left alone
                allocations_left = 0;
                try {
                    put(i);
                    ++i;
                    break;
                } catch (const std::bad_alloc&) {
                }
            }
            allocations_left = -1;
            if (i < kEntries) put(i++);
        }
    }
    EXPECT_GT(refusals, 0);
}

class RefusedMemory : public testing::TestWithParam<int> {};

TEST_P(RefusedMemory, LeavesAStringTableWhole) {
    base::StringTable table;
    const auto text = [](std::uint32_t i) { return "user " + std::to_string(i); };
    std::vector<std::string> texts;
    for (std::uint32_t i = 0; i < kEntries; ++i)
        texts.push_back(text(i));
    put_all(GetParam(), [&](std::uint32_t i) { ASSERT_EQ(table.intern(texts[i]), i); });
    ASSERT_EQ(table.size(), kEntries);
    for (std::uint32_t i = 0; i < kEntries; ++i) {
        ASSERT_EQ(table.text(i), texts[i]);
        ASSERT_EQ(table.find(texts[i]), i);
    }
}

TEST_P(RefusedMemory, LeavesAFlatMapWhole) {
    struct Record {
        std::uint64_t key = 0, value = 0;
    };
    base::FlatMap<Record> map;
    put_all(GetParam(), [&](std::uint32_t i) { ASSERT_EQ(map.insert({i, 7 * i}).value, 7 * i); });
    ASSERT_EQ(map.size(), kEntries);
    for (std::uint32_t i = 0; i < kEntries; ++i)
        ASSERT_EQ(map.find(i)->value, 7 * i);
}

INSTANTIATE_TEST_SUITE_P(After, RefusedMemory, testing::Values(0, 1, 2, 3, 5, 8),
                         [](const auto& n) { return std::to_string(n.param) + "Allocations"; });

}  // namespace
}  // namespace funnel::faults
