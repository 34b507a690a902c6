// SPDX-License-Identifier: MIT
// Tuning: sizes that change the speed of reading and never its result; tests make them tiny.
#pragma once

#include <cstddef>

namespace funnel::ingest::detail {

struct Tuning {
    std::size_t block_bytes =
        1u << 18;  ///< text read, parsed and merged at once; with its rows it fits the L2 cache
    std::size_t window_bytes = 1u << 15;  ///< text whose separators are found before its fields are used
    std::size_t input_bytes = 1u << 18;   ///< packed bytes read at once
    std::size_t chunk_rows = 1024;        ///< rows of a part that are held or spilled together; a power of 2
    std::size_t loaded_rows = 1u << 15;   ///< small parts are loaded together up to this many rows
};

}  // namespace funnel::ingest::detail
