// SPDX-License-Identifier: MIT
// find_invalid_utf8: a quick search through whole records; single sequences and messages: base/utf8.hpp.
#pragma once

#include <cstddef>
#include <string_view>

#include "funnel/base/utf8.hpp"

namespace funnel::ingest::detail {

using base::escaped;
using base::utf8_sequence;

/// Position of the first byte that is not part of valid UTF-8, or npos.
[[nodiscard]] std::size_t find_invalid_utf8(std::string_view text) noexcept;

}  // namespace funnel::ingest::detail
