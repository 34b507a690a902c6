// SPDX-License-Identifier: MIT
// claim_outputs: what a run will write, looked at before the long work.
#pragma once

#include <string>
#include <vector>

namespace funnel::tool {

/// Throws unless every output can be written (Error(io)), is none of the inputs and none of the other outputs
/// (Error(invalid_argument)), links followed. Empty names and "-" are passed over.
void claim_outputs(const std::vector<std::string>& outputs, const std::vector<std::string>& inputs);

}  // namespace funnel::tool
