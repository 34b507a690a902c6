// SPDX-License-Identifier: MIT
// read_npy: reads a matrix that numpy saved
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "funnel/files/digest.hpp"
#include "funnel/files/same_containers.hpp"

namespace funnel::files {

/// Row-major.
struct NpyMatrix {
    std::size_t rows = 0, columns = 0;
    std::vector<float> values;
};

/// Two dimensions of little-endian float32 or float64 in C order, version 1 to 3. Throws Error(io) if it
/// cannot be read, Error(schema) for anything else. `digest`: of the bytes that were read, if wanted.
[[nodiscard]] NpyMatrix read_npy(const std::string& path, FileDigest* digest = nullptr);

}  // namespace funnel::files
