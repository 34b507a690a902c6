// SPDX-License-Identifier: MIT
// Files of ids, one per line.
#pragma once

#include <string>
#include <vector>

namespace funnel::tool {

/// The first field of every line that is not empty, in the order of the file; quotes, a byte order mark and
/// CRLF are taken off. Throws Error(io).
[[nodiscard]] std::vector<std::string> read_ids(const std::string& path);

}  // namespace funnel::tool
