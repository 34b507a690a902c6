// SPDX-License-Identifier: MIT
// Counts as a person reads them: "16,437", "1 row", "16,437 rows".
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace funnel::base {

/// With a comma between thousands, in any locale.
template <std::integral Count>
[[nodiscard]] std::string format_count(Count count) {
    std::string digits = std::to_string(count);
    const std::size_t first = digits.front() == '-' ? 1 : 0;
    for (std::size_t at = digits.size(); at > first + 3;) {
        at -= 3;
        digits.insert(at, 1, ',');
    }
    return digits;
}

/// The count and its noun, with an s for more or fewer than one. what: in the singular, such as "purchase
/// row".
template <std::integral Count>
[[nodiscard]] std::string counted(Count count, std::string_view what) {
    return format_count(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

}  // namespace funnel::base
