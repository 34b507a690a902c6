// SPDX-License-Identifier: MIT
// The one style sheet of the page.
#pragma once

#include <string_view>

namespace funnel::report::html {

/// Light and dark, wide and narrow, screen and paper.
[[nodiscard]] std::string_view style_sheet() noexcept;

}  // namespace funnel::report::html
