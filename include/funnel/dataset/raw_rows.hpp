// SPDX-License-Identifier: MIT
// RawRowObserver: for those who look at the inputs of rows while these are scored.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

namespace funnel::dataset {

/// Called with the index of an example in the result and its inputs before encoding: d numbers, NaN =
/// missing, and c texts, empty = missing, both valid during the call. Examples of a log come in the order of
/// time.
using RawRowObserver = std::function<void(std::size_t example, std::span<const float> numeric,
                                          std::span<const std::string_view> categorical)>;

}  // namespace funnel::dataset
