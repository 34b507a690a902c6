// SPDX-License-Identifier: MIT
// CpuLevel: what vector code this machine can run.
#pragma once

#include <cstdint>

namespace funnel::kernel {

/// Each level can run what the ones before it can, as far as a build has it.
enum class CpuLevel : std::uint8_t {
    plain,
    neon,    ///< Arm: with AES
    sse4,    ///< x86: 4.2, with AES and PCLMUL
    avx2,    ///< x86: with FMA, BMI and F16C
    avx512,  ///< x86: with F, VL, DQ and BW
};

/// Asked once; thread-safe.
[[nodiscard]] CpuLevel cpu_level() noexcept;

}  // namespace funnel::kernel
