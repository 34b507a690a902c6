// SPDX-License-Identifier: MIT
// base::hash_bytes for text with readable bytes behind it: the same values without a call per odd length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "funnel/base/hash.hpp"
#include "funnel/events/event_log.hpp"
#include "ingest/csv/field_value.hpp"

namespace funnel::ingest::detail {

using base::kHashKey0;
using base::kHashKey1;

/// The low n <= 8 bytes of the word at p; 8 bytes must be readable.
[[nodiscard]] inline std::uint64_t load_head(const char* p, std::size_t n) noexcept {
    // A table beats shifts by a variable amount, which need a special case for 0 as well.
    static constexpr std::uint64_t kMasks[] = {0,
                                               0xFF,
                                               0xFFFF,
                                               0xFFFFFF,
                                               0xFFFFFFFF,
                                               0xFFFFFFFFFF,
                                               0xFFFFFFFFFFFF,
                                               0xFFFFFFFFFFFFFF,
                                               0xFFFFFFFFFFFFFFFF};
    return n == 0 ? 0 : load8(p) & kMasks[n];
}

/// The first 16 bytes of a text, missing ones zero: texts without NUL of at most 16 bytes are equal exactly
/// if these are.
struct Words {
    std::uint64_t low, high;
};

[[nodiscard]] inline Words load_words(const char* p, std::size_t n) noexcept {
    return n < 8 ? Words{load_head(p, n), 0} : Words{load8(p), load_head(p + 8, n < 16 ? n - 8 : 8)};
}

/// hash_bytes of a text of n <= 16 bytes.
[[nodiscard]] inline std::uint64_t hash_words(Words words, std::size_t n, std::uint64_t seed = 0) noexcept {
    const std::uint64_t h = seed ^ kHashKey0;
    return base::mix64(base::detail::fold(words.low ^ kHashKey1, words.high ^ h) ^ (n * kHashKey0));
}

/// hash_bytes(text, seed); 16 bytes behind the text must be readable.
[[nodiscard]] inline std::uint64_t fast_hash(std::string_view text, std::uint64_t seed = 0) noexcept {
    const char* p = text.data();
    std::size_t n = text.size();
    std::uint64_t h = seed ^ kHashKey0;
    while (n > 16) {
        h = base::detail::fold(load8(p) ^ kHashKey1, load8(p + 8) ^ h);
        p += 16;
        n -= 16;
    }
    const Words words = load_words(p, n);
    return base::mix64(base::detail::fold(words.low ^ kHashKey1, words.high ^ h) ^ (text.size() * kHashKey0));
}

/// events::session_key of a text with readable bytes behind it.
[[nodiscard]] inline std::uint64_t session_key(std::string_view session) noexcept {
    if (session.empty()) return 0;
    const std::uint64_t hash = fast_hash(session, events::kSessionSeed);
    return hash == 0 ? 1 : hash;
}

}  // namespace funnel::ingest::detail
