// SPDX-License-Identifier: MIT
// openapi: what /openapi.json answers.
#pragma once

#include <string_view>

namespace funnel::serve {

/// A document of OpenAPI 3.1 for all paths.
[[nodiscard]] std::string_view openapi() noexcept;

}  // namespace funnel::serve
