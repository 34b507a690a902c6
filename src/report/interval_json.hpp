// SPDX-License-Identifier: MIT
// The JSON of a 95 % interval: its ends, or why there is none.
#pragma once

#include <nlohmann/json.hpp>

#include "funnel/eval/clustered.hpp"

namespace funnel::report {

[[nodiscard]] inline nlohmann::ordered_json interval_json(const eval::FigureInterval& range) {
    nlohmann::ordered_json json;
    json["low"] =
        range.interval ? nlohmann::ordered_json(range.interval->low) : nlohmann::ordered_json(nullptr);
    json["high"] =
        range.interval ? nlohmann::ordered_json(range.interval->high) : nlohmann::ordered_json(nullptr);
    if (!range.interval) json["reason"] = range.reason;
    return json;
}

}  // namespace funnel::report
