// SPDX-License-Identifier: MIT
// Presets of logs that come as JSON lines.
#pragma once

#include <vector>

#include "funnel/ingest/schema.hpp"

namespace funnel::ingest::detail {

/// ga4-json, segment, snowplow, woocommerce-orders: in the order in which `auto` tries them. `ga4`: the
/// preset, whose names of events the first has too.
[[nodiscard]] std::vector<Schema> json_presets(const Schema& ga4);

}  // namespace funnel::ingest::detail
