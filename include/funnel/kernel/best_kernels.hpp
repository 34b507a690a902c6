// SPDX-License-Identifier: MIT
// The kernels of nn/kernels.hpp compiled for several CPUs in one binary, and the choice between them.
#pragma once

#include <span>
#include <string_view>

#include "funnel/kernel/same_alignment.hpp"
#include "funnel/nn/kernels.hpp"

namespace funnel::kernel {

/// The fastest set that this CPU can run. One instance per set, valid for the life of the program.
[[nodiscard]] const nn::Kernels& best() noexcept;

/// "scalar", "avx2", "avx512" or "neon". Throws Error(invalid_argument) for another name, and for a set that
/// this build does not hold or this CPU cannot run.
[[nodiscard]] const nn::Kernels& named(std::string_view name);

/// The names that named() accepts here, slowest first; the last one is best().
[[nodiscard]] std::span<const std::string_view> names() noexcept;

}  // namespace funnel::kernel
