// SPDX-License-Identifier: MIT
// What each metric is called in a page, and what it means in one sentence.
#pragma once

#include <string>
#include <string_view>

namespace funnel::report::html {

struct Term {
    std::string title;
    std::string meaning;
};

/// A name without an entry gets its own words as title and a pointer to docs/metrics.md.
[[nodiscard]] Term term_of(std::string_view name);

/// True if the name has an entry of its own.
[[nodiscard]] bool is_explained(std::string_view name) noexcept;

}  // namespace funnel::report::html
