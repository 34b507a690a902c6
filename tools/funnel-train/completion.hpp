// SPDX-License-Identifier: MIT
// Completion scripts of the shells, from the same options that --help tells.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace funnel::tool {

/// A script for bash, that `source` loads.
[[nodiscard]] std::string bash_completion(const CLI::App& app);
/// A script for zsh, for `source` or as the file _funnel-train in a folder of $fpath.
[[nodiscard]] std::string zsh_completion(const CLI::App& app);
/// A script for fish, for `source` or as completions/funnel-train.fish.
[[nodiscard]] std::string fish_completion(const CLI::App& app);

}  // namespace funnel::tool
