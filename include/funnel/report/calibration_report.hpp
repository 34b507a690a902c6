// SPDX-License-Identifier: MIT
// What `calibrate` did to each head, as JSON and as a table.
#pragma once

#include <span>
#include <string>

#include "funnel/base/warning.hpp"
#include "funnel/train/recalibrate.hpp"

namespace funnel::report {

[[nodiscard]] std::string calibration_json(std::span<const train::Shift> shifts,
                                           const base::Warnings& warnings = {});
[[nodiscard]] std::string calibration_text(std::span<const train::Shift> shifts);

}  // namespace funnel::report
