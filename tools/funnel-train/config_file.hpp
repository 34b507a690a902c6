// SPDX-License-Identifier: MIT
// What is wrong in a file of --config: file, line, and the option that was meant.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace funnel::tool {

/// item: the key that CLI11 does not know, "command.option" or "option".
[[nodiscard]] std::string config_complaint(const CLI::App& app, const std::string& item);

}  // namespace funnel::tool
