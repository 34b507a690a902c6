// SPDX-License-Identifier: MIT
// The pages of --help and --help-all: what a command does, examples, the common options, then groups.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace funnel::tool {

/// The first page: at most ten options with their meaning, the others by name. At most 80 columns wide, as
/// the next.
[[nodiscard]] std::string help_page(const CLI::App& command);

/// Every option with its meaning, by group. Options that no group knows stand under "Other" (a test finds
/// them).
[[nodiscard]] std::string full_help_page(const CLI::App& command);

/// The page of the program: its commands.
[[nodiscard]] std::string program_help_page(const CLI::App& app);

/// Every command's full page.
[[nodiscard]] std::string full_program_help_page(const CLI::App& app);

}  // namespace funnel::tool
