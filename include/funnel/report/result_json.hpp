// SPDX-License-Identifier: MIT
// What every JSON result has: its schema version and its warnings.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "funnel/base/warning.hpp"

namespace funnel::report {

/// Changes when a script that reads the results has to change.
inline constexpr int kSchemaVersion = 2;

/// [{"code":..,"message":..},..]. Json: the type of a JSON library, such as nlohmann::ordered_json.
template <typename Json>
[[nodiscard]] Json warnings_json(const base::Warnings& warnings) {
    Json array = Json::array();
    for (const base::Warning& warning : warnings)
        array.push_back(Json({{"code", warning.code}, {"message", warning.message}}));
    return array;
}

/// Values of several columns as a JSON array, as a key that no text can be taken for.
template <typename Json>
[[nodiscard]] std::string key_array(const std::vector<std::optional<std::string>>& values) {
    Json array = Json::array();
    for (const auto& value : values)
        array.push_back(value ? Json(*value) : Json(nullptr));
    return array.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace funnel::report
