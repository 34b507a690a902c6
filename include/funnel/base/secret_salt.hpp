// SPDX-License-Identifier: MIT
// secret_salt: for hash tables whose entries come from untrusted sources.
#pragma once

#include <cstdint>
#include <random>

namespace funnel::base {

/// 64 bits that nobody who writes a log or a file can foresee, from the system. Only for where things lie in
/// memory, never for what comes out. Costs a system call or two; throws std::system_error if there is none.
[[nodiscard]] inline std::uint64_t secret_salt() {
    std::random_device random;
    const std::uint64_t upper = random();
    return upper << 32 | random();
}

}  // namespace funnel::base
