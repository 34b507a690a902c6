// SPDX-License-Identifier: MIT
// UserDuplicates: rows of one user that equal an earlier one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "funnel/base/string_table.hpp"

namespace funnel::ingest::detail {

/// Finds rows that equal an earlier one, in the rows of one user at a time.
class UserDuplicates {
 public:
    /// Appends the repeated ones of rows [begin, end) to `found`.
    template <typename Same>
    void find(const std::vector<std::uint64_t>& marks, std::uint32_t begin, std::uint32_t end,
              const Same& same, std::vector<std::uint64_t>& found) {
        std::size_t size = 4;
        while (size < std::size_t{end - begin} * 2)
            size *= 2;
        slots_.assign(size, kFree);
        for (std::uint32_t row = begin; row < end; ++row) {
            std::size_t at = (marks[row] >> 32) & (size - 1);
            while (slots_[at] != kFree && !(marks[slots_[at]] == marks[row] && same(slots_[at], row)))
                at = (at + 1) & (size - 1);
            if (slots_[at] != kFree)
                found.push_back(row);
            else
                slots_[at] = row;
        }
    }

 private:
    static constexpr std::uint32_t kFree = base::kNone;
    std::vector<std::uint32_t> slots_;
};

}  // namespace funnel::ingest::detail
