// SPDX-License-Identifier: MIT
// Wrong usage in one voice: the library's messages name settings of its API, the parser of the command line
// has sentences of its own, and a user knows neither.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace funnel::tool {

/// "try a smaller learning_rate" -> "try a smaller --learning-rate". Other text stays as it is.
[[nodiscard]] std::string in_options(std::string_view message);

/// What is wrong with a command line: what was expected, what was found, what to do. command: the one that
/// was named, or nullptr.
[[nodiscard]] std::string usage_complaint(const CLI::ParseError& error, const CLI::App* command);

}  // namespace funnel::tool
