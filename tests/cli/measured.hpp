// SPDX-License-Identifier: MIT
// Figures of `metrics` for logs given as text.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/names.hpp"

namespace funnel::cli_test {

/// `metrics --json` of one text with more options.
[[nodiscard]] inline ToolResult metrics(const std::string& text, std::vector<std::string> options = {}) {
    const TemporaryFolder folder;
    options.insert(options.begin(), {"metrics", folder.write("log.csv", text), "--json"});
    return run_tool(options);
}

inline void expect_count(const json& metrics, const std::string& name, double value) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(metrics.contains(name));
    EXPECT_EQ(metrics.at(name).at("value"), value);
    EXPECT_TRUE(metrics.at(name).at("reason").is_null());
}

}  // namespace funnel::cli_test
