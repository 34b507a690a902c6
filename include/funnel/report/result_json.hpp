// SPDX-License-Identifier: MIT
// What every JSON result has: the version of its shape, and its warnings.
#pragma once

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

}  // namespace funnel::report
