// SPDX-License-Identifier: MIT
// Small helpers of texts for a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/report/table.hpp"

namespace funnel::report {

/// Wraps text in an ANSI colour, or leaves it alone.
class Paint {
 public:
    explicit Paint(bool on) : on_(on) {}
    [[nodiscard]] std::string title(std::string_view text) const { return wrap("\x1b[1m", text); }
    [[nodiscard]] std::string bar(std::string_view text) const { return wrap("\x1b[36m", text); }
    [[nodiscard]] std::string warning(std::string_view text) const { return wrap("\x1b[33m", text); }

 private:
    [[nodiscard]] std::string wrap(std::string_view code, std::string_view text) const {
        if (!on_ || text.empty()) return std::string(text);
        return std::string(code) + std::string(text) + "\x1b[0m";
    }
    bool on_;
};

[[nodiscard]] inline std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts)
        out += (out.empty() ? "" : ", ") + printable(text);
    return out;
}

[[nodiscard]] inline std::string counted(std::int64_t count, std::string_view what) {
    return format_count(count) + " " + std::string(what);
}

}  // namespace funnel::report
