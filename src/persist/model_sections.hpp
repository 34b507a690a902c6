// SPDX-License-Identifier: MIT
// What a model file has to hold, and what is said of a file that holds something else.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/error.hpp"

namespace funnel::persist {

/// What every model has.
inline constexpr std::array<std::string_view, 6> kModelSections = {"task",    "encoder", "nets",
                                                                   "summary", "probes",  "reference"};

inline void expect_none(const std::vector<std::string_view>& missing) {
    if (missing.empty()) return;
    throw Error(ErrorCode::format, "damaged funnel model: section \"" + std::string(missing.front()) +
                                       "\" is missing; restore the file or train again");
}

[[noreturn]] inline void refuse_state() {
    throw Error(ErrorCode::format,
                "expected a model, got a state, which score --save-state writes for "
                "--state; give the model that it belongs to");
}

[[noreturn]] inline void refuse_table_model() {
    throw Error(ErrorCode::format,
                "expected a state, got the model of a table, which has none; give what "
                "score --save-state wrote");
}

}  // namespace funnel::persist
