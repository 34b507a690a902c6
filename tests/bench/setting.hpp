// SPDX-License-Identifier: MIT
// Settings of benchmarks, from the environment: data from elsewhere, or less of it for a quick run.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string>

namespace funnel::bench {

[[nodiscard]] inline std::string setting(const char* name, const char* otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr ? otherwise : value;
}

[[nodiscard]] inline std::size_t setting(const char* name, std::size_t otherwise) {
    const std::string text = setting(name, "");
    return text.empty() ? otherwise : static_cast<std::size_t>(std::stoull(text));
}

}  // namespace funnel::bench
