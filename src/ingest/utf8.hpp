// SPDX-License-Identifier: MIT
// UTF-8 as RFC 3629 has it (no overlong forms, no surrogates, nothing above U+10FFFF), and text for messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace funnel::ingest::detail {

/// Bytes of the valid sequence that `text` begins with, 0 if it begins with none. NUL is a valid sequence.
[[nodiscard]] std::size_t utf8_sequence(std::string_view text) noexcept;

/// Position of the first byte that is not part of valid UTF-8, or npos.
[[nodiscard]] std::size_t find_invalid_utf8(std::string_view text) noexcept;

/// Text of unknown origin as it may stand in a message: control characters and invalid bytes escaped, cut at
/// 200 bytes.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace funnel::ingest::detail
