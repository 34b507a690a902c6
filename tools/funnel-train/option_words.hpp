// SPDX-License-Identifier: MIT
// The library's messages name settings of its API; the program says which option sets them.
#pragma once

#include <string>
#include <string_view>

namespace funnel::tool {

/// "try a smaller learning_rate" -> "try a smaller --learning-rate". Other text stays as it is.
[[nodiscard]] std::string in_options(std::string_view message);

}  // namespace funnel::tool
