// SPDX-License-Identifier: MIT
// bad_json: what is wrong with a line of JSON lines, in words.
#pragma once

#include <optional>
#include <string_view>

#include "ingest/csv/bad_row.hpp"

namespace funnel::ingest::detail {

/// `known`: what was found out already; without it the line is searched for its first fault.
[[nodiscard]] BadRow bad_json(std::string_view line, std::optional<BadRow> known = std::nullopt);

}  // namespace funnel::ingest::detail
