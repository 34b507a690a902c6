// SPDX-License-Identifier: MIT
// ExampleMode: which events of a log become examples.
#pragma once

#include <cstdint>

namespace funnel::events {

/// What one example is.
enum class ExampleMode : std::uint8_t {
    first,  ///< the first S0 event of an item in a visit
    every,  ///< every S0 event
    visit   ///< the first S0 event of a visit, labels on any item
};

}  // namespace funnel::events
