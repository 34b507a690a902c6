// SPDX-License-Identifier: MIT
// run_tool: funnel-train in process, with its results as text. Link funnel_tool.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "app.hpp"

namespace funnel::support {

struct ToolResult {
    int code = -1;
    std::string out, err;

    /// The JSON on standard output; throws if it is none.
    [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(out); }
    /// True if standard error is one line that begins as every failure does.
    [[nodiscard]] bool one_error_line() const {
        return err.starts_with("funnel-train: ") && err.ends_with("\n") && std::ranges::count(err, '\n') == 1;
    }
    /// The last line of standard error, without its end.
    [[nodiscard]] std::string last_error_line() const {
        const std::size_t end = err.find_last_not_of('\n');
        if (end == std::string::npos) return {};
        const std::size_t begin = err.rfind('\n', end);
        return err.substr(begin == std::string::npos ? 0 : begin + 1,
                          end - (begin == std::string::npos ? 0 : begin + 1) + 1);
    }
};

[[nodiscard]] inline ToolResult run_tool(const std::vector<std::string>& args) {
    std::ostringstream out, err;
    ToolResult result;
    result.code = tool::run(args, out, err);
    result.out = out.str();
    result.err = err.str();
    return result;
}

}  // namespace funnel::support
