// SPDX-License-Identifier: MIT
// The one place where the version is written; CMake reads it from here.
#pragma once

#define FUNNEL_VERSION_MAJOR 0
#define FUNNEL_VERSION_MINOR 1
#define FUNNEL_VERSION_PATCH 0

namespace funnel::base {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace funnel::base
