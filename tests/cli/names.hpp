// SPDX-License-Identifier: MIT
// What tests of the command line call often, under short names.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/csv.hpp"
#include "support/temporary_folder.hpp"
#include "support/tool.hpp"

namespace funnel::cli_test {

using nlohmann::json;
using support::Csv;
using support::parse_csv;
using support::read_file;
using support::run_tool;
using support::TemporaryFolder;
using support::ToolResult;
using Words = std::vector<std::string>;

inline const Words kCommands = {"metrics",   "train",     "evaluate", "score",   "features",
                                "calibrate", "inspect",   "simulate", "report",  "pretrain",
                                "products",  "people",    "paths",    "schema",  "completion",
                                "export",    "recommend", "serve",    "forecast"};

}  // namespace funnel::cli_test
