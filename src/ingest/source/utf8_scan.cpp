// SPDX-License-Identifier: MIT
#include "ingest/source/utf8_scan.hpp"

#include <cstdint>
#include <cstring>

namespace funnel::ingest::detail {

std::size_t find_invalid_utf8(std::string_view text) noexcept {
    constexpr std::uint64_t kHigh = 0x8080808080808080ull;
    std::size_t at = 0;
    while (at < text.size()) {
        if (at + 8 <= text.size()) {
            std::uint64_t word;
            std::memcpy(&word, text.data() + at, 8);
            if ((word & kHigh) == 0) {
                at += 8;
                continue;
            }
        }
        const std::size_t length = utf8_sequence(text.substr(at));
        if (length == 0) return at;
        at += length;
    }
    return std::string_view::npos;
}

}  // namespace funnel::ingest::detail
